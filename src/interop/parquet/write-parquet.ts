import type { DecodedArray, SchemaElement } from 'hyparquet'
import type { ColumnSource } from 'hyparquet-writer'
import { found } from '../../errors.ts'
import { KINDS } from '../../column/elements.ts'
import type { Storage } from '../../column/storage.ts'
import type { Columns } from '../../schema/schema.ts'
import { StoredType } from '../../schema/types.ts'
import type { Table } from '../../table/table.ts'
import { type ExportOptions, ExportRows } from '../files/export-rows.ts'
import { filePath } from '../files/file-path.ts'
import { checkPositive } from '../files/option-names.ts'
import { OutputFile } from '../files/output-file.ts'
import { importPeer } from '../peer.ts'
import { tableOf } from '../table-of.ts'
import { elementsOf, recordOf, TYPES_KEY } from './parquet-type.ts'

const GROUP_ROWS = 100_000

/** What {@link writeParquet} takes beside the options of all writers. Each member may be left out. */
export interface WriteParquetOptions<C extends Columns = Columns> extends ExportOptions<C> {
  /** Rows of a row group. Memory holds one group's values. Default 100,000. */
  groupRows?: number | undefined
  /** How pages are compressed. Default `'snappy'`. */
  compression?: 'snappy' | 'none' | undefined
}

/**
 * Writes a table as Parquet, row group by row group: the next is made when the file has taken the one before. `symbol`
 * columns are written with a dictionary, `vector` as a list, `timestamp64('s')` in milliseconds, `timestamp` rounded
 * down to them with null for what is no number. The file appears under its name when it is complete.
 *
 * ERR_STOA_NO_SPACE or ERR_STOA_IO where the file cannot be written; then there is none, or the one from before.
 * ERR_STOA_UNSUPPORTED where `hyparquet-writer` is not installed, or when rows are removed meanwhile.
 *
 * @example
 * await writeParquet(flights, 'flights.parquet')
 */
export async function writeParquet<C extends Columns>(
  table: Table<C>,
  path: string | URL,
  options: WriteParquetOptions<C> = {},
): Promise<void> {
  const stored = tableOf(table, 'writeParquet')
  const file = filePath(path)
  const { groupRows = GROUP_ROWS, compression = 'snappy' } = options
  checkPositive(groupRows, 'groupRows')
  if (compression !== 'snappy' && compression !== 'none') {
    throw new TypeError(`the option 'compression' must be 'snappy' or 'none', found ${found(compression)}`)
  }
  const exported = new ExportRows(stored, options, 'writeParquet', ['groupRows', 'compression'])
  const { length, storages } = exported
  const { ByteWriter, ParquetWriter } = await importPeer('hyparquet-writer', () => import('hyparquet-writer'))
  const columns = storages.flatMap(({ name, type }) => elementsOf(name, type))
  const schema: SchemaElement[] = [{ name: 'schema', num_children: storages.length }, ...columns]
  await OutputFile.write(file, async (output) => {
    const buffer = new ByteWriter()
    const flush = async (): Promise<void> => {
      await output.append(buffer.getBytes())
      buffer.index = 0
    }
    const writer = new ParquetWriter({
      writer: buffer,
      schema,
      codec: compression === 'none' ? 'UNCOMPRESSED' : 'SNAPPY',
      kvMetadata: [{ key: TYPES_KEY, value: recordOf(new Map(storages.map(({ name, type }) => [name, type]))) }],
      createdBy: 'stoa',
    })
    for (let start = 0; start < length; start += groupRows) {
      exported.checkNotShortened()
      const rows = Math.min(groupRows, length - start)
      const columnData = storages.map((storage) => columnOf(storage, start, rows))
      await writer.write({ columnData, rowGroupSize: rows })
      await flush()
      exported.tell(start + rows)
    }
    await writer.finish()
    await flush()
  })
}

function columnOf(storage: Storage, start: number, rows: number): ColumnSource {
  const column = { name: storage.name, data: valuesOf(storage, start, rows) }
  return storage.labels === undefined ? column : { ...column, encoding: 'RLE_DICTIONARY' }
}

/** Rows of a column as the library takes them. */
function valuesOf(storage: Storage, start: number, rows: number): DecodedArray {
  const inner = StoredType.inner(storage.type)
  const isPlain = storage.coding === 'number' || (storage.coding === 'bigint' && inner.unit !== 's')
  if (isPlain && storage.validity === undefined && inner.name !== 'f16') {
    const elements = storage.data.part(start, rows)
    // The library refuses values of 2^31 and more in a Uint32Array, but not in an array.
    if (storage.kind === KINDS.u32) return Array.from(elements as Uint32Array)
    // It knows the integers of 32 and 64 bits.
    return elements.BYTES_PER_ELEMENT < 4 ? Int32Array.from(elements as Int16Array) : (elements as DecodedArray)
  }
  const convert = valueConverter(inner)
  return Array.from({ length: rows }, (_, row) => {
    const value = storage.read(start + row)
    return value === null ? null : convert(value)
  })
}

function valueConverter(type: StoredType): (value: unknown) => unknown {
  if (type.unit === 's') return (value) => (value as bigint) * 1000n
  switch (type.name) {
    case 'timestamp':
      return (value) => {
        const time = Math.floor(value as number)
        return time >= -(2 ** 63) && time < 2 ** 63 ? BigInt(time) : null
      }
    case 'vector':
      return (value) => Array.from(value as ArrayLike<unknown>)
    default:
      return (value) => value
  }
}
