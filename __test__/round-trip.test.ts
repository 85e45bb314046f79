// Goal: every type keeps its values through growth, commit, rollback, reopening and a worker, also where a row lies
// across the border of two extents.
// Method: one table with all types, as many rows as make each column several extents of 64 KiB long, compared value by
// value with what was pushed.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import {
  bool,
  bytes,
  f32,
  f64,
  i16,
  i64,
  type Input,
  nullable,
  oneOf,
  open,
  type Row,
  symbol,
  timestamp,
  timestamp64,
  u16,
  u32,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { typescript } from './support/child.ts'
import { storePath } from './support/directory.ts'

const schema = {
  tiny: u8,
  short: nullable(i16),
  count: u32,
  big: nullable(i64),
  price: nullable(f64),
  ok: nullable(bool),
  at: timestamp,
  at64: timestamp64('ns'),
  side: nullable(oneOf('buy', 'sell')),
  sym: nullable(symbol),
  name: utf8,
  note: nullable(utf8),
  // 5, 12 and 24 bytes do not divide 64 KiB: rows lie across the extents' borders.
  key: bytes(5),
  place: vector(f32, 3),
  corners: nullable(vector(f64, 3)),
  codes: nullable(bytes(3)),
  words: vector(u16, 7),
}
type Schema = typeof schema
const ROWS = 30_000

function rowAt(index: number): { [K in keyof Schema]: Input<Schema[K]> } {
  const some = <V>(value: V, every: number): V | null => (index % every === 0 ? null : value)
  return {
    tiny: index & 255,
    short: some((index % 65_536) - 32_768, 3),
    count: index * 100_000,
    big: some(BigInt(index) ** 4n, 7),
    price: some(index / 8, 5),
    ok: some(index % 2 === 0, 9),
    at: index * 1000,
    at64: BigInt(index) * 10n ** 9n,
    side: some(index % 4 < 2 ? 'buy' : 'sell', 11),
    sym: some(`S${index % 500}`, 13),
    name: `${'ä'.repeat(index % 9)}${index}`,
    note: some(`a note on row ${index}, longer than twelve bytes`.slice(0, index % 48), 2),
    key: [index & 255, (index >> 8) & 255, 3, 4, 5],
    place: [index, -index, 0.5],
    corners: some([index, index + 0.25, -1], 4),
    codes: some([1, 2, index & 255], 6),
    words: [index & 0xffff, 1, 2, 3, 4, 5, 6],
  }
}

/** A row with its pieces of memory as lists. */
function plain(row: object | undefined): unknown {
  return JSON.parse(
    JSON.stringify(row, (_, value: unknown) => {
      if (typeof value === 'bigint') return `${value}n`
      return ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value
    }),
  )
}

test('a row of every type is the same after growth, commit, reopening and in a worker', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', schema)
  const first = table.push(rowAt(0))
  t.is(first, 1)
  const { place } = table.arrays
  for (let index = 1; index < ROWS; index++) table.push(rowAt(index))
  place[0] = 42
  t.is(table.at(0)?.place[0], 42, 'a view from before growth shows the same memory')
  place[0] = 0
  const expected = Array.from({ length: ROWS }, (_, index) => plain(rowAt(index)))
  const check = (rows: Iterable<Row<Schema>>, when: string): void => {
    let index = 0
    for (const row of rows) {
      const found = JSON.stringify(plain(row))
      const wanted = JSON.stringify(expected[index])
      if (found !== wanted) t.is(found, wanted, `row ${index} ${when}`)
      index++
    }
    t.is(index, ROWS, when)
  }
  check(table, 'before the commit')
  store.commitSync()
  check(table, 'after the commit')
  for (const extents of store.info().tables[0]?.columns ?? []) t.true(extents.bytes >= ROWS, extents.name)
  store.close()

  const again = open(path)
  const reopened = again.table('t', schema)
  check(reopened, 'after reopening')
  check(
    Array.from(reopened.cursor(), (row) => ({ ...row })),
    'by cursor',
  )
  again.close()

  const worker = new Worker(new URL('./support/reader.ts', import.meta.url), {
    workerData: { path },
    execArgv: [...typescript],
  })
  const [rows] = (await once(worker, 'message')) as [Row<Schema>[]]
  check(rows, 'in a worker')
  await worker.terminate()
})

test('rollback gives every type its committed values back', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', schema)
  const rows = Array.from({ length: 3000 }, (_, index) => rowAt(index))
  table.append(rows)
  store.commitSync()
  const before = Array.from(table, plain)
  for (let index = 0; index < 3000; index += 3) table.set(index, rowAt(index + 5000))
  table.columns.note.fill('another text that is longer than twelve bytes', 10, 2000)
  table.columns.sym.fill(null, 100, 1900)
  const corner = [7, 8, 9]
  // oxlint-disable-next-line no-array-fill-with-reference-type -- a column copies what it is given
  table.columns.corners.fill(corner, 1)
  table.truncate(2000)
  for (let index = 0; index < 5000; index++) table.push(rowAt(index + 9000))
  t.notDeepEqual(Array.from(table, plain), before)
  store.rollback()
  t.deepEqual(Array.from(table, plain), before)
  // What is added now lies where the rows were that are gone.
  table.push(rowAt(77))
  t.deepEqual(plain(table.at(-1)), plain(rowAt(77)))
  store.close()
})
