import type { Column } from '../column/column.ts'
import type { Cursor } from './cursor.ts'
import type { FollowOptions, RowRange } from '../follow.ts'
import type { Columns, ColumnsInput, FixedWidth, Input, RowInput, TypedArrayOf, Value } from '../schema/schema.ts'
import type { TableKernels } from '../kernels/table-kernels.ts'
import type { Type } from '../schema/types.ts'

/**
 * Columns of equal length in one file. Made by `store.table(name, columns)`; `Table<typeof columns>` names its type.
 *
 * A table stays usable when it grows and after a rollback to a state in which it exists. Every verb throws
 * ERR_STOA_CLOSED after close, and ERR_STOA_NOT_FOUND once the table was dropped.
 */
export interface Table<C extends Columns = Columns>
  extends TableKernels<C>, Iterable<{ -readonly [K in keyof C]: Value<C[K]> }> {
  /** The name given to `store.table`. */
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
   *
   * @example
   * trades.push({ ts: Date.now(), sym: 'ACME', price: 10.5, qty: 3 })
   */
  push(row: RowInput<C>): number
  /**
   * Adds many rows, all or none, and gives the new length. From typed arrays of the columns' own kinds it costs one
   * memcpy a column and is the fast way in; codes of bool, oneOf and symbol columns are checked. Columns of unequal length
   * are a RangeError; otherwise as {@link push}, and then nothing was added.
   *
   * @example
   * trades.append({ ts: times, sym: ['ACME', 'ACME'], price: Float64Array.of(10.5, 11), qty: [1, 2] })
   */
  append(source: ColumnsInput<C> | Iterable<RowInput<C>> | Table<C>): number
  /**
   * The row at an index as a new object, from the end when negative; undefined outside. `bytes` and `vector` in it are views
   * over the file. To walk over many rows, a {@link cursor} makes no objects.
   *
   * @example
   * const last = trades.at(-1)
   */
  at(index: number): { -readonly [K in keyof C]: Value<C[K]> } | undefined
  /**
   * Replaces some or all fields of an existing row, from the end when negative. A RangeError outside; values are checked as
   * in {@link push}, and nothing was changed where one is refused.
   *
   * @example
   * trades.set(0, { price: 11 })
   */
  set(index: number, row: { -readonly [K in keyof C]?: Input<C[K]> }): void
  /** Takes the last row off, or gives undefined when there is none. `bytes` and `vector` in it are copies. */
  pop(): { -readonly [K in keyof C]: Value<C[K]> } | undefined
  /**
   * Inserts a row before an index, from the end when negative, and gives the new length. A RangeError outside of
   * −length … length, otherwise as {@link push}. Every row behind moves: O(rows behind); views taken before see it.
   */
  insert(index: number, row: RowInput<C>): number
  /**
   * Takes out `count` rows (1 unless told) from an index on, from the end when negative, and moves those behind them up:
   * O(rows behind). A RangeError where there are not so many; then nothing was removed.
   */
  remove(index: number, count?: number): void
  /**
   * Takes out one row and puts the last in its place: O(1), the order of rows is lost. A RangeError outside.
   *
   * @example
   * particles.swapRemove(i) // the fast way to take rows out where order does not matter
   */
  swapRemove(index: number): void
  /** Shortens to `length` rows; no change when there are not more. The memory stays reserved for what comes. */
  truncate(length: number): void
  /** Takes out all rows; the same as `truncate(0)`. */
  clear(): void
  /**
   * Makes room for `rows` more rows, so that adding them cannot fail for lack of space. Text of more than 12 bytes and
   * labels that are new to a symbol column take room of their own when they come.
   */
  reserve(rows: number): void
  /**
   * The first row whose value in `column` is not before `value`, or the length: where `value` could be inserted into a
   * table sorted by that column, upwards, with null last and NaN before it, as `sortBy` leaves it. O(log rows). Numbers, times and
   * truth values go by their value (any number has its place among integers), labels of oneOf by their place among the
   * labels, text of utf8 and symbol by code point. `bytes` and `vector` have no order: a TypeError.
   *
   * @example
   * const from = trades.lowerBound('ts', Date.UTC(2026, 0, 1))
   * for (const row of trades.cursor(from, trades.upperBound('ts', Date.UTC(2026, 0, 31)))) …
   */
  lowerBound<K extends keyof C>(column: K, value: Input<C[K]>): number
  /** The same, but the first row whose value is behind `value`: equal ones are before it. */
  upperBound<K extends keyof C>(column: K, value: Input<C[K]>): number
  /**
   * Adds a column, as the last one, in which all rows there are have the value `fill`: unless given null where the type
   * is nullable, else 0, false, '' (also as a label of a symbol), the first label of oneOf, zeros. O(rows).
   *
   * Columns change with the next commit, and a rollback undoes it. The table stays the same object, with other
   * `columns`, `arrays` and `schema`; `store.table(name, columns)` gives it with the new type. Cursors made before keep
   * to the columns they know. ERR_STOA_SCHEMA where the name is taken; then nothing was changed.
   *
   * @example
   * trades.addColumn('venue', symbol, 'XETRA')
   */
  addColumn<T extends Type>(name: string, type: T, fill?: Input<T>): void
  /**
   * Drops a column. Its `Column`, and rows under older cursors, throw ERR_STOA_NOT_FOUND for it from then on. Its space
   * is free for use after the commit. ERR_STOA_NOT_FOUND for a name that is none, ERR_STOA_SCHEMA for the last column.
   */
  dropColumn(name: string): void
  /** Gives a column another name, in place. ERR_STOA_SCHEMA where that is taken. Older cursors keep to the old name. */
  renameColumn(from: string, to: string): void
  /**
   * Gives back the capacity behind the rows, in steps of 64 KiB a column, with the next commit: from then on other columns
   * use the space. Rows removed since the last commit still count, for a rollback needs them: commit first. Waits for
   * commits in flight. Views made before show zeros behind the rows.
   */
  shrink(): void
  /** Rows from `start` up to `end`, as new objects, one at a time. Without an end up to where the table ends by then. */
  rows(start?: number, end?: number): IterableIterator<{ -readonly [K in keyof C]: Value<C[K]> }>
  /**
   * Walks over rows without allocating: one object whose properties read and write the row it stands on.
   *
   * @example
   * for (const row of trades.cursor()) if (row.qty > 100) row.price *= 2
   */
  cursor(start?: number, end?: number): Cursor<C>
  /**
   * Waits for rows, and gives those that are committed, by whichever process, as ranges of row numbers: each row once and in
   * order. A slow loop gets fewer and longer ranges. Where rows were removed below those it gave, it goes back and gives
   * what comes in their place; changes in place are not reported.
   *
   * It refreshes its own store, a reader, whenever something was committed: between two turns of the event loop, and in
   * `next()`, the length of every table of it may change. Nothing is polled while it waits, but the file is looked at once a
   * second, and 20 times a second where the system cannot watch files. It keeps the process of a reader alive while it
   * waits; that of a writer, whose own commits are all there is to wait for, it does not.
   *
   * It goes on when the writer dies, another takes over, and columns come and go. It ends with `break`, quietly when the
   * store is closed, with an AbortError by `signal`, and with ERR_STOA_NOT_FOUND when the table was dropped.
   *
   * @example
   * for await (const { start, end } of trades.follow({ from: 0 })) for (const row of trades.cursor(start, end)) …
   */
  follow(options?: FollowOptions): AsyncIterableIterator<RowRange, undefined>
}
