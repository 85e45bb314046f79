// Goal: a store may end at any moment, with its thread, in the middle of a commit, or by a collection of what refers to it:
// the process goes on, the lock is free, and the file has every acknowledged commit whole.
// Method: threads that are terminated while commits are in flight; stores that are closed then; readers and live stores that
// are forgotten, closed and collected by turns. STOA_ENDS: how many threads end (`npm run storm -- --only ends`).
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { f64, open, StoaError, symbol } from '../src/index.ts'
import { loadTypescript, runScript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { Random } from './support/seed.ts'

const ROWS = 200
const ENDS = Number(process.env['STOA_ENDS'] ?? 6)
const columns = { x: f64, sym: symbol }

/** Ends threads, and looks each time at what they left. Gives how many commits there were. */
async function endThreads(t: ExecutionContext, live: boolean): Promise<number> {
  const random = Random.of(t)
  const path = storePath(t)
  const told = new Int32Array(new SharedArrayBuffer(8))
  const code = `
    const { workerData } = require('node:worker_threads')
    ${loadTypescript}.then(() => import(workerData.role))`
  const role = new URL('support/ending-worker.ts', import.meta.url).href
  for (let end = 0; end < ENDS; end++) {
    const before = Atomics.load(told, 0)
    const worker = new Worker(code, { eval: true, workerData: { role, path, live, told } })
    const failure = new Promise<never>((_, fail) => worker.once('error', fail))
    // Until it has begun another commit, and some more.
    const until = before + 1 + random.below(20)
    for (let seen = before; seen < until; seen = Atomics.load(told, 0)) {
      const { value } = Atomics.waitAsync(told, 0, seen)
      await Promise.race([value, failure])
    }
    const spin = performance.now() + random.below(4)
    while (performance.now() < spin);
    await worker.terminate()
    // In Deno the thread may still run: not when its lock is free.
    const store = open(path, { wait: 10_000 })
    const [begun, durable] = [Atomics.load(told, 0), Atomics.load(told, 1)]
    const table = store.table('t', columns)
    const { length } = table
    t.true(
      length >= durable * ROWS && length <= (begun + 1) * ROWS,
      `${length} rows, ${durable} durable, ${begun} begun`,
    )
    if (!live) t.is(length % ROWS, 0)
    const { x } = table.arrays
    for (let at = Math.max(0, length - 30 * ROWS); at < length; at++) {
      if (x[at] !== at || table.at(at)?.sym !== `S${at % 1000}`)
        t.fail(`end ${end}: row ${at} is ${JSON.stringify(table.at(at))}`)
    }
    // The rows of half a commit, in a live store, would make the next begin in the middle.
    table.truncate(length - (length % ROWS))
    store.close()
    Atomics.store(told, 0, Math.floor(length / ROWS))
    Atomics.store(told, 1, Math.floor(length / ROWS))
  }
  return Atomics.load(told, 1)
}

for (const live of [false, true]) {
  test(`a thread that ends in the middle of a commit loses nothing durable (${live ? 'live' : 'transactional'})`, async (t) => {
    t.timeout(3_600_000)
    const commits = await endThreads(t, live)
    t.log(`${ENDS} ends, ${commits} commits`)
    t.true(commits > 0)
  })
}

test('closing while commits are in flight gives each an answer, and all that was acknowledged is there', async (t) => {
  const path = storePath(t)
  let rows = 0
  for (let round = 0; round < 40; round++) {
    const store = open(path)
    const table = store.table('t', columns)
    t.is(table.length, rows)
    const commits: Promise<number>[] = []
    for (let count = round % 4; count >= 0; count--) {
      for (let row = 0; row < 50; row++) table.push({ x: rows++, sym: 'S' })
      commits.push(store.commit())
    }
    const isDiscarded = round % 3 === 0
    if (isDiscarded) table.push({ x: -1, sym: 'lost' })
    store.close({ discard: isDiscarded })
    for (const answer of await Promise.allSettled(commits)) {
      if (answer.status === 'rejected') t.true(answer.reason instanceof StoaError, String(answer.reason))
    }
    const again = open(path, { access: 'read' })
    t.is(again.table('t').length, rows)
    again.close()
  }
})

test('readers and live stores that are forgotten, closed and collected by turns end no process', async (t) => {
  const code = `
const { f64, symbol, open } = stoa
const { gc } = globalThis
const columns = { x: f64, sym: symbol }
const turn = () => new Promise((done) => setImmediate(done))
const views = []
for (let round = 0; round < 60; round++) {
  const path = argv[0] + round % 3
  const writer = open(path, { live: round % 2 === 0, wait: 5000 })
  const table = writer.table('t', columns)
  for (let x = 0; x < 300; x++) table.push({ x, sym: 'S' + x % 9 })
  writer.commitSync()
  for (let count = 0; count < 3; count++) {
    const reader = open(path, { access: 'read' })
    const shown = reader.table('t', columns)
    views.push(shown.arrays.x, shown.columns.sym.data)
    if (count === 1) void shown.follow()[Symbol.asyncIterator]().next().catch(() => {})
    if (round % 4 === 0) table.append({ x: new Float64Array(20_000), sym: new Uint32Array(20_000) })
    const commit = writer.commit()
    reader.refresh()
    if (count === 0) reader.close()
    // The others are forgotten, open, with views over them.
    if (count === 2) gc()
    await commit
  }
  if (round % 2 === 0) { const other = open(path, { live: true, lock: 'none' }); views.push(other.table('t', columns).arrays.x); if (round % 4 === 0) other.close() }
  if (round % 5 === 4) table.truncate(10)
  if (round % 3 === 0) table.shrink()
  writer.close()
  for (const view of views.splice(0, round % 7)) view[0] = 1
  if (round % 6 === 0) { gc(); await turn(); gc() }
}
views.length = 0
for (let count = 0; count < 5; count++) { gc(); await turn() }
console.log('done')
process.exit()
`
  const { stdout, stderr, signal } = await runScript(code, [storePath(t)], ['--expose-gc'])
  t.is(stdout.trim(), 'done', `${signal} ${stderr}`)
})
