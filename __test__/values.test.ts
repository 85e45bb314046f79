// Goal: every type gives back what it took, and whatever it must not take is refused before anything changed.
// Method: one column a type; push, set, append, cursor and column verbs must agree. Run twice: see codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  f16,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  nullable,
  oneOf,
  open,
  symbol,
  timestamp,
  timestamp64,
  type Type,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const many = Array.from({ length: 300 }, (_, code) => `label ${code}`)

interface Case {
  type: Type
  good: unknown[]
  /** What comes out where it is not what went in. */
  out?: unknown[]
  typeErrors: unknown[]
  rangeErrors: unknown[]
}

function whole(type: Type, min: number, max: number): Case {
  return {
    type,
    good: [0, 1, min, max],
    typeErrors: ['1', 1n, null, undefined, true, {}, [], () => 1, Symbol('1'), new Date(1), Object(1)],
    rangeErrors: [min - 1, max + 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2 ** 53],
  }
}

function wide(type: Type, min: bigint, max: bigint): Case {
  return {
    type,
    good: [0n, 1n, min, max],
    typeErrors: [1, '1', null, undefined, true, {}, Object(1n)],
    rangeErrors: [min - 1n, max + 1n, 2n ** 100n],
  }
}

const cases: Record<string, Case> = {
  i8: whole(i8, -128, 127),
  i16: whole(i16, -32_768, 32_767),
  i32: whole(i32, -(2 ** 31), 2 ** 31 - 1),
  u8: whole(u8, 0, 255),
  u16: whole(u16, 0, 65_535),
  u32: whole(u32, 0, 2 ** 32 - 1),
  i64: wide(i64, -(2n ** 63n), 2n ** 63n - 1n),
  u64: wide(u64, 0n, 2n ** 64n - 1n),
  timestamp64: wide(timestamp64('ns'), -(2n ** 63n), 2n ** 63n - 1n),
  f64: {
    type: f64,
    good: [0, -0, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 5e-324, Number.MAX_VALUE],
    typeErrors: ['1', 1n, null, undefined, true, {}, [1], Symbol('1'), new Date(1)],
    rangeErrors: [],
  },
  f32: {
    type: f32,
    good: [0, -0, 1.5, 0.1, 1e300, Number.NaN],
    out: [0, -0, 1.5, Math.fround(0.1), Number.POSITIVE_INFINITY, Number.NaN],
    typeErrors: ['1', 1n, null, undefined, true],
    rangeErrors: [],
  },
  bool: {
    type: bool,
    good: [true, false, true],
    typeErrors: [1, 0, 'true', null, undefined, Object(true)],
    rangeErrors: [],
  },
  timestamp: {
    type: timestamp,
    good: [0, 1.25, new Date(1234), new Date(-5)],
    out: [0, 1.25, 1234, -5],
    typeErrors: ['2020-01-01', 1n, null, undefined, {}, true],
    rangeErrors: [new Date(Number.NaN)],
  },
  oneOf: {
    type: oneOf('buy', 'sell', '', 'ü', '__proto__'),
    good: ['buy', 'sell', '', 'ü', '__proto__', 'buy'],
    typeErrors: ['Buy', 'constructor', 0, null, undefined, Symbol('buy'), Object('buy')],
    rangeErrors: [],
  },
  'oneOf of more than 256': {
    type: oneOf(...many),
    good: [many[0], many[255], many[256], many[299]],
    typeErrors: ['label 300'],
    rangeErrors: [],
  },
  symbol: {
    type: symbol,
    good: [
      'a',
      '',
      'a',
      'é',
      'e\u0301',
      '😀',
      'x'.repeat(1_000_000),
      'y'.repeat(127),
      'z'.repeat(128),
      '__proto__',
      '\0',
      '\uFEFFb',
    ],
    typeErrors: ['\ud800', 'a\udc00b', '\udc00\ud800', 1, null, undefined, Symbol('a'), Object('a')],
    rangeErrors: [],
  },
}

