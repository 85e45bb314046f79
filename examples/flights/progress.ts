// Progress of the import: a bar on a terminal, a line now and then elsewhere.
import type { ImportProgress } from './import.ts'
import { bar, count } from './chart.ts'

const BAR_CELLS = 40
const LINES_ELSEWHERE = 10

export function progressPrinter(output: NodeJS.WriteStream): (progress: ImportProgress) => void {
  let linesPrinted = 0
  return (progress) => {
    const share = progress.rows / progress.rowsInSource
    const text = `${bar(share, BAR_CELLS).padEnd(BAR_CELLS)} ${percent(share)} ${count(progress.rows).padStart(9)} rows`
    if (output.isTTY) {
      output.write(`\r  ${text}${share === 1 ? '\n' : ''}`)
      return
    }
    const line = Math.floor(share * LINES_ELSEWHERE)
    if (line > linesPrinted) output.write(`  ${text}\n`)
    linesPrinted = Math.max(linesPrinted, line)
  }
}

/** What the import came to: one number for speed, and the store's part of the time beside that of decoding Parquet. */
export function importSummary(progress: ImportProgress, rowsAdded: number): string {
  const { batches, storeMs, sourceMs } = progress
  const rowsPerSecond = (rowsAdded / storeMs) * 1000
  return [
    `  ${count(rowsAdded)} rows in ${count(batches)} durable commits, ${count(rowsPerSecond)} rows/s into the store`,
    `  store ${seconds(storeMs)}, decoding Parquet ${seconds(sourceMs)}: a ratio of ${(storeMs / sourceMs).toFixed(2)}`,
  ].join('\n')
}

function percent(share: number): string {
  return `${Math.floor(share * 100)} %`.padStart(5)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`
}
