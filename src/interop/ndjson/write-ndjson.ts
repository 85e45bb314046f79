import type { Columns } from '../../schema/schema.ts'
import { StoredType } from '../../schema/types.ts'
import type { Table } from '../../table/table.ts'
import { checkNotShortened } from '../files/export-rows.ts'
import { filePath } from '../files/file-path.ts'
import { OutputFile } from '../files/output-file.ts'
import { textWriter } from '../files/text-value.ts'
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
export async function writeNdjson<C extends Columns>(table: Table<C>, path: string | URL): Promise<void> {
  const stored = tableOf(table, 'writeNdjson')
  const file = filePath(path)
  const { length, storages } = stored
  const fields = storages.map((storage) => ({
    storage,
    key: `${JSON.stringify(storage.name)}:`,
    write: jsonWriter(storage.type),
  }))
  await OutputFile.write(file, async (output) => {
    for (let start = 0; start < length; start += BATCH_ROWS) {
      checkNotShortened(stored, length)
      const lines: string[] = []
      for (let row = start; row < Math.min(start + BATCH_ROWS, length); row++) {
        const members = fields.map(({ storage, key, write }) => {
          const value = storage.read(row)
          return key + (value === null ? 'null' : write(value))
        })
        lines.push(`{${members.join(',')}}\n`)
      }
      await output.append(Buffer.from(lines.join('')))
    }
  })
}

/** What makes a value of a type JSON. */
function jsonWriter(type: StoredType): (value: unknown) => string {
  const inner = StoredType.inner(type)
  const text = textWriter(inner)
  if (inner.name === 'vector') {
    const lane = jsonWriter(inner.type as StoredType)
    return (value) => `[${Array.from(value as ArrayLike<unknown>, lane).join(',')}]`
  }
  switch (StoredType.coding(inner)) {
    case 'number':
      return (value) => (Number.isFinite(value) ? text(value) : `"${value as number}"`)
    case 'bigint':
      return inner.unit === undefined ? text : (value) => `"${text(value)}"`
    case 'bool':
      return text
    case 'timestamp':
      return (value) => {
        const written = text(value)
        return Number.isFinite(Number(written)) ? written : `"${written}"`
      }
    default:
      return (value) => JSON.stringify(text(value))
  }
}
