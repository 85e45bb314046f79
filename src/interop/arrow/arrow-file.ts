import { open } from 'node:fs/promises'
import type * as Arrow from 'apache-arrow'
import { found, quoted, StoaError } from '../../errors.ts'
import type { Storage } from '../../column/storage.ts'
import type { Columns } from '../../schema/schema.ts'
import type { Store } from '../../store.ts'
import { chunkOfNulls } from '../../table/chunk.ts'
import type { Table } from '../../table/table.ts'
import { type ExportOptions, ExportRows } from '../files/export-rows.ts'
import { fileError, formatError, readError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { checkImportOptions, type ImportOptions } from '../files/import-options.ts'
import { checkPositive } from '../files/option-names.ts'
import { OutputFile } from '../files/output-file.ts'
import { chosenColumns, type FileBatch, importBatches } from '../files/table-import.ts'
import { importPeer } from '../peer.ts'
import { tableOf } from '../table-of.ts'
import { chunkOfArrow } from './arrow-chunk.ts'
import { columnType } from './arrow-type.ts'
import { ArrowFrame } from './to-arrow.ts'

/** Bytes of a batch that is written, unless told how many rows. */
const BATCH_BYTES = 8 * 2 ** 20
const BATCH_ROWS_MAX = 65_536

/**
 * Appends an Arrow IPC file or stream to a table, which is created where there is none, and gives the table. One record
 * batch is in memory at a time, and the next is read when it was appended. Batches compressed with LZ4 or ZSTD need a
 * codec in the `compressionRegistry` of `apache-arrow`.
 *
 * When it fails, rows that were not committed with `commitEvery` are taken back. ERR_STOA_NOT_FOUND for a missing file,
 * ERR_STOA_FORMAT for one that cannot be read, ERR_STOA_UNSUPPORTED for columns that no table can hold, or where
 * `apache-arrow` is not installed, ERR_STOA_SCHEMA for values that do not fit the columns.
 *
 * @example
 * const flights = await readArrow(store, 'flights', 'flights.arrow', { commitEvery: 1_000_000 })
 */
export function readArrow<C extends Columns>(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions<C> & { columns: C },
): Promise<Table<C>>
export function readArrow(store: Store, name: string, path: string | URL, options?: ImportOptions): Promise<Table>
export async function readArrow(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions = {},
): Promise<Table> {
  const file = filePath(path)
  checkImportOptions(options, 'readArrow')
  const { RecordBatchReader } = await importPeer('apache-arrow', () => import('apache-arrow'))
  const handle = await open(file).catch((error: unknown) => {
    throw fileError(error, 'read', file)
  })
  try {
    const { size } = await handle.stat()
    const reader = await attempted(file, async () => (await RecordBatchReader.from(handle)).open())
    // With no message in it there is no schema.
    if (reader.schema === undefined)
      throw new StoaError('ERR_STOA_FORMAT', `cannot read ${quoted(file)}: it is empty`, { path: file })
    const columns = new Map(
      reader.schema.fields.map((field: Arrow.Field) => {
        const type = columnType(field)
        return [field.name, typeof type === 'string' ? { refusal: type } : { type }] as const
      }),
    )
    const source = { path: file, totalBytes: size, columns }
    const schema = chosenColumns(store, name, source, options)
    const table = await importBatches(store, name, source, schema, options, () =>
      batchesOf(reader as never, file, size),
    )
    return table as unknown as Table
  } finally {
    await handle.close()
  }
}

async function* batchesOf(
  reader: AsyncIterator<Arrow.RecordBatch> & { readonly numRecordBatches?: number },
  path: string,
  size: number,
): AsyncGenerator<FileBatch> {
  let bytes = 0
  for (;;) {
    const { done, value: batch } = await attempted(path, () => reader.next())
    if (done === true) {
      yield { rows: 0, bytes: size, chunkOf: (storage) => chunkOfNulls(storage, 0) }
      return
    }
    // A row takes at least a bit somewhere: no loop over what a batch merely claims.
    if (batch.numRows > size * 8)
      throw formatError(path, `a batch claims ${batch.numRows} rows in a file of ${size} bytes`)
    const places = new Map(batch.schema.fields.map(({ name }, place) => [name, place]))
    // The library does not tell where in the file it stands: the arrays it made do, but for what lies between them.
    bytes = Math.min(bytes + batch.data.byteLength, size)
    yield {
      rows: batch.numRows,
      bytes,
      chunkOf: (storage) =>
        chunkOfArrow(storage, batch.data.children[places.get(storage.name) as number] as Arrow.Data, storage.name),
    }
  }
}

async function attempted<R>(path: string, call: () => Promise<R>): Promise<R> {
  try {
    return await call()
  } catch (error) {
    throw readError(error, path, 'Arrow')
  }
}

/** What {@link writeArrow} takes beside the options of all writers. Each member may be left out. */
export interface WriteArrowOptions<C extends Columns = Columns> extends ExportOptions<C> {
  /** `'file'` can be read from any place, `'stream'` from its start only. Default `'file'`. */
  format?: 'file' | 'stream' | undefined
  /** Rows of a record batch. Default: 65,536, or fewer where that is more than 8 MiB without text. */
  batchRows?: number | undefined
}

/**
 * Writes a table as Arrow IPC, batch by batch: the next is made when the file has taken the one before. Text is copied,
 * as `Utf8`; all else lies as in {@link toArrow}. The file appears under its name when it is complete. Rows that are
 * added or removed meanwhile are not followed: it writes as many as there were, or fails.
 *
 * ERR_STOA_NO_SPACE or ERR_STOA_IO where the file cannot be written; then there is none, or the one from before.
 *
 * @example
 * await writeArrow(flights, 'flights.arrows', { format: 'stream' })
 */
export async function writeArrow<C extends Columns>(
  table: Table<C>,
  path: string | URL,
  options: WriteArrowOptions<C> = {},
): Promise<void> {
  const stored = tableOf(table, 'writeArrow')
  const file = filePath(path)
  const exported = new ExportRows(stored, options, 'writeArrow', ['format', 'batchRows'])
  const { length, storages } = exported
  const { format = 'file', batchRows = defaultRows(storages) } = options
  if (format !== 'file' && format !== 'stream') {
    throw new TypeError(`the option 'format' must be 'file' or 'stream', found ${found(format)}`)
  }
  checkPositive(batchRows, 'batchRows')
  const arrow = await importPeer('apache-arrow', () => import('apache-arrow'))
  // The library's own queue has no end: this one is emptied into the file after each batch.
  const pieces: Uint8Array[] = []
  class Pieces extends arrow.AsyncByteQueue {
    override write(piece: Uint8Array): void {
      pieces.push(piece)
    }
  }
  const writer = format === 'file' ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter()
  await OutputFile.write(file, async (output) => {
    const flush = async (): Promise<void> => {
      for (const piece of pieces.splice(0)) await output.append(piece)
    }
    const frame = new ArrowFrame(exported, 'offsets')
    writer.reset(new Pieces(), frame.schema)
    for (let start = 0; start < length; start += batchRows) {
      exported.checkNotShortened()
      const rows = Math.min(batchRows, length - start)
      writer.write(frame.batch(start, rows))
      await flush()
      exported.checkNotShortened()
      exported.tell(start + rows)
    }
    writer.finish()
    await flush()
  })
}

function defaultRows(storages: readonly Storage[]): number {
  const rowBytes = storages.reduce((sum, { data, kind }) => sum + data.stride * kind.bytes, 0)
  return Math.max(Math.min(Math.floor(BATCH_BYTES / rowBytes / 8) * 8, BATCH_ROWS_MAX), 8)
}
