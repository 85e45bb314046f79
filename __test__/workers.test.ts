// Goal: a store is shared between the threads of a process: one writes, the others read, follow and end as they like.
// Method: workers that get a descriptor, in both directions; one that is terminated while it follows.
import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { f64, open, openAsync, symbol } from '../src/index.ts'
import { library, loadTypescript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const columns = { x: f64, sym: symbol }

/** Runs a body with `stoa`, `store` data and `say` in scope in a worker. */
function start(t: ExecutionContext, body: string, data: object): { worker: Worker; said: () => Promise<unknown> } {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    const say = (message) => parentPort.postMessage(message)
    ${loadTypescript}.then(() => import(workerData.library)).then(async (stoa) => {
      ${body}
    }).catch((error) => say(String(error)))`
  const worker = new Worker(code, { eval: true, workerData: { library, ...data } })
  t.teardown(() => worker.terminate())
  const messages = on(worker, 'message')
  return { worker, said: async () => ((await messages.next()).value as [unknown])[0] }
}

function opened(t: ExecutionContext) {
  const path = storePath(t)
  const writer = open(path, { version: 3, reserve: 2 ** 32 })
  const table = writer.table('t', columns)
  table.append({ x: [1, 2, 3], sym: ['a', 'b', 'a'] })
  writer.commitSync()
  t.teardown(() => writer.close())
  return { path, writer, table }
}

test('a descriptor is plain, and opens the same store for reading with the same version', async (t) => {
  const { path, writer } = opened(t)
  const { descriptor } = writer
  t.deepEqual(descriptor, { path, version: 3, reserve: 2 ** 32 })
  t.deepEqual(structuredClone(descriptor), descriptor)
  for (const copy of [descriptor, structuredClone(descriptor), JSON.parse(JSON.stringify(descriptor))]) {
    const reader = open(copy)
    t.is(reader.access, 'read')
    t.is(reader.table('t').length, 3)
    t.deepEqual(reader.descriptor, descriptor)
    reader.close()
  }
  ;(await openAsync(descriptor)).close()
  throwsCode(t, () => open(descriptor, { version: 2 }), 'ERR_STOA_VERSION')
  t.throws(() => open(descriptor, { access: 'write' }), { instanceOf: TypeError, message: /opens for reading/ })
  t.throws(() => open({ path: 5 } as never), { instanceOf: TypeError })
  t.throws(() => open({} as never), { instanceOf: TypeError })
})

test('workers read what the main thread commits, each in its own memory', async (t) => {
  const { writer, table } = opened(t)
  const body = `
    const store = stoa.open(workerData.descriptor)
    const table = store.table('t')
    table.arrays.x[0] = -1
    say(table.sum('x'))
    parentPort.on('message', () => say(store.snapshot(() => [table.length, table.sum('x'), table.at(-1).sym])))`
  const workers = Array.from({ length: 3 }, () => start(t, body, { descriptor: writer.descriptor }))
  for (const { said } of workers) t.is(await said(), 4)
  for (let count = 0; count < 5; count++) {
    table.push({ x: 10, sym: `label ${count}` })
    await writer.commit()
    for (const { worker, said } of workers) {
      // oxlint-disable-next-line require-post-message-target-origin -- a worker has no origin
      worker.postMessage('read')
      t.deepEqual(await said(), [4 + count, 6 + 10 * (count + 1), `label ${count}`])
    }
  }
  t.is(table.at(0)?.x, 1)
})

test('the main thread reads what a worker commits, also while that is terminated', async (t) => {
  const path = storePath(t)
  const body = `
    const store = stoa.open(workerData.path)
    const table = store.table('t', { x: stoa.f64, sym: stoa.symbol })
    for (let x = table.length; ; x++) {
      table.push({ x, sym: 'S' + x })
      await store.commit()
      if (x % 10 === 9) say(x)
    }`
  let rows = 0
  for (let run = 0; run < 3; run++) {
    const { worker, said } = start(t, body, { path })
    await said()
    const reader = open(path, { access: 'read' })
    const table = reader.table('t', columns)
    for await (const { start, end } of table.follow({ from: rows })) {
      t.is(start, rows)
      for (; rows < end; rows++) t.deepEqual(table.at(rows), { x: rows, sym: `S${rows}` })
      if (rows >= 30 * (run + 1)) break
    }
    await worker.terminate()
    reader.refresh()
    t.true(table.length >= rows)
    reader.close()
    // The lock of the worker is free, and its last commit is there.
    const writer = open(path)
    t.true(writer.table('t').length >= rows)
    writer.close()
  }
})

test('a worker that follows is terminated, and another goes on from where it was', async (t) => {
  const { writer, table } = opened(t)
  const body = `
    const table = stoa.open(workerData.descriptor).table('t')
    say('open')
    for await (const { start, end } of table.follow({ from: workerData.from })) say([start, end])`
  const first = start(t, body, { descriptor: writer.descriptor, from: 0 })
  t.is(await first.said(), 'open')
  t.deepEqual(await first.said(), [0, 3])
  await first.worker.terminate()
  table.push({ x: 4, sym: 'd' })
  writer.commitSync()
  const second = start(t, body, { descriptor: writer.descriptor, from: 3 })
  t.is(await second.said(), 'open')
  t.deepEqual(await second.said(), [3, 4])
  table.push({ x: 5, sym: 'd' })
  await writer.commit()
  t.deepEqual(await second.said(), [4, 5])
})
