// Goal: shrink gives the capacity behind the rows back, for other columns to use, and takes nothing away that a row or a
// rollback needs.
// Method: tables with much capacity; the store's free bytes and the file's length before and after.
import test from 'ava'
import { bytes, f64, nullable, open, symbol, u32, u8, utf8 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const columns = { x: f64, n: nullable(u32), s: symbol, text: utf8, id: bytes(3) }
const row = { x: 1.5, n: null, s: 'S', text: 'a text that is longer than a row', id: [1, 2, 3] }

test('what was reserved is given back, and what is there stays', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', columns)
  table.push(row)
  table.reserve(500_000)
  const array = store.array('a', u8)
  array.push(1, 2, 3)
  array.reserve(1_000_000)
  store.commitSync()
  const expected = [{ ...row, id: Uint8Array.from(row.id) }]
  t.deepEqual([...table], expected)
  t.true(table.capacity > 500_000)
  t.true(array.capacity > 1_000_000)
  table.shrink()
  array.shrink()
  t.is(table.capacity, 65_536 / 16)
  t.is(array.capacity, 65_536)
  t.true(store.isDirty())
  store.close()
  store = open(path)
  t.is(store.table('t').capacity, 65_536 / 16)
  t.deepEqual([...store.table('t', columns)], expected)
  t.deepEqual([...store.array('a', u8)], [1, 2, 3])
  t.true(store.info().freeBytes > 10_000_000, `${store.info().freeBytes}`)
  const { byteLength } = store
  store.table('other', { x: f64 }).append({ x: new Float64Array(1_000_000) })
  t.is(store.byteLength, byteLength)
  store.close()
})

test('rows can be added again after shrink, before and after the commit', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  for (let round = 0; round < 3; round++) {
    table.append({ x: Uint32Array.from({ length: 100_000 }, (_, index) => index) })
    store.commitSync()
    table.truncate(10)
    store.commitSync()
    table.shrink()
    t.is(table.capacity, 16_384)
    table.append({ x: Uint32Array.from({ length: 50_000 }, (_, index) => index + 10) })
    store.rollback()
    t.is(table.length, 10)
    table.append({ x: Uint32Array.from({ length: 50_000 }, (_, index) => index + 10) })
    for (let x = 50_010; x < 60_000; x++) table.push({ x })
    store.commitSync()
    t.true(table.arrays.x.every((x, index) => x === index))
    t.is(table.length, 60_000)
    table.clear()
    table.shrink()
    store.commitSync()
    table.shrink()
    t.is(table.capacity, 0)
    t.is(table.push({ x: 7 }), 1)
    t.deepEqual([...table], [{ x: 7 }])
    table.clear()
  }
  store.close()
})

test('rows removed since the last commit keep their place, and a rollback brings them back', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, s: utf8 })
  for (let x = 0; x < 40_000; x++) table.push({ x, s: `row ${x} in a text that is longer than twelve bytes` })
  store.commitSync()
  table.truncate(5)
  table.shrink()
  t.true(table.capacity >= 40_000)
  t.is(table.length, 5)
  store.rollback()
  t.is(table.length, 40_000)
  t.deepEqual(table.at(39_999), { x: 39_999, s: 'row 39999 in a text that is longer than twelve bytes' })
  store.close()
})

test('views made before show zeros behind the rows, and never another column', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  table.append({ x: new Uint32Array(200_000).fill(1) })
  const view = table.arrays.x
  store.commitSync()
  table.truncate(100)
  await store.commit()
  table.shrink()
  t.true(view.subarray(0, 100).every((x) => x === 1))
  t.true(view.subarray(16_384).every((x) => x === 0))
  store.commitSync()
  for (let round = 0; round < 3; round++) {
    store.table(`other ${round}`, { y: u32 }).append({ y: new Uint32Array(200_000).fill(9) })
    store.commitSync()
  }
  view.fill(5)
  t.true(view.subarray(16_384).every((x) => x === 5))
  for (let round = 0; round < 3; round++) {
    t.true(store.table(`other ${round}`, { y: u32 }).arrays.y.every((y) => y === 9))
  }
  t.is(table.push({ x: 3 }), 101)
  t.is(view[100], 3)
  store.close()
})

test('shrink waits for a commit in flight', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  table.append({ x: new Uint32Array(100_000).fill(1) })
  store.commitSync()
  table.truncate(1)
  const commit = store.commit()
  table.shrink()
  t.is(table.capacity, 16_384)
  await commit
  store.rollback()
  t.is(table.length, 1)
  store.close()
})

test('shrink of a dropped table and of a closed store is refused', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  const array = store.array('a', u32)
  store.drop('t')
  throwsCode(t, () => table.shrink(), 'ERR_STOA_NOT_FOUND')
  store.close()
  throwsCode(t, () => table.shrink(), 'ERR_STOA_CLOSED')
  throwsCode(t, () => array.shrink(), 'ERR_STOA_CLOSED')
})
