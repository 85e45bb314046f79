// Goal: sums, extremes, filters and sorts in the core give what plain JavaScript gives, for every type, with nulls and
// NaN.
// Method: a random table and the same rows as objects; each verb against a loop over the objects.
import { once } from 'node:events'
import { runInNewContext } from 'node:vm'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  f32,
  f64,
  i16,
  i64,
  i8,
  nullable,
  oneOf,
  open,
  type Row,
  type Store,
  symbol,
  type Table,
  timestamp,
  timestamp64,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

const schema = {
  id: u32,
  a: i8,
  b: nullable(i16),
  c: u8,
  d: nullable(u16),
  e: f64,
  f: nullable(f32),
  g: i64,
  h: nullable(u64),
  ok: nullable(bool),
  at: timestamp,
  at64: nullable(timestamp64('us')),
  side: nullable(oneOf('z', 'b', 'a')),
  sym: nullable(symbol),
  name: utf8,
  note: nullable(utf8),
  key: bytes(3),
  place: nullable(vector(f32, 2)),
}
type Schema = typeof schema
type Rows = readonly Row<Schema>[]
const NUMERIC = ['id', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'at', 'at64'] as const
const SORTABLE = [...NUMERIC, 'ok', 'side', 'sym', 'name', 'note'] as const
const TEXTS = ['', 'a', 'b', 'twelve bytes', 'twelve bytes!', 'a longer text, in the heap', 'é', '😀', '～', 'a\0']

function rowOf(random: Random, id: number, hasNaN: boolean): Row<Schema> {
  const some = <V>(value: V): V | null => (random.below(4) === 0 ? null : value)
  const signed = (limit: number): number => random.below(2 * limit) - limit
  return {
    id,
    a: signed(128),
    b: some(signed(32_768)),
    c: random.below(5),
    d: some(random.below(65_536)),
    e: hasNaN && random.below(20) === 0 ? Number.NaN : signed(100) / 8,
    f: some(signed(100) / 4),
    g: BigInt(signed(2 ** 31)) * 2n ** 32n,
    h: some(BigInt(random.below(2 ** 31)) * 2n ** 33n),
    ok: some(random.below(2) === 0),
    at: signed(1000),
    at64: some(BigInt(signed(1000))),
    side: some((['z', 'b', 'a'] as const)[random.below(3)] as 'a'),
    sym: some(TEXTS[random.below(TEXTS.length)] as string),
    name: TEXTS[random.below(TEXTS.length)] as string,
    note: some(`${TEXTS[random.below(TEXTS.length)]}${random.below(3)}`),
    key: Uint8Array.of(1, 2, random.below(3)),
    place: some(Float32Array.of(random.below(2), 1)),
  }
}

function filled(
  t: ExecutionContext,
  count: number,
  hasNaN = false,
): { store: Store; table: Table<Schema>; rows: Rows } {
  const random = Random.of(t)
  const store = open(storePath(t))
  const table = store.table('t', schema)
  const rows = Array.from({ length: count }, (_, id) => rowOf(random, id, hasNaN))
  table.append(rows)
  return { store, table, rows }
}

const compare = (a: never, b: never): number => (a < b ? -1 : a > b ? 1 : 0)
const isLast = (value: unknown): number => (value === null ? 2 : Number.isNaN(value) ? 1 : 0)
const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** The order of two values of a column that are neither null nor NaN. */
function order(name: keyof Schema, a: unknown, b: unknown): number {
  if (name === 'side') return ['z', 'b', 'a'].indexOf(a as string) - ['z', 'b', 'a'].indexOf(b as string)
  return typeof a === 'string' ? byText(a, b as string) : compare(a as never, b as never)
}

