import { fits, kindOf, type TypedArray } from '../column/elements.ts'
import { nullCount } from '../kernels/kernels.ts'
import { LanesStorage } from '../column/lanes-storage.ts'
import { ScalarStorage } from '../column/scalar-storage.ts'
import type { Encoded, Storage } from '../column/storage.ts'
import { TextStorage } from '../column/text-storage.ts'
import { sameType } from '../schema/type-record.ts'
import { StoredType } from '../schema/types.ts'

/** One column of what is appended, read and checked: nothing of the user's is looked at any more. */
export interface Chunk {
  readonly rows: number
  /** What must be there beside the rows, for `admit`. */
  readonly needs: Iterable<Encoded> | (() => void)
  /** Fails only on a poisoned store. */
  write(start: number): void
}

/** Values one by one, of any column that takes more than elements. */
class ValuesChunk implements Chunk {
  readonly #storage: Storage
  readonly #values: readonly Encoded[]

  constructor(storage: Storage, values: readonly Encoded[]) {
    this.#storage = storage
    this.#values = values
  }

  get rows(): number {
    return this.#values.length
  }

  get needs(): Iterable<Encoded> {
    return this.#values
  }

  write(start: number): void {
    const { length } = this.#values
    for (let at = 0; at < length; at++) this.#storage.write(start + at, this.#values[at] as Encoded)
  }
}

/**
 * Elements ready to be copied, in one piece. Of a symbol column the last labels may be new: a code from `known` on
 * stands for `fresh[code - known]`.
 */
export class ElementsChunk implements Chunk {
  readonly #storage: Storage
  readonly #elements: TypedArray
  readonly #nulls: readonly number[]
  readonly #known: number
  readonly #fresh: readonly string[]

  constructor(
    storage: Storage,
    elements: TypedArray,
    nulls: readonly number[] = [],
    known = 0,
    fresh: readonly string[] = [],
  ) {
    this.#storage = storage
    this.#elements = elements
    this.#nulls = nulls
    this.#known = known
    this.#fresh = fresh
  }

  get rows(): number {
    return this.#elements.length / this.#storage.data.stride
  }

  get needs(): Iterable<Encoded> {
    return this.#fresh
  }

