import type { Column } from './column.ts'
import type { Cursor } from './cursor.ts'
import type { Columns, ColumnsInput, FixedWidth, Input, RowInput, TypedArrayOf, Value } from './schema.ts'
import type { TableKernels } from './table-kernels.ts'

/**
 * Columns of equal length in one file. Made by `store.table(name, columns)`; `Table<typeof columns>` names its type.
 *
 * A table stays usable when it grows and after a rollback to a state in which it exists. Every verb throws
 * ERR_STOA_CLOSED after close, and ERR_STOA_NOT_FOUND once the table was dropped.
 */
export interface Table<C extends Columns = Columns>
  extends TableKernels<C>, Iterable<{ -readonly [K in keyof C]: Value<C[K]> }> {
  readonly name: string
  /** Rows. */
  readonly length: number
  /** Rows that fit without growing. */
  readonly capacity: number
  /** The types of the columns, in the order of the file. */
  readonly schema: C
  /** The columns one by one, with decoded values. */
  readonly columns: { readonly [K in keyof C]: Column<C[K]> }
  /**
   * The memory of each column but text: a typed array of exactly `length` elements over the file (times the length of a
   * vector), read and written at memory speed. Each is made at its first use. One taken before the table grew stays
   * valid and keeps its length.
   *
   * @example
   * const { price, qty } = trades.arrays
   * for (let i = 0; i < price.length; i++) sum += price[i] * qty[i]
   */
  readonly arrays: { readonly [K in FixedWidth<C>]: TypedArrayOf<C[K]> }
  /**
   * Adds a row and gives the new length. Amortised O(1); existing views stay valid. A value of a wrong type, a column
   * that is missing and a field that is no column are TypeErrors, a value out of range is a RangeError; ERR_STOA_NO_SPACE
   * on a full disk. Then nothing was added.
   */
  push(row: RowInput<C>): number
  /**
   * Adds many rows, all or none, and gives the new length. From typed arrays of the columns' own kinds it costs one
   * memcpy a column and is the fast way in; codes of bool, oneOf and symbol columns are checked.
   *
   * @example
   * trades.append({ ts: times, sym: ['ACME', 'ACME'], price: Float64Array.of(10.5, 11), qty: [1, 2] })
   */
  append(source: ColumnsInput<C> | Iterable<RowInput<C>> | Table<C>): number
  /** The row at an index as a new object, from the end when negative; undefined outside. */
  at(index: number): { -readonly [K in keyof C]: Value<C[K]> } | undefined
  /** Replaces some or all fields of an existing row, from the end when negative. A RangeError outside. */
  set(index: number, row: { -readonly [K in keyof C]?: Input<C[K]> }): void
  /** Takes the last row off, or gives undefined when there is none. */
  pop(): { -readonly [K in keyof C]: Value<C[K]> } | undefined
  /** Shortens to `length` rows; no change when there are not more. The memory stays reserved for what comes. */
  truncate(length: number): void
  clear(): void
  /** Makes room for `rows` more rows, so that adding them cannot fail for lack of space. */
  reserve(rows: number): void
  /** Rows from `start` up to `end`, as new objects, one at a time. Without an end up to where the table ends by then. */
  rows(start?: number, end?: number): IterableIterator<{ -readonly [K in keyof C]: Value<C[K]> }>
  /**
   * Walks over rows without allocating: one object whose properties read and write the row it stands on.
   *
   * @example
   * for (const row of trades.cursor()) if (row.qty > 100) row.price *= 2
   */
  cursor(start?: number, end?: number): Cursor<C>
}