for (const count of [0, 1, 63, 64, 65, 5000]) {
  test(`over ${count} rows, and over some of them, sums, extremes and means are those of a loop`, (t) => {
    const { store, table, rows } = filled(t, count)
    const some = Uint32Array.from(rows.keys()).filter((id) => id % 3 === 1)
    for (const selection of [undefined, some, Float64Array.from(some)]) {
      const chosen = selection === undefined ? rows : Array.from(selection, (id) => rows[id] as Row<Schema>)
      for (const name of NUMERIC) {
        const values = chosen.map((row) => row[name]).filter((value) => value !== null)
        const isBig = name === 'g' || name === 'h' || name === 'at64'
        const sum = isBig
          ? (values as bigint[]).reduce((one, other) => one + other, 0n)
          : (values as number[]).reduce((one, other) => one + other, 0)
        t.is(table.sum(name, selection), sum, name)
        const sorted = (values as number[]).toSorted(compare as never)
        t.is(table.min(name, selection), sorted[0], name)
        t.is(table.max(name, selection), sorted.at(-1), name)
        const mean = values.length === 0 ? undefined : Number(sum) / values.length
        const found = table.mean(name, selection)
        if (mean === undefined) t.is(found, undefined)
        else t.true(Math.abs((found as number) - mean) <= Math.abs(mean) * 1e-12, `${name}: ${found} ${mean}`)
        if (selection !== undefined) continue
        const column = table.columns[name]
        t.is(column.sum(), sum)
        t.is(column.min(), sorted[0])
        t.is(column.max(), sorted.at(-1))
        t.deepEqual(column.minMax(), sorted.length === 0 ? undefined : [sorted[0], sorted.at(-1)])
        t.is(column.mean(), found)
        t.is(column.nullCount, rows.length - values.length)
      }
      let product = 0
      for (const { b, f } of chosen) if (b !== null && f !== null) product += b * f
      t.is(table.sumProduct('b', 'f', selection), product)
      t.is(
        table.sumProduct('a', 'c', selection),
        chosen.reduce((sum, { a, c }) => sum + a * c, 0),
      )
      t.is(
        table.sumProduct('g', 'c', selection),
        chosen.reduce((sum, { g, c }) => sum + g * BigInt(c), 0n),
      )
      t.is(table.count(selection), chosen.length)
    }
    store.close()
  })
}

test('NaN makes a sum, a mean and extremes NaN, and equals nothing', (t) => {
  const store = open(storePath(t))
  const { x } = store.table('t', { x: f64 }).columns
  const table = store.table('t', { x: f64 })
  table.append({ x: [1, Number.NaN, 3, Number.POSITIVE_INFINITY] })
  for (const found of [x.sum(), x.mean(), x.min(), x.max(), ...(x.minMax() ?? [])]) t.is(found, Number.NaN)
  t.is(x.count(Number.NaN), 0)
  t.is(x.indexOf(Number.NaN), -1)
  t.deepEqual([...table.where({ x: { ne: 1 } })], [1, 2, 3])
  t.deepEqual([...table.where({ x: { lt: 100 } })], [0, 2])
  t.deepEqual([...table.where({ x: { in: [Number.NaN, 3] } })], [2])
  table.clear()
  table.append({ x: [-0, 0] })
  t.is(x.count(0), 2)
  store.close()
})

test('a sum of integers past 2^53 is ERR_STOA_LIMIT, one of 64-bit integers is exact', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: u32, b: u64, c: i64 })
  const rows = 2 ** 21 + 2
  table.append({
    a: new Uint32Array(rows).fill(2 ** 32 - 1),
    b: new BigUint64Array(rows).fill(2n ** 64n - 1n),
    c: new BigInt64Array(rows).fill(-(2n ** 63n)),
  })
  throwsCode(t, () => table.sum('a'), 'ERR_STOA_LIMIT')
  throwsCode(t, () => table.sumProduct('a', 'a'), 'ERR_STOA_LIMIT')
  t.is(table.sum('b'), BigInt(rows) * (2n ** 64n - 1n))
  t.is(table.sum('c'), BigInt(rows) * -(2n ** 63n))
  t.is(table.sum('a', Uint32Array.of(0, 1)), 2 * (2 ** 32 - 1))
  store.close()
})

test('floats are added without the error of one running sum', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, y: f32 })
  table.append({ x: new Float64Array(1_000_000).fill(0.1), y: new Float32Array(1_000_000).fill(0.1) })
  const running = table.arrays.x.reduce((sum, x) => sum + x, 0)
  const error = Math.abs(table.sum('x') - 100_000)
  t.true(error < 1e-9, `${error}`)
  t.true(error < Math.abs(running - 100_000) / 100)
  t.true(Math.abs(table.sum('y') - 1_000_000 * Math.fround(0.1)) < 1e-6)
  store.close()
})

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  eq: (found) => found === 0,
  ne: (found) => found !== 0,
  lt: (found) => found < 0,
  lte: (found) => found <= 0,
  gt: (found) => found > 0,
  gte: (found) => found >= 0,
}

