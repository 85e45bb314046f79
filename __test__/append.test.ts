// Goal: append takes columns, rows and tables, all or nothing.
// Method: each source, right and wrong. Run twice: see codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import { bool, f32, f64, i64, i8, oneOf, open, symbol, timestamp, u16, u32, u8 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

function opened(t: ExecutionContext): ReturnType<typeof open> {
  const store = open(storePath(t))
  t.teardown(() => store.close())
  return store
}

test('typed arrays, plain arrays and a mix of them are columns', (t) => {
  const table = opened(t).table('t', { price: f64, qty: u32, sym: symbol, at: timestamp })
  t.is(table.append({ price: Float64Array.of(1, 2), qty: [3, 4], sym: ['A', 'B'], at: [new Date(5), 6] }), 2)
  t.is(table.append({ price: [7], qty: Uint32Array.of(8), sym: Uint32Array.of(1), at: Float64Array.of(9) }), 3)
  t.is(table.append({ price: [], qty: [], sym: [], at: [] }), 3)
  t.deepEqual(
    [...table],
    [
      { price: 1, qty: 3, sym: 'A', at: 5 },
      { price: 2, qty: 4, sym: 'B', at: 6 },
      { price: 7, qty: 8, sym: 'B', at: 9 },
    ],
  )
})

test('a typed array of another kind is converted, and checked where it may not fit', (t) => {
  const table = opened(t).table('t', { small: u8, wide: i64, real: f32 })
  table.append({ small: Uint16Array.of(0, 255), wide: BigUint64Array.of(1n, 2n), real: Float64Array.of(0.1, 2) })
  table.append({ small: Float64Array.of(7), wide: [3n], real: Int32Array.of(4) })
  table.append({ small: Uint8ClampedArray.of(300) as never, wide: [4n], real: [5] })
  t.deepEqual([...table.columns.small], [0, 255, 7, 255])
  t.deepEqual([...table.columns.real], [Math.fround(0.1), 2, 4, 5])
  const wrong = (source: object, instanceOf: typeof TypeError | typeof RangeError): string =>
    t.throws(() => table.append({ small: [1], wide: [1n], real: [1], ...source }), { instanceOf }).message
  wrong({ small: Uint16Array.of(256) }, RangeError)
  wrong({ small: Int8Array.of(-1) }, RangeError)
  wrong({ small: Float64Array.of(0.5) }, RangeError)
  wrong({ small: BigInt64Array.of(1n) }, TypeError)
  wrong({ wide: BigUint64Array.of(2n ** 63n) }, RangeError)
  wrong({ wide: Int32Array.of(1) }, TypeError)
  wrong({ real: BigInt64Array.of(1n) }, TypeError)
  wrong({ small: new DataView(new ArrayBuffer(1)) }, TypeError)
  wrong({ small: new ArrayBuffer(1) }, TypeError)
  wrong({ small: 'a' }, TypeError)
  wrong({ small: { length: 1, 0: 1 } }, TypeError)
  wrong({ small: new Set([1]) }, TypeError)
  t.is(table.length, 4)
})

test('codes in typed arrays must stand for something', (t) => {
  const table = opened(t).table('t', { ok: bool, side: oneOf('buy', 'sell'), sym: symbol })
  table.append({ ok: [true], side: ['buy'], sym: ['A'] })
  table.append({ ok: Uint8Array.of(0, 1), side: Uint8Array.of(1, 0), sym: Uint32Array.of(0, 0) })
  const good = { ok: [true], side: ['buy'], sym: ['A'] } as const
  const message = t.throws(() => table.append({ ...good, ok: Uint8Array.of(2) }), { instanceOf: RangeError }).message
  t.is(message, "column 'ok' of table 't' takes codes below 2, found 2 in row 0; nothing was changed")
  t.throws(() => table.append({ ...good, side: Uint8Array.of(2) }), { instanceOf: RangeError })
  t.throws(() => table.append({ ...good, sym: Uint32Array.of(1) }), { instanceOf: RangeError })
  t.throws(() => table.append({ ...good, sym: Float64Array.of(0) as never }), { instanceOf: TypeError })
  t.throws(() => table.append({ ...good, ok: Int8Array.of(1) as never }), { instanceOf: TypeError })
  t.deepEqual(
    [...table],
    [
      { ok: true, side: 'buy', sym: 'A' },
      { ok: false, side: 'sell', sym: 'A' },
      { ok: true, side: 'buy', sym: 'A' },
    ],
  )
})

