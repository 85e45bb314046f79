// The store's workloads that are about size: opening a big file, growing a column a thousand times.
import { join } from 'node:path'
import { f64, open as openStore, type Store } from '../../dist/index.js'
import { watchCollections } from '../collections.ts'
import type { Contender, Setting } from '../trial.ts'

const BIG_COLUMNS = { a: f64, b: f64, c: f64, d: f64 }

const bigFilePath = (directory: string): string => join(directory, 'big.stoa')

/** A file of about `fileBytes`, every value of which is the number of its row. */
export function fillBig({ directory, fileBytes = 0 }: Setting): Contender {
  const rows = fileBytes / (8 * Object.keys(BIG_COLUMNS).length)
  const batchRows = Math.min(rows, 2 ** 20)
  return {
    round: () => {
      const store = openStore(bigFilePath(directory))
      const table = store.table('rows', BIG_COLUMNS)
      for (let start = 0; start < rows; start += batchRows) {
        const numbers = Float64Array.from({ length: batchRows }, (_, i) => start + i)
        table.append({ a: numbers, b: numbers, c: numbers, d: numbers })
        store.commitSync()
      }
      store.close()
    },
    answer: () => rows,
    close: () => {},
  }
}

/** Opens and reads one value from the middle of a column: everything but the start of Node and the import. */
export function open({ directory }: Setting): Contender {
  const path = bigFilePath(directory)
  const collections = watchCollections()
  let store: Store | undefined
  let wrong = 0
  let openMs = 0
  return {
    round: () => {
      const began = performance.now()
      store = openStore(path)
      openMs = performance.now() - began
      const { c } = store.table('rows', BIG_COLUMNS).arrays
      const row = c.length >> 1
      wrong = c[row]! - row
    },
    answer: () => wrong,
    metrics: async () => ({ openMs, ...(await collections()) }),
    close: () => store?.close(),
  }
}

const GROWTHS = 1000
const GROWTH_ROWS = 2 ** 15
/** What a busy program keeps alive: a major collection costs what lives. */
const LIVE_OBJECTS = 500_000

export function growth({ directory }: Setting): Contender {
  const store = openStore(join(directory, 'growth.stoa'))
  const table = store.table('rows', { value: f64 })
  const live = Array.from({ length: LIVE_OBJECTS }, (_, i) => ({ i }))
  const batch = new Float64Array(GROWTH_ROWS).fill(1)
  table.append({ value: batch })
  const first = table.arrays.value
  let collections = watchCollections()
  let wrong = 0
  return {
    prepare: () => {
      collections = watchCollections()
    },
    round: () => {
      for (let i = 0; i < GROWTHS; i++) {
        const { capacity } = table
        table.reserve(capacity - table.length + GROWTH_ROWS)
        table.append({ value: batch })
        first[i] = i
        wrong += table.arrays.value[i]! - i + (table.capacity > capacity ? 0 : 1)
      }
    },
    answer: () => wrong + live.length - LIVE_OBJECTS,
    metrics: async () => ({ ...(await collections()), mebibytes: (table.capacity * 8) / 2 ** 20 }),
    close: () => store.close({ discard: true }),
  }
}