test('where, count and indexOf find the rows that a loop finds, for every type and comparison', (t) => {
  const { store, table, rows } = filled(t, 1000)
  for (const name of SORTABLE) {
    const candidates = new Set(rows.slice(0, 12).map((row) => row[name]))
    for (const value of candidates) {
      const equal = rows.filter((row) => row[name] === value)
      t.is((table.columns[name] as { count(value: unknown): number }).count(value), equal.length)
      t.is((table.columns[name] as { indexOf(value: unknown): number }).indexOf(value), equal[0]?.id ?? -1)
      t.deepEqual(
        [...table.where({ [name]: value } as never)],
        equal.map(({ id }) => id),
      )
      if (value === null) continue
      for (const [comparison, holds] of Object.entries(COMPARISONS)) {
        const expected = rows.filter((row) => row[name] !== null && holds(order(name, row[name], value)))
        t.deepEqual(
          [...table.where({ [name]: { [comparison]: value } } as never)],
          expected.map(({ id }) => id),
          `${name} ${comparison} ${String(value)}`,
        )
      }
    }
    const few = [...candidates].filter((value) => value !== null).slice(0, 4)
    const among = rows.filter((row) => (few as unknown[]).includes(row[name]))
    t.deepEqual(
      [...table.where({ [name]: { in: few } } as never)],
      among.map(({ id }) => id),
    )
    for (const isNull of [true, false]) {
      t.deepEqual(
        [...table.where({ [name]: { isNull } } as never)],
        rows.filter((row) => (row[name] === null) === isNull).map(({ id }) => id),
      )
    }
  }
  t.deepEqual(
    [...table.where({ place: null })],
    rows.filter(({ place }) => place === null).map(({ id }) => id),
  )
  store.close()
})

test('all conditions must hold, none holds for all rows, and a Date is a moment', (t) => {
  const { store, table, rows } = filled(t, 2000)
  const found = table.where({
    c: { gte: 1, lt: 4, ne: 2 },
    ok: true,
    name: { in: ['a', 'é'] },
    at: { gt: new Date(0) },
  })
  t.deepEqual(
    [...found],
    rows
      .filter(({ c, ok, name, at }) => [1, 3].includes(c) && ok && ['a', 'é'].includes(name) && at > 0)
      .map(({ id }) => id),
  )
  t.true(found instanceof Uint32Array)
  t.is(table.where({}).length, 2000)
  // Values that the column cannot hold are compared all the same.
  t.is(table.where({ c: { lt: 300 } }).length, 2000)
  t.is(table.where({ c: { gt: -0.5 } }).length, 2000)
  t.is(table.where({ c: 1.5 }).length, 0)
  t.is(table.where({ g: { lt: 2n ** 100n } }).length, 2000)
  t.is(table.where({ h: -1n }).length, 0)
  t.is(table.where({ sym: 'never seen' }).length, 0)
  store.close()
})

test('a Date of another realm, and rows in shared memory, are what they are', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { at: timestamp, x: f64 })
  table.append({ at: [1, 2, 3], x: [10, 20, 30] })
  t.deepEqual([...table.where({ at: runInNewContext('new Date(2)') as Date })], [1])
  const rows = new Uint32Array(new SharedArrayBuffer(8))
  rows.set([2, 0])
  t.is(table.sum('x', rows), 40)
  t.is(table.sum('x', runInNewContext('Uint32Array.of(1)') as Uint32Array), 20)
  store.close()
})

