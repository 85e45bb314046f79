import { bool, f64, symbol, u32 } from '../../src/index.ts'
import { Random } from './seed.ts'

/** The table of the crash tests: columns of every width, and a dictionary. */
export const columns = { x: f64, n: u32, sym: symbol, ok: bool }

export interface HistoryRow {
  x: number
  n: number
  sym: string
  ok: boolean
}

/** What a step changes: a table, or its model. */
export interface Rows {
  readonly length: number
  push(row: HistoryRow): unknown
  append(rows: HistoryRow[]): unknown
  set(index: number, row: Partial<HistoryRow>): void
  truncate(length: number): void
}

/** The changes of one commit: the same for everybody who knows the seed and the commit's number. */
export function applyStep(rows: Rows, seed: number, step: number): void {
  const random = new Random(seed ^ Math.imul(step, 0x9e3779b1))
  const row = (): HistoryRow => ({
    x: step + random.below(1000) / 1000,
    n: step,
    sym: `S${random.below(step)}`,
    ok: random.below(2) === 1,
  })
  if (random.below(15) === 0) rows.truncate(random.below(rows.length + 1))
  if (random.below(4) === 0) rows.append(Array.from({ length: random.below(5000) }, row))
  for (let count = random.below(40); count > 0; count--) rows.push(row())
  for (let count = random.below(20); count > 0 && rows.length > 0; count--) {
    rows.set(random.below(rows.length), random.below(2) === 0 ? row() : { n: step })
  }
}

/** The model: what the table must be. */
export class Model implements Rows {
  readonly rows: HistoryRow[] = []

  get length(): number {
    return this.rows.length
  }

  copy(): Model {
    const copy = new Model()
    copy.append(this.rows.map((row) => ({ ...row })))
    return copy
  }

  push(row: HistoryRow): void {
    this.rows.push(row)
  }

  append(rows: HistoryRow[]): void {
    for (const row of rows) this.rows.push(row)
  }

  set(index: number, row: Partial<HistoryRow>): void {
    Object.assign(this.rows[index] as HistoryRow, row)
  }

  truncate(length: number): void {
    this.rows.length = Math.min(this.rows.length, length)
  }
}
