// Goal: names are data. Whatever a table or a column is called, it works or is refused, and is never executed.
// Method: nasty names in every place that takes one. Run twice: see codegen.test.ts.
import test from 'ava'
import { f64, open, symbol, timestamp, type Type, u32 } from '../src/index.ts'
import { storePath } from './support/directory.ts'

const nasty = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  'length',
  'name',
  'push',
  'row',
  'then',
  'this',
  'v0',
  'x0',
  'rowCount',
  '0',
  '1',
  '-1',
  '4294967295',
  ' ',
  'a b',
  "it's",
  '"quoted"',
  '`tick ${1+1}`',
  '\\',
  '\\u0022',
  '\n',
  '\r\n',
  '\u2028',
  '\u2029',
  '"] = globalThis.hacked = true; ["',
  "']; globalThis.hacked = true; //",
  '*/ globalThis.hacked = true /*',
  '${globalThis.hacked = true}',
  'naïve',
  '価格',
  '😀',
  'e\u0301',
  '\u202e',
  '\uFEFF',
  'x'.repeat(255),
  'é'.repeat(127),
]

function withColumns(types: (place: number) => Type): Record<string, Type> {
  const schema = {}
  for (const [place, name] of nasty.entries()) {
    Object.defineProperty(schema, name, { value: types(place), enumerable: true })
  }
  return schema
}

const value = (place: number, add: number): unknown => (place % 4 === 1 ? `s${place + add}` : place + add)

test('columns of any name are own properties of rows, and nothing runs', (t) => {
  const path = storePath(t)
  let store = open(path)
  const schema = withColumns((place) => [f64, symbol, u32, timestamp][place % 4] as Type)
  const rowOf = (add: number): Record<string, unknown> =>
    Object.fromEntries(nasty.map((name, place) => [name, value(place, add)]))
  let table = store.table('t', schema)
  for (let add = 0; add < 50; add++) table.push(rowOf(add) as never)
  table.append(Object.fromEntries(nasty.map((name, place) => [name, [value(place, 50)]])) as never)
  table.append([rowOf(51)] as never)
  table.set(0, rowOf(100) as never)
  for (const [place, name] of nasty.entries()) table.set(1, Object.fromEntries([[name, value(place, 200)]]) as never)
  const cursor = table.cursor().seek(2)
  for (const [place, name] of nasty.entries()) (cursor.row as Record<string, unknown>)[name] = value(place, 300)
  const check = (): void => {
    const expected = [rowOf(100), rowOf(200), rowOf(300), rowOf(3)]
    for (const [index, row] of expected.entries()) {
      t.deepEqual(entries(table.at(index) as object), entries(row))
      t.deepEqual(entries(table.cursor().seek(index).row), entries(row))
      t.is(Object.getPrototypeOf(table.at(index)), Object.prototype)
    }
    for (const [place, name] of nasty.entries()) {
      const column = table.columns[name]
      t.is(column?.at(51), value(place, 51))
      t.is(column?.name, name)
      t.is(table.arrays[name] === undefined, false)
    }
    t.deepEqual(Object.keys(table.schema).toSorted(), nasty.toSorted())
  }
  check()
  store.close()
  store = open(path)
  table = store.table('t', schema)
  check()
  store.close()
  t.false('hacked' in globalThis)
})

function entries(row: object): [string, unknown][] {
  return Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1))
}

test('what every object inherits is not a value of a row', (t) => {
  const store = open(storePath(t))
  const schema = Object.fromEntries([
    ['__proto__', f64],
    ['constructor', f64],
    ['a', f64],
  ])
  const table = store.table('t', schema)
  const message = /column '(__proto__|constructor)' of table 't' is missing/
  t.throws(() => table.push({ a: 1 }), { instanceOf: TypeError, message })
  t.throws(() => table.append({ a: [1] }), { instanceOf: TypeError, message })
  t.throws(() => table.append([{ a: 1 }]), { instanceOf: TypeError, message })
  t.throws(() => table.push(Object.assign(Object.create(new Date(5)), { a: 1 })), { instanceOf: TypeError })
  t.is(table.length, 0)
  store.close()
})

test('tables and arrays of any name are found again', (t) => {
  const path = storePath(t)
  let store = open(path)
  for (const [place, name] of nasty.entries()) {
    if (place % 2 === 0) store.table(name, { x: f64 }).push({ x: place })
    else store.array(name, f64).push(place)
  }
  store.close()
  store = open(path)
  t.deepEqual([...store.tables(), ...store.arrays()].toSorted(), nasty.toSorted())
  for (const [place, name] of nasty.entries()) {
    t.is(place % 2 === 0 ? (store.table(name).at(0) as { x: number }).x : store.array(name, f64).at(0), place)
  }
  store.close()
  t.false('hacked' in globalThis)
})

test('a name that cannot be stored is refused and told', (t) => {
  const store = open(storePath(t))
  const told = (name: unknown, instanceOf: typeof TypeError | typeof RangeError): string => {
    const messages = [
      () => store.table(name as string, { x: f64 }),
      () => store.table(name as string),
      () => store.array(name as string, f64),
      () => store.drop(name as string),
    ].map((call) => t.throws(call, { instanceOf }).message)
    if (typeof name === 'string') t.throws(() => store.table('t', { [name]: f64 }), { instanceOf })
    return messages[0] as string
  }
  t.is(told('', RangeError), 'the name of a table must not be empty')
  t.is(told('a\0b', RangeError), "the name 'a\\u0000b' of a table holds a NUL character")
  t.is(told('a\ud800', TypeError), "the name 'a\\ud800' of a table holds a lone surrogate")
  t.is(told('x'.repeat(256), RangeError), 'the name of a table takes 256 bytes of UTF-8, at most 255 are allowed')
  t.is(told('é'.repeat(128), RangeError), 'the name of a table takes 256 bytes of UTF-8, at most 255 are allowed')
  t.is(told(5, TypeError), 'the name of a table must be a string, found 5')
  t.deepEqual([store.tables(), store.arrays()], [[], []])
  store.close()
})
