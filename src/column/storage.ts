import type { ElementKind } from './elements.ts'
import { found } from '../errors.ts'
import type { LabelSet } from './labels.ts'
import type { NativeRegion } from '../native.ts'
import type { Region } from './region.ts'
import type { Session } from '../session.ts'
import { type Coding, StoredType } from '../schema/types.ts'
import { Validity } from './validity.ts'

/** A row's worth of typed array elements. */
export type Lanes = ArrayLike<number | bigint>

/**
 * A value that was checked and can be written: an element, a string (a label that its dictionary may not hold yet, or
 * text), the elements of a vector, or null.
 */
export type Encoded = number | bigint | string | Lanes | null

/** What a storage is made of. */
export interface StorageParts {
  readonly session: Session
  readonly name: string
  readonly type: StoredType
  /** What messages call it: `column 'price' of table 'trades'`. */
  readonly title: string
  /** A number that no other column of its table ever has. */
  readonly slot: number
  /** One element, or `lanes` of them, a row. */
  readonly data: Region
  readonly validity?: Region | undefined
}

/**
 * One column's place in the file: its type, its regions, and how values go in and out. What differs between numbers,
 * text and vectors is in the subclasses; null is dealt with here.
 */
export abstract class Storage {
  readonly session: Session
  name: string
  readonly type: StoredType
  readonly kind: ElementKind
  readonly coding: Coding
  title: string
  readonly slot: number
  /** The column is no longer one of its table. A rollback can bring it back. */
  isDropped = false
  readonly data: Region
  /** Of a nullable column. */
  readonly validity: Validity | undefined
  /** What codes stand for: of oneOf and symbol columns. */
  readonly labels: LabelSet | undefined = undefined

  constructor({ session, name, type, title, slot, data, validity }: StorageParts) {
    this.session = session
    this.name = name
    this.type = type
    this.kind = StoredType.kind(type)
    this.coding = StoredType.coding(type)
    this.title = title
    this.slot = slot
    this.data = data
    this.validity = validity && new Validity(validity)
  }

  /** Every region, for dropping and the like. */
  get regions(): Region[] {
    return this.validity === undefined ? [this.data] : [this.data, this.validity.region]
  }

  rename(name: string, title: string): void {
    // Functions, because a title may hold what `replace` takes for a pattern.
    for (const region of this.regions) region.title = region.title.replace(this.title, () => title)
    this.name = name
    this.title = title
  }

  /** Makes the memory, and what is read beside it, ready for reading and writing. */
  bind(): void {
    this.data.bind()
    this.validity?.region.bind()
  }

  /** Makes room for so many rows. Throws NO_SPACE or LIMIT, and then only capacities may have grown. */
  room(rows: number): void {
    this.data.room(rows)
    this.validity?.region.room(Validity.bytes(rows))
  }

  /** Rows that fit without growing. */
  get capacity(): number {
    const { data, validity } = this
    return validity === undefined ? data.capacity : Math.min(data.capacity, validity.region.capacity * 8)
  }

  /** Rows that the regions hold: a validity that is shorter than the data hides what it does not cover. */
  get rows(): number {
    const { data, validity } = this
    return validity === undefined ? data.length : Math.min(data.length, validity.region.length * 8)
  }

  /** Grows to exactly so many rows. */
  reserve(rows: number): void {
    this.data.grow(rows, true)
    this.validity?.region.grow(Validity.bytes(rows), true)
  }

  /** Hands the number of rows to the regions. */
  publish(rows: number): void {
    this.data.length = rows
    if (this.validity !== undefined) this.validity.region.length = Validity.bytes(rows)
  }

  /** After a rollback: the regions as they are now, by id. */
  restore(regions: ReadonlyMap<number, NativeRegion>): void {
    for (const region of this.regions) region.restore(regions.get(region.id) as NativeRegion)
  }

  /** Whether a row that is pushed may leave the column out. */
  get isOptional(): boolean {
    return this.validity !== undefined
  }

  /** Checks a value: a wrong type is a TypeError, one out of range a RangeError. */
  encode(value: unknown): Encoded {
    return value === null && this.validity !== undefined ? null : this.encodeValue(value)
  }

  /** Checks a value to compare with, which is not null: a wrong type is a TypeError. */
  check(value: unknown): Exclude<Encoded, null> {
    return this.encodeValue(value)
  }

  /** Writes what {@link encode} gave. Cannot fail: there must be room, and {@link provide} was asked. */
  write(row: number, encoded: Encoded): void {
    if (encoded === null) this.writeNull(row)
    else {
      this.validity?.put(row, true)
      this.writeValue(row, encoded)
    }
  }

  /** The value of an existing row. */
  read(row: number): unknown {
    return this.isNull(row) ? null : this.readValue(row)
  }

  /** The same, in memory of its own. */
  copy(row: number): unknown {
    return this.read(row)
  }

  isNull(row: number): boolean {
    return this.validity !== undefined && !this.validity.has(row)
  }

  /** Writes one value to a range of rows. */
  fill(encoded: Encoded, from: number, to: number): void {
    if (from >= to) return
    this.write(from, encoded)
    this.validity?.fill(encoded !== null, from, to)
    const { view, stride } = this.data
    if (stride === 1) {
      view.fill(view[from] as never, from, to)
      return
    }
    // Twice as much with every step.
    for (let done = 1; done < to - from; done *= 2) this.data.move(from + done, from, Math.min(done, to - from - done))
  }

  /** Moves rows within the column; the ranges may overlap. */
  move(to: number, from: number, count: number): void {
    this.data.move(to, from, count)
    this.validity?.move(to, from, count)
  }

  wrongType(expected: string, value: unknown): TypeError {
    const orNull = this.validity === undefined ? '' : ' or null'
    return new TypeError(`${this.title} is ${this.type} and takes ${expected}${orNull}, found ${found(value)}`)
  }

  /** The labels, or a TypeError where there are none. */
  labelSet(): LabelSet {
    throw new TypeError(`${this.title} is ${this.type}: only symbol and oneOf have labels`)
  }

  /** Puts what values need beside their rows into place: labels, room in the heap. Undone by {@link mark}. */
  provide(_values: Iterable<Encoded>): void {}

  /** What undoes {@link provide}. */
  mark(): (() => void) | undefined {
    return undefined
  }

  protected abstract encodeValue(value: unknown): Exclude<Encoded, null>
  protected abstract writeValue(row: number, encoded: Exclude<Encoded, null>): void
  protected abstract readValue(row: number): unknown

  /** Nulls lie as zeros. */
  protected writeNull(row: number): void {
    const { view, stride } = this.data
    this.validity?.put(row, false)
    view.fill(this.kind.zero as never, row * stride, (row + 1) * stride)
  }
}
