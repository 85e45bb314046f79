// Goal: a live store keeps what it says: rows are in the file as they are pushed, a kill takes none of them, whoever
// looks sees whole rows, and co-writers change elements and nothing else.
// Method: owners in processes of their own that are killed without a commit; readers that look meanwhile; workers that
// count with Atomics. What a power cut leaves is played in crates/core/tests/live.rs.
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { f64, i32, i64, nullable, open, StoaError, type Store, symbol, u32, utf8 } from '../src/index.ts'
import { LiveLengths } from '../src/live.ts'
import type { Region } from '../src/column/region.ts'
import type { Native } from '../src/native.ts'
import { startScript, typescript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const columns = { n: u32, half: nullable(f64), name: symbol, text: utf8 }

function live(t: ExecutionContext, path = storePath(t)): { path: string; store: Store } {
  const store = open(path, { live: true })
  t.teardown(() => store.close())
  return { path, store }
}

/** An owner that pushes rows which depend on their number, and says after each thousand how many there are. */
const OWNER = `
const store = stoa.open(argv[0], { live: true })
const { u32, f64, nullable, symbol, utf8 } = stoa
const table = store.table('t', { n: u32, half: nullable(f64), name: symbol, text: utf8 })
const rows = Number(argv[1])
console.log('open')
await new Promise((done) => process.stdin.once('data', done))
for (let n = table.length; n < rows; n++) {
  table.push({ n, half: n % 3 === 0 ? null : n / 2, name: 'label ' + (n % 1000), text: 'text '.repeat(n % 5) + n })
  if (table.length % 1000 === 0) console.log(table.length)
}
console.log('done')
process.stdin.once('data', () => process.exit())
`

/** The rows of that owner which are not as it pushed them. */
function wrongRows(store: Store, from: number): number[] {
  const table = store.table('t', columns)
  const wrong: number[] = []
  for (let at = Math.max(from, 0); at < table.length; at++) {
    const { n, half, name, text } = table.at(at) as { n: number; half: number | null; name: string; text: string }
    const isRight =
      n === at &&
      half === (at % 3 === 0 ? null : at / 2) &&
      name === `label ${at % 1000}` &&
      text === 'text '.repeat(at % 5) + at
    if (!isRight) wrong.push(at)
  }
  return wrong
}

test('a kill takes no row that was pushed, committed or not', async (t) => {
  const path = storePath(t)
  for (const [round, stop] of [3000, 20_000, 21_000].entries()) {
    const owner = startScript(OWNER, [path, 'Infinity'])
    await owner.line()
    await owner.say('go')
    let told = 0
    while (told < stop) told = Number(await owner.line())
    await owner.kill()
    const store = open(path, { live: round === 1 })
    t.true(store.table('t').length >= told, `${store.table('t').length} of ${told} rows in round ${round}`)
    t.deepEqual(wrongRows(store, store.table('t').length - 5000), [])
    t.is(store.commitId, round + 1, 'what was found is a commit of its own')
    store.close({ discard: true })
  }
})

test('another process sees whole rows while they are pushed', async (t) => {
  const path = storePath(t)
  open(path, { live: true }).close()
  const reader = open(path, { access: 'read' })
  t.teardown(() => reader.close())
  const rows = 600_000
  const owner = startScript(OWNER, [path, String(rows)])
  await owner.line()
  reader.refresh()
  await owner.say('go')
  const table = reader.table('t', columns)
  let looks = 0
  let checked = 0
  while (checked < rows) {
    await setImmediate()
    reader.refresh()
    if (table.length === checked) continue
    t.deepEqual(wrongRows(reader, Math.max(checked, table.length - 300)), [])
    checked = table.length
    looks++
  }
  t.true(looks > 3, `${looks} looks`)
  t.is(reader.commitId, 0, 'none of it was committed')
  t.true(reader.live)
  await owner.say('end')
  await once(owner.process, 'exit')
})

test('workers that count with Atomics lose nothing', async (t) => {
  const { path, store } = live(t)
  const counters = store.table('counters', { small: i32, large: i64 })
  counters.push({ small: 0, large: 0n })
  const count = 200_000
  const workers = Array.from(
    { length: 3 },
    () =>
      new Worker(new URL('support/live-counter.ts', import.meta.url), {
        workerData: { path, count },
        execArgv: [...typescript],
      }),
  )
  await Promise.all(workers.map((worker) => once(worker, 'message')))
  await Promise.all(workers.map((worker) => worker.terminate()))
  t.deepEqual(counters.at(0), { small: 3 * count, large: BigInt(3 * count) })
})

test('a live store takes nothing back, and says so', (t) => {
  const { store } = live(t)
  const table = store.table('t', columns)
  table.push({ n: 1, name: 'a', text: 'b' })
  t.regex(throwsCode(t, () => store.rollback(), 'ERR_STOA_UNSUPPORTED').message, /live/)
  t.regex(throwsCode(t, () => store.transactionSync(() => table.clear()), 'ERR_STOA_UNSUPPORTED').message, /live/)
  t.is(table.length, 1)
  t.true(store.live)
  t.true(store.isDirty())
  t.is(store.commitSync(), 1)
  t.is(store.commitSync(), 1, 'no row was added: the same id')
})

test('a store that was live is transactional when it is opened so', (t) => {
  const path = storePath(t)
  const owner = open(path, { live: true })
  owner.table('t', columns).push({ n: 1, half: 2, name: 'a', text: 'a text that is not short' })
  owner.close()
  const store = open(path)
  t.false(store.live)
  const table = store.table('t', columns)
  table.arrays.n[0] = 5
  store.rollback()
  t.deepEqual(table.at(0), { n: 1, half: 2, name: 'a', text: 'a text that is not short' })
  store.close()
})

test('closed with discard, a live store has the rows of its last commit', async (t) => {
  const path = storePath(t)
  const owner = open(path, { live: true })
  const table = owner.table('t', columns)
  table.push({ n: 1, name: 'a', text: 'b' })
  t.is(await owner.commit(), 1)
  table.push({ n: 2, name: 'c', text: 'd' })
  owner.table('later', { x: f64 })
  owner.close({ discard: true })
  const store = open(path)
  t.is(store.table('t').length, 1)
  t.deepEqual(store.tables(), ['t'])
  store.close()
})

test('a column that is added live has all rows at once', (t) => {
  const { path, store } = live(t)
  const table = store.table('t', columns)
  for (let n = 0; n < 5000; n++) table.push({ n, name: 'a', text: '' })
  const reader = open(path, { access: 'read' })
  t.teardown(() => reader.close())
  table.addColumn('extra', nullable(f64), 1.5)
  t.true(reader.refresh())
  t.deepEqual(reader.table('t').at(-1), { n: 4999, half: null, name: 'a', text: '', extra: 1.5 })
  table.dropColumn('half')
  table.renameColumn('n', 'number')
  reader.refresh()
  t.deepEqual(reader.table('t').at(-1), { number: 4999, name: 'a', text: '', extra: 1.5 })
})

test('a co-writer changes elements, and every other process sees it at once', (t) => {
  const { path, store } = live(t)
  const table = store.table('t', columns)
  table.append({ n: [1, 2], half: [1, null], name: ['a', 'b'], text: ['short', 'a text of more than twelve bytes'] })
  const other = open(path, { live: true, lock: 'none' })
  const reader = open(path, { access: 'read' })
  t.teardown(() => (other.close(), reader.close()))
  const shared = other.table('t', columns)
  shared.set(0, { n: 7, half: null, name: 'b', text: 'new' })
  shared.columns.half.set(1, 3)
  for (const row of shared.cursor()) row.n++
  shared.arrays.n[1] = 100
  const expected = [
    { n: 8, half: null, name: 'b', text: 'new' },
    { n: 100, half: 3, name: 'b', text: 'a text of more than twelve bytes' },
  ]
  for (const seen of [table, shared, reader.table('t')]) t.deepEqual([...seen], expected)
  t.is(other.access, 'write')
  t.true(other.live)
})

test('what adds, removes or commits is the owner’s: a co-writer is refused, and nothing was changed', (t) => {
  const { path, store } = live(t)
  const table = store.table('t', columns)
  table.push({ n: 1, half: 1, name: 'a', text: 'short' })
  const array = store.array('numbers', f64)
  array.push(1, 2)
  const other = open(path, { live: true, lock: 'none' })
  t.teardown(() => other.close())
  const shared = other.table('t', columns)
  const numbers = other.array('numbers', f64)
  const row = { n: 2, half: 1, name: 'a', text: '' }
  const attempts: Record<string, () => unknown> = {
    push: () => shared.push(row),
    append: () => shared.append([row]),
    insert: () => shared.insert(0, row),
    pop: () => shared.pop(),
    remove: () => shared.remove(0),
    swapRemove: () => shared.swapRemove(0),
    truncate: () => shared.truncate(0),
    clear: () => shared.clear(),
    reserve: () => shared.reserve(10),
    shrink: () => shared.shrink(),
    sortBy: () => shared.sortBy('n'),
    addColumn: () => shared.addColumn('x', f64),
    'a new label': () => shared.set(0, { name: 'new' }),
    'a new label by cursor': () => {
      const cursor = shared.cursor()
      cursor.next()
      cursor.row.name = 'new'
    },
    'long text': () => shared.set(0, { text: 'a text of more than twelve bytes' }),
    'push to an array': () => numbers.push(3),
    'pop of an array': () => numbers.pop(),
    drop: () => other.drop('t'),
    commitSync: () => other.commitSync(),
    rollback: () => other.rollback(),
    transactionSync: () => other.transactionSync(() => 1),
  }
  for (const [name, attempt] of Object.entries(attempts)) {
    const error = t.throws(attempt, { instanceOf: StoaError, code: 'ERR_STOA_READONLY' }, name)
    t.regex(error.message, /lock 'none'/)
  }
  throwsCode(t, () => other.table('new', columns), 'ERR_STOA_NOT_FOUND')
  numbers.set(0, 9)
  t.deepEqual([...table], [{ n: 1, half: 1, name: 'a', text: 'short' }])
  t.deepEqual([...array], [9, 2])
  other.refresh()
  t.deepEqual([...shared], [...table])
})

test('without a live owner there is nobody to write beside', (t) => {
  const path = storePath(t)
  const share = (): Store => open(path, { live: true, lock: 'none' })
  throwsCode(t, share, 'ERR_STOA_NOT_FOUND')
  const transactional = open(path)
  transactional.table('t', columns).push({ n: 1, name: 'a', text: 'b' })
  transactional.commitSync()
  t.regex(throwsCode(t, share, 'ERR_STOA_UNSUPPORTED').message, /live/)
  transactional.close()
  t.regex(throwsCode(t, share, 'ERR_STOA_UNSUPPORTED').message, /live/)
  const owner = open(path, { live: true })
  const other = share()
  owner.close()
  t.regex(throwsCode(t, () => other.refresh(), 'ERR_STOA_UNSUPPORTED').message, /live/)
  throwsCode(t, () => other.refresh(), 'ERR_STOA_POISONED')
  other.close()
  for (const options of [{ lock: 'none' }, { lock: 'none', live: true, access: 'read' }] as const) {
    t.throws(() => open(path, options), { instanceOf: TypeError, message: /lock 'none'/ })
  }
})

test('migrations of a live store are done before it is live', (t) => {
  const path = storePath(t)
  const first = open(path, { live: true, version: 1 })
  first.table('t', { x: f64 }).push({ x: 1 })
  first.close()
  const failing = (): Store =>
    open(path, {
      live: true,
      version: 2,
      migrate(store) {
        store.table('t').clear()
        throw new RangeError('no')
      },
    })
  t.throws(failing, { instanceOf: RangeError })
  const store = open(path, { live: true, version: 2, migrate: (it) => it.table('t').addColumn('y', f64, 2) })
  t.deepEqual(store.table('t').at(0), { x: 1, y: 2 } as never)
  const kept = store.table('t')
  kept.push({ x: 3, y: 4 } as never)
  const reader = open(path, { access: 'read', version: 2 })
  t.is(reader.table('t').length, 2)
  reader.close()
  store.close()
})

test('more regions than the table of lengths had places for are told all the same', (t) => {
  const { path, store } = live(t)
  const kept = store.array('kept', f64)
  kept.push(1)
  for (let round = 0; round < 8300; round++) {
    store.array('passing', f64)
    store.drop('passing')
  }
  const late = store.array('late', f64)
  late.push(1, 2, 3)
  kept.push(2)
  const reader = open(path, { access: 'read' })
  t.teardown(() => reader.close())
  t.deepEqual([...reader.array('late', f64)], [1, 2, 3])
  t.deepEqual([...reader.array('kept', f64)], [1, 2])
})

test('a length beyond 2^32 is told whole', (t) => {
  const buffer = new ArrayBuffer(64)
  const lengths = new LiveLengths({ liveLengths: () => buffer } as unknown as Native)
  const region = { id: 3, length: 0, toldLength: 0 } as unknown as Region
  const told: bigint[] = []
  const steps = [5, 2 ** 32 - 1, 2 ** 32 + 7, 2 ** 40, 3]
  for (const length of steps) {
    region.length = length
    lengths.tell(region)
    told.push(new BigInt64Array(buffer)[3] as bigint)
  }
  t.deepEqual(told, steps.map(BigInt))
})

test('commits in the background make a live store durable', async (t) => {
  const path = storePath(t)
  const store = open(path, { live: true, commitEvery: 1 })
  t.teardown(() => store.close())
  const committed = new Promise((done) => store.on('commit', done))
  store.table('t', columns).push({ n: 1, name: 'a', text: 'b' })
  t.is(await committed, 1)
})

test('a follower of a live store gets the rows that are pushed, without a commit', async (t) => {
  const { path, store } = live(t)
  const table = store.table('t', columns)
  table.push({ n: 0, name: 'a', text: 'b' })
  const reader = open(path, { access: 'read' })
  t.teardown(() => reader.close())
  const rows: [number, number][] = []
  setTimeout(() => table.push({ n: 1, name: 'a', text: 'b' }), 5)
  for await (const { start, end } of reader.table('t', columns).follow({ from: 0 })) {
    rows.push([start, end])
    if (end === 2) break
  }
  t.deepEqual(rows.flat().slice(0, 1).concat(rows.flat().slice(-1)), [0, 2])
  t.is(reader.commitId, 0)
})
