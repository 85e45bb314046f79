// Goal: whatever JavaScript holds on to, nothing it does can crash the process, and an exit without close loses only
// what was not committed.
// Method: close with views alive here; transfers, collections and ends of workers in processes of their own.
import test, { type ExecutionContext } from 'ava'
import { f64, open, type Store, u32 } from '../src/index.ts'
import { library, loadTypescript, runScript, withTransfer } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

test('close empties every view, is idempotent, and every later call is CLOSED', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, n: u32 })
  table.append({ x: [1, 2, 3], n: [1, 2, 3] })
  const early = table.arrays.x
  table.append({ x: new Float64Array(100_000), n: new Uint32Array(100_000) })
  const views = [early, table.arrays.x, table.arrays.n, table.columns.x.data, early.subarray(1, 2)]
  const { buffer } = early
  let closings = 0
  store.on('close', () => closings++)
  store.close()
  store.close()
  store[Symbol.dispose]()
  await store[Symbol.asyncDispose]()
  t.is(closings, 1)
  t.true(store.closed)
  for (const view of views) t.is(view.length, 0)
  t.is(buffer.byteLength, 0)
  t.is(early[0], undefined)
  early[0] = 5
  for (const call of [
    () => store.table('t'),
    () => store.array('a', f64),
    () => store.tables(),
    () => store.arrays(),
    () => store.drop('t'),
    () => store.commitSync(),
    () => store.rollback(),
    () => store.transactionSync(() => 1),
    () => store.isDirty(),
    () => store.info(),
    () => store.byteLength,
    () => store.version,
    () => store.commitId,
  ]) {
    throwsCode(t, call, 'ERR_STOA_CLOSED')
  }
  t.is(typeof store.path, 'string')
  await t.throwsAsync(() => store.commit(), { code: 'ERR_STOA_CLOSED' })
})

test('dispose closes and commits, asyncDispose too', async (t) => {
  const path = storePath(t)
  const use = (): Store => {
    const store = open(path)
    store.table('t', { x: f64 }).push({ x: 1 })
    return store
  }
  use()[Symbol.dispose]()
  await use()[Symbol.asyncDispose]()
  const store = open(path)
  t.is(store.table('t').length, 2)
  store.close()
})

test('close takes an object with discard and nothing else', (t) => {
  const store = open(storePath(t))
  t.throws(() => store.close({ discrad: true } as never), { instanceOf: TypeError, message: /did you mean 'discard'/ })
  t.throws(() => store.close({ discard: 1 } as never), { instanceOf: TypeError })
  t.throws(() => store.close(null as never), { instanceOf: TypeError })
  t.false(store.closed)
  store.close()
})

/** A process that must end well by itself, and print `done`. */
async function survives(
  t: ExecutionContext,
  code: string,
  flags: readonly string[] = ['--expose-gc'],
): Promise<string> {
  const path = storePath(t)
  const { code: exitCode, signal, stdout, stderr } = await runScript(code, [path, library], flags)
  t.is(signal, null, stderr)
  t.is(exitCode, 0, stderr)
  t.regex(stdout, /done\n$/, stderr)
  return path
}

const collect = `const collect = async () => { for (let i = 0; i < 5; i++) { gc(); await new Promise(setImmediate) } }\n`

test('views used after close, through collections, do not crash', async (t) => {
  await survives(
    t,
    `${collect}
    const kept = []
    for (let round = 0; round < 20; round++) {
      const store = stoa.open(argv[0])
      const table = store.table('t', { x: stoa.f64, n: stoa.u32 })
      table.append({ x: new Float64Array(50_000), n: new Uint32Array(50_000) })
      kept.push(table.arrays.x, table.arrays.n)
      store.close()
      if (round % 5 === 0) await collect()
      for (const view of kept) { view[0] = 1; view[40_000] = 2; if (view.length !== 0) throw new Error('not empty') }
      try { kept[0].fill(1) } catch (error) { if (!(error instanceof TypeError)) throw error }
    }
    kept.length = 0
    await collect()
    console.log('done')`,
  )
})

test('views of dropped and rolled back tables reach nothing else', async (t) => {
  await survives(
    t,
    `${collect}
    const store = stoa.open(argv[0])
    for (let round = 0; round < 30; round++) {
      const old = store.table('old', { x: stoa.f64 })
      old.append({ x: new Float64Array(60_000).fill(1) })
      const view = old.arrays.x
      if (round % 2 === 0) { store.commitSync(); store.drop('old'); store.commitSync() }
      else store.rollback()
      const other = store.table('other', { x: stoa.f64 })
      other.append({ x: new Float64Array(60_000).fill(2) })
      view.fill(666)
      store.commitSync()
      view.fill(667)
      if (!other.arrays.x.every((value) => value === 2)) throw new Error('an old view reached another column')
      if (round % 5 === 0) await collect()
      store.drop('other')
      store.commitSync()
    }
    store.close()
    console.log('done')`,
  )
})

const flags = ['--expose-gc', ...withTransfer]

