// Counts garbage collections.
import { constants, PerformanceObserver, type NodeGCPerformanceDetail } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** Counts from now on, until the function that it returns is called. */
export function watchCollections(): () => Promise<Record<string, number>> {
  const counts = { majorCollections: 0, majorCollectionMs: 0, minorCollections: 0 }
  const count = (entry: { duration: number; detail?: unknown }): void => {
    const { kind } = entry.detail as NodeGCPerformanceDetail
    if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
      counts.majorCollections += 1
      counts.majorCollectionMs += entry.duration
    } else if (kind === constants.NODE_PERFORMANCE_GC_MINOR) {
      counts.minorCollections += 1
    }
  }
  const observer = new PerformanceObserver((list) => list.getEntries().forEach(count))
  observer.observe({ entryTypes: ['gc'] })
  return async () => {
    await nextTurn() // entries come in a turn of their own
    observer.takeRecords().forEach(count)
    observer.disconnect()
    return counts
  }
}
