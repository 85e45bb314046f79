// Goal: a transaction is all or nothing, ends when its function returns, and refuses what it cannot keep.
// Method: return, throw, and misuse it.
import test from 'ava'
import { f64, open, symbol } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'

test('what the function returns comes back, and its changes are durable', async (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { x: f64 })
  t.is(
    store.transactionSync(() => table.push({ x: 1 })),
    1,
  )
  t.is(await store.transaction(() => table.push({ x: 2 })), 2)
  t.is(store.commitId, 2)
  store.close({ discard: true })
  store = open(path)
  t.deepEqual([...store.table('t')], [{ x: 1 }, { x: 2 }])
  store.close()
})

test('a function that throws leaves everything as it was at the last commit', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, sym: symbol })
  table.push({ x: 1, sym: 'A' })
  store.commitSync()
  table.push({ x: 2, sym: 'pending' })
  const failure = new Error('no')
  const fail = (): never => {
    table.set(0, { x: 5, sym: 'B' })
    table.push({ x: 6, sym: 'C' })
    store.table('new', { y: f64 }).push({ y: 1 })
    throw failure
  }
  t.is(
    t.throws(() => store.transactionSync(fail)),
    failure,
  )
  const check = (): void => {
    t.deepEqual([...table], [{ x: 1, sym: 'A' }])
    t.deepEqual(table.columns.sym.labels, ['A'])
    t.deepEqual(store.tables(), ['t'])
    t.is(store.commitId, 1)
  }
  check()
  t.is(await t.throwsAsync(() => store.transaction(fail)), failure)
  check()
  store.transactionSync(() => table.push({ x: 9, sym: 'D' }))
  t.is(table.length, 2)
  store.close()
})

test('an async function is refused before it runs, and a promise after, with a rollback', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  store.commitSync()
  table.push({ x: 0 })
  let ran = 0
  // oxlint-disable-next-line require-await -- its kind is the point
  const asynchronous = async (): Promise<void> => {
    ran++
  }
  t.throws(() => store.transactionSync(asynchronous), {
    instanceOf: TypeError,
    message: /is an async function, which was not called/,
  })
  await t.throwsAsync(() => store.transaction(asynchronous), { instanceOf: TypeError })
  t.is(ran, 0)
  t.is(table.length, 1)
  const promising = (): Promise<number> => Promise.resolve(table.push({ x: 1 }))
  t.throws(() => store.transactionSync(promising), {
    instanceOf: TypeError,
    message: /returned a promise; its changes were rolled back/,
  })
  t.is(table.length, 0)
  await t.throwsAsync(() => store.transaction(promising), { instanceOf: TypeError })
  t.is(table.length, 0)
  for (const fn of [undefined, null, 5, {}])
    t.throws(() => store.transactionSync(fn as never), { instanceOf: TypeError })
  store.close()
})

test('a generator function is refused before it runs', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  store.commitSync()
  table.push({ x: 0 })
  const generators: (() => unknown)[] = [
    function* () {
      yield table.push({ x: 1 })
    },
    async function* () {
      yield table.push({ x: 1 })
    },
  ]
  for (const generator of generators) {
    const refused = { instanceOf: TypeError, message: /is a generator function, which was not called/ }
    t.throws(() => store.transactionSync(generator), refused)
    await t.throwsAsync(() => store.transaction(generator), refused)
    t.throws(() => open(storePath(t, 'other.stoa'), { version: 1, migrate: generator as never }), refused)
  }
  // Refused before anything was rolled back.
  t.is(table.length, 1)
  store.close()
})

test('commit, rollback, close and another transaction inside one are UNSUPPORTED', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  const pending: Promise<unknown>[] = []
  store.transactionSync(() => {
    for (const call of [
      () => store.commitSync(),
      () => store.rollback(),
      () => store.close(),
      () => store[Symbol.dispose](),
      () => store.transactionSync(() => 1),
    ]) {
      throwsCode(t, call, 'ERR_STOA_UNSUPPORTED')
    }
    pending.push(rejectsCode(t, () => store.commit(), 'ERR_STOA_UNSUPPORTED'))
    pending.push(rejectsCode(t, () => store.transaction(() => 1), 'ERR_STOA_UNSUPPORTED'))
    table.push({ x: 1 })
    t.true(store.isDirty())
  })
  await Promise.all(pending)
  t.false(store.closed)
  t.is(store.commitId, 1)
  t.is(table.length, 1)
  store.close()
})

test('a transaction that changes nothing makes no commit', (t) => {
  const store = open(storePath(t))
  store.table('t', { x: f64 })
  store.commitSync()
  t.is(
    store.transactionSync(() => 'done'),
    'done',
  )
  t.is(store.commitId, 1)
  store.close()
})

test('a transaction of a closed store is CLOSED', async (t) => {
  const store = open(storePath(t))
  store.close()
  throwsCode(t, () => store.transactionSync(() => 1), 'ERR_STOA_CLOSED')
  await rejectsCode(t, () => store.transaction(() => 1), 'ERR_STOA_CLOSED')
})
