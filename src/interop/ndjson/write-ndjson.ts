import type { Columns } from '../../schema/schema.ts'
import type { Table } from '../../table/table.ts'
import { type ExportOptions, ExportRows } from '../files/export-rows.ts'
import { filePath } from '../files/file-path.ts'
import { OutputFile } from '../files/output-file.ts'
import { rowWriter } from '../files/json-value.ts'
import { tableOf } from '../table-of.ts'

/** Rows that are made into text at once. */
const BATCH_ROWS = 8192

/**
 * Writes a table as a JSON object a line: the next rows are made into text when the file has taken those before. Times
 * are ISO 8601 in UTC, 64-bit integers plain digits, NaN and infinities text, `bytes` hexadecimal, vectors lists.
 * `readNdjson` with the same types reads back the same values.
 *
 * ERR_STOA_NO_SPACE or ERR_STOA_IO where the file cannot be written; then there is none, or the one from before.
 * ERR_STOA_UNSUPPORTED when rows are removed meanwhile.
 *
 * @example
 * await writeNdjson(trades, 'trades.ndjson')
 */
export async function writeNdjson<C extends Columns>(
  table: Table<C>,
  path: string | URL,
  options: ExportOptions<C> = {},
): Promise<void> {
  const stored = tableOf(table, 'writeNdjson')
  const file = filePath(path)
  const exported = new ExportRows(stored, options, 'writeNdjson')
  const { length, storages } = exported
  const write = rowWriter(storages)
  await OutputFile.write(file, async (output) => {
    for (let start = 0; start < length; start += BATCH_ROWS) {
      exported.checkNotShortened()
      const lines: string[] = []
      for (let row = start; row < Math.min(start + BATCH_ROWS, length); row++) {
        lines.push(`${write(row)}\n`)
      }
      await output.append(Buffer.from(lines.join('')))
      exported.tell(start + lines.length)
    }
  })
}