test('rows that another thread changes meanwhile do no harm', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: nullable(f64) })
  table.append({ x: new Float64Array(100_000) })
  const shared = new SharedArrayBuffer(400_000)
  const rows = new Uint32Array(shared)
  const worker = new Worker(
    `const rows = new Uint32Array(require('node:worker_threads').workerData)
    require('node:worker_threads').parentPort.postMessage('started')
    for (;;) rows.fill(rows[0] === 0 ? 0xfffffff0 : 0)`,
    { eval: true, workerData: shared },
  )
  await once(worker, 'message')
  for (let turn = 0; turn < 300; turn++) {
    try {
      table.min('x', rows)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  }
  await worker.terminate()
  table.push({ x: 1 })
  t.true(store.commitSync() > 0)
  store.close()
})

test('rows that come and go while conditions and keys are read are seen, and changed columns refused', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  table.append({ x: [9, 8, 7, 6, 5, 4, 3, 2, 1, 0] })
  const found = table.where({
    get x(): { gte: number } {
      table.truncate(2)
      return { gte: 0 }
    },
  })
  t.deepEqual([...found], [0, 1])
  table.sortBy({
    get column(): 'x' {
      table.push({ x: 0.5 })
      return 'x'
    },
  })
  t.deepEqual([...table.arrays.x], [0.5, 8, 9])
  const changing = {
    get x(): number {
      store.rollback()
      return 1
    },
  }
  throwsCode(t, () => table.where(changing), 'ERR_STOA_NOT_FOUND')
  store.close()
})

test('a list of a hundred thousand texts and labels is looked up, not searched', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { text: utf8, sym: symbol })
  const values = Array.from({ length: 100_000 }, (_, index) => `https://example.org/${String(index).padStart(8, '0')}`)
  table.append({ text: values, sym: values })
  // Row by row against value by value these are 10^10 comparisons each: the test would not end.
  t.is(table.where({ text: { in: values } }).length, values.length)
  t.is(table.where({ sym: { in: values } }).length, values.length)
  t.deepEqual([...table.where({ text: { in: ['no', values[5] as string, values[3] as string] } })], [3, 5])
  store.close()
})

test('a byte that is neither 0 nor 1 counts as true, as it reads', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { ok: bool })
  table.append({ ok: [false, true, false] })
  table.arrays.ok[2] = 5
  t.deepEqual([...table.columns.ok], [false, true, true])
  t.deepEqual([...table.where({ ok: true })], [1, 2])
  t.deepEqual([...table.where({ ok: { ne: true } })], [0])
  t.is(table.columns.ok.count(true), 2)
  t.deepEqual([...table.argsort({ column: 'ok', descending: true })], [1, 2, 0])
  t.is(table.upperBound('ok', false), 1)
  t.is(table.upperBound('ok', true), 3)
  store.close()
})

test('argsort and sortBy give the stable order of a JavaScript sort, nulls and NaN last unless told', (t) => {
  const { store, table, rows } = filled(t, 3000, true)
  const sorted = (
    keys: readonly { column: keyof Schema; descending?: boolean; nulls?: 'first' | 'last' }[],
  ): number[] =>
    rows
      .toSorted((one, other) => {
        for (const { column, descending = false, nulls = 'last' } of keys) {
          const [a, b] = [one[column], other[column]]
          let found = isLast(a) - isLast(b)
          if (nulls === 'first' && (a === null || b === null)) found = Number(b === null) - Number(a === null)
          if (found === 0 && isLast(a) === 0) found = order(column, a, b) * (descending ? -1 : 1)
          if (found !== 0) return found
        }
        return one.id - other.id
      })
      .map(({ id }) => id)
  for (const column of SORTABLE) {
    for (const descending of [false, true]) {
      for (const nulls of ['first', 'last'] as const) {
        const key = { column, descending, nulls }
        t.deepEqual([...table.argsort(key)], sorted([key]), JSON.stringify(key))
      }
    }
  }
  const keys = [{ column: 'side' }, { column: 'note', descending: true }, { column: 'e', nulls: 'first' }] as const
  const expected = sorted(keys)
  t.deepEqual([...table.argsort(...keys)], expected)
  const { id } = table.arrays
  table.sortBy(...keys)
  t.deepEqual([...id], expected, 'a view from before shows the new order')
  t.deepEqual(
    [...table],
    expected.map((row) => rows[row] as Row<Schema>),
  )
  store.rollback()
  store.close()
})

