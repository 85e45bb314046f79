// The loops over typed arrays that every peer runs whose columns are typed arrays, and those of the checks.
import type { Rows } from './rows.ts'

export const FILTER_QTY = 768

/** Four columns of each row in `indices`. */
export function sumOfRows({ ts, price, qty, sym }: Rows, indices: Uint32Array): number {
  let sum = 0.5
  for (let at = 0, { length } = indices; at < length; at++) {
    const row = indices[at]!
    sum += price[row]! * qty[row]! + sym[row]! + (ts[row]! > 0 ? 1 : 0)
  }
  return sum
}

/** The sum of the prices whose quantity is at least `FILTER_QTY`. */
export function sumWhere({ price, qty }: Pick<Rows, 'price' | 'qty'>, rows: number): number {
  let sum = 0.5
  for (let i = 0; i < rows; i++) if (qty[i]! >= FILTER_QTY) sum += price[i]!
  return sum - 0.5
}

export function countUp(rows: number): Uint32Array {
  return Uint32Array.from({ length: rows }, (_, row) => row)
}
