import { quoted, StoaError } from '../../errors.ts'
import { checkName } from '../../schema/names.ts'
import { suggestion } from '../../schema/nearest.ts'
import { type Columns, schemaObject } from '../../schema/schema.ts'
import type { StoredType, Type } from '../../schema/types.ts'
import type { Storage } from '../../column/storage.ts'
import type { Store } from '../../store.ts'
import { ForeignRows } from '../../table/append.ts'
import { type Chunk, chunkOfNulls } from '../../table/chunk.ts'
import type { StoredTable } from '../../table/stored-table.ts'
import { tableOf } from '../table-of.ts'
import type { ImportOptions } from './import-options.ts'

/**
 * A column of a file: the type that it would have in a table, or in words why there is none; then perhaps some types
 * that it can be given all the same.
 */
export type FileColumn =
  { readonly type: Type } | { readonly refusal: string; readonly takes?: (type: StoredType) => boolean }

/** The columns of a file by name, in its order. */
export type FileColumns = ReadonlyMap<string, FileColumn>

/** Consecutive rows of a file. */
export interface FileBatch {
  readonly rows: number
  /** Bytes of the file up to here. */
  readonly bytes: number
  /** What goes into a column that the file has; nothing of the table is changed by it. */
  chunkOf(storage: Storage): Chunk
}

/** What is read, and how much there is of it. */
export interface ImportSource {
  readonly path: string
  readonly totalBytes: number
  readonly totalRows?: number
  readonly columns: FileColumns
}

/** The columns that an import takes, in the order of the table, and their types. */
export function chosenColumns(store: Store, name: string, source: ImportSource, options: ImportOptions): Columns {
  const { columns, types } = options
  const isSchema = columns !== undefined && !Array.isArray(columns)
  const existing = store.tables().includes(name) ? store.table(name).schema : undefined
  const names =
    columns === undefined ? [...source.columns.keys()] : isSchema ? Object.keys(columns) : (columns as string[])
  const chosen = new Map<string, StoredType>()
  const refused: string[] = []
  for (const column of names) {
    const told = source.columns.get(column)
    if (told === undefined) {
      const near = suggestion(column, source.columns.keys())
      throw new StoaError('ERR_STOA_SCHEMA', `there is no column ${quoted(column)} in ${quoted(source.path)}${near}`, {
        path: source.path,
      })
    }
    // What a user names is checked there; a file can name its columns anything.
    fitting(source.path, () => checkName(column, 'a column'))
    const given = own(types, column) ?? (isSchema ? own(columns as Columns, column) : own(existing, column))
    const isRefused = 'refusal' in told && !(given !== undefined && told.takes?.(given as unknown as StoredType))
    if (isRefused) refused.push(told.refusal)
    else chosen.set(column, (given ?? (told as { type: Type }).type) as unknown as StoredType)
  }
  if (refused.length > 0) {
    throw new StoaError(
      'ERR_STOA_UNSUPPORTED',
      `cannot read ${quoted(source.path)} into a table: ${refused.join('; ')}; name the columns you want with 'columns'`,
      { path: source.path },
    )
  }
  for (const column of Object.keys(types ?? {})) {
    if (chosen.has(column)) continue
    throw new StoaError(
      'ERR_STOA_SCHEMA',
      `the option 'types' names ${quoted(column)}, which is no column that is read from ${quoted(source.path)}${suggestion(column, chosen.keys())}`,
      { path: source.path },
    )
  }
  if (existing !== undefined) {
    for (const column of Object.keys(existing)) {
      // Left out of the file: all null, where that can be.
      if (!chosen.has(column)) chosen.set(column, own(existing, column) as unknown as StoredType)
    }
  }
  return schemaObject(chosen)
}

function own(columns: Columns | undefined, name: string): Type | undefined {
  return columns !== undefined && Object.hasOwn(columns, name) ? columns[name] : undefined
}

/**
 * Appends batches to a table, which is created where there is none. When anything fails, the rows since the last commit
 * of the import are taken back, and so is a table that was created for it.
 */
export async function importBatches(
  store: Store,
  name: string,
  source: ImportSource,
  schema: Columns,
  options: ImportOptions,
  batchesFor: (table: StoredTable) => AsyncIterable<FileBatch>,
): Promise<StoredTable> {
  const isNew = !store.tables().includes(name)
  const table = tableOf(store.table(name, schema), 'an import')
  const startRows = table.length
  const { epoch } = table.session
  const { commitEvery = Infinity } = options
  let keptRows = startRows
  let commitRows = startRows
  /** A commit goes to the disk while the next rows are read; there is one at a time. */
  let inFlight: Promise<void> | undefined
  const commitRowsNow = async (rows: number): Promise<void> => {
    await store.commit()
    keptRows = rows
  }
  const commit = async (): Promise<void> => {
    await inFlight
    commitRows = table.length
    inFlight = commitRowsNow(commitRows)
    // Whoever waits for it next is told.
    inFlight.catch(() => {})
  }
  try {
    for await (const batch of batchesFor(table)) {
      // Chunks that were made before a rollback may have codes of labels that are gone.
      table.session.checkEpoch(epoch, `an import into ${table.title}`)
      if (batch.rows > 0) appendBatch(table, batch, source)
      if (table.length - commitRows >= commitEvery) await commit()
      options.onProgress?.({
        rows: table.length - startRows,
        ...(source.totalRows !== undefined && { totalRows: source.totalRows }),
        bytes: batch.bytes,
        totalBytes: source.totalBytes,
      })
    }
    if (options.commitEvery !== undefined) await commit()
    await inFlight
  } catch (error) {
    await inFlight?.catch(() => {})
    takeBack(store, table, keptRows, isNew && keptRows === startRows)
    throw error
  }
  return table
}

function appendBatch(table: StoredTable, batch: FileBatch, source: ImportSource): void {
  table.append(
    new ForeignRows((storage) => {
      const isRead = source.columns.has(storage.name)
      if (isRead) return fitting(source.path, () => batch.chunkOf(storage))
      if (storage.isOptional) return chunkOfNulls(storage, batch.rows)
      throw new StoaError(
        'ERR_STOA_SCHEMA',
        `${storage.title} cannot be null, and ${quoted(source.path)} has no such column`,
        {
          path: source.path,
        },
      )
    }),
  )
}

/** Runs what checks values of a file: those that do not fit are ERR_STOA_SCHEMA, told with their place in the file. */
export function fitting<R>(path: string, check: () => R, place = ''): R {
  try {
    return check()
  } catch (error) {
    if (!(error instanceof TypeError || error instanceof RangeError)) throw error
    const at = place === '' ? '' : `, ${place}`
    throw new StoaError('ERR_STOA_SCHEMA', `cannot read ${quoted(path)} into a table${at}: ${error.message}`, {
      path,
      cause: error,
    })
  }
}

function takeBack(store: Store, table: StoredTable, rows: number, drop: boolean): void {
  // A store that was closed or poisoned meanwhile holds nothing to take back; the failure that is thrown says more.
  try {
    table.truncate(rows)
    if (drop) store.drop(table.name)
  } catch {}
}
