import { admit } from '../table/admission.ts'
import { chunksOf } from './chunks.ts'
import type { TypedArray } from './elements.ts'
import { gone } from '../table/gone.ts'
import { Aggregates, countEqual, indexOfEqual, nullCount } from '../kernels/kernels.ts'
import { existingPosition, relativePosition, slicePosition } from '../table/positions.ts'
import type { Input, TypedArrayOf, Value } from '../schema/schema.ts'
import type { Encoded, Storage } from './storage.ts'
import type { Sum } from '../kernels/table-kernels.ts'
import type { Type } from '../schema/types.ts'
import { Validity } from './validity.ts'

/**
 * One column of a table: its memory as a typed array, and its values decoded.
 *
 * It stays usable when the table grows and after a rollback. Every member throws ERR_STOA_CLOSED after close, and
 * ERR_STOA_NOT_FOUND once the column or its table was dropped.
 *
 * @example
 * const { price } = trades.columns
 * const [least, greatest] = price.minMax() ?? []
 */
export interface Column<T extends Type = Type> extends Iterable<Value<T>> {
  /** The name in the schema; an array's own. */
  readonly name: string
  /** As in the schema. */
  readonly type: T
  /** Rows. */
  readonly length: number
  /**
   * The memory itself: a typed array of exactly `length` elements over the file. It stays valid when the column grows,
   * with the length it has. Throws a RangeError where the column is longer than a typed array can be.
   */
  readonly data: TypedArrayOf<T>
  /**
   * The memory piece by piece, for columns that are too long for `data`: typed arrays over `elements` rows each (2^20
   * unless told), the last one over the rest, with the row that each begins at. They stay valid as `data` does. A column
   * beyond what a typed array can be costs a new buffer a GiB.
   *
   * @example
   * for (const { start, data } of embeddings.chunks()) scan(data, start)
   */
  chunks(elements?: number): IterableIterator<{
    /** The row that the piece begins at. */
    start: number
    /** Its memory. */
    data: TypedArrayOf<T>
  }>
  /** The value at an index, from the end when negative; undefined outside. */
  at(index: number): Value<T> | undefined
  /**
   * Replaces the value of an existing row, from the end when negative. A RangeError outside. A value of a wrong type is a
   * TypeError, one out of range a RangeError; then nothing was changed.
   */
  set(index: number, value: Input<T>): void
  /**
   * Sets every row from `start` up to `end`, as `Array.prototype.fill`. The value is checked as in {@link set}.
   *
   * @example
   * trades.columns.qty.fill(0)
   */
  fill(value: Input<T>, start?: number, end?: number): this
  /** Of a nullable column: the bit `i % 8` of byte `i >> 3` is 1 where row `i` has a value. A TypeError for others. */
  readonly validity: Uint8Array
  /** Rows that are null. Cost: a bit a row. */
  readonly nullCount: number
  /** Whether an existing row is null. A RangeError outside. */
  isNull(index: number): boolean
  /** What the values add up to: 0 over none. As `sum` of a table. Columns of numbers and times; for others a TypeError. */
  sum(): Sum<T>
  /** The least value; undefined over none. NaN gives NaN, nulls are skipped. */
  min(): Sum<T> | undefined
  /** The greatest value; undefined over none. NaN gives NaN, nulls are skipped. */
  max(): Sum<T> | undefined
  /** The least and the greatest value in one pass; undefined over none. */
  minMax(): [min: Sum<T>, max: Sum<T>] | undefined
  /** The mean as a number; undefined over none. NaN gives NaN, nulls are skipped. */
  mean(): number | undefined
  /** How many rows equal a value; null counts the nulls, NaN equals nothing. Cost: one pass in the native part. */
  count(value: Input<T>): number
  /** The first row that equals a value, or -1. Cost: one pass in the native part, up to that row. */
  indexOf(value: Input<T>): number
  /** The labels by code, of symbol and oneOf; a TypeError for other types. A copy. */
  readonly labels: readonly string[]
  /** The code of a label, or undefined when no row ever had it; a TypeError for types without labels. */
  codeOf(label: string): number | undefined
}

/** What a column belongs to: a table, or itself in an array. Reading the length fails once that is closed or gone. */
export interface RowOwner {
  readonly length: number
}

/** The column of a table at run time. */
export class StoredColumn implements Column {
  readonly #owner: RowOwner | undefined
  readonly #storage: Storage

