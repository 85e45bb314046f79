import { open, type PersistentArray, type Store, type Table } from '../../src/index.ts'
import { expectSame, Model, type ModelColumn } from './model.ts'
import { type Sample, samples } from './samples.ts'
import type { Random } from './seed.ts'

/** A table as code without its schema sees it. */
export type LooseTable = Omit<Table, 'push' | 'insert' | 'set' | 'at' | 'pop' | 'append' | 'columns' | 'arrays'> & {
  arrays: Record<string, ArrayLike<unknown>>
  push(row: object): number
  insert(index: number, row: object): number
  set(index: number, row: object): void
  at(index: number): Record<string, unknown> | undefined
  pop(): Record<string, unknown> | undefined
  append(source: object): number
  columns: Record<string, LooseArray>
}
export type LooseArray = PersistentArray

const SAMPLES = Object.values(samples)
const COLUMNS_MAX = 8

/** A store, what it must hold, and what it must hold again after a rollback. */
export class World {
  readonly path: string
  readonly random: Random
  store: Store
  tables: Map<string, Model> = new Map()
  arrays: Map<string, Model> = new Map()
  commits: Promise<unknown>[] = []
  #committed: [tables: Map<string, Model>, arrays: Map<string, Model>] = [new Map(), new Map()]

  constructor(path: string, random: Random) {
    this.path = path
    this.random = random
    this.store = open(path)
  }

  below(limit: number): number {
    return this.random.below(limit)
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T
  }

  sample(): Sample {
    return this.pick(SAMPLES)
  }

  /** A row for a model. */
  row({ columns }: Model): unknown[] {
    return columns.map(({ sample }) => sample.value(this.random))
  }

  /** Rows for a model; now and then so many that the columns grow. */
  rows(model: Model): unknown[][] {
    const most = this.below(20) === 0 ? 3000 : 12
    return Array.from({ length: this.below(most) }, () => this.row(model))
  }

  /** An index of an existing row, or the same from the end. */
  index(length: number): number {
    const index = this.below(length)
    return this.below(4) === 0 ? index - length : index
  }

  columns(): ModelColumn[] {
    return Array.from({ length: this.below(COLUMNS_MAX) + 1 }, (_, place) => ({
      name: `c${place}`,
      sample: this.sample(),
    }))
  }

  table(name: string): LooseTable {
    return this.store.table(name) as unknown as LooseTable
  }

  array(name: string): LooseArray {
    return arrayOf(this.store, name, this.arrays.get(name) as Model)
  }

  /** The model is what is committed now. */
  committed(): void {
    this.#committed = [copied(this.tables), copied(this.arrays)]
  }

  rolledBack(): void {
    ;[this.tables, this.arrays] = this.#committed
    this.committed()
  }

  /** Fails unless the store holds what it must. */
  check(when: string): void {
    this.#check(this.store, this.tables, this.arrays, when)
  }

  /** Fails unless a store holds what is committed. */
  checkCommitted(store: Store, when: string): void {
    this.#check(store, ...this.#committed, when)
  }

  #check(store: Store, tables: Map<string, Model>, arrays: Map<string, Model>, when: string): void {
    expectSame(store.tables().toSorted().join(), [...tables.keys()].toSorted().join(), () => `tables ${when}`)
    expectSame(store.arrays().toSorted().join(), [...arrays.keys()].toSorted().join(), () => `arrays ${when}`)
    for (const [name, model] of tables) {
      const table = store.table(name) as unknown as LooseTable
      const names = Object.keys(table.schema)
      expectSame(names.join(), model.columns.map((column) => column.name).join(), () => `columns of ${name} ${when}`)
      expectSame(table.length, model.length, () => `length of ${name} ${when}`)
      for (const [place, column] of names.entries()) {
        this.#checkValues(table.columns[column] as LooseArray, model, place, () => `${name}.${column} ${when}`)
      }
      if (model.length > 0) {
        const index = this.below(model.length)
        const row = table.at(index) as Record<string, unknown>
        for (const [place, column] of names.entries()) {
          expectSame(row[column], model.rows[index]?.[place], () => `row ${index} of ${name} ${when}`)
        }
      }
    }
    for (const [name, model] of arrays) {
      const array = arrayOf(store, name, model)
      expectSame(array.length, model.length, () => `length of ${name} ${when}`)
      this.#checkValues(array, model, 0, () => `${name} ${when}`)
    }
  }

  #checkValues(column: LooseArray, model: Model, place: number, what: () => string): void {
    let index = 0
    for (const value of column) {
      expectSame(value, model.rows[index]?.[place], () => `element ${index} of ${what()}`)
      index++
    }
    expectSame(index, model.length, () => `elements of ${what()}`)
    const nulls = model.rows.filter((row) => row[place] === null).length
    expectSame(column.nullCount, nulls, () => `nulls of ${what()}`)
  }
}

function arrayOf(store: Store, name: string, { columns }: Model): LooseArray {
  return store.array(name, (columns[0] as ModelColumn).sample.type)
}

function copied(models: Map<string, Model>): Map<string, Model> {
  return new Map(Array.from(models, ([name, model]) => [name, model.copy()]))
}
