// Goal: rollback brings back the last commit: values, lengths, symbols, tables, and the handles of what existed then.
// Method: change everything, roll back, compare; a random sequence against copies.
import test from 'ava'
import { f64, open, symbol, u32 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

test('values, lengths and symbols are those of the last commit', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, sym: symbol })
  table.append({ x: [1, 2, 3], sym: ['A', 'B', 'A'] })
  store.commitSync()
  const expected = [...table]
  const before = table.arrays.x
  before[0] = 100
  table.set(1, { sym: 'NEW' })
  table.push({ x: 4, sym: 'NEWER' })
  table.columns.x.fill(9)
  t.deepEqual(table.columns.sym.labels, ['A', 'B', 'NEW', 'NEWER'])
  store.rollback()
  t.deepEqual([...table], expected)
  t.is(table.length, 3)
  t.deepEqual(table.columns.sym.labels, ['A', 'B'])
  t.is(table.columns.sym.codeOf('NEW'), undefined)
  t.deepEqual([...before], [1, 2, 3])
  t.is(table.push({ x: 5, sym: 'NEW' }), 4)
  t.deepEqual(table.at(3), { x: 5, sym: 'NEW' })
  t.deepEqual(table.columns.sym.labels, ['A', 'B', 'NEW'])
  store.close()
})

test('rows taken away are back', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  for (let x = 0; x < 50_000; x++) table.push({ x })
  store.commitSync()
  table.truncate(10)
  for (let x = 0; x < 30_000; x++) table.push({ x: 7 })
  store.rollback()
  t.is(table.length, 50_000)
  t.true(table.arrays.x.every((x, index) => x === index))
  table.clear()
  store.rollback()
  t.is(table.at(-1)?.x, 49_999)
  store.close()
})

test('growth since the commit is taken back, and rows can be added again', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  table.push({ x: 1 })
  store.commitSync()
  for (let round = 0; round < 3; round++) {
    table.append({ x: new Float64Array(200_000).fill(round) })
    store.rollback()
    t.is(table.length, 1)
    t.is(table.arrays.x.length, 1)
  }
  for (let x = 2; x <= 100_000; x++) table.push({ x })
  t.true(table.arrays.x.every((x, index) => x === index + 1))
  store.close()
})

test('a table created since is gone, one dropped since is back under its old handle', (t) => {
  const store = open(storePath(t))
  const kept = store.table('kept', { x: f64 })
  const array = store.array('array', f64)
  kept.push({ x: 1 })
  array.push(1)
  store.commitSync()
  const fresh = store.table('fresh', { x: f64 })
  fresh.push({ x: 2 })
  store.drop('kept')
  store.drop('array')
  const impostor = store.table('kept', { y: u32 })
  impostor.push({ y: 5 })
  store.rollback()
  t.deepEqual([store.tables(), store.arrays()], [['kept'], ['array']])
  throwsCode(t, () => fresh.length, 'ERR_STOA_NOT_FOUND')
  throwsCode(t, () => fresh.push({ x: 1 }), 'ERR_STOA_NOT_FOUND')
  throwsCode(t, () => impostor.at(0), 'ERR_STOA_NOT_FOUND')
  t.deepEqual([...kept], [{ x: 1 }])
  t.is(kept.push({ x: 2 }), 2)
  t.deepEqual([...array], [1])
  t.is(store.table('kept', { x: f64 }), kept)
  t.is(store.array('array', f64), array)
  store.close()
})

test('a table dropped before the last commit stays gone', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  table.push({ x: 1 })
  store.commitSync()
  store.drop('t')
  await store.commit()
  store.rollback()
  throwsCode(t, () => table.length, 'ERR_STOA_NOT_FOUND')
  t.deepEqual(store.tables(), [])
  store.close()
})

test('rollback before the first commit leaves an empty store', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  store.rollback()
  throwsCode(t, () => table.push({ x: 1 }), 'ERR_STOA_NOT_FOUND')
  store.table('t', { x: f64 }).push({ x: 3 })
  store.commitSync()
  t.is(store.table('t').length, 1)
  store.close()
})

test('a view from before a rollback stays readable past the restored end', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  table.push({ x: 1 })
  store.commitSync()
  table.append({ x: new Float64Array(100_000).fill(5) })
  const view = table.arrays.x
  store.rollback()
  t.is(view.length, 100_001)
  t.is(view[0], 1)
  let sum = 0
  for (const value of view) sum += value
  t.true(Number.isFinite(sum))
  view.fill(7)
  t.is(table.length, 1)
  store.rollback()
  t.deepEqual([...table], [{ x: 1 }])
  store.close()
})

test('a random history of changes, commits and rollbacks ends as its copy does', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  let store = open(path)
  let table = store.table('t', { x: u32, sym: symbol })
  store.commitSync()
  let now: { x: number; sym: string }[] = []
  let committed = [...now]
  const commits: Promise<number>[] = []
  for (let step = 0; step < 3000; step++) {
    const row = { x: random.below(2 ** 32), sym: `S${random.below(50)}` }
    switch (random.below(12)) {
      case 0:
        if (now.length > 0) {
          const index = random.below(now.length)
          table.set(index, row)
          now[index] = row
        }
        break
      case 1: {
        const length = random.below(now.length + 1)
        if (random.below(8) === 0) {
          table.truncate(length)
          now.length = length
        }
        break
      }
      case 2: {
        const rows = Array.from({ length: random.below(3000) }, () => row)
        table.append(rows)
        now.push(...rows)
        break
      }
      case 3:
        store.rollback()
        now = [...committed]
        break
      case 4:
        store.commitSync()
        committed = [...now]
        break
      case 5:
        commits.push(store.commit())
        committed = [...now]
        break
      case 6:
        if (random.below(10) === 0) {
          store.close()
          committed = [...now]
          store = open(path)
          table = store.table('t', { x: u32, sym: symbol })
        }
        break
      default:
        table.push(row)
        now.push(row)
    }
    if (table.length !== now.length) t.fail(`step ${step}: ${table.length} rows, expected ${now.length}`)
    if (step % 100 === 0 || step === 2999) {
      const { x } = table.arrays
      const { sym } = table.columns
      const wrong = now.findIndex((expected, index) => x[index] !== expected.x || sym.at(index) !== expected.sym)
      t.is(wrong, -1, `step ${step}`)
    }
  }
  await Promise.all(commits)
  store.close({ discard: true })
  store = open(path)
  t.deepEqual([...store.table('t', { x: u32, sym: symbol })], committed)
  store.close()
})
