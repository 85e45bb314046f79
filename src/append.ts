import { admit } from './admission.ts'
import { fits, kindOf, type TypedArray } from './elements.ts'
import { found, quoted, StoaError } from './errors.ts'
import type { Session } from './session.ts'
import type { Encoded, Storage } from './storage.ts'
import { sameType, type StoredType } from './types.ts'

/** Columns by name, rows one by one, or another table. */
export type AppendSource = object

/** What appending needs to know of its table. */
export interface AppendTarget {
  readonly session: Session
  readonly title: string
  readonly storages: readonly Storage[]
  readonly rowCount: number
  checkUsable(): number
  refreshViews(): void
  placeOf(name: string): number | undefined
  unknownField(name: string): TypeError
  missingColumn(name: string): TypeError
  encodeRow(row: object): Encoded[]
}

/**
 * One column of what is appended, checked: elements ready to be copied, or elements of which the last labels are new.
 * A code from `known` on stands for `fresh[code - known]`.
 */
interface Chunk {
  readonly elements: TypedArray
  readonly known: number
  readonly fresh: readonly string[]
}

/** Appends all or nothing, and gives the new length. Nothing is written before everything was read and checked. */
export function appendTo(target: AppendTarget, source: AppendSource): number {
  if (typeof source !== 'object' || source === null) {
    throw new TypeError(`append takes columns, rows or a table, found ${found(source)}`)
  }
  const { epoch } = target.session
  const chunks = isTable(source)
    ? fromTable(target, source)
    : Symbol.iterator in source
      ? fromRows(target, source as Iterable<object>)
      : fromColumns(target, source as Readonly<Record<string, unknown>>)
  // Reading the source may have run a user's code: from here on there is none.
  const start = target.checkUsable()
  if (target.session.epoch !== epoch) {
    throw new StoaError(
      'ERR_STOA_UNSUPPORTED',
      `the source of append to ${target.title} rolled the store back; nothing was appended`,
      { path: target.session.path },
    )
  }
  const length = copyChunks(target.storages, chunks, start)
  target.refreshViews()
  return length
}

/** Appends values to one column that stands alone, and gives its new length. */
export function appendValues(storage: Storage, source: object, length: () => number): number {
  const isArray = Array.isArray(source)
  if (
    !isArray &&
    kindOf(source) === undefined &&
    !(typeof source === 'object' && source !== null && Symbol.iterator in source)
  ) {
    throw new TypeError(`${storage.title} takes a typed array or an iterable in append, found ${found(source)}`)
  }
  const chunk =
    kindOf(source) === undefined
      ? fromValues(storage, isArray ? source : [...(source as Iterable<unknown>)])
      : fromElements(storage, source as TypedArray)
  return copyChunks([storage], [chunk], length())
}

/** Makes room, then copies: one memcpy a column. */
function copyChunks(storages: readonly Storage[], chunks: readonly Chunk[], start: number): number {
  const count = (chunks[0] as Chunk).elements.length
  admit(
    storages,
    chunks.map(({ fresh }) => fresh),
    start + count,
  )
  for (const [place, { elements, known, fresh }] of chunks.entries()) {
    const { data, labels } = storages[place] as Storage
    ;(data.view as Uint8Array).set(elements as Uint8Array, start)
    for (let at = start; fresh.length > 0 && at < start + count; at++) {
      const code = data.view[at] as number
      if (code >= known) data.view[at] = labels?.codes.get(fresh[code - known] as string) as never
    }
  }
  return start + count
}

function isTable(source: object): source is AppendTarget {
  return 'storages' in source && 'rowCount' in source && 'encodeRow' in source
}

function fromColumns(target: AppendTarget, source: Readonly<Record<string, unknown>>): Chunk[] {
  for (const name in source) if (target.placeOf(name) === undefined) throw target.unknownField(name)
  let first: { name: string; length: number } | undefined
  const columns = target.storages.map(({ name, title }) => {
    const column = Object.hasOwn(source, name) || !(name in Object.prototype) ? source[name] : undefined
    if (column === undefined) throw target.missingColumn(name)
    if (!Array.isArray(column) && kindOf(column) === undefined) {
      throw new TypeError(`${title} takes a typed array or an array in append, found ${found(column)}`)
    }
    const { length } = column as unknown[]
    first ??= { name, length }
    if (length !== first.length) {
      throw new RangeError(
        `columns of unequal length in append to ${target.title}: ${quoted(first.name)} has ${first.length} rows, ${quoted(name)} has ${length}; nothing was changed`,
      )
    }
    return column as unknown[] | TypedArray
  })
  return columns.map((column, place) => {
    const storage = target.storages[place] as Storage
    return Array.isArray(column) ? fromValues(storage, column) : fromElements(storage, column)
  })
}

