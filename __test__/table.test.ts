// Goal: the verbs of a table do what Array's do, with the edge cases of the documentation.
// Method: small tables of mixed types. Run twice: see codegen.test.ts.
import { inspect } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { bool, f64, oneOf, open, type Store, symbol, type Table, u32 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const columns = { price: f64, qty: u32, sym: symbol, side: oneOf('buy', 'sell'), ok: bool }
type Row = { price: number; qty: number; sym: string; side: 'buy' | 'sell'; ok: boolean }

const rows: Row[] = [
  { price: 1.5, qty: 1, sym: 'A', side: 'buy', ok: true },
  { price: 2.5, qty: 2, sym: 'B', side: 'sell', ok: false },
  { price: 3.5, qty: 3, sym: 'A', side: 'buy', ok: false },
]

function filled(t: ExecutionContext): { store: Store; table: Table<typeof columns> } {
  const store = open(storePath(t))
  t.teardown(() => store.close())
  const table = store.table('trades', columns)
  for (const row of rows) table.push(row)
  return { store, table }
}

test('push gives the new length, and at gives the rows', (t) => {
  const { table } = filled(t)
  t.is(table.push(rows[0] as Row), 4)
  t.is(table.length, 4)
  t.true(table.capacity >= 4)
  t.deepEqual(table.at(1), rows[1])
  t.deepEqual(table.at(-1), rows[0])
  t.deepEqual(table.at(-4), rows[0])
})

test('at reads its index as Array.prototype.at does', (t) => {
  const { table } = filled(t)
  const indices = [
    0,
    2,
    3,
    -3,
    -4,
    1.9,
    -1.9,
    0.5,
    -0.5,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    2 ** 32,
    '1',
    null,
    undefined,
  ]
  for (const index of indices as number[]) t.deepEqual(table.at(index), rows.at(index), String(index))
  for (const index of indices as number[]) t.deepEqual(table.columns.qty.at(index), rows.at(index)?.qty, String(index))
})

test('rows, iteration and slices give rows as Array.prototype.slice does', (t) => {
  const { table } = filled(t)
  t.deepEqual([...table], rows)
  for (const [start, end] of [[], [1], [1, 2], [-2], [-2, -1], [0, 99], [2, 1], [99], [-99, 2]] as number[][]) {
    t.deepEqual([...table.rows(start, end)], rows.slice(start, end), `${start} ${end}`)
    t.deepEqual(
      Array.from(table.cursor(start, end), (row) => ({ ...row })),
      rows.slice(start, end),
      `${start} ${end}`,
    )
  }
})

test('set replaces what is given and leaves the rest', (t) => {
  const { table } = filled(t)
  table.set(1, { price: 9, sym: 'NEW' })
  t.deepEqual(table.at(1), { ...rows[1], price: 9, sym: 'NEW' } as Row)
  table.set(-1, { side: 'sell', ok: true })
  t.deepEqual(table.at(2), { ...rows[2], side: 'sell', ok: true } as Row)
  table.set(0, {})
  t.deepEqual(table.at(0), rows[0])
  for (const index of [3, -4, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = t.throws(() => table.set(index, { price: 1 }), { instanceOf: RangeError })
    t.is(error?.message, `there is no row ${index} in table 'trades': it has 3 rows; nothing was changed`)
  }
  t.throws(() => table.set('1' as never, { price: 1 }), { instanceOf: TypeError })
  t.is(table.length, 3)
})

test('pop, truncate and clear shorten, and what follows starts there', (t) => {
  const { table } = filled(t)
  t.deepEqual(table.pop(), rows[2])
  t.is(table.length, 2)
  table.truncate(5)
  t.is(table.length, 2)
  table.truncate(1)
  t.deepEqual([...table], [rows[0]])
  t.is(table.at(1), undefined)
  t.is(table.push(rows[2] as Row), 2)
  t.deepEqual([...table], [rows[0], rows[2]])
  table.clear()
  t.is(table.length, 0)
  t.is(table.pop(), undefined)
  t.deepEqual([...table], [])
  for (const length of [-1, 0.5, Number.NaN]) t.throws(() => table.truncate(length), { instanceOf: RangeError })
  t.throws(() => table.truncate('1' as never), { instanceOf: TypeError })
})

test('reserve makes room for that many more rows', (t) => {
  const { table } = filled(t)
  table.reserve(100_000)
  const { capacity } = table
  t.true(capacity >= 100_003)
  for (let i = 0; i < 100_000; i++) table.push(rows[i % 3] as Row)
  t.is(table.capacity, capacity)
  t.throws(() => table.reserve(-1), { instanceOf: RangeError })
})

test('arrays are typed arrays of exactly length elements over the memory itself', (t) => {
  const { table } = filled(t)
  const { price, qty, sym, side, ok } = table.arrays
  t.deepEqual(price, Float64Array.of(1.5, 2.5, 3.5))
  t.deepEqual(qty, Uint32Array.of(1, 2, 3))
  t.deepEqual(sym, Uint32Array.of(0, 1, 0))
  t.deepEqual(side as Uint8Array, Uint8Array.of(0, 1, 0))
  t.deepEqual(ok, Uint8Array.of(1, 0, 0))
  t.is(table.arrays.price, price)
  price[0] = 100
  t.is(table.at(0)?.price, 100)
  table.set(1, { price: 200 })
  t.is(price[1], 200)
  table.push(rows[0] as Row)
  t.is(table.arrays.price.length, 4)
  t.is(price.length, 3)
  t.deepEqual(Object.keys(table.arrays), Object.keys(columns))
})

test('an empty table has empty arrays', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', columns)
  t.is(table.arrays.price.length, 0)
  t.is(table.length, 0)
  t.is(table.at(0), undefined)
  t.false(table.cursor().next())
  store.close()
})

test('a cursor reads and writes the row it stands on, and only columns live on it', (t) => {
  const { table } = filled(t)
  const cursor = table.cursor()
  t.is(cursor.index, -1)
  t.throws(() => cursor.row.price, { instanceOf: RangeError, message: /stands on no row/ })
  t.throws(() => (cursor.row.price = 1), { instanceOf: RangeError })
  t.true(cursor.next())
  const { row } = cursor
  t.is(cursor.index, 0)
  t.deepEqual({ ...row }, rows[0])
  t.deepEqual(Object.keys(row), Object.keys(columns))
  t.false('index' in row)
  t.false('constructor' in row)
  row.price = 50
  row.sym = 'FRESH'
  row.side = 'sell'
  row.ok = false
  t.deepEqual(table.at(0), { price: 50, qty: 1, sym: 'FRESH', side: 'sell', ok: false })
  t.is(cursor.seek(-1), cursor)
  t.is(cursor.index, 2)
  t.is(cursor.row, row)
  t.is(row.price, 3.5)
  t.throws(() => cursor.seek(3), { instanceOf: RangeError })
  t.throws(() => cursor.seek(-4), { instanceOf: RangeError })
  t.is(cursor.index, 2)
  t.false(cursor.next())
  t.is(cursor.index, 2)
  table.push({ price: 7, qty: 7, sym: 'A', side: 'buy', ok: true })
  t.true(cursor.next())
  t.is(row.qty, 7)
  table.truncate(1)
  t.throws(() => row.qty, { instanceOf: RangeError })
  t.throws(() => (row.qty = 1), { instanceOf: RangeError })
})

test('a row under a cursor can be pushed, set and copied like any other', (t) => {
  const { table } = filled(t)
  const cursor = table.cursor().seek(1)
  t.is(table.push(cursor.row), 4)
  t.deepEqual(table.at(3), rows[1])
  table.set(0, cursor.row)
  t.deepEqual(table.at(0), rows[1])
  t.is(JSON.stringify(cursor.row), JSON.stringify(rows[1]))
})

test('reading a row that pushes to the table does not lose either', (t) => {
  const { table } = filled(t)
  const row = {
    ...(rows[0] as Row),
    get price(): number {
      table.push(rows[1] as Row)
      return 77
    },
  }
  table.push(row)
  t.deepEqual(
    [...table]
      .map(({ price }) => price)
      .slice(3, -1)
      .every((price) => price === 2.5),
    true,
  )
  t.is(table.at(-1)?.price, 77)
})

test('reading a row that removes the row being set is refused', (t) => {
  const { table } = filled(t)
  const row = {
    get price(): number {
      table.truncate(1)
      return 77
    },
  }
  t.throws(() => table.set(2, row), { instanceOf: RangeError })
  t.deepEqual([...table], [rows[0]])
})

test('a push inside an iteration is seen, as in an array', (t) => {
  const { table } = filled(t)
  let seen = 0
  for (const row of table) {
    if (seen++ === 0) table.push({ ...row, price: 1000 })
  }
  t.is(seen, 4)
})

test('two tables with the same columns keep apart', (t) => {
  const { store, table } = filled(t)
  const other = store.table('other', columns)
  other.push({ price: -1, qty: 9, sym: 'Z', side: 'sell', ok: true })
  t.is(table.length, 3)
  t.deepEqual(other.columns.sym.labels, ['Z'])
  t.deepEqual(table.columns.sym.labels, ['A', 'B'])
  t.deepEqual([...table], rows)
})

test('printing a store, a table or an array tells what it is', (t) => {
  const { store, table } = filled(t)
  t.is(inspect(store), `Store '${store.path}'`)
  t.is(
    inspect(table),
    "Table 'trades' of 3 rows { 'price': f64, 'qty': u32, 'sym': symbol, 'side': oneOf('buy', 'sell'), 'ok': bool }",
  )
  t.is(inspect(store.array('a', f64)), "PersistentArray 'a' of 0 f64")
  store.close()
  t.is(inspect(store), `Store '${store.path}' (closed)`)
})

test('a table of 300 columns works', (t) => {
  const store = open(storePath(t))
  const schema = Object.fromEntries(
    Array.from({ length: 300 }, (_, place) => [`c${place}`, place % 2 === 0 ? f64 : u32]),
  )
  const table = store.table('wide', schema)
  const row = Object.fromEntries(Object.keys(schema).map((name, place) => [name, place]))
  for (let i = 0; i < 20; i++) table.push(row as never)
  t.deepEqual(table.at(19) as object, row)
  store.close()
})

test('every verb of a table of a closed store is CLOSED', (t) => {
  const { store, table } = filled(t)
  const cursor = table.cursor().seek(1)
  const { price } = table.columns
  store.close()
  for (const call of [
    () => table.length,
    () => table.capacity,
    () => table.push(rows[0] as Row),
    () => table.append(rows),
    () => table.append({ price: [], qty: [], sym: [], side: [], ok: [] }),
    () => table.at(0),
    () => table.set(0, { price: 1 }),
    () => table.pop(),
    () => table.truncate(0),
    () => table.clear(),
    () => table.reserve(1),
    () => [...table],
    () => [...table.rows(0, 2)],
    () => table.cursor(),
    () => table.arrays.price,
    () => cursor.row.price,
    () => (cursor.row.price = 1),
    () => cursor.next(),
    () => cursor.seek(0),
    () => price.length,
    () => price.data,
    () => price.at(0),
    () => price.set(0, 1),
    () => price.fill(1),
    () => [...price],
    () => table.columns.sym.labels,
    () => table.columns.sym.codeOf('A'),
  ]) {
    throwsCode(t, call, 'ERR_STOA_CLOSED')
  }
})

test('walking over rows or a column of a closed store throws at once, not at the first step', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  table.push({ x: 1 })
  const rows = table.rows()
  const cursor = table.cursor()
  store.close()
  throwsCode(t, () => table.rows(), 'ERR_STOA_CLOSED')
  throwsCode(t, () => table[Symbol.iterator](), 'ERR_STOA_CLOSED')
  throwsCode(t, () => table.columns.x[Symbol.iterator](), 'ERR_STOA_CLOSED')
  throwsCode(t, () => rows.next(), 'ERR_STOA_CLOSED')
  throwsCode(t, () => cursor.next(), 'ERR_STOA_CLOSED')
  // It tells where it stood, which needs no store.
  t.is(cursor.index, -1)
})

test('a schema whose getter closes the store gives no table', (t) => {
  const store = open(storePath(t))
  store.table('t', { x: f64 })
  const schema = {
    get x() {
      store.close()
      return f64
    },
  }
  throwsCode(t, () => store.table('t', schema), 'ERR_STOA_CLOSED')
  throwsCode(t, () => store.table('other', schema), 'ERR_STOA_CLOSED')
})