test('a sort is undone by a rollback, and kept by a commit', (t) => {
  const path = storePath(t)
  let store = open(path)
  let table = store.table('t', { x: f64, note: nullable(utf8) })
  for (let index = 0; index < 20_000; index++)
    table.push({ x: (index * 7919) % 20_000, note: index % 3 ? `note ${index}` : null })
  store.commitSync()
  const before = [...table]
  table.sortBy('x')
  t.true(table.arrays.x.every((x, row) => x === row))
  store.rollback()
  t.deepEqual([...table], before)
  table.sortBy('x')
  const after = [...table]
  store.close()
  store = open(path)
  table = store.table('t', { x: f64, note: nullable(utf8) })
  t.deepEqual([...table], after)
  store.close()
})

test('wrong columns, rows, conditions and keys are refused with what is wrong', (t) => {
  const { store, table } = filled(t, 10)
  const loose = table as unknown as Record<string, (...given: unknown[]) => unknown>
  const refused = (verb: string, given: unknown[], instanceOf: typeof TypeError, message: RegExp): void => {
    t.throws(() => loose[verb]?.(...given), { instanceOf, message }, `${verb} ${JSON.stringify(given)}`)
  }
  refused('sum', ['ide'], TypeError, /no column 'ide'; did you mean 'id'/)
  refused('sum', ['name'], TypeError, /only numbers and times/)
  refused('sum', ['ok'], TypeError, /only numbers and times/)
  refused('mean', ['place'], TypeError, /only numbers and times/)
  refused('sum', ['id', [1]], TypeError, /Uint32Array/)
  refused('sum', ['id', Uint32Array.of(10)], RangeError, /10/)
  refused('min', ['id', Float64Array.of(0.5)], RangeError, /0\.5/)
  refused('max', ['id', Float64Array.of(-1)], RangeError, /-1/)
  refused('mean', ['id', Float64Array.of(Number.NaN)], RangeError, /NaN/)
  refused('where', [5], TypeError, /object of conditions/)
  refused('where', [{ naem: 'a' }], TypeError, /did you mean 'name'/)
  refused('where', [{ c: { greater: 1 } }], TypeError, /no condition 'greater'/)
  refused('where', [{ c: '1' }], TypeError, /takes a number/)
  refused('where', [{ c: { in: 1 } }], TypeError, /in takes an array/)
  refused('where', [{ c: { isNull: 1 } }], TypeError, /isNull must be/)
  refused('where', [{ side: 'y' }], TypeError, /one of 'z', 'b', 'a'/)
  refused('where', [{ key: [1, 2, 3] }], TypeError, /found an array/)
  refused('where', [{ key: { eq: [1, 2, 3] } }], TypeError, /compared with null only/)
  // Taken for no condition at all, each of these would let every row through.
  refused('where', [{ c: undefined }], TypeError, /takes a number/)
  refused('where', [{ c: { eq: undefined } }], TypeError, /'eq' on .* is undefined/)
  for (const wrong of [
    [],
    new Map([['eq', 3]]),
    new Set([3]),
    /a/,
    Object(3),
    Promise.resolve(3),
    new URL('https://example.org'),
  ]) {
    refused('where', [{ c: wrong }], TypeError, /a value or an object of comparisons/)
    refused('where', [wrong], TypeError, /object of conditions/)
    refused('count', [wrong], TypeError, /Uint32Array/)
  }
  refused('sum', ['id', Object.create(Uint32Array.prototype)], TypeError, /Uint32Array/)
  refused('where', [{ name: 5 }], TypeError, /takes a string/)
  refused('where', [{ g: 5 }], TypeError, /takes a bigint/)
  refused('sortBy', [], TypeError, /at least one column/)
  refused('sortBy', ['key'], TypeError, /cannot be sorted/)
  refused('sortBy', [{ column: 'id', desc: true }], TypeError, /no option 'desc'/)
  refused('sortBy', [{ column: 'id', nulls: 'never' }], TypeError, /'first' or 'last'/)
  refused('argsort', [5], TypeError, /column's name or an object/)
  store.close()
  for (const verb of ['sum', 'min', 'mean', 'where', 'argsort', 'sortBy'])
    throwsCode(t, () => loose[verb]?.('id'), 'ERR_STOA_CLOSED')
})