test('columns of unequal length, missing and unknown ones are refused', (t) => {
  const table = opened(t).table('t', { a: f64, b: u8 })
  t.is(
    t.throws(() => table.append({ a: [1, 2], b: [1] }), { instanceOf: RangeError }).message,
    "columns of unequal length in append to table 't': 'a' has 2 rows, 'b' has 1; nothing was changed",
  )
  t.is(
    t.throws(() => table.append({ a: [1] } as never), { instanceOf: TypeError }).message,
    "column 'b' of table 't' is missing in what was given; nothing was changed",
  )
  t.is(
    t.throws(() => table.append({ a: [1], b: [1], c: [1] } as never), { instanceOf: TypeError }).message,
    "table 't' has no column 'c'",
  )
  for (const source of [null, undefined, 1, 'ab', {}])
    t.throws(() => table.append(source as never), { instanceOf: TypeError })
  // A hole is no value.
  // oxlint-disable-next-line no-sparse-arrays -- that is the point
  t.throws(() => table.append({ a: [1, , 3] as never, b: [1, 2, 3] }), { instanceOf: TypeError, message: /row 1/ })
  t.is(table.length, 0)
})

test('rows of any iterable are appended, all or none', (t) => {
  const table = opened(t).table('t', { a: f64, sym: symbol })
  t.is(table.append([{ a: 1, sym: 'X' }]), 1)
  t.is(
    table.append(
      (function* () {
        for (let a = 0; a < 1000; a++) yield { a, sym: `S${a % 10}` }
      })(),
    ),
    1001,
  )
  t.is(table.append([]), 1001)
  t.deepEqual(table.at(1000), { a: 999, sym: 'S9' })
  const labels = table.columns.sym.labels
  t.throws(() => table.append([{ a: 1, sym: 'NEW' }, { a: 2 }] as never), { instanceOf: TypeError })
  t.throws(() => table.append([1] as never), { instanceOf: TypeError, message: 'a row must be an object, found 1' })
  t.throws(
    () =>
      table.append(
        (function* () {
          yield { a: 1, sym: 'NEWER' }
          throw new Error('out of data')
        })(),
      ),
    { message: 'out of data' },
  )
  t.is(table.length, 1001)
  t.deepEqual(table.columns.sym.labels, labels)
})

test('a table is appended to another and to itself, its symbols by label', (t) => {
  const store = opened(t)
  const schema = { n: u16, sym: symbol, side: oneOf('a', 'b') }
  const one = store.table('one', schema)
  const two = store.table('two', schema)
  one.append({ n: [1, 2], sym: ['A', 'B'], side: ['a', 'b'] })
  two.append({ n: [3, 4], sym: ['B', 'C'], side: ['b', 'b'] })
  t.is(one.append(two), 4)
  t.deepEqual([...one.columns.sym], ['A', 'B', 'B', 'C'])
  t.deepEqual(one.columns.sym.labels, ['A', 'B', 'C'])
  t.is(one.append(one), 8)
  t.is(one.append(one.rows()), 16)
  t.is(one.append(one.arrays as never), 32)
  t.deepEqual([...one.columns.n].slice(28), [1, 2, 3, 4])
  t.deepEqual([...one.columns.side].slice(28), ['a', 'b', 'b', 'b'])
})

