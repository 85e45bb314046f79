import { existingPosition, slicePosition } from './positions.ts'
import type { Columns, Value } from '../schema/schema.ts'
import type { StoredTable } from './stored-table.ts'

/** The row under a cursor: reading and writing its properties reads and writes the table. */
export type CursorRow<C extends Columns> = { -readonly [K in keyof C]: Value<C[K]> }

/** Walks over rows with one reused object: nothing is allocated for a row. Iterating goes on from where it stands. */
export interface Cursor<C extends Columns = Columns> extends Iterable<CursorRow<C>> {
  /** The row it stands on; one before its first row until `next()` or `seek()`. Readable after close too. */
  readonly index: number
  /** Getters and setters named as the columns. A RangeError while the cursor stands on no row. */
  readonly row: CursorRow<C>
  /** Steps to the next row; false at the end, and then the cursor stays where it is. */
  next(): boolean
  /** Steps to any row of the table, from the end when negative. A RangeError outside. */
  seek(index: number): this
}

/** Where a row object keeps its cursor. A symbol, because every string may be the name of a column. */
export const CURSOR: unique symbol = Symbol('cursor')

/** What a row's accessors are called on. */
export interface RowUnderCursor {
  readonly [CURSOR]: StoredCursor
}

/** Rows have this prototype: frozen and empty, so that nothing but columns is found on them. */
const NO_NAMES = Object.freeze(Object.create(null) as object)

/** The cursor at run time. Generated accessors read `table` and `position` directly. */
export class StoredCursor implements Cursor {
  readonly table: StoredTable
  readonly row: CursorRow<Columns>
  position: number
  /** Where it ends; not before the table does when that is open. Two fields, so that this one stays a small integer. */
  readonly end: number
  readonly isOpenEnded: boolean

  constructor(table: StoredTable, start?: number, end?: number) {
    const length = table.length
    this.table = table
    this.position = slicePosition(start, length, 0) - 1
    this.end = slicePosition(end, length, 0)
    this.isOpenEnded = end === undefined
    this.row = rowUnder(this)
  }

  get index(): number {
    return this.position
  }

  next(): boolean {
    const position = this.position + 1
    if (position < this.table.rowCount && (this.isOpenEnded || position < this.end)) {
      this.position = position
      return true
    }
    this.table.checkUsable()
    return false
  }

  seek(index: number): this {
    const { table } = this
    if (index >>> 0 === index && index < table.rowCount) {
      this.position = index
      return this
    }
    this.position = existingPosition(index, table.length, table.title)
    return this
  }

  [Symbol.iterator](): Iterator<CursorRow<Columns>> {
    // The result object is reused as the row is.
    const step = { done: false as const, value: this.row }
    return { next: () => (this.next() ? step : { done: true, value: undefined }) }
  }

  /** The value of a column by its place, in the plain way. */
  read(place: number): unknown {
    return this.table.readValue(place, this.#existing())
  }

  write(place: number, value: unknown): void {
    this.table.writeValue(place, this.#existing(), value)
  }

  #existing(): number {
    const { position, table } = this
    if (position >= 0 && position < table.length) return position
    throw new RangeError(`the cursor stands on no row of ${table.title}; call next() or seek() first`)
  }
}

function rowUnder(cursor: StoredCursor): CursorRow<Columns> {
  const row = Object.create(NO_NAMES) as object
  Object.defineProperty(row, CURSOR, { value: cursor })
  // The accessors are the same functions for every cursor of a table, so all its rows have one hidden class.
  return Object.defineProperties(row, cursor.table.rowAccessors()) as CursorRow<Columns>
}
