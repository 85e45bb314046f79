// Goal: after reopening, every way to read gives the same values, whatever was looked at first, and the fast way is used
// again. A code that no label stands for is told as CORRUPT in every way.
// Method: touch the memory of one column first, then read in one way each. Run twice: see codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import { bool, f64, nullable, oneOf, open, type PersistentArray, type Store, symbol, type Table } from '../src/index.ts'
import { isCodeGenerationAllowed } from '../src/table/codegen.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const schema = { sym: symbol, side: oneOf('buy', 'sell'), maybe: nullable(symbol), ok: bool, x: f64 }
const first = { sym: 'A', side: 'buy', maybe: null, ok: true, x: 1 } as const
const second = { sym: 'B', side: 'sell', maybe: 'M', ok: false, x: 2 } as const

function filled(t: ExecutionContext): Store {
  const path = storePath(t)
  const store = open(path)
  store.table('t', schema).append([first, second])
  store.array('names', symbol).push('Q', 'R')
  store.close()
  const again = open(path)
  t.teardown(() => again.close({ discard: true }))
  return again
}

const ways: Record<string, (table: Table<typeof schema>) => unknown> = {
  at: (table) => table.at(1),
  'at from the end': (table) => table.at(-1),
  rows: (table) => [...table.rows(1)][0],
  iteration: (table) => [...table][1],
  pop: (table) => table.pop(),
  cursor: (table) => ({ ...table.cursor().seek(1).row }),
  columns: (table) => Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, column.at(1)])),
  'iteration of columns': (table) =>
    Object.fromEntries(Object.entries(table.columns).map(([name, column]) => [name, [...column][1]])),
}

const touches: Record<string, (table: Table<typeof schema>) => unknown> = {
  nothing: () => {},
  arrays: (table) => Object.values({ ...table.arrays }).map(({ length }) => length),
  data: (table) => [table.columns.sym.data, table.columns.maybe.data, table.columns.maybe.validity],
  labels: (table) => table.columns.sym.labels,
}

for (const [what, touch] of Object.entries(touches)) {
  test(`after reopening and touching ${what} first, every way to read gives what was stored`, (t) => {
    for (const [way, read] of Object.entries(ways)) {
      const store = filled(t)
      const table = store.table('t', schema)
      touch(table)
      t.deepEqual(read(table), second, way)
      t.deepEqual(table.at(0), first, way)
      t.is(table.columns.sym.codeOf('B'), 1)
      const names = store.array('names', symbol)
      t.is(names.data.length, 2)
      t.is(names.at(0), 'Q')
      t.deepEqual([...names], ['Q', 'R'])
      t.is(names.pop(), 'R')
      store.close({ discard: true })
    }
  })
}

test('after the first read or write the plain way is left again', (t) => {
  if (!isCodeGenerationAllowed()) {
    t.pass('there is only the plain way here')
    return
  }
  const store = filled(t)
  const table = store.table('t', schema)
  t.is(table.arrays.sym.length, 2)
  const check = (): void => {
    t.deepEqual(table.at(1), second)
    table.push(first)
    table.set(-1, { sym: 'B' })
    const cursor = table.cursor().seek(1)
    t.is(cursor.row.sym, 'B')
    // The next of each must not come to the methods of the class that generated code extends.
    const plain = Object.getPrototypeOf(Object.getPrototypeOf(table)) as Record<string, unknown>
    const names = ['at', 'push', 'set', 'readValue', 'writeValue'] as const
    const kept = names.map((name) => plain[name])
    for (const name of names) plain[name] = () => t.fail(`the plain ${name} was called`)
    try {
      t.deepEqual(table.at(1), second)
      table.push(first)
      table.set(-1, { sym: 'B', maybe: null })
      cursor.row.sym = 'B'
      t.is(cursor.row.sym, 'B')
    } finally {
      for (const [at, name] of names.entries()) plain[name] = kept[at]
    }
  }
  check()
  store.rollback()
  check()
})

test('a code without a label is CORRUPT in every way to read, and a verb mends it', (t) => {
  for (const name of ['sym', 'side', 'maybe'] as const) {
    for (const [way, read] of Object.entries(ways)) {
      const store = filled(t)
      const table = store.table('t', schema)
      t.deepEqual(table.at(1), second)
      table.arrays[name][1] = 250
      const error = throwsCode(t, () => read(table), 'ERR_STOA_CORRUPT')
      t.true(error.message.includes(`row 1 of column '${name}' of table 't'`), `${way}: ${error.message}`)
      t.is(table.length, 2)
      t.deepEqual(table.at(0), first)
      table.set(1, { [name]: second[name] })
      t.deepEqual(table.at(1), second)
      store.close({ discard: true })
    }
  }
  const names: PersistentArray<typeof symbol> = filled(t).array('names', symbol)
  names.data[0] = 9
  throwsCode(t, () => names.at(0), 'ERR_STOA_CORRUPT')
  throwsCode(t, () => [...names], 'ERR_STOA_CORRUPT')
  t.is(names.at(1), 'R')
})