const texts = [
  '',
  'a',
  'twelve bytes',
  'thirteen bytes',
  'é',
  'éééééé',
  'ééééééé',
  '日本語日',
  '日本語日本',
  'e\u0301',
  '👩‍👩‍👧‍👦',
  '😀😀😀',
  '\0',
  '\uFEFFb',
  '__proto__',
  'x'.repeat(1_000_000),
  'ö'.repeat(100_000),
]
cases['utf8'] = { type: utf8, good: texts, typeErrors: (cases['symbol'] as Case).typeErrors, rangeErrors: [] }
cases['bytes'] = {
  type: bytes(4),
  good: [[0, 1, 254, 255], Uint8Array.of(1, 2, 3, 4), Buffer.from('abcd'), Float64Array.of(1, 2, 3, 4)],
  out: [[0, 1, 254, 255], [1, 2, 3, 4], Buffer.from('abcd'), [1, 2, 3, 4]].map((row) => Uint8Array.from(row)),
  typeErrors: ['abcd', 5, null, undefined, true, {}, [1, 2, 3, '4'], [1, 2, 3, 4n], BigInt64Array.of(1n, 2n, 3n, 4n)],
  rangeErrors: [[], [1, 2, 3], new Uint8Array(5), [1, 2, 3, 256], [-1, 2, 3, 4], [1, 2, 3, 0.5], { length: 5 }],
}
cases['vector'] = {
  type: vector(f32, 3),
  good: [[1, 0.1, -2], Float32Array.of(1, 2, 3), Int8Array.of(-1, 0, 1), { length: 3, 0: 1, 1: 2, 2: 3 }],
  out: [Float32Array.of(1, 0.1, -2), Float32Array.of(1, 2, 3), Float32Array.of(-1, 0, 1), Float32Array.of(1, 2, 3)],
  typeErrors: ['abc', 5, null, undefined, [1, 2, null], [1, 2, undefined], new Map(), [1, 2, 3n]],
  rangeErrors: [[1, 2], new Float32Array(4), [1, 2, 3, 4]],
}
cases['vector of bigints'] = {
  type: vector(i64, 2),
  good: [[1n, -(2n ** 63n)], BigInt64Array.of(5n, 6n)],
  out: [BigInt64Array.of(1n, -(2n ** 63n)), BigInt64Array.of(5n, 6n)],
  typeErrors: [[1, 2], null, 'ab'],
  rangeErrors: [[1n], [1n, 2n ** 63n]],
}
const hasHalves = 'Float16Array' in globalThis
if (hasHalves) {
  cases['f16'] = {
    type: f16,
    good: [0, -0, 1.5, 0.1, 65_504, 1e6, Number.NaN],
    out: [0, -0, 1.5, 0.0999755859375, 65_504, Number.POSITIVE_INFINITY, Number.NaN],
    typeErrors: ['1', 1n, null, undefined, true],
    rangeErrors: [],
  }
}
for (const [name, { type, good, out = good, typeErrors, rangeErrors }] of Object.entries(cases)) {
  cases[`nullable ${name}`] = {
    type: nullable(type),
    good: [good[0], null, ...good.slice(1), null],
    out: [out[0], null, ...out.slice(1), null],
    // What is left out of a row is null, so undefined is no mistake there.
    typeErrors: typeErrors.filter((value) => value !== null && value !== undefined),
    rangeErrors,
  }
}

function each(check: (t: ExecutionContext, one: Case) => void, fact: (name: string) => string): void {
  for (const [name, one] of Object.entries(cases)) test(fact(name), (t) => check(t, one))
}

each(
  (t, { type, good, out = good }) => {
    const path = storePath(t)
    let store = open(path)
    const pushed = store.table('pushed', { v: type })
    const appended = store.table('appended', { v: type })
    const set = store.table('set', { v: type })
    const filled = store.table('filled', { v: type })
    const array = store.array('array', type)
    for (const [index, v] of good.entries()) {
      t.is(pushed.push({ v }), index + 1)
      set.push({ v: good[0] })
      set.set(index, { v })
      filled.push({ v: good[0] })
      const cursor = filled.cursor().seek(index)
      cursor.row.v = v
      t.deepEqual(cursor.row.v, out[index])
    }
    appended.append({ v: good })
    array.push(...good)
    for (const table of [pushed, appended, set, filled]) {
      t.deepEqual([...table.columns.v], out)
      t.deepEqual(
        Array.from(table, ({ v }) => v),
        out,
      )
      t.deepEqual(
        Array.from(table.cursor(), ({ v }) => v),
        out,
      )
    }
    t.deepEqual([...array], out)
    store.close()
    store = open(path)
    for (const name of ['pushed', 'appended', 'set', 'filled'])
      t.deepEqual(
        Array.from(store.table(name), ({ v }) => v),
        out,
      )
    t.deepEqual([...store.array('array', type)], out)
    store.close()
  },
  (name) => `${name} gives back what it took, after reopening too`,
)

