import { found } from '../../errors.ts'
import type { Columns } from '../../schema/schema.ts'
import type { Table } from '../../table/table.ts'
import { type ExportOptions, ExportRows } from '../files/export-rows.ts'
import { filePath } from '../files/file-path.ts'
import { OutputFile } from '../files/output-file.ts'
import { textWriter } from '../files/text-value.ts'
import { importPeer } from '../peer.ts'
import { tableOf } from '../table-of.ts'
import { checkDelimiter } from './read-csv.ts'

/** Rows that are made into text at once. */
const BATCH_ROWS = 8192

/** What {@link writeCsv} takes beside the options of all writers. Each member may be left out. */
export interface WriteCsvOptions<C extends Columns = Columns> extends ExportOptions<C> {
  /** What separates fields, one character. Default `','`. */
  delimiter?: string | undefined
  /** Whether the first row tells the columns' names. Default true. */
  header?: boolean | undefined
  /** What stands for null. Default: nothing. An empty text is written as two quotes. */
  null?: string | undefined
}

/**
 * Writes a table as CSV in UTF-8, with LF and with quotes where a field needs them: the next rows are made into text when
 * the file has taken those before. Times are ISO 8601 in UTC, `bytes` hexadecimal, vectors numbers between brackets;
 * `readCsv` with the same types reads back the same values, but for empty text in a column that can be null, unless
 * `null` tells them apart.
 *
 * ERR_STOA_NO_SPACE or ERR_STOA_IO where the file cannot be written; then there is none, or the one from before.
 * ERR_STOA_UNSUPPORTED where `papaparse` is not installed, or when rows are removed meanwhile.
 *
 * @example
 * await writeCsv(trades, 'trades.csv')
 */
export async function writeCsv<C extends Columns>(
  table: Table<C>,
  path: string | URL,
  options: WriteCsvOptions<C> = {},
): Promise<void> {
  const stored = tableOf(table, 'writeCsv')
  const file = filePath(path)
  const exported = new ExportRows(stored, options, 'writeCsv', ['delimiter', 'header', 'null'])
  const { length, storages } = exported
  const { delimiter = ',', header = true, null: none = '' } = options
  checkDelimiter(delimiter)
  if (typeof header !== 'boolean')
    throw new TypeError(`the option 'header' must be true or false, found ${found(header)}`)
  if (typeof none !== 'string') throw new TypeError(`the option 'null' must be a string, found ${found(none)}`)
  const { default: library } = await importPeer('papaparse', () => import('papaparse'))
  const fields = storages.map((storage) => ({ storage, write: textWriter(storage.type) }))
  const text = (rows: readonly (readonly (string | null)[])[]): Uint8Array => {
    // An empty text in quotes is not nothing, and a text that reads as null does.
    const quotes = ((value: unknown) => value === '') as never
    return Buffer.from(`${library.unparse(rows as string[][], { delimiter, newline: '\n', quotes })}\n`)
  }
  await OutputFile.write(file, async (output) => {
    if (header) await output.append(text([storages.map(({ name }) => name)]))
    for (let start = 0; start < length; start += BATCH_ROWS) {
      exported.checkNotShortened()
      const rows: (string | null)[][] = []
      for (let row = start; row < Math.min(start + BATCH_ROWS, length); row++) {
        rows.push(
          fields.map(({ storage, write }) => {
            const value = storage.read(row)
            if (value !== null) return write(value)
            return none === '' ? null : none
          }),
        )
      }
      await output.append(text(rows))
      exported.tell(start + rows.length)
    }
  })
}
