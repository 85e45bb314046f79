// The in-place updates that all contenders make.

/** Updates of one round of the `updates` question. */
export const UPDATES = 1_000_000

/** Updates of one commit of the `scattered` question. */
export const SCATTERED = 100

/** Writes to `price` at each of `indices`; another value every round. */
export function updateRows(price: Float64Array, indices: Uint32Array, round: number): void {
  for (let i = 0, length = indices.length; i < length; i++) price[indices[i]!] = ((i + round) & 0xffff) / 64
}

/** The same for peers that change a row at a time by a call. */
export function updateEach(indices: Uint32Array, round: number, update: (row: number, price: number) => void): void {
  for (let i = 0, length = indices.length; i < length; i++) update(indices[i]!, ((i + round) & 0xffff) / 64)
}
