import { isSame, type Sample } from './samples.ts'

/** A column of the model. */
export interface ModelColumn {
  readonly name: string
  readonly sample: Sample
}

/** What a table or an array must hold, in the plainest way. Rows are never changed in place, so that a copy is cheap. */
export class Model {
  columns: readonly ModelColumn[]
  rows: (readonly unknown[])[]

  constructor(columns: readonly ModelColumn[], rows: (readonly unknown[])[] = []) {
    this.columns = columns
    this.rows = rows
  }

  get length(): number {
    return this.rows.length
  }

  copy(): Model {
    return new Model(this.columns, [...this.rows])
  }

  place(name: string): number {
    return this.columns.findIndex((column) => column.name === name)
  }

  object(row: readonly unknown[]): Record<string, unknown> {
    return Object.fromEntries(this.columns.map(({ name }, place) => [name, row[place]]))
  }

  set(index: number, place: number, value: unknown): void {
    this.rows[index] = (this.rows[index] as readonly unknown[]).with(place, value)
  }

  remove(index: number, count: number): void {
    this.rows.splice(index, count)
  }

  swapRemove(index: number): void {
    const last = this.rows.pop() as readonly unknown[]
    if (index < this.rows.length) this.rows[index] = last
  }

  truncate(length: number): void {
    this.rows.length = Math.min(this.rows.length, length)
  }

  addColumn(column: ModelColumn, fill: unknown): void {
    this.columns = [...this.columns, column]
    this.rows = this.rows.map((row) => [...row, fill])
  }

  dropColumn(place: number): void {
    this.columns = this.columns.toSpliced(place, 1)
    this.rows = this.rows.map((row) => row.toSpliced(place, 1))
  }

  renameColumn(place: number, name: string): void {
    this.columns = this.columns.with(place, { ...(this.columns[place] as ModelColumn), name })
  }
}

/** Fails unless two values are the same. */
export function expectSame(found: unknown, expected: unknown, what: () => string): void {
  if (isSame(found, expected)) return
  throw new Error(`${what()}: found ${told(found)}, expected ${told(expected)}`)
}

function told(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `[${String(value)}]`
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : String(value)
}
