import { fileURLToPath } from 'node:url'
import type { ExecutionContext } from 'ava'
import { type Columns, open, type Store, type Table } from '../../src/index.ts'
import { storePath } from './directory.ts'
import { expectSame } from './model.ts'
import { samples } from './samples.ts'
import { Random } from './seed.ts'

/** A store for one test. */
export function newStore(t: ExecutionContext): Store {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  return store
}

/** The columns of every type, by the names of the samples. */
export const everyType: Columns = Object.fromEntries(Object.entries(samples).map(([name, { type }]) => [name, type]))

/** A table of every type, of random rows. */
export function sampleTable(t: ExecutionContext, store: Store, rows: number): Table {
  const random = Random.of(t)
  const table = store.table('samples', everyType)
  for (let row = 0; row < rows; row++) {
    table.push(Object.fromEntries(Object.entries(samples).map(([name, { value }]) => [name, value(random)])) as never)
  }
  return table
}

/** Fails unless a table holds the same as rows of another, value by value. */
export function expectRows(found: Table, expected: Table, from = 0, to: number = expected.length): void {
  if (found.length !== to - from) throw new Error(`found ${found.length} rows, expected ${to - from}`)
  for (const name of Object.keys(expected.schema)) {
    const column = found.columns[name]
    const other = expected.columns[name]
    for (let row = from; row < to; row++) {
      expectSame(column?.at(row - from), other?.at(row), () => `row ${row} of ${name}`)
    }
  }
}

/** A file of the package vega-datasets, which exports its code alone, from `build`; the data lies beside that. */
export function dataset(name: string): string {
  return fileURLToPath(new URL(`../data/${name}`, import.meta.resolve('vega-datasets')))
}
