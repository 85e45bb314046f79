// Goal: chunks show all rows of a column once, over the same memory, also of a column that no typed array can show.
// Method: small columns in chunks of every size; a column of more than 4 GiB, of which only touched pages exist. Run
// twice: see codegen.test.ts.
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import test from 'ava'
import { Contents } from '../src/schema/contents.ts'
import { VIEW_BYTES_MAX } from '../src/column/elements.ts'
import { f64, i64, nullable, open, type PersistentArray, u32, u8, utf8, vector } from '../src/index.ts'
import { Native } from '../src/native.ts'
import { Session } from '../src/session.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

test('chunks of every size show every row once and in order', (t) => {
  const store = open(storePath(t))
  const array = store.array('a', u32)
  array.append(Uint32Array.from({ length: 10 }, (_, index) => index))
  for (let elements = 1; elements < 13; elements++) {
    const rows: number[] = []
    for (const { start, data } of array.chunks(elements)) {
      t.true(data instanceof Uint32Array)
      t.is(start, rows.length)
      t.is(data.length, Math.min(elements, 10 - start))
      rows.push(...data)
    }
    t.deepEqual(rows, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  }
  t.is([...array.chunks()].length, 1)
  const empty = store.table('t', { x: f64 })
  t.deepEqual([...empty.columns.x.chunks()], [])
  store.close()
})

test('a chunk is the memory of data, and of a vector whole rows', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { at: vector(f64, 3), n: nullable(i64) })
  table.append(
    Array.from({ length: 7 }, (_, row) => ({ at: [row, row + 0.1, row + 0.2], n: row % 2 ? null : BigInt(row) })),
  )
  const chunks = [...table.columns.at.chunks(3)]
  t.deepEqual(
    chunks.map(({ start, data }) => [start, data.length]),
    [
      [0, 9],
      [3, 9],
      [6, 3],
    ],
  )
  for (const { data } of chunks) t.is(data.buffer, table.arrays.at.buffer)
  ;(chunks[1] as { data: Float64Array }).data[0] = 100
  t.is(table.arrays.at[9], 100)
  t.deepEqual(
    [...table.columns.n.chunks(4)].map(({ data }) => Array.from(data)),
    [
      [0n, 0n, 2n, 0n],
      [4n, 0n, 6n],
    ],
  )
  store.close()
})

test('rows that are added meanwhile are shown, those that are removed are not', (t) => {
  const store = open(storePath(t))
  const array = store.array('a', u8)
  array.append([1, 2, 3])
  const seen: number[] = []
  for (const { data } of array.chunks(2)) {
    seen.push(...data)
    if (array.length === 3) array.push(4, 5)
    else if (array.length === 5) array.truncate(2)
  }
  t.deepEqual(seen, [1, 2, 3, 4])
  store.close()
})

test('misuse is refused at the call', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, s: utf8 })
  for (const elements of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => table.columns.x.chunks(elements), { instanceOf: RangeError })
  }
  t.throws(() => table.columns.x.chunks('1' as never), { instanceOf: TypeError })
  t.throws(() => table.columns.s.chunks(), { instanceOf: TypeError, message: /text lies in no typed array/ })
  const { x } = table.columns
  table.push({ x: 1, s: '' })
  const chunks = x.chunks()
  table.dropColumn('x')
  throwsCode(t, () => x.chunks(), 'ERR_STOA_NOT_FOUND')
  throwsCode(t, () => chunks.next(), 'ERR_STOA_NOT_FOUND')
  store.close()
  throwsCode(t, () => x.chunks(), 'ERR_STOA_CLOSED')
})

test('a column of more than 4 GiB can be read and written by chunks, and its views end with the store', (t) => {
  const gib = 2 ** 30
  const { bavail, bsize } = statfsSync(tmpdir())
  if (bavail * bsize < 6 * gib) {
    t.log(`SKIPPED: ${tmpdir()} has ${bavail * bsize} bytes free, this needs ${6 * gib}`)
    t.pass()
    return
  }
  const path = storePath(t)
  const rows = (4 * gib) / 8 + 100_000
  const created = open(path)
  created.array('a', f64)
  created.close()
  // Rows that only a runtime with longer typed arrays, or Rust, could have added.
  const native = Native.open(path, {})
  const id = native.regionId('a\0\0data') as number
  native.grow(id, rows, true)
  native.setLengths(Float64Array.of(id, rows))
  const session = new Session(native, path, 'write', false)
  const contents = new Contents(session)
  const [array] = contents.arrays() as unknown as [PersistentArray<typeof f64>]
  t.is(array.length, rows)
  if (VIEW_BYTES_MAX < rows * 8) t.throws(() => array.data, { instanceOf: RangeError, message: /chunks\(\)/ })
  const starts: number[] = []
  let next = 0
  let last: Float64Array = new Float64Array(0)
  for (const { start, data } of array.chunks(2 ** 26 + 1)) {
    if (start !== next) t.fail(`a chunk at ${start}, expected ${next}`)
    next += data.length
    starts.push(start)
    data[0] = start
    data[data.length - 1] = next
    last = data
  }
  t.is(next, rows)
  t.is(last[last.length - 1], rows)
  t.true(starts.length > 8)
  let found = 0
  for (const { start, data } of array.chunks(50_000_000)) {
    for (const at of starts) if (at >= start && at < start + data.length && data[at - start] === at) found++
  }
  t.is(found, starts.length)
  native.rollback()
  session.closed = true
  contents.release()
  native.close(true)
  t.is(last.length, 0)
})
