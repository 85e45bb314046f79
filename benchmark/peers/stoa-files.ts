// The store's workloads that read files of other formats.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { i16, open as openStore, type Store, symbol, timestamp, u16 } from '../../dist/index.js'
import { readParquet } from '../../dist/interop/parquet.js'
import { FLIGHTS_PATH } from '../flights.ts'
import { ownMegabytes } from '../memory.ts'
import type { Contender, Setting } from '../trial.ts'

const COLUMNS = { date: timestamp, delay: i16, distance: u16, origin: symbol, destination: symbol }
const COMMIT_ROWS = 500_000

/** The flights into a new file, committed as they come. */
export function importParquet({ directory }: Setting): Contender {
  const path = join(directory, 'flights.stoa')
  let store: Store | undefined
  let rows = 0
  let before = 0
  let most = 0
  return {
    prepare: () => {
      store?.close()
      rmSync(path, { force: true })
      before = ownMegabytes()
    },
    round: async () => {
      store = openStore(path)
      const flights = await readParquet(store, 'flights', FLIGHTS_PATH, {
        columns: COLUMNS,
        commitEvery: COMMIT_ROWS,
        onProgress: () => {
          most = Math.max(most, ownMegabytes() - before)
        },
      })
      rows = flights.length
    },
    answer: () => rows,
    metrics: async () => ({ ownMegabytes: most }),
    close: () => store?.close(),
  }
}
