import type { Condition } from './condition.ts'
import type { RowIndices } from './kernels.ts'
import type { Columns, Input } from '../schema/schema.ts'
import type { Type } from '../schema/types.ts'

/** What values of this type add up to: a bigint for 64-bit integers, a number for other numbers and for times. */
export type Sum<T extends Type> = T['~types']['sum']

/** The columns of numbers and times. */
export type NumericColumn<C extends Columns> = { [K in keyof C]: [Sum<C[K]>] extends [never] ? never : K }[keyof C]

/** What rows must meet: by column, a value they equal, or comparisons. */
export type Conditions<C extends Columns> = {
  readonly [K in keyof C]?: Input<C[K]> | Condition<NonNullable<Input<C[K]>>>
}

/** A column to sort by, ascending with nulls and NaN last, or how else. */
export type SortKey<C extends Columns> =
  | (keyof C & string)
  | {
      /** The column's name. */
      column: keyof C & string
      /** From the greatest on. Default false. */
      descending?: boolean
      /** Where nulls come, in both directions. Default `'last'`. */
      nulls?: 'first' | 'last'
    }

/** Work over whole columns, done in the native part at the speed of memory. Nothing is copied; nulls are skipped. */
export interface TableKernels<C extends Columns> {
  /**
   * The rows that meet all conditions, ascending. A null meets only `isNull: true`; NaN is equal to nothing; text and
   * symbols compare by code points, oneOf in the order of its labels. Cost: one pass over each column named.
   *
   * @example
   * const rows = trades.where({ sym: 'ACME', qty: { gte: 100, lt: 1000 } })
   */
  where(conditions: Conditions<C>): RowIndices
  /** How many rows there are, or how many are given. */
  count(rows?: RowIndices): number
  /**
   * What a column adds up to, over all rows or those given: 0 over none. Integers are exact, those of 64 bits as a
   * bigint; a sum of smaller ones past 2^53 is ERR_STOA_LIMIT. Floats are added pairwise, so the error grows with the
   * logarithm of the rows; NaN gives NaN. A row number outside is a RangeError.
   */
  sum<K extends NumericColumn<C>>(column: K, rows?: RowIndices): Sum<C[K]>
  /** The least value, over all rows or those given; undefined over none. NaN gives NaN. */
  min<K extends NumericColumn<C>>(column: K, rows?: RowIndices): Sum<C[K]> | undefined
  /** The greatest value, over all rows or those given; undefined over none. NaN gives NaN. */
  max<K extends NumericColumn<C>>(column: K, rows?: RowIndices): Sum<C[K]> | undefined
  /** The mean as a number, over all rows or those given; undefined over none. NaN gives NaN. */
  mean<K extends NumericColumn<C>>(column: K, rows?: RowIndices): number | undefined
  /**
   * The sum of the products of two columns, row by row, as {@link sum} adds up. A row with a null counts nothing.
   *
   * @example
   * const turnover = trades.sumProduct('price', 'qty')
   */
  sumProduct<A extends NumericColumn<C>, B extends NumericColumn<C>>(
    a: A,
    b: B,
    rows?: RowIndices,
  ): Sum<C[A]> | Sum<C[B]>
  /**
   * The order in which the rows would be sorted: row numbers, stable, by the first column, then the next. Nulls and NaN
   * come last in both directions, nulls first where a key says so. Needs 28 bytes of
   * memory a row while it runs; ERR_STOA_LIMIT where that is missing, and from 2^32 rows on.
   */
  argsort(...keys: SortKey<C>[]): RowIndices
  /**
   * Sorts the rows, as {@link argsort} orders them. Views show the new order. Needs memory for the order and for one
   * column at a time; ERR_STOA_LIMIT where that is missing, and then nothing was changed.
   *
   * @example
   * trades.sortBy('sym', { column: 'ts', descending: true })
   */
  sortBy(...keys: SortKey<C>[]): void
}
