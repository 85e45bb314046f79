// Counts the garbage collections that some work causes.
import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

export interface Collections {
  [metric: string]: number
  readonly majorCollections: number
  readonly majorCollectionMs: number
  readonly minorCollections: number
}

export async function countCollections(work: () => void): Promise<Collections> {
  let majorCollections = 0
  let majorCollectionMs = 0
  let minorCollections = 0
  const count = (entry: { duration: number; detail?: unknown }): void => {
    const { kind } = entry.detail as NodeGCPerformanceDetail
    if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
      majorCollections += 1
      majorCollectionMs += entry.duration
    } else if (kind === constants.NODE_PERFORMANCE_GC_MINOR) {
      minorCollections += 1
    }
  }
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(count))
  observer.observe({ entryTypes: ['gc'] })
  work()
  await nextTurn() // entries are queued in a turn of their own
  observer.takeRecords().forEach(count)
  observer.disconnect()
  return { majorCollections, majorCollectionMs, minorCollections }
}
