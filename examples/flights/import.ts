// The import: a commit for each batch. The number of rows in the file is all it needs to know to go on where it stopped.
import { open } from 'stoa'
import { flightsTable } from './columns.ts'
import { openSource } from './source.ts'

export interface ImportProgress {
  /** Rows that are durable now. */
  readonly rows: number
  readonly rowsInSource: number
  readonly batches: number
  /** Time spent in `append` and `commit`. */
  readonly storeMs: number
  /** Time spent reading and decoding Parquet. */
  readonly sourceMs: number
}

/** Imports what is missing, and calls `onCommit` after each durable batch. Gives the rows it added; 0 if the file was complete. */
export async function importFlights(path: string, onCommit: (progress: ImportProgress) => void): Promise<number> {
  const source = await openSource()
  const store = open(path)
  try {
    const flights = flightsTable(store)
    const startRow = flights.length
    let batches = 0
    let storeMs = 0
    const began = performance.now()
    for await (const { date, delay, distance, origin, destination } of source.batches(startRow)) {
      const decoded = performance.now()
      flights.append({ date, delay, distance, origin, destination })
      await store.commit()
      const committed = performance.now()
      batches += 1
      storeMs += committed - decoded
      const sourceMs = committed - began - storeMs
      onCommit({ rows: flights.length, rowsInSource: source.rows, batches, storeMs, sourceMs })
    }
    return flights.length - startRow
  } finally {
    store.close()
  }
}
