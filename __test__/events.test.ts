// Goal: every durable commit is told once, in order of the ids, and nothing is told after 'close'.
// Method: commits in flight, made at once, failed and from inside listeners; the order of what is told.
import test, { type ExecutionContext } from 'ava'
import { f64, open } from '../src/index.ts'
import { storePath } from './support/directory.ts'

function opened(t: ExecutionContext) {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64 })
  const told: (number | string)[] = []
  store.on('commit', (id) => told.push(id))
  store.on('close', () => told.push('close'))
  return { store, told, push: () => table.push({ x: 1 }) }
}

test('a commit at once is told after those in flight before it', async (t) => {
  const { store, told, push } = opened(t)
  push()
  const one = store.commit()
  push()
  t.is(store.commitSync(), 2)
  t.deepEqual(told, [1, 2])
  t.is(await one, 1)
  push()
  const three = store.commit()
  push()
  const four = store.commit()
  await Promise.all([three, four])
  t.deepEqual(told, [1, 2, 3, 4])
  store.close()
})

test('what was in flight when the store closes is told before close, and nothing after it', async (t) => {
  for (const discard of [true, false]) {
    const { store, told, push } = opened(t)
    push()
    const one = store.commit()
    push()
    const two = store.commit()
    push()
    store.close({ discard })
    t.deepEqual(told, [1, 2, 'close'])
    t.deepEqual(await Promise.all([one, two]), [1, 2])
    await new Promise(setImmediate)
    t.deepEqual(told, [1, 2, 'close'])
  }
})

test('a listener that closes is told of every commit that was durable, then of the close', async (t) => {
  const { store, told, push } = opened(t)
  store.on('commit', () => store.close({ discard: true }))
  const second: (number | string)[] = []
  store.on('commit', (id) => second.push(id))
  store.on('close', () => second.push('close'))
  push()
  const one = store.commit()
  push()
  const two = store.commit()
  push()
  store.commitSync()
  t.deepEqual(told, [1, 2, 3, 'close'])
  t.deepEqual(second, told)
  t.deepEqual(await Promise.all([one, two]), [1, 2])
  t.deepEqual(told, [1, 2, 3, 'close'])
})

test('a commit made by a listener is told to all after the one that it was told of', (t) => {
  const { store, push } = opened(t)
  store.on('commit', (id) => {
    if (id >= 3) return
    push()
    store.commitSync()
  })
  const last: number[] = []
  store.on('commit', (id) => last.push(id))
  push()
  store.commitSync()
  t.deepEqual(last, [1, 2, 3])
  store.close()
})