test('a table with other columns is refused, one with other labels is read by label', (t) => {
  const store = opened(t)
  const table = store.table('t', { n: u16, side: oneOf('a', 'b') })
  const turned = store.table('turned', { side: oneOf('b', 'a', 'c'), n: u8 })
  turned.push({ side: 'b', n: 5 })
  t.is(table.append(turned as never), 1)
  t.deepEqual(table.at(0), { n: 5, side: 'b' })
  turned.push({ side: 'c', n: 6 })
  t.throws(() => table.append(turned as never), { instanceOf: TypeError })
  t.throws(() => table.append(store.table('more', { n: u16, side: oneOf('a', 'b'), x: f64 }) as never), {
    instanceOf: TypeError,
  })
  t.throws(() => table.append(store.table('less', { n: u16 }) as never), { instanceOf: TypeError })
  const flags = store.table('flags', { n: bool, side: oneOf('a', 'b') })
  flags.push({ n: true, side: 'a' })
  t.throws(() => table.append(flags as never), {
    instanceOf: TypeError,
    message: /is u16, but column 'n' of table 'flags' is bool/,
  })
  t.is(table.length, 1)
})

test('a source that changes the table meanwhile loses nothing', (t) => {
  const store = opened(t)
  const table = store.table('t', { a: i8, sym: symbol })
  table.append(
    (function* () {
      table.push({ a: 1, sym: 'inner' })
      yield { a: 2, sym: 'outer' }
      table.push({ a: 3, sym: 'third' })
      yield { a: 4, sym: 'third' }
      yield { a: 5, sym: 'inner' }
    })(),
  )
  t.deepEqual(
    [...table].map(({ a, sym }) => `${a} ${sym}`),
    ['1 inner', '3 third', '2 outer', '4 third', '5 inner'],
  )
  store.commitSync()
  const turning = (function* () {
    yield { a: 1, sym: 'new' }
    store.rollback()
    yield { a: 2, sym: 'newer' }
  })()
  throwsCode(t, () => table.append(turning), 'ERR_STOA_UNSUPPORTED')
  t.is(table.length, 5)
  t.deepEqual(table.columns.sym.labels, ['inner', 'third', 'outer'])
})

for (const live of [false, true]) {
  test(`long columns${live ? ' of a live store' : ''} lie where they belong, before and after commits and reopening`, (t) => {
    const path = storePath(t)
    const expected: number[] = []
    let store = open(path, { live })
    const add = (values: Float64Array): void => {
      store.table('t', { real: f64, small: u8 }).append({ real: values, small: Uint8Array.from(values) })
      expected.push(...values)
    }
    const check = (): void => {
      const { real, small } = store.table('t', { real: f64, small: u8 }).arrays
      t.deepEqual(real, Float64Array.from(expected))
      t.deepEqual(small, Uint8Array.from(expected))
    }
    // 30,000 rows are 240 KB, 8,191 and 8,193 lie beside 64 KiB.
    for (const [round, rows] of [3, 30_000, 8191, 8193, 30_000].entries()) {
      add(Float64Array.from({ length: rows }, (_, row) => (row * 7 + round) % 251))
      check()
      if (round % 2 === 0) store.commitSync()
      if (round === 3) store.close()
      if (round === 3) store = open(path, { live })
      check()
    }
    // Rows of the table itself, of shared memory, of a view in the middle, and over rows that were there.
    const table = store.table('t', { real: f64, small: u8 })
    table.append(table)
    expected.push(...expected)
    check()
    const shared = new Float64Array(new SharedArrayBuffer(240_000)).fill(5)
    add(shared.subarray(100, 20_000))
    check()
    table.truncate(10)
    expected.length = 10
    add(Float64Array.from({ length: 40_000 }, (_, row) => row % 101))
    check()
    store.close()
    store = open(path, { live })
    check()
    store.close()
  })
}

test('long columns that were rolled back come to nothing, and can be appended again', (t) => {
  const store = opened(t)
  const table = store.table('t', { real: f64 })
  table.append({ real: new Float64Array(20_000).fill(1) })
  store.commitSync()
  table.append({ real: new Float64Array(40_000).fill(2) })
  store.rollback()
  t.deepEqual(table.arrays.real, new Float64Array(20_000).fill(1))
  table.append({ real: new Float64Array(40_000).fill(3) })
  store.commitSync()
  t.is(table.sum('real'), 140_000)
})
