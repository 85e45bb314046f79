// The in-place updates that all contenders make.

/** Updates of one round of the `updates` question. */
export const UPDATES = 1_000_000

/** Updates of one commit of the `scattered` question. */
export const SCATTERED = 100

/** Writes to `price` at each of `indices`; another value every round. */
export function updateRows(price: Float64Array, indices: Uint32Array, round: number): void {
  for (let i = 0, length = indices.length; i < length; i++) price[indices[i]!] = ((i + round) & 0xffff) / 64
}