each(
  (t, { type, good, typeErrors, rangeErrors }) => {
    const store = open(storePath(t))
    const first = good[0]
    const table = store.table('t', { v: type })
    const array = store.array('a', type)
    // A symbol that is there, so that codes exist.
    table.append({ v: [first, first] })
    array.push(first, first)
    const before = [...table.columns.v]
    const hasLabels = type.toString().includes('symbol')
    const labels = hasLabels ? table.columns.v.labels : []
    const column = table.columns.v
    const expected = [
      ...typeErrors.map((value) => ({ value, instanceOf: TypeError })),
      ...rangeErrors.map((value) => ({ value, instanceOf: RangeError })),
    ]
    for (const { value, instanceOf } of expected) {
      t.throws(() => table.push({ v: value }), { instanceOf }, `push ${String(value)}`)
      t.throws(() => table.set(1, { v: value }), { instanceOf }, `set ${String(value)}`)
      t.throws(() => table.append({ v: [first, value] }), { instanceOf }, `append ${String(value)}`)
      t.throws(() => table.append([{ v: first }, { v: value }]), { instanceOf }, `append rows ${String(value)}`)
      t.throws(() => (table.cursor().seek(1).row.v = value), { instanceOf }, `cursor ${String(value)}`)
      t.throws(() => column.set(1, value), { instanceOf }, `column ${String(value)}`)
      t.throws(() => column.fill(value), { instanceOf }, `fill ${String(value)}`)
      t.throws(() => array.push(first, value), { instanceOf }, `array ${String(value)}`)
      t.throws(() => array.set(0, value), { instanceOf }, `array set ${String(value)}`)
      t.throws(() => array.append([first, value]), { instanceOf }, `array append ${String(value)}`)
    }
    t.deepEqual([...table.columns.v], before)
    t.deepEqual([...array], before)
    if (hasLabels) t.deepEqual(table.columns.v.labels, labels)
    store.close()
  },
  (name) => `${name} refuses what it cannot hold, and nothing was changed`,
)

test('half floats are used where the runtime has them, and refused elsewhere with nothing created', (t) => {
  const store = open(storePath(t))
  if (hasHalves) {
    const table = store.table('t', { x: nullable(f16), v: vector(f16, 3) })
    table.push({ x: 0.5, v: [1, 2, 3] })
    table.push({ v: [0, 0, 0] })
    table.push({ x: 2, v: new Float64Array(3) })
    t.is(Object.prototype.toString.call(table.arrays.x), '[object Float16Array]')
    t.is(table.sum('x'), 2.5)
    t.deepEqual(table.columns.x.minMax(), [0.5, 2])
    t.deepEqual([...table.where({ x: { gt: 0.75 } })], [2])
    table.sortBy({ column: 'x', descending: true })
    t.deepEqual([...table.columns.x], [2, 0.5, null])
  } else {
    throwsCode(t, () => store.table('t', { x: nullable(f16) }), 'ERR_STOA_UNSUPPORTED')
    throwsCode(t, () => store.array('a', vector(f16, 3)), 'ERR_STOA_UNSUPPORTED')
    t.deepEqual([...store.tables(), ...store.arrays()], [])
  }
  store.close()
})

