import { admit } from './admission.ts'
import type { TypedArray } from './elements.ts'
import { existingPosition, relativePosition, slicePosition } from './positions.ts'
import type { Input, TypedArrayOf, Value } from './schema.ts'
import type { Encoded, Storage } from './storage.ts'
import type { Type } from './types.ts'

/** One column of a table: its memory as a typed array, and its values decoded. */
export interface Column<T extends Type = Type> extends Iterable<Value<T>> {
  readonly name: string
  readonly type: T
  readonly length: number
  /**
   * The memory itself: a typed array of exactly `length` elements over the file. It stays valid when the column grows,
   * with the length it has. Throws a RangeError where the column is longer than a typed array can be.
   */
  readonly data: TypedArrayOf<T>
  /** The value at an index, from the end when negative; undefined outside. */
  at(index: number): Value<T> | undefined
  /** Replaces the value of an existing row. Throws a RangeError outside. */
  set(index: number, value: Input<T>): void
  /** Sets every row from `start` up to `end`, as `Array.prototype.fill`. */
  fill(value: Input<T>, start?: number, end?: number): this
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
    return (this.#owner as RowOwner).length
  }

  get data(): TypedArray {
    return this.#storage.data.slice(this.length)
  }

  at(index: number): unknown {
    const position = relativePosition(index, this.length)
    return position < 0 ? undefined : this.#read(position)
  }

  set(index: number, value: unknown): void {
    const position = existingPosition(index, this.length, this.#storage.title)
    const encoded = this.#admitted(value)
    // Reading the value can run a user's code, which may have made the column shorter.
    if (position < this.length) this.#storage.write(position, encoded)
  }

  fill(value: unknown, start?: number, end?: number): this {
    const encoded = this.#admitted(value)
    const length = this.length
    if (length === 0) return this
    const storage = this.#storage
    const from = slicePosition(start, length, 0)
    const to = slicePosition(end, length, length)
    if (from >= to) return this
    storage.write(from, encoded)
    const view = storage.data.view
    view.fill(view[from] as never, from, to)
    return this
  }

  get labels(): readonly string[] {
    this.#checkUsable()
    return [...this.#storage.labelSet().list]
  }

  codeOf(label: string): number | undefined {
    this.#checkUsable()
    return this.#storage.labelSet().codes.get(label)
  }

  *[Symbol.iterator](): IterableIterator<unknown> {
    for (let position = 0; position < this.length; position++) yield this.#read(position)
  }

  #read(position: number): unknown {
    const storage = this.#storage
    return storage.decode(storage.data.view[position] ?? storage.bind()[position])
  }

  #admitted(value: unknown): Encoded {
    this.#checkUsable()
    const encoded = this.#storage.encode(value)
    const storage = this.#storage
    if (typeof encoded === 'string') admit([storage], [[encoded]], this.length)
    else storage.data.room(this.length)
    return encoded
  }

  #checkUsable(): number {
    return this.length
  }
}
