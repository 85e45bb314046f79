// Goal: lowerBound and upperBound find the place of a value in a sorted column of every type that has an order.
// Method: small sorted columns with repeats, nulls and NaN, against a search from the start. Run twice: see
// codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  f32,
  f64,
  i64,
  nullable,
  oneOf,
  open,
  symbol,
  timestamp,
  timestamp64,
  type Type,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { storePath } from './support/directory.ts'

const isEqual = (a: unknown, b: unknown): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b))

/** Checks every value against the places of its equals in `sorted`, where those that are missing are given. */
function check(t: ExecutionContext, type: Type, sorted: unknown[], between: [unknown, number][] = []): void {
  const store = open(storePath(t))
  const table = store.table('t', { x: type })
  table.append(sorted.map((x) => ({ x })))
  for (const value of sorted) {
    const lower = sorted.findIndex((other) => isEqual(other, value))
    const upper = sorted.findLastIndex((other) => isEqual(other, value)) + 1
    t.deepEqual(
      [table.lowerBound('x', value), table.upperBound('x', value)],
      [lower, upper],
      `${String(value)} in ${type}`,
    )
  }
  for (const [value, place] of between) {
    t.deepEqual([table.lowerBound('x', value), table.upperBound('x', value)], [place, place], String(value))
  }
  table.clear()
  t.deepEqual([table.lowerBound('x', sorted[0]), table.upperBound('x', sorted[0])], [0, 0])
  store.close()
}

test('numbers and bigints go by their value, also those that the column could not hold', (t) => {
  check(
    t,
    u8,
    [0, 3, 3, 3, 200, 255],
    [
      [-1, 0],
      [2.5, 1],
      [300, 6],
      [Number.POSITIVE_INFINITY, 6],
      [Number.NaN, 6],
    ],
  )
  check(t, i64, [-(2n ** 63n), -1n, -1n, 2n ** 62n], [[2n ** 100n, 4]])
  check(t, timestamp64('ms'), [1n, 2n, 2n], [[0n, 0]])
  check(t, f32, [0.1, 0.1, 0.5].map(Math.fround), [[0.1, 0]])
})

test('null comes last and NaN before it', (t) => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
  check(t, f64, [-infinity, -0, 0, 1, infinity, nan, nan], [[0.5, 3]])
  check(t, nullable(f64), [1, 2, 2, nan, null, null], [[3, 3]])
  check(t, nullable(f64), [1, null, null], [[nan, 1]])
  check(t, nullable(u8), [null, null], [[5, 0]])
  check(t, nullable(utf8), ['', 'b', null], [['c', 2]])
})

test('times are found by number and by Date', (t) => {
  check(t, timestamp, [1000, 2000, 2000, 3000], [[1500, 1]])
  const store = open(storePath(t))
  const table = store.table('t', { at: timestamp })
  table.append({ at: [1000, 2000, 2000, 3000] })
  t.is(table.lowerBound('at', new Date(2000)), 1)
  t.is(table.upperBound('at', new Date(2000)), 3)
  t.throws(() => table.lowerBound('at', new Date(Number.NaN)), { instanceOf: RangeError })
  store.close()
})

test('false is before true, and labels of oneOf go by their place', (t) => {
  check(t, bool, [false, false, true])
  check(t, bool, [true, true], [[false, 0]])
  check(t, oneOf('low', 'high', 'ü', 'a'), ['low', 'high', 'high', 'a'], [['ü', 3]])
})

test('text goes by code point, as its UTF-8 does', (t) => {
  const sorted = ['', 'A', 'a', 'a', 'aa', 'b', 'é', '\ud7ff', '\ue000', '\uffff', '😀', '😀😀', '😁', '\u{10ffff}']
  t.deepEqual(
    sorted,
    sorted.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  const between: [string, number][] = [
    ['B', 2],
    ['ab', 5],
    ['\uf000', 9],
    ['a text longer than twelve bytes', 4],
  ]
  check(t, utf8, sorted, between)
  check(t, symbol, sorted, between)
})

test('a bound is where insert keeps the order', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { key: u8, s: symbol })
  for (const key of [5, 3, 9, 3, 1, 255, 0, 3]) {
    table.insert(table.upperBound('key', key), { key, s: `${table.length}` })
  }
  t.deepEqual(Array.from(table.arrays.key), [0, 1, 3, 3, 3, 5, 9, 255])
  t.deepEqual(
    [...table].filter(({ key }) => key === 3).map(({ s }) => s),
    ['1', '3', '7'],
  )
  store.close()
})

test('a search works before anybody looked at the reopened file', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.table('t', { s: symbol, x: nullable(u8), u: utf8 }).append({
    s: ['a', 'b', 'c'],
    x: [1, 2, null],
    u: ['a text longer than twelve bytes', 'b', 'c'],
  })
  store.close()
  for (const [column, value] of [
    ['s', 'b'],
    ['x', 2],
    ['u', 'b'],
  ] as ['s', 'b'][]) {
    store = open(path)
    const table = store.table('t') as unknown as { lowerBound(column: string, value: unknown): number }
    t.is(table.lowerBound(column, value), 1, column)
    store.close()
  }
})

test('a value of a wrong type and a column without an order are TypeErrors', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', {
    x: f64,
    n: nullable(u8),
    big: i64,
    s: utf8,
    side: oneOf('buy', 'sell'),
    id: bytes(2),
    at: vector(f32, 2),
  })
  for (const [column, value, message] of [
    ['x', '1', /takes a number, found '1'/],
    ['x', null, /found null/],
    ['x', undefined, /found undefined/],
    ['n', '1', /takes a number or null/],
    ['big', 1, /takes a bigint/],
    ['s', 1, /takes a string/],
    ['s', '\ud800', /lone surrogate/],
    ['side', 'Buy', /did you mean 'buy'/],
    ['id', [1, 2], /bytes\(2\): its values have no order/],
    ['at', [1, 2], /vector\(f32, 2\): its values have no order/],
    ['xx', 1, /no column 'xx'/],
    ['constructor', 1, /no column 'constructor'/],
  ] as ['x', never, RegExp][]) {
    t.throws(() => table.lowerBound(column, value), { instanceOf: TypeError, message })
    t.throws(() => table.upperBound(column, value), { instanceOf: TypeError, message })
  }
  store.close()
})
