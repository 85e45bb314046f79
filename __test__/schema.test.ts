// Goal: tables and arrays are found, created, compared and dropped by name and schema.
// Method: reopen and ask again; read every message.
import test from 'ava'
import { bool, f32, f64, i64, oneOf, open, symbol, timestamp, timestamp64, u32 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

test('the same table is the same object, whatever the order of the columns', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: u32 })
  t.is(store.table('t'), table as never)
  t.is(store.table('t', { b: u32, a: f64 }), table as never)
  t.deepEqual(Object.keys(table.schema), ['a', 'b'])
  t.is(table.name, 't')
  store.close()
})

test('every difference to the schema in the file is told, and nothing is changed', (t) => {
  const path = storePath(t)
  let store = open(path)
  const schema = { a: f64, b: u32, side: oneOf('buy', 'sell'), at: timestamp64('us'), gone: bool }
  store.table('t', schema)
  store.close()
  store = open(path)
  const other = { b: u32, a: f32, side: oneOf('sell', 'buy'), at: timestamp64('ns'), extra: symbol }
  const { message } = throwsCode(t, () => store.table('t', other), 'ERR_STOA_SCHEMA')
  t.is(
    message,
    `cannot open table 't' of '${path}' with this schema: ` +
      "column 'a' is f64 in the file but f32 in the schema given; " +
      "column 'side' is oneOf('buy', 'sell') in the file but oneOf('sell', 'buy') in the schema given; " +
      "column 'at' is timestamp64('us') in the file but timestamp64('ns') in the schema given; " +
      "column 'extra' (symbol) is in the schema given but not in the file; " +
      "column 'gone' (bool) is in the file but not in the schema given; " +
      'change the schema, or the table with addColumn, dropColumn and renameColumn in the migrate function of open',
  )
  t.is(store.table('t', schema).length, 0)
  t.false(store.isDirty())
  store.close()
})

test('a table can be opened without a schema, a missing one is NOT_FOUND with the nearest name', (t) => {
  const path = storePath(t)
  const store = open(path)
  store.table('trades', { at: timestamp, price: f64 }).push({ at: 5, price: 1 })
  t.deepEqual([...store.table('trades')], [{ at: 5, price: 1 }])
  const { message } = throwsCode(t, () => store.table('trade'), 'ERR_STOA_NOT_FOUND')
  t.is(message, `there is no table 'trade' in '${path}'; did you mean 'trades'?`)
  store.close()
})

test('tables and arrays share one namespace', (t) => {
  const path = storePath(t)
  const store = open(path)
  store.table('a', { x: f64 })
  store.array('b', f64)
  t.is(
    throwsCode(t, () => store.array('a', f64), 'ERR_STOA_SCHEMA').message,
    `'a' is a table in '${path}', not an array`,
  )
  t.is(
    throwsCode(t, () => store.table('b', { x: f64 }), 'ERR_STOA_SCHEMA').message,
    `'b' is an array in '${path}', not a table`,
  )
  throwsCode(t, () => store.table('b'), 'ERR_STOA_SCHEMA')
  t.is(
    throwsCode(t, () => store.array('b', i64), 'ERR_STOA_SCHEMA').message,
    `array 'b' is f64 in '${path}' but i64 was asked for`,
  )
  t.deepEqual([store.tables(), store.arrays()], [['a'], ['b']])
  store.close()
})

test('drop removes a table or an array, its handle is NOT_FOUND, and the name is free', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { x: f64, sym: symbol })
  table.push({ x: 1, sym: 'A' })
  const array = store.array('a', u32)
  array.push(1)
  store.commitSync()
  store.drop('t')
  store.drop('a')
  t.deepEqual([store.tables(), store.arrays()], [[], []])
  for (const call of [
    () => table.length,
    () => table.push({ x: 2, sym: 'B' }),
    () => table.at(0),
    () => table.set(0, { x: 1 }),
    () => table.arrays.x,
    () => table.columns.x.length,
    () => array.push(2),
    () => array.length,
    () => array.data,
  ]) {
    throwsCode(t, call, 'ERR_STOA_NOT_FOUND')
  }
  throwsCode(t, () => store.drop('t'), 'ERR_STOA_NOT_FOUND')
  t.is(store.table('t', { y: f64 }).length, 0)
  store.close()
  store = open(path)
  t.deepEqual(Object.keys(store.table('t').schema), ['y'])
  store.close()
})

test('what is no schema is refused and told', (t) => {
  const store = open(storePath(t))
  const wrong = (schema: unknown): string =>
    t.throws(() => store.table('t', schema as never), { instanceOf: TypeError }).message
  t.is(wrong({}), "the schema of table 't' has no columns")
  t.is(wrong(null), "the schema of table 't' must be an object of types, found null")
  t.is(wrong(f64), "the schema of table 't' must be an object of types, found an object (Object)")
  t.is(
    wrong({ x: 'f64' }),
    "column 'x' of table 't' needs a type of this package such as f64 or symbol, found 'f64' (a string)",
  )
  t.regex(wrong({ x: oneOf }), /found a function; did you forget to call it\?$/)
  t.throws(() => oneOf(), { instanceOf: TypeError })
  t.throws(() => oneOf('a', 'a'), { instanceOf: TypeError, message: "the label 'a' of oneOf is given twice" })
  t.throws(() => oneOf('\ud800'), { instanceOf: TypeError })
  t.throws(() => timestamp64('min' as never), { instanceOf: TypeError })
  t.deepEqual(store.tables(), [])
  store.close()
})

test('info tells the store, its tables and arrays', (t) => {
  const store = open(storePath(t), { version: 7 })
  store.table('t', { price: f64, side: oneOf('buy', 'sell'), sym: symbol }).append({
    price: [1, 2, 3],
    side: ['buy', 'buy', 'sell'],
    sym: ['AB', 'AB', 'C'],
  })
  store.array('w', u32).push(1, 2)
  store.commitSync()
  const info = store.info()
  t.like(info, { version: 7, byteOrder: 'little', commitId: 2, byteLength: store.byteLength, formatVersion: 1 })
  t.true(info.logBytes > 0)
  t.true(info.freeBytes >= 0)
  t.deepEqual(
    info.tables.map(({ name, length, columns }) => ({
      name,
      length,
      columns: columns.map(({ name, type, bytes }) => [name, type, bytes]),
    })),
    [
      {
        name: 't',
        length: 3,
        columns: [
          ['price', 'f64', 24],
          ['side', "oneOf('buy', 'sell')", 3],
          // Three codes, and the labels: a length byte each.
          ['sym', 'symbol', 12 + 3 + 2],
        ],
      },
    ],
  )
  t.like(info.arrays[0], { name: 'w', type: 'u32', length: 2, bytes: 8, extents: 1 })
  store.close()
})
