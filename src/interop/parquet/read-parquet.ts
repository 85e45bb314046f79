import { type FileHandle, open } from 'node:fs/promises'
import type { AsyncBuffer, Compressors, FileMetaData, ParquetParsers, SchemaElement } from 'hyparquet'
import type { Storage } from '../../column/storage.ts'
import { kindOf } from '../../column/elements.ts'
import { ScalarStorage } from '../../column/scalar-storage.ts'
import type { Columns } from '../../schema/schema.ts'
import { StoredType } from '../../schema/types.ts'
import type { Store } from '../../store.ts'
import { type Chunk, chunkOfElements } from '../../table/chunk.ts'
import type { StoredTable } from '../../table/stored-table.ts'
import type { Table } from '../../table/table.ts'
import { fromBigInt, scaledTime, toBigInt } from '../conversion.ts'
import { chunkOfFile } from '../files/column-chunk.ts'
import { fileError, formatError, readError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { checkImportOptions, type ImportOptions } from '../files/import-options.ts'
import { chosenColumns, type FileBatch, importBatches } from '../files/table-import.ts'
import { importPeer } from '../peer.ts'
import { fileColumns, unitOf } from './parquet-type.ts'

type Library = typeof import('hyparquet')

/** Rows of a row group that are appended at once. */
const BATCH_ROWS = 131_072

/**
 * Appends a Parquet file to a table, which is created where there is none, and gives the table. Row group by row group,
 * and column by column within one: memory holds the rows of a group as a table does, and one decoded column.
 *
 * Types come from the file: text is a `symbol` where its dictionary takes at most a byte a row, else `utf8`; moments
 * are `timestamp64`, dates `timestamp`, decimals the nearest `f64`; what is OPTIONAL is `nullable`. A nested column is
 * ERR_STOA_UNSUPPORTED, unless it is left out, or a list of numbers that is given a `vector` type.
 *
 * When it fails, rows that were not committed with `commitEvery` are taken back. ERR_STOA_NOT_FOUND for a missing file,
 * ERR_STOA_FORMAT for one that cannot be read, ERR_STOA_SCHEMA for values that do not fit, with their row;
 * ERR_STOA_UNSUPPORTED where `hyparquet`, or `hyparquet-compressors` for other codecs than SNAPPY, is not installed.
 *
 * @example
 * const columns = { date: timestamp, delay: i16, origin: symbol }
 * const flights = await readParquet(store, 'flights', 'flights.parquet', { columns, commitEvery: 500_000 })
 */
export function readParquet<C extends Columns>(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions<C> & { columns: C },
): Promise<Table<C>>
export function readParquet(store: Store, name: string, path: string | URL, options?: ImportOptions): Promise<Table>
export async function readParquet(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions = {},
): Promise<Table> {
  const file = filePath(path)
  checkImportOptions(options, 'readParquet')
  const library = await importPeer('hyparquet', () => import('hyparquet'))
  const handle = await open(file).catch((error: unknown) => {
    throw fileError(error, 'read', file)
  })
  try {
    const { size } = await handle.stat()
    const reader = await ParquetReader.open(library, file, new HandleBuffer(handle, size))
    const schema = chosenColumns(store, name, reader, options)
    const table = await importBatches(store, name, reader, schema, options, (target) => reader.batches(target))
    return table as unknown as Table
  } finally {
    await handle.close()
  }
}

/** A file as the library reads it: a piece at a time. */
class HandleBuffer implements AsyncBuffer {
  readonly byteLength: number
  readonly #handle: FileHandle

  constructor(handle: FileHandle, byteLength: number) {
    this.#handle = handle
    this.byteLength = byteLength
  }

  async slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(Math.min(end, this.byteLength) - start, 0))
    for (let done = 0; done < bytes.length;) {
      const { bytesRead } = await this.#handle.read(bytes, done, bytes.length - done, start + done)
      if (bytesRead === 0) throw new Error(`it ends at byte ${start + done} of ${this.byteLength}`)
      done += bytesRead
    }
    return bytes.buffer
  }
}