test('a refused value is told with its column, its type and what was found', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', {
    price: f64,
    n: u8,
    sym: symbol,
    side: oneOf('buy', 'sell'),
    at: timestamp,
    ok: bool,
    big: i64,
  })
  const row = { price: 1, n: 1, sym: 'A', side: 'buy', at: 1, ok: true, big: 1n }
  const told = (wrong: object): string => t.throws(() => table.push({ ...row, ...wrong } as never)).message
  t.is(told({ price: '1' }), "column 'price' of table 't' is f64 and takes a number, found '1' (a string)")
  t.is(told({ n: 300 }), "column 'n' of table 't' is u8 and takes whole numbers from 0 to 255, found 300")
  t.is(told({ n: Number.NaN }), "column 'n' of table 't' is u8 and takes whole numbers from 0 to 255, found NaN")
  t.is(told({ sym: 5 }), "column 'sym' of table 't' is symbol and takes a string, found 5")
  t.is(
    told({ sym: 'a\ud800' }),
    "column 'sym' of table 't' cannot hold 'a\\ud800': it has a lone surrogate and no UTF-8",
  )
  t.is(
    told({ side: 'selll' }),
    "column 'side' of table 't' takes one of 'buy', 'sell', found 'selll'; did you mean 'sell'?",
  )
  t.is(told({ at: new Date(Number.NaN) }), "column 'at' of table 't' is timestamp and cannot hold an invalid Date")
  t.is(told({ ok: 1 }), "column 'ok' of table 't' is bool and takes true or false, found 1")
  t.is(told({ big: 1 }), "column 'big' of table 't' is i64 and takes a bigint, found 1")
  t.is(
    told({ big: 2n ** 63n }),
    `column 'big' of table 't' is i64 and takes whole numbers from ${-(2n ** 63n)} to ${2n ** 63n - 1n}, found ${2n ** 63n}n (a bigint)`,
  )
  t.is(told({ price: undefined }), "column 'price' of table 't' is missing in what was given; nothing was changed")
  t.is(told({ sise: 1 }), "table 't' has no column 'sise'; did you mean 'side'?")
  t.is(told({ volume: 1 }), "table 't' has no column 'volume'")
  t.is(table.length, 0)
  store.close()
})

test('a missing column and an unknown field are refused in every shape of row', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: u32 })
  class Trade {
    a = 1
    b = 2
  }
  class Wrong extends Trade {
    c = 3
  }
  class Getters {
    get a(): number {
      return 5
    }
    get b(): number {
      return 6
    }
  }
  t.is(table.push(new Trade()), 1)
  t.is(table.push(Object.assign(Object.create(null), { b: 4, a: 3 })), 2)
  t.is(table.push(new Getters()), 3)
  t.is(table.push(Object.freeze({ b: 8, a: 7 })), 4)
  t.is(table.push(new Proxy({ a: 9, b: 10 }, {})), 5)
  const wrong = [
    new Wrong(),
    { a: 1, b: 2, c: 3 },
    { a: 1, b: 2, c: undefined },
    { c: 3, a: 1, b: 2 },
    Object.assign(Object.create(null), { a: 1, b: 2, c: 3 }),
    Object.assign(Object.create({ c: 3 }), { a: 1, b: 2 }),
    { a: 1 },
    { a: 1, B: 2 },
    {},
    new Map(),
    [1, 2],
    null,
    undefined,
    1,
    'ab',
  ]
  for (const row of wrong) {
    // Also when it was compiled for good rows.
    for (let i = 0; i < 3; i++) t.throws(() => table.push(row as never), { instanceOf: TypeError })
  }
  for (const row of [{ c: 1 }, { a: 1, c: 1 }, { a: undefined }, null, 1]) {
    t.throws(() => table.set(0, row as never), { instanceOf: TypeError })
  }
  t.deepEqual(
    [...table],
    [
      { a: 1, b: 2 },
      { a: 3, b: 4 },
      { a: 5, b: 6 },
      { a: 7, b: 8 },
      { a: 9, b: 10 },
    ],
  )
  store.close()
})

test('an unknown field is still refused after a hundred thousand good rows', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: u32 })
  for (let i = 0; i < 100_000; i++) table.push({ a: i, b: i })
  t.throws(() => table.push({ a: 1, b: 2, extra: 3 } as never), { instanceOf: TypeError })
  for (let i = 0; i < 100_000; i++) table.set(i, { b: 1 })
  t.throws(() => table.set(5, { b: 2, extra: 3 } as never), { instanceOf: TypeError })
  t.throws(() => table.push({ a: 1, b: 2.5 }), { instanceOf: RangeError })
  t.is(table.length, 100_000)
  t.deepEqual(table.at(5), { a: 5, b: 1 })
  store.close()
})
