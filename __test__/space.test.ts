// Goal: a full disk is an error with nothing changed, and work goes on once there is room.
// Method: a tmpfs of a few MiB, which root mounts. Where that cannot be the tests are skipped and say so; in CI they fail.
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { f64, open, symbol } from '../src/index.ts'
import { canMount, smallDisk } from './support/disk.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'
import { needing } from './support/needs.ts'

const MIB = 2 ** 20

const withDisk = needing('small disks (root, or `unshare -rm npm test`)', canMount(), test.serial)

/** Fills what is left of a disk, but for some bytes. */
function fill(folder: string, leaveBytes: number): string {
  const { bavail, bsize } = statfsSync(folder)
  const path = join(folder, 'filler')
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)))
  return path
}

withDisk('push and append on a full disk are NO_SPACE, lengths are as before, and work goes on with room', (t) => {
  const folder = smallDisk(t, 8)
  const path = join(folder, 'small.stoa')
  let store = open(path)
  const table = store.table('t', { x: f64, y: f64, sym: symbol })
  table.push({ x: 0, y: 0, sym: 'first' })
  store.commitSync()
  const before = store.byteLength
  const many = new Float64Array(4 * MIB)
  const error = throwsCode(
    t,
    () => table.append({ x: many, y: many, sym: new Uint32Array(many.length) }),
    'ERR_STOA_NO_SPACE',
  )
  t.true(error.errno === 28 || error.errno === 122, `errno ${error.errno}`)
  t.is(table.length, 1)
  throwsCode(t, () => table.reserve(4 * MIB), 'ERR_STOA_NO_SPACE')
  t.is(table.length, 1)
  t.true(store.byteLength >= before)

  // Row by row, until it is full.
  let rows = 1
  const full = t.throws(() => {
    for (; ; rows++) table.push({ x: rows, y: rows, sym: `S${rows}` })
  })
  t.is((full as { code?: string }).code, 'ERR_STOA_NO_SPACE')
  t.is(table.length, rows)
  t.is(table.columns.sym.labels.length, rows)
  t.deepEqual(table.at(-1), { x: rows - 1, y: rows - 1, sym: `S${rows - 1}` })

  table.truncate(Math.floor(rows / 4))
  store.rollback()
  t.is(table.length, 1)
  for (let i = 1; i < 1000; i++) table.push({ x: i, y: i, sym: 'again' })
  store.close()
  store = open(path)
  t.is(store.table('t').length, 1000)
  store.close()
})

withDisk('a commit on a full disk is NO_SPACE with the changes pending, and succeeds once there is room', async (t) => {
  const folder = smallDisk(t, 32)
  const path = join(folder, 'small.stoa')
  let store = open(path)
  const array = store.array('a', f64)
  array.append(new Float64Array(MIB / 2))
  store.commitSync()
  const filler = fill(folder, 0)
  // More than the log holds, so that it must grow.
  array.data.fill(7)
  throwsCode(t, () => store.commitSync(), 'ERR_STOA_NO_SPACE')
  t.is(store.commitId, 1)
  t.true(store.isDirty())
  await rejectsCode(t, () => store.commit(), 'ERR_STOA_NO_SPACE')
  t.true(array.data.every((value) => value === 7))
  // A transaction is rolled back instead.
  throwsCode(t, () => store.transactionSync(() => array.data.fill(8)), 'ERR_STOA_NO_SPACE')
  t.true(array.data.every((value) => value === 0))
  array.data.fill(9)
  await rejectsCode(t, () => store.transaction(() => array.data.fill(8)), 'ERR_STOA_NO_SPACE')
  t.true(array.data.every((value) => value === 0))
  array.data.fill(9)
  rmSync(filler)
  t.is(await store.commit(), 2)
  store.close()
  store = open(path)
  t.true(store.array('a', f64).data.every((value) => value === 9))
  store.close()
})

withDisk('a store that finds no room to be created leaves nothing behind', (t) => {
  const folder = smallDisk(t, 1)
  const filler = fill(folder, 0)
  const path = join(folder, 'none.stoa')
  throwsCode(t, () => open(path), 'ERR_STOA_NO_SPACE')
  rmSync(filler)
  const store = open(path)
  t.is(store.commitId, 0)
  store.close()
})

withDisk('a background commit on a full disk tells the error, and later ones succeed', async (t) => {
  const folder = smallDisk(t, 32)
  const store = open(join(folder, 'small.stoa'))
  const array = store.array('a', f64)
  array.append(new Float64Array(MIB / 2))
  store.commitSync()
  store.close()
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const again = open(join(folder, 'small.stoa'), { commitEvery: 5 })
  const filler = fill(folder, 0)
  const failed = new Promise<Error>((done) => again.on('error', done))
  again.array('a', f64).data.fill(1)
  t.is(((await failed) as { code?: string }).code, 'ERR_STOA_NO_SPACE')
  const committed = new Promise<number>((done) => again.on('commit', done))
  rmSync(filler)
  t.is(await committed, 2)
  t.false(again.isDirty())
  again.close()
})

test.serial('a table dropped in a commit that fails has one object, whichever way it is brought back', async (t) => {
  const folder = smallDisk(t, 32)
  if (folder === undefined) return
  const path = join(folder, 'small.stoa')
  let store = open(path)
  const told: number[] = []
  store.on('commit', (id) => told.push(id))
  const array = store.array('a', f64)
  array.append(new Float64Array(MIB / 2))
  const table = store.table('u', { y: f64 })
  table.push({ y: 1 })
  store.commitSync()
  const filler = fill(folder, 0)
  array.data.fill(7)
  store.drop('u')
  const failing = rejectsCode(t, () => store.commit(), 'ERR_STOA_NO_SPACE')
  // It completes the commit in flight, which fails, so that the drop is undone.
  store.rollback()
  t.is(store.table('u'), table)
  t.is(table.length, 1)
  await failing
  rmSync(filler)
  table.push({ y: 2 })
  t.is(store.commitSync(), 2)
  table.push({ y: 3 })
  store.rollback()
  t.is(store.table('u'), table)
  t.is(table.push({ y: 4 }), 3)
  // The id of the commit that failed was used by the next one, which is told.
  t.is(await store.commit(), 3)
  t.deepEqual(told, [1, 2, 3])
  store.close()
  store = open(path)
  t.deepEqual([...store.table('u')], [{ y: 1 }, { y: 2 }, { y: 4 }] as never)
  store.close()
})
