// The rows that every contender works on, the same in every run: a time in milliseconds, a price, a quantity, a symbol's
// code. Prices are multiples of 1/64, so that sums are exact and every check is an equality.

export interface Rows {
  readonly ts: Float64Array
  readonly price: Float64Array
  readonly qty: Uint32Array
  readonly sym: Uint16Array
}

/** Bytes of one row in columns: 8 + 8 + 4 + 2. */
export const ROW_BYTES = 22

const FIRST_MS = 1_600_000_000_000
const STEP_MS = 250

export function makeRows(rows: number): Rows {
  const made = emptyRows(rows)
  for (let i = 0; i < rows; i++) {
    made.ts[i] = tsOf(i)
    made.price[i] = priceOf(i)
    made.qty[i] = qtyOf(i)
    made.sym[i] = symOf(i)
  }
  return made
}

export function emptyRows(rows: number): Rows {
  return {
    ts: new Float64Array(rows),
    price: new Float64Array(rows),
    qty: new Uint32Array(rows),
    sym: new Uint16Array(rows),
  }
}

export const tsOf = (i: number): number => FIRST_MS + i * STEP_MS
export const priceOf = (i: number): number => (Math.imul(i, 0x9e3779b1) & 0xffff) / 64
export const qtyOf = (i: number): number => Math.imul(i, 0x85ebca6b) & 0x3ff
export const symOf = (i: number): number => (Math.imul(i, 0xc2b2ae35) >>> 23) & 0x1ff

export interface Row {
  ts: number
  price: number
  qty: number
  sym: number
}

/** The same rows as objects, as a parser or a query gives them. */
export function makeObjects(rows: number): Row[] {
  return Array.from({ length: rows }, (_, i) => ({ ts: tsOf(i), price: priceOf(i), qty: qtyOf(i), sym: symOf(i) }))
}

export interface Note {
  ts: number
  price: number
  sym: string
  size: number | null
}

/** Rows with a name that repeats and a value that is missing in every third. */
export function makeNotes(rows: number): Note[] {
  const names = Array.from({ length: 512 }, (_, code) => `S${code}`)
  return Array.from({ length: rows }, (_, i) => ({
    ts: tsOf(i),
    price: priceOf(i),
    sym: names[symOf(i)]!,
    size: i % 3 === 0 ? null : qtyOf(i),
  }))
}

/** No text below takes more. */
export const TEXT_BYTES = 12

/** Short texts, all different. */
export function makeTexts(rows: number): { text: string }[] {
  return Array.from({ length: rows }, (_, i) => ({ text: `name-${i}`.slice(0, TEXT_BYTES) }))
}

/** Every value counts, each with another weight. Exact in any order of the rows, up to 10^8 of them. */
export function checksum({ ts, price, qty, sym }: Rows, rows: number): number {
  let sum = 0
  for (let i = 0; i < rows; i++) sum += price[i]! * qty[i]! + sym[i]! + (ts[i]! - FIRST_MS) / STEP_MS
  return sum
}

/** The same in SQL. */
export const CHECKSUM_SQL: string = `sum(price * qty + sym + (ts - ${FIRST_MS}) / ${STEP_MS})`

/** Rows of one call when a table is loaded by columns. */
export const BATCH_ROWS = 100_000

/** The source in batches, as parts of its arrays. */
export function* batchesOf({ ts, price, qty, sym }: Rows): Generator<Rows & { readonly start: number }> {
  for (let start = 0; start < ts.length; start += BATCH_ROWS) {
    const end = start + BATCH_ROWS
    yield {
      start,
      ts: ts.subarray(start, end),
      price: price.subarray(start, end),
      qty: qty.subarray(start, end),
      sym: sym.subarray(start, end),
    }
  }
}

/** The sum of a column. It begins with a fraction: Node 26 compiles a sum that begins with a whole number badly at times. */
export function sumOf(column: Float64Array): number {
  let sum = 0.5
  for (let i = 0, length = column.length; i < length; i++) sum += column[i]!
  return sum - 0.5
}

/** `count` row numbers below `rows`, spread at random, the same in every run. */
export function randomRows(rows: number, count: number): Uint32Array {
  let state = 0x2545f491
  return Uint32Array.from({ length: count }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % rows
  })
}