/** Moments stay whole numbers of their unit, dates are milliseconds, UUIDs bytes, JSON its text. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const text = (bytes: Uint8Array): unknown => bytes && decoder.decode(bytes)
const same = (value: unknown): unknown => value
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: same,
  timestampFromMicroseconds: same,
  timestampFromNanoseconds: same,
  dateFromDays: (days) => (days === undefined || days === null ? days : days * 86_400_000),
  stringFromBytes: text,
  jsonFromBytes: text,
  uuidFromBytes: same,
}

class ParquetReader {
  readonly path: string
  readonly totalBytes: number
  readonly totalRows: number
  readonly columns: ReturnType<typeof fileColumns>
  readonly #library: Library
  readonly #file: AsyncBuffer
  readonly #metadata: FileMetaData
  readonly #compressors: Compressors | undefined
  readonly #elements: ReadonlyMap<string, SchemaElement>

  private constructor(
    library: Library,
    path: string,
    file: AsyncBuffer,
    metadata: FileMetaData,
    compressors: Compressors | undefined,
  ) {
    const tree = library.parquetSchema(metadata)
    this.path = path
    this.totalBytes = file.byteLength
    this.totalRows = Number(metadata.num_rows)
    this.columns = fileColumns(metadata, tree)
    this.#library = library
    this.#file = file
    this.#metadata = metadata
    this.#compressors = compressors
    this.#elements = new Map(tree.children.map(({ element }) => [element.name, element]))
  }

  static async open(library: Library, path: string, file: AsyncBuffer): Promise<ParquetReader> {
    const metadata = await attempted(path, () => library.parquetMetadataAsync(file, { parsers: PARSERS }))
    const codecs = new Set(metadata.row_groups.flatMap(({ columns }) => columns.map((each) => each.meta_data?.codec)))
    codecs.delete('SNAPPY')
    codecs.delete('UNCOMPRESSED')
    const compressors =
      codecs.size === 0
        ? undefined
        : forEmptyPages((await importPeer('hyparquet-compressors', () => import('hyparquet-compressors'))).compressors)
    return new ParquetReader(library, path, file, metadata, compressors)
  }

  async *batches({ storages }: StoredTable): AsyncGenerator<FileBatch> {
    const read = storages.filter(({ name }) => this.columns.has(name))
    let start = 0
    let bytes = 0
    for (const group of this.#metadata.row_groups) {
      const rows = Number(group.num_rows)
      const chunks = new Map<Storage, readonly Chunk[]>()
      for (const storage of read) {
        const values = await this.#column(storage.name, start, start + rows)
        if (values.length !== rows) {
          throw formatError(this.path, `column ${storage.name} has ${values.length} rows in a group of ${rows}`)
        }
        chunks.set(storage, this.#chunks(storage, values, start))
      }
      for (const { meta_data: data } of group.columns) bytes += Number(data?.total_compressed_size ?? 0)
      for (let batch = 0; batch * BATCH_ROWS < rows; batch++) {
        yield {
          rows: Math.min(BATCH_ROWS, rows - batch * BATCH_ROWS),
          bytes: Math.min(bytes, this.totalBytes),
          chunkOf: (storage) => chunks.get(storage)?.[batch] as Chunk,
        }
      }
      start += rows
    }
  }

  /** One column of a row group, decoded. The library's scans keep what they read: each is used once. */
  #column(column: string, rowStart: number, rowEnd: number): Promise<ArrayLike<unknown>> {
    const { parquetScan } = this.#library
    return attempted(this.path, async () => {
      const scan = await parquetScan({
        file: this.#file,
        metadata: this.#metadata,
        columns: [column],
        parsers: PARSERS,
        ...(this.#compressors && { compressors: this.#compressors }),
      })
      return scan.readColumn({ column, rowStart, rowEnd })
    })
  }

  #chunks(storage: Storage, values: ArrayLike<unknown>, start: number): Chunk[] {
    const convert = converter(storage, this.#elements.get(storage.name) as SchemaElement)
    const kind = kindOf(values)
    const isElements = storage instanceof ScalarStorage && kind === storage.kind && convert === same
    const source = { path: this.path, values, convert, place: (at: number) => `row ${start + at}` }
    const chunks: Chunk[] = []
    for (let from = 0; from < values.length; from += BATCH_ROWS) {
      const to = Math.min(from + BATCH_ROWS, values.length)
      if (isElements) chunks.push(chunkOfElements(storage, (values as Uint8Array).subarray(from, to)))
      else chunks.push(chunkOfFile(storage, source, from, to))
    }
    return chunks
  }
}

/** Pages of nothing but nulls hold no byte, which not every decompressor of the library takes. */
function forEmptyPages(compressors: Compressors): Compressors {
  return Object.fromEntries(
    Object.entries(compressors).map(([codec, decompress]) => [
      codec,
      (input: Uint8Array, length: number) => (length === 0 ? new Uint8Array(0) : decompress(input, length)),
    ]),
  )
}

/** What makes a value of the file one of the column. */
function converter({ type }: Storage, element: SchemaElement): (value: unknown) => unknown {
  const inner = StoredType.inner(type)
  const from = unitOf(element)
  const { unit } = inner
  if (unit !== undefined) {
    if (from === unit) return same
    const source = from ?? 'ms'
    return (value) => {
      const whole = toBigInt(value)
      return typeof whole === 'bigint' ? scaledTime(whole, source, unit) : whole
    }
  }
  if (inner.name === 'timestamp') {
    if (from === undefined) return same
    const perMs = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 }[from]
    return (value) => (typeof value === 'bigint' ? Number(value) / perMs : value)
  }
  if (inner.name === 'f64' && from === undefined && element.type === 'DOUBLE') return same
  switch (StoredType.coding(inner)) {
    case 'number':
      return fromBigInt
    case 'bigint':
      return element.type === 'INT64' ? same : toBigInt
    default:
      return same
  }
}

async function attempted<R>(path: string, call: () => Promise<R>): Promise<R> {
  try {
    return await call()
  } catch (error) {
    throw readError(error, path, 'Parquet')
  }
}