  write(start: number): void {
    const { data, labels, validity } = this.#storage
    const { view } = data
    const known = this.#known
    const fresh = this.#fresh
    const end = start + this.rows
    data.put(start, this.#elements)
    if (fresh.length > 0) {
      for (let row = start; row < end; row++) {
        const code = view[row] as number
        if (code >= known) view[row] = labels?.codes.get(fresh[code - known] as string) as never
      }
    }
    validity?.fill(true, start, end)
    for (const at of this.#nulls) validity?.put(start + at, false)
  }
}

/** A column that was left out: nothing but nulls. */
export function chunkOfNulls(storage: Storage, rows: number): Chunk {
  const builder = chunkBuilder(storage, rows)
  for (let row = 0; row < rows; row++) builder.push(null)
  return builder.finish()
}

/** The rows of a column of another table, or of the same. */
class ColumnChunk implements Chunk {
  readonly #storage: Storage
  readonly #other: Storage
  readonly rows: number

  constructor(storage: Storage, other: Storage, rows: number) {
    this.#storage = storage
    this.#other = other
    this.rows = rows
  }

  readonly needs = (): void => {
    const other = this.#other
    if (!(other instanceof TextStorage) || other === this.#storage) return
    other.bind()
    let bytes = 0
    let longest = 0
    for (let row = 0; row < this.rows; row++) {
      if (other.isSameText(row, row - 1)) continue
      const length = other.heapBytes(row)
      bytes += length
      longest = Math.max(longest, length)
    }
    ;(this.#storage as TextStorage).provideBytes(bytes, longest)
  }

  write(start: number): void {
    const { rows } = this
    const storage = this.#storage
    const other = this.#other
    if (storage instanceof TextStorage && storage !== other) {
      const texts = other as TextStorage
      for (let row = 0; row < rows; row++) {
        // Rows that share their text go on to.
        if (texts.isSameText(row, row - 1)) storage.data.move(start + row, start + row - 1, 1)
        else storage.writeFrom(start + row, texts, row)
      }
    } else {
      storage.data.put(start, other.data.slice(rows))
    }
    if (storage.validity === undefined) return
    if (other.validity === undefined) storage.validity.fill(true, start, start + rows)
    else storage.validity.copy(start, other.validity, 0, rows)
  }
}

/** A chunk of values, each checked. */
export function chunkOfValues(storage: Storage, values: ArrayLike<unknown>): Chunk {
  const builder = chunkBuilder(storage, values.length)
  for (let at = 0; at < values.length; at++) {
    const value = values[at]
    if (value === undefined) {
      throw new TypeError(`${storage.title} has no value in row ${at} of what was given; nothing was changed`)
    }
    builder.push(storage.encode(value))
  }
  return builder.finish()
}

/**
 * A chunk of elements as they are to lie in memory, out of a typed array of our own class: those that cannot be wrong
 * are not looked at.
 */
export function chunkOfElements(storage: Storage, elements: TypedArray): Chunk {
  const kind = kindOf(elements)
  if (storage instanceof LanesStorage) {
    const { stride } = storage.data
    if (kind !== undefined && elements.length % stride === 0) {
      if (fits(kind, storage.kind)) return new ElementsChunk(storage, elements)
      const rows = elements.length / stride
      return chunkOfValues(
        storage,
        Array.from({ length: rows }, (_, row) => elements.subarray(row * stride, (row + 1) * stride)),
      )
    }
    throw storage.wrongType(`a ${storage.kind.Array.name} of ${storage.data.stride} elements a row`, elements)
  }
  if (!(storage instanceof ScalarStorage)) throw storage.wrongType('an array of values in append', elements)
  switch (storage.coding) {
    case 'bool':
    case 'labels':
    case 'symbol': {
      const limit = storage.coding === 'bool' ? 2 : storage.labelSet().list.length
      if (kind?.range === undefined || typeof kind.zero === 'bigint' || !fits(kind, storage.kind)) {
        throw storage.wrongType(`codes in a ${storage.kind.Array.name}, or values in an array`, elements)
      }
      // Another thread may write to memory that is shared: what is looked at is what is stored.
      const codes = new storage.kind.Array(elements.length) as Uint8Array
      codes.set(elements as Uint8Array)
      const wrong = codes.findIndex((code) => !(code < limit))
      if (wrong < 0) return new ElementsChunk(storage, codes)
      throw new RangeError(
        `${storage.title} takes codes below ${limit}, found ${codes[wrong]} in row ${wrong}; nothing was changed`,
      )
    }
    default:
      return kind !== undefined && fits(kind, storage.kind)
        ? new ElementsChunk(storage, elements)
        : chunkOfValues(storage, elements)
  }
}

/** A chunk of the first `rows` rows of a column of another table. */
export function chunkOfColumn(storage: Storage, other: Storage, rows: number): Chunk {
  const type = StoredType.inner(storage.type)
  const otherType = StoredType.inner(other.type)
  if (storage.validity === undefined && nullCount(other, rows) > 0) {
    throw new TypeError(`${storage.title} is ${storage.type}, but ${other.title} holds null; nothing was changed`)
  }
  if (sameType(type, otherType) && (type.name !== 'symbol' || storage === other)) {
    return new ColumnChunk(storage, other, rows)
  }
  const areLabels = storage.labels !== undefined && other.labels !== undefined
  const areNumbers = isNumber(type) && isNumber(otherType)
  const areText = [type, otherType].every(({ name }) => name === 'utf8' || name === 'symbol')
  if (areLabels || areNumbers || areText) {
    return chunkOfValues(
      storage,
      Array.from({ length: rows }, (_, row) => other.read(row)),
    )
  }
  throw new TypeError(`${storage.title} is ${storage.type}, but ${other.title} is ${other.type}; nothing was changed`)
}

/** Whether a type is nothing but its elements. */
function isNumber(type: StoredType): boolean {
  const coding = StoredType.coding(type)
  return type.unit === undefined && (coding === 'number' || coding === 'bigint' || coding === 'timestamp')
}

/** Gathers checked values of one column. */
export interface ChunkBuilder {
  push(value: Encoded): void
  finish(): Chunk
}

export function chunkBuilder(storage: Storage, capacity = 64): ChunkBuilder {
  if (storage instanceof ScalarStorage) return new ElementsBuilder(storage, capacity)
  const values: Encoded[] = []
  return { push: (value) => values.push(value), finish: () => new ValuesChunk(storage, values) }
}

/** Gathers in memory of its own; labels that are new get codes past those known. */
class ElementsBuilder implements ChunkBuilder {
  readonly #storage: ScalarStorage
  readonly #known: number
  readonly #fresh = new Map<string, number>()
  readonly #nulls: number[] = []
  #elements: TypedArray
  #length = 0

  constructor(storage: ScalarStorage, capacity: number) {
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
    if (value === null) this.#nulls.push(this.#length++)
    else this.#elements[this.#length++] = this.#element(value) as never
  }

  finish(): Chunk {
    const elements = this.#elements.subarray(0, this.#length) as TypedArray
    return new ElementsChunk(this.#storage, elements, this.#nulls, this.#known, [...this.#fresh.keys()])
  }

  #element(value: Exclude<Encoded, null>): number | bigint {
    if (typeof value === 'string') return this.#freshCode(value)
    const { dictionary } = this.#storage
    // A label that was added since this began, by a source that runs code.
    if (dictionary !== undefined && (value as number) >= this.#known) {
      return this.#freshCode(dictionary.list[value as number] as string)
    }
    return value as number | bigint
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
