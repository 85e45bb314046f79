import { admit } from './admission.ts'
import {
  type Chunk,
  type ChunkBuilder,
  chunkBuilder,
  chunkOfColumn,
  chunkOfElements,
  chunkOfNulls,
  chunkOfValues,
} from './chunk.ts'
import type { ColumnSet } from './column-set.ts'
import { kindOf, plainView, type TypedArray } from '../column/elements.ts'
import { found, quoted } from '../errors.ts'
import { fieldOf, isField } from './fields.ts'
import type { Session } from '../session.ts'
import type { Storage } from '../column/storage.ts'

/** Columns by name, rows one by one, or another table. */
export type AppendSource = object

/** Rows of a format of its own: what reads it makes a chunk of every column. */
export class ForeignRows {
  readonly chunkOf: (storage: Storage) => Chunk

  constructor(chunkOf: (storage: Storage) => Chunk) {
    this.chunkOf = chunkOf
  }
}

/** What appending needs to know of its table. */
export interface AppendTarget {
  readonly session: Session
  readonly title: string
  readonly storages: readonly Storage[]
  readonly columnSet: ColumnSet
  readonly rowCount: number
  checkUsable(): number
  refreshViews(): void
  /** The same object, if it is a table. */
  tableOf(source: object): AppendTarget | undefined
}

/** Appends all or nothing, and gives the new length. Nothing is written before everything was read and checked. */
export function appendTo(target: AppendTarget, source: AppendSource): number {
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`append takes columns, rows or a table, found ${found(source)}`)
  }
  const { epoch } = target.session
  const table = target.tableOf(source)
  const chunks =
    source instanceof ForeignRows
      ? target.storages.map((storage) => source.chunkOf(storage))
      : table
        ? fromTable(target, table)
        : Symbol.iterator in source
          ? fromRows(target, source as Iterable<object>)
          : fromColumns(target, source as Readonly<Record<string, unknown>>)
  // Reading the source may have run a user's code: from here on there is none.
  const start = target.checkUsable()
  target.session.checkEpoch(epoch, `append to ${target.title}`)
  const length = writeChunks(target.storages, chunks, start)
  target.refreshViews()
  return length
}

/** Appends values to one column that stands alone, and gives its new length. */
export function appendValues(storage: Storage, source: object, length: () => number): number {
  const { epoch } = storage.session
  const kind = kindOf(source)
  const isArray = Array.isArray(source)
  if (!isArray && kind === undefined && !(typeof source === 'object' && source !== null && Symbol.iterator in source)) {
    throw new TypeError(`${storage.title} takes a typed array or an iterable in append, found ${found(source)}`)
  }
  const chunk =
    kind === undefined
      ? chunkOfValues(storage, isArray ? source : [...(source as Iterable<unknown>)])
      : chunkOfElements(storage, plainView(source as TypedArray, kind))
  const start = length()
  storage.session.checkEpoch(epoch, `append to ${storage.title}`)
  return writeChunks([storage], [chunk], start)
}

/** Makes room, then writes. */
function writeChunks(storages: readonly Storage[], chunks: readonly Chunk[], start: number): number {
  const { rows } = chunks[0] as Chunk
  if (chunks.some((chunk) => chunk.rows !== rows)) {
    throw new TypeError('the source of append changed while it was read; nothing was appended')
  }
  admit(
    storages,
    chunks.map(({ needs }) => needs),
    start + rows,
  )
  for (const chunk of chunks) chunk.write(start)
  return start + rows
}

function fromColumns(target: AppendTarget, source: Readonly<Record<string, unknown>>): Chunk[] {
  for (const name in source) {
    if (!target.columnSet.places.has(name) && isField(source, name)) throw target.columnSet.unknownField(name)
  }
  let first: { name: string; rows: number } | undefined
  const columns = target.storages.map((storage) => {
    const { name, title } = storage
    const column = fieldOf(source, name)
    if (column === undefined) {
      if (storage.isOptional) return undefined
      throw target.columnSet.missingColumn(name)
    }
    const kind = kindOf(column)
    if (kind === undefined && !Array.isArray(column)) {
      throw new TypeError(`${title} takes a typed array or an array in append, found ${found(column)}`)
    }
    const values = kind === undefined ? (column as unknown[]) : plainView(column as TypedArray, kind)
    const rows = kind !== undefined ? values.length / storage.data.stride : values.length
    first ??= { name, rows }
    if (rows !== first.rows) {
      throw new RangeError(
        `columns of unequal length in append to ${target.title}: ${quoted(first.name)} has ${first.rows} rows, ${quoted(name)} has ${rows}; nothing was changed`,
      )
    }
    return values
  })
  // Reading an array may run a user's code, which could change a typed array: those are looked at last.
  const chunks: Chunk[] = []
  for (const isElements of [false, true]) {
    for (const [place, column] of columns.entries()) {
      const storage = target.storages[place] as Storage
      if (isElements !== ArrayBuffer.isView(column)) continue
      if (column === undefined) chunks[place] = chunkOfNulls(storage, first?.rows ?? 0)
      else chunks[place] = isElements ? chunkOfElements(storage, column as TypedArray) : chunkOfValues(storage, column)
    }
  }
  return chunks
}

function fromTable(target: AppendTarget, source: AppendTarget): Chunk[] {
  source.checkUsable()
  for (const { name } of source.storages)
    if (!target.columnSet.places.has(name)) throw target.columnSet.unknownField(name)
  return target.storages.map((storage) => {
    const place = source.columnSet.places.get(storage.name)
    if (place !== undefined) return chunkOfColumn(storage, source.storages[place] as Storage, source.rowCount)
    if (storage.isOptional) return chunkOfNulls(storage, source.rowCount)
    throw target.columnSet.missingColumn(storage.name)
  })
}

function fromRows(target: AppendTarget, source: Iterable<object>): Chunk[] {
  const builders = target.storages.map((storage) => chunkBuilder(storage))
  const { epoch } = target.session
  for (const row of source) {
    target.checkUsable()
    target.session.checkEpoch(epoch, `append to ${target.title}`)
    for (const [place, value] of target.columnSet.encodeRow(row).entries())
      (builders[place] as ChunkBuilder).push(value)
  }
  return builders.map((builder) => builder.finish())
}
