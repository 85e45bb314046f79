// Goal: a commit makes exactly what was there at its call durable, in order, and says so.
// Method: reopen copies of the file; several commits in flight; close, rollback and commitSync among them.
import { copyFileSync, readFileSync, statSync } from 'node:fs'
import test from 'ava'
import { f64, open, symbol, type Store } from '../src/index.ts'
import { storePath } from './support/directory.ts'

/** What another process would find, were this one killed now. */
function afterKill(path: string): number[] {
  const copy = `${path}.${Math.random()}`
  copyFileSync(path, copy)
  const store = open(copy)
  const values = store.tables().includes('t') ? Array.from(store.table('t'), (row) => (row as { x: number }).x) : []
  store.close({ discard: true })
  return values
}

function opened(path: string): { store: Store; push: (x: number) => void } {
  const store = open(path)
  const table = store.table('t', { x: f64 })
  return { store, push: (x) => void table.push({ x }) }
}

test('what is not committed is not in the file, what is committed is', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  push(1)
  t.deepEqual(afterKill(path), [])
  t.true(store.isDirty())
  t.is(await store.commit(), 1)
  t.false(store.isDirty())
  t.deepEqual(afterKill(path), [1])
  store.table('t', { x: f64 }).arrays.x.fill(5)
  t.true(store.isDirty())
  t.deepEqual(afterKill(path), [1])
  t.is(store.commitSync(), 2)
  t.deepEqual(afterKill(path), [5])
  store.close()
})

test('a commit of nothing writes nothing and gives the same id', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  push(1)
  t.is(store.commitSync(), 1)
  const before = readFileSync(path)
  t.is(store.commitSync(), 1)
  t.is(await store.commit(), 1)
  t.is(store.commitId, 1)
  t.true(readFileSync(path).equals(before))
  store.close()
})

test('several commits in flight are durable in the order of their calls, each with what was there at its call', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  const order: number[] = []
  const commits: Promise<number>[] = []
  for (let x = 1; x <= 8; x++) {
    push(x)
    commits.push(
      store.commit().then((commitId) => {
        order.push(commitId)
        t.true(afterKill(path).length >= x)
        return commitId
      }),
    )
  }
  push(99)
  t.deepEqual(await Promise.all(commits), [1, 2, 3, 4, 5, 6, 7, 8])
  t.deepEqual(order, [1, 2, 3, 4, 5, 6, 7, 8])
  t.deepEqual(afterKill(path), [1, 2, 3, 4, 5, 6, 7, 8])
  store.close({ discard: true })
  t.deepEqual(afterKill(path), [1, 2, 3, 4, 5, 6, 7, 8])
})

test('a commit of nothing waits for those in flight', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  push(1)
  let isDone = false
  const first = store.commit().then(() => (isDone = true))
  t.is(await store.commit(), 1)
  await first
  t.true(isDone)
  t.deepEqual(afterKill(path), [1])
  store.close()
})

test('a value changed while its commit is in flight belongs to the next one', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const array = store.array('a', f64)
  array.append(new Float64Array(100_000).fill(1))
  await store.commit()
  const { data } = array
  data.fill(2)
  const second = store.commit()
  data.fill(3)
  await second
  const copy = `${path}.copy`
  copyFileSync(path, copy)
  const seen = open(copy)
  t.true(seen.array('a', f64).data.every((value) => value === 2))
  seen.close({ discard: true })
  t.true(data.every((value) => value === 3))
  t.true(store.isDirty())
  store.close()
})

test('commitSync, rollback and close complete what is in flight, and its promises resolve', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  push(1)
  const one = store.commit()
  push(2)
  const two = store.commit()
  push(3)
  t.is(store.commitSync(), 3)
  t.deepEqual(afterKill(path), [1, 2, 3])
  push(4)
  const four = store.commit()
  push(5)
  store.rollback()
  t.deepEqual(
    Array.from(store.table('t'), (row) => (row as { x: number }).x),
    [1, 2, 3, 4],
  )
  push(6)
  const six = store.commit()
  push(7)
  const seven = store.commit()
  push(8)
  store.close({ discard: true })
  t.deepEqual(await Promise.all([one, two, four, six, seven]), [1, 2, 4, 5, 6])
  t.deepEqual(afterKill(path), [1, 2, 3, 4, 6, 7])
})

test('close commits what is pending after what is in flight', async (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  push(1)
  const one = store.commit()
  push(2)
  store.close()
  t.is(await one, 1)
  t.deepEqual(afterKill(path), [1, 2])
})

test('every durable commit is told once, in order', async (t) => {
  const { store, push } = opened(storePath(t))
  const told: number[] = []
  const listener = (commitId: number): void => void told.push(commitId)
  t.is(store.on('commit', listener), store)
  push(1)
  store.commitSync()
  push(2)
  const two = store.commit()
  push(3)
  const three = store.commit()
  await Promise.all([two, three])
  store.commitSync()
  await store.commit()
  await store.transaction(() => push(4))
  store.transactionSync(() => push(5))
  t.deepEqual(told, [1, 2, 3, 4, 5])
  t.is(store.off('commit', listener), store)
  push(6)
  store.commitSync()
  t.deepEqual(told, [1, 2, 3, 4, 5])
  t.throws(() => store.on('comit' as 'close', () => {}), { instanceOf: TypeError, message: /did you mean 'commit'\?/ })
  t.throws(() => store.on('commit', 5 as never), { instanceOf: TypeError })
  store.close()
})

test('commitEvery commits in the background when something changed', async (t) => {
  const path = storePath(t)
  // The store's own timer keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const store = open(path, { commitEvery: 5 })
  const table = store.table('t', { x: f64 })
  const next = (): Promise<number> =>
    new Promise((done) => {
      const listener = (commitId: number): void => {
        store.off('commit', listener)
        done(commitId)
      }
      store.on('commit', listener)
    })
  table.push({ x: 1 })
  t.is(await next(), 1)
  table.push({ x: 2 })
  t.is(await next(), 2)
  t.deepEqual(afterKill(path), [1, 2])
  store.close()
})

test('the file grows with the data, not with the number of commits', (t) => {
  const path = storePath(t)
  const { store, push } = opened(path)
  for (let x = 0; x < 200; x++) {
    push(x)
    store.commitSync()
  }
  // The log has its size by now, and is used again from here on.
  const { size } = statSync(path)
  for (let x = 0; x < 500; x++) {
    push(x)
    store.commitSync()
  }
  t.is(statSync(path).size, size)
  store.close()
})

test('a store of many tables and arrays commits and reopens whole', (t) => {
  const path = storePath(t, 'many.stoa')
  let store = open(path)
  for (let n = 0; n < 60; n++) {
    store.table(`t${n}`, { x: f64, sym: symbol }).push({ x: n, sym: `S${n}` })
    store.array(`a${n}`, f64).push(n)
  }
  store.close()
  store = open(path)
  for (let n = 0; n < 60; n++) {
    t.deepEqual(store.table(`t${n}`).at(0), { x: n, sym: `S${n}` } as never)
    t.is(store.array(`a${n}`, f64).at(0), n)
  }
  store.close()
})
