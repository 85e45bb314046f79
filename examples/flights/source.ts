// The source: three million flights of 2001 within the United States (US Department of Transportation), a Parquet file
// in the package vega-datasets. It is read one row group at a time, so memory stays bounded.
import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetScan } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import type { Batch } from './columns.ts'

/** Rows of one commit. A row group holds 272,727 rows: its last batch is shorter. */
const BATCH_ROWS = 50_000

export interface Source {
  readonly rows: number
  /** The first row after the batch that begins at `start`. */
  batchEnd(start: number): number
  /** The batches from row `start` to row `end`. */
  batches(start: number, end?: number): AsyncGenerator<Batch>
}

export async function openSource(): Promise<Source> {
  // The package exports its code alone, from `build`; the data lies beside that.
  const path = fileURLToPath(new URL('../data/flights-3m.parquet', import.meta.resolve('vega-datasets')))
  const scan = await parquetScan({
    file: await asyncBufferFromFile(path),
    compressors,
    parsers: { timestampFromMicroseconds: (microseconds) => Number(microseconds) / 1000 },
  })
  const rows = Number(scan.metadata.num_rows)

  function groupAt(row: number): { rowStart: number; rowEnd: number } {
    const group = scan.ranges.find((range) => range.rowStart <= row && row < range.rowEnd)
    if (!group) throw new RangeError(`row ${row} is not in the source, which has ${rows} rows`)
    return group
  }

  function batchEnd(start: number): number {
    const { rowStart, rowEnd } = groupAt(start)
    const batch = Math.floor((start - rowStart) / BATCH_ROWS)
    return Math.min(rowStart + (batch + 1) * BATCH_ROWS, rowEnd)
  }

  async function* batches(start: number, end: number = rows): AsyncGenerator<Batch> {
    let row = start
    while (row < end) {
      const { rowStart, rowEnd } = groupAt(row)
      const read = (column: string) => scan.readColumn({ column, rowStart, rowEnd })
      const group = {
        date: Float64Array.from(await read('date')),
        delay: Int16Array.from(await read('delay'), Number),
        distance: Uint16Array.from(await read('distance'), Number),
        origin: Array.from(await read('origin'), String),
        destination: Array.from(await read('destination'), String),
      }
      while (row < Math.min(rowEnd, end)) {
        const batch = { start: row, end: Math.min(batchEnd(row), end) }
        const from = batch.start - rowStart
        const to = batch.end - rowStart
        yield {
          ...batch,
          date: group.date.subarray(from, to),
          delay: group.delay.subarray(from, to),
          distance: group.distance.subarray(from, to),
          origin: group.origin.slice(from, to),
          destination: group.destination.slice(from, to),
        }
        row = batch.end
      }
    }
  }

  return { rows, batchEnd, batches }
}