  /** Without an owner the column is its own: an array, which brings its own `length`. */
  constructor(storage: Storage, owner?: RowOwner) {
    this.#storage = storage
    this.#owner = owner
  }

  get name(): string {
    return this.#storage.name
  }

  get type(): Type {
    return this.#storage.type as unknown as Type
  }

  get length(): number {
    const { length } = this.#owner as RowOwner
    const { isDropped, session, title } = this.#storage
    if (isDropped) throw gone(session, title)
    return length
  }

  get data(): TypedArray {
    const { length } = this
    this.#checkFixedWidth()
    return this.#storage.data.slice(length)
  }

  chunks(elements?: number): IterableIterator<{ start: number; data: TypedArray }> {
    this.#checkFixedWidth()
    return chunksOf(this.#storage, () => this.length, elements)
  }

  get validity(): Uint8Array {
    const { length } = this
    return this.#validity().region.slice(Validity.bytes(length)) as Uint8Array
  }

  get nullCount(): number {
    const { length } = this
    return nullCount(this.#storage, length)
  }

  isNull(index: number): boolean {
    return this.#storage.isNull(existingPosition(index, this.length, this.#storage.title))
  }

  at(index: number): unknown {
    const position = relativePosition(index, this.length)
    return position < 0 ? undefined : this.#storage.read(position)
  }

  set(index: number, value: unknown): void {
    this.#checkWritable()
    const position = existingPosition(index, this.length, this.#storage.title)
    const encoded = this.#encoded(value)
    admit([this.#storage], [[encoded]], this.length)
    // Reading the value can run a user's code, which may have made the column shorter.
    if (position < this.length) this.#storage.write(position, encoded)
  }

  fill(value: unknown, start?: number, end?: number): this {
    this.#checkWritable()
    const { length } = this
    const from = slicePosition(start, length, 0)
    const to = slicePosition(end, length, length)
    const encoded = this.#encoded(value)
    // Reading these can run a user's code, which may have made the column shorter.
    const rows = this.length
    admit([this.#storage], [[encoded]], rows)
    this.#storage.fill(encoded, from, Math.min(to, rows))
    return this
  }

  sum(): never {
    return this.#aggregates().sum() as never
  }

  min(): never {
    return this.#aggregates().minMax()?.[0] as never
  }

  max(): never {
    return this.#aggregates().minMax()?.[1] as never
  }

  minMax(): never {
    return this.#aggregates().minMax() as never
  }

  mean(): number | undefined {
    return this.#aggregates().mean()
  }

  count(value: unknown): number {
    const { length } = this
    return countEqual(this.#storage.session.native, this.#storage, length, value)
  }

  indexOf(value: unknown): number {
    const { length } = this
    return indexOfEqual(this.#storage.session.native, this.#storage, length, value)
  }

  get labels(): readonly string[] {
    this.#checkUsable()
    return [...this.#storage.labelSet().list]
  }

  codeOf(label: string): number | undefined {
    this.#checkUsable()
    return this.#storage.labelSet().codes.get(label)
  }

  [Symbol.iterator](): IterableIterator<unknown> {
    this.#checkUsable()
    return this.#values()
  }

  *#values(): IterableIterator<unknown> {
    for (let position = 0; position < this.length; position++) yield this.#storage.read(position)
  }

  /** Checks a value, which can run a user's code. */
  #encoded(value: unknown): Encoded {
    const { session, title } = this.#storage
    this.#checkUsable()
    const { epoch } = session
    const encoded = this.#storage.encode(value)
    this.#checkUsable()
    session.checkEpoch(epoch, title)
    return encoded
  }

  #checkFixedWidth(): void {
    const { coding, title, type } = this.#storage
    if (coding !== 'utf8') return
    throw new TypeError(`${title} is ${type}: text lies in no typed array; use at() or rows`)
  }

  #aggregates(): Aggregates {
    const { length } = this
    return new Aggregates(this.#storage.session.native, this.#storage, length)
  }

  #validity(): Validity {
    const { validity, title, type } = this.#storage
    if (validity !== undefined) return validity
    throw new TypeError(`${title} is ${type}: only nullable columns have a validity bitmap`)
  }

  #checkUsable(): number {
    return this.length
  }

  #checkWritable(): void {
    this.#checkUsable()
    this.#storage.session.checkElements('change', this.#storage.title)
  }
}