test('a buffer transferred away leads to a new one, and nothing is lost', async (t) => {
  const path = await survives(
    t,
    `${collect}
    const store = stoa.open(argv[0])
    const table = store.table('t', { x: stoa.f64, n: stoa.u32 })
    for (let i = 0; i < 1000; i++) table.push({ x: i, n: i })
    const take = (buffer) => {
      const taken = buffer.transfer()
      if (buffer.byteLength !== 0 || taken.byteLength < 8000) throw new Error('nothing was transferred')
      return taken
    }
    const cursor = table.cursor()
    const taken = []
    for (let round = 0; round < 5; round++) {
      taken.push(take(table.arrays.x.buffer))
      table.push({ x: -1, n: 1 })
      taken.push(take(table.arrays.n.buffer))
      if (table.at(5).n !== 5) throw new Error('at')
      taken.push(take(table.arrays.x.buffer))
      table.set(5, { x: 5 })
      taken.push(take(table.arrays.x.buffer))
      if (cursor.seek(7).row.x !== 7) throw new Error('cursor')
      taken.push(take(table.arrays.x.buffer))
      cursor.row.x = 7
      taken.push(take(table.arrays.n.buffer))
      table.append({ x: [1], n: [2] })
      taken.push(take(table.arrays.n.buffer))
      table.columns.n.set(9, 9)
      if (table.arrays.x.length !== 1000 + 2 * (round + 1)) throw new Error('length')
    }
    for (let i = 0; i < 1000; i++) if (table.arrays.x[i] !== i || table.arrays.n[i] !== i) throw new Error('row ' + i)
    store.close()
    for (const buffer of taken) new Uint8Array(buffer)[0] = 5
    await collect()
    console.log('done')`,
    flags,
  )
  const store = open(path)
  t.is(store.table('t').length, 1010)
  t.deepEqual(store.table('t').at(1000) as unknown, { x: -1, n: 1 })
  store.close()
})

test('a buffer transferred to another thread outlives its store and its worker', async (t) => {
  await survives(
    t,
    `${collect}
    import { Worker } from 'node:worker_threads'
    const code = \`
      const run = async () => {
        const { parentPort, workerData } = await import('node:worker_threads')
        await ${loadTypescript}
        const { open, f64 } = await import(workerData.library)
        const store = open(workerData.path)
        const table = store.table('t', { x: f64 })
        table.append({ x: new Float64Array(100_000).fill(3) })
        const { buffer } = table.arrays.x
        const taken = buffer.transfer()
        // Until it is terminated: at its end the memory is no longer the file.
        parentPort.on('message', () => {})
        parentPort.postMessage(taken, [taken])
        parentPort.postMessage(buffer.byteLength + taken.byteLength)
      }
      run()\`
    const worker = new Worker(code, { eval: true, workerData: { path: argv[0], library: argv[1] } })
    const messages = []
    await new Promise((done, fail) => {
      worker.on('message', (message) => messages.push(message) === 2 && done())
      worker.on('error', fail)
    })
    const [buffer, left] = messages
    if (left !== 0) throw new Error('nothing was transferred')
    const bytes = new Uint8Array(buffer)
    if (new Float64Array(buffer)[99_999] !== 3) throw new Error('not the column')
    bytes[0] = 1
    await worker.terminate()
    await collect()
    for (let i = 0; i < bytes.length; i += 4096) bytes[i] = 1
    stoa.open(argv[0]).close()
    for (let i = 0; i < bytes.length; i += 4096) bytes[i] = 2
    console.log('done')`,
    flags,
  )
})

test('an exit without close loses only what was not committed', async (t) => {
  const path = await survives(
    t,
    `const store = stoa.open(argv[0])
    const table = store.table('t', { x: stoa.f64 })
    table.push({ x: 1 })
    store.commitSync()
    table.push({ x: 2 })
    console.log('done')`,
    [],
  )
  const store = open(path)
  t.deepEqual([...store.table('t')] as unknown[], [{ x: 1 }])
  store.close()
})

test('an exit with commits in flight is whole', async (t) => {
  const path = await survives(
    t,
    `const store = stoa.open(argv[0])
    const table = store.table('t', { x: stoa.f64, y: stoa.f64 })
    for (let i = 0; i < 20; i++) { table.push({ x: i, y: i }); store.commit() }
    console.log('done')
    process.exit(0)`,
    [],
  )
  const store = open(path)
  if (store.tables().includes('t')) {
    const { x, y } = store.table('t').arrays as Record<string, Float64Array>
    t.deepEqual(x, y)
  } else t.is(store.commitId, 0)
  store.close()
})

for (const [how, end] of [
  ['by running out of work', ''],
  ['by process.exit', 'process.exit()'],
]) {
  test(`commitEvery commits at a normal exit ${how}, and keeps no process alive`, async (t) => {
    const path = await survives(
      t,
      `const store = stoa.open(argv[0], { commitEvery: 100_000 })
      store.table('t', { x: stoa.f64 }).push({ x: 1 })
      console.log('done')
      ${end}`,
      [],
    )
    const store = open(path)
    t.is(store.table('t').length, 1)
    store.close()
  })
}

test('commitEvery does not commit what a crashing program has half done', async (t) => {
  const path = storePath(t)
  const { code, stderr } = await runScript(
    `const store = stoa.open(argv[0], { commitEvery: 100_000 })
    store.table('t', { x: stoa.f64 }).push({ x: 1 })
    setImmediate(() => { throw new Error('crashed') })`,
    [path],
  )
  t.is(code, 1)
  t.regex(stderr, /crashed/)
  const store = open(path)
  t.deepEqual(store.tables(), [])
  store.close()
})

test('a store nobody closed holds nothing after its process', async (t) => {
  const path = await survives(t, `stoa.open(argv[0]); console.log('done')`, [])
  open(path).close()
})