function fromTable(target: AppendTarget, source: AppendTarget): Chunk[] {
  source.checkUsable()
  for (const { name } of source.storages) if (target.placeOf(name) === undefined) throw target.unknownField(name)
  return target.storages.map((storage) => {
    const place = source.placeOf(storage.name)
    if (place === undefined) throw target.missingColumn(storage.name)
    const other = source.storages[place] as Storage
    const elements = other.data.slice(source.rowCount)
    if (other.labels !== undefined && storage.labels !== undefined && other.labels !== storage.labels) {
      return fromValues(storage, elements as Uint32Array, other.labelSet().list)
    }
    if (isPlain(other.type) ? isPlain(storage.type) : sameType(other.type, storage.type)) {
      return fromElements(storage, elements)
    }
    throw new TypeError(`${storage.title} is ${storage.type}, but ${other.title} is ${other.type}; nothing was changed`)
  })
}

/** Whether a type is nothing but its elements. */
function isPlain(type: StoredType): boolean {
  return type.unit === undefined && type.labels === undefined && type.name !== 'bool' && type.name !== 'symbol'
}

function fromRows(target: AppendTarget, source: Iterable<object>): Chunk[] {
  const builders = target.storages.map((storage) => new ChunkBuilder(storage))
  for (const row of source) {
    target.checkUsable()
    for (const [place, value] of target.encodeRow(row).entries()) (builders[place] as ChunkBuilder).push(value)
  }
  return builders.map((builder) => builder.finish())
}

function fromValues(storage: Storage, values: ArrayLike<unknown>, labels?: readonly string[]): Chunk {
  const builder = new ChunkBuilder(storage, values.length)
  for (let at = 0; at < values.length; at++) {
    const value = labels === undefined ? values[at] : labels[values[at] as number]
    if (value === undefined)
      throw new TypeError(`${storage.title} has no value in row ${at} of what was given; nothing was changed`)
    builder.push(storage.encode(value))
  }
  return builder.finish()
}

/** Elements given as they are to lie in memory: those that cannot be wrong are not looked at. */
function fromElements(storage: Storage, elements: TypedArray): Chunk {
  const kind = kindOf(elements)
  const chunk = { elements, known: 0, fresh: [] }
  switch (storage.coding) {
    case 'bool':
    case 'labels':
    case 'symbol': {
      const limit = storage.coding === 'bool' ? 2 : storage.labelSet().list.length
      if (kind?.range === undefined || typeof kind.range[0] === 'bigint' || !fits(kind, storage.kind)) {
        throw storage.wrongType(`codes in a ${storage.kind.Array.name}, or values in an array`, elements)
      }
      const wrong = (elements as Uint8Array).findIndex((code) => !(code < limit))
      if (wrong < 0) return chunk
      throw new RangeError(
        `${storage.title} takes codes below ${limit}, found ${elements[wrong]} in row ${wrong}; nothing was changed`,
      )
    }
    default:
      return kind !== undefined && fits(kind, storage.kind) ? chunk : fromValues(storage, elements)
  }
}

/** Gathers checked elements in memory of its own; labels that are new get codes past those known. */
class ChunkBuilder {
  readonly #storage: Storage
  readonly #known: number
  readonly #fresh = new Map<string, number>()
  #elements: TypedArray
  #length = 0

  constructor(storage: Storage, capacity = 64) {
    this.#storage = storage
    this.#known = storage.dictionary?.load().list.length ?? 0
    this.#elements = new storage.kind.Array(capacity)
  }

  push(value: Encoded): void {
    if (this.#length === this.#elements.length) {
      const larger = new this.#storage.kind.Array(this.#length * 2 + 64)
      ;(larger as Uint8Array).set(this.#elements as Uint8Array)
      this.#elements = larger
    }
    this.#elements[this.#length++] = this.#element(value) as never
  }

  finish(): Chunk {
    return {
      elements: this.#elements.subarray(0, this.#length) as TypedArray,
      known: this.#known,
      fresh: [...this.#fresh.keys()],
    }
  }

  #element(value: Encoded): number | bigint {
    if (typeof value === 'string') return this.#freshCode(value)
    const { dictionary } = this.#storage
    // A label that was added since this began, by a source that runs code.
    if (dictionary !== undefined && value >= this.#known)
      return this.#freshCode(dictionary.list[value as number] as string)
    return value
  }

  #freshCode(label: string): number {
    let code = this.#fresh.get(label)
    if (code === undefined) {
      code = this.#known + this.#fresh.size
      this.#fresh.set(label, code)
    }
    return code
  }
}
