// Goal: what a snapshot gives is of one commit, in every column and table, whatever the writer does meanwhile.
// Method: a writer process that commits as fast as it can and keeps invariants; a writer in this process that commits
// inside of the snapshot, to tear it.
import test, { type ExecutionContext } from 'ava'
import { f64, open } from '../src/index.ts'
import { Child, typescript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Ledger } from './support/ledger.ts'
import { Random } from './support/seed.ts'

const WRITER = new URL('support/ledger-writer.ts', import.meta.url).pathname
/** How long the fast writer is watched. */
const WATCH_MS = 3000

function opened(t: ExecutionContext) {
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', { x: f64 })
  table.push({ x: 1 })
  writer.commitSync()
  const reader = open(path, { access: 'read' })
  t.teardown(() => (reader.close(), writer.close()))
  /** Commits another row. */
  const commit = (): number => {
    table.push({ x: table.length + 1 })
    return writer.commitSync()
  }
  return { path, writer, table, reader, shown: reader.table('t', { x: f64 }), commit }
}

test('no snapshot under a fast writer is torn', async (t) => {
  t.timeout(60_000)
  const path = storePath(t)
  const { seed } = Random.of(t)
  const writer = new Child(process.execPath, [...typescript, WRITER, path, '0', String(seed)])
  await writer.until('open')
  const ledger = new Ledger(open(path, { access: 'read' }))
  const { store, log } = ledger
  const counts = { snapshots: 0, tries: 0, tornOutside: 0, busy: 0 }
  const first = store.commitId
  let rows = 0
  for (const until = performance.now() + WATCH_MS; performance.now() < until;) {
    const faults = store.snapshot(() => {
      counts.tries++
      return ledger.faults()
    })
    t.deepEqual(faults, [])
    t.true(log.length >= rows, `${log.length} rows after ${rows}`)
    rows = log.length
    counts.snapshots++
    // What the snapshot is for: the same outside of it.
    store.refresh()
    if (ledger.faults().length > 0) counts.tornOutside++
    await new Promise(setImmediate)
  }
  t.log({ ...counts, commits: store.commitId - first, rows })
  t.true(counts.snapshots > 20)
  t.true(store.commitId - first > 50)
  await writer.say('stop')
  t.is(Number(await writer.line()) >= rows, true)
  store.close()
})

test('a torn try is run again, and what it gave or threw is forgotten', (t) => {
  const { reader, shown, commit } = opened(t)
  let tries = 0
  const lengths = reader.snapshot(() => {
    tries++
    if (tries === 1) {
      commit()
      throw new Error('of a torn try')
    }
    if (tries === 2) {
      shown.arrays.x.fill(-1)
      commit()
    }
    return [shown.length, shown.sum('x')]
  })
  t.is(tries, 3)
  t.deepEqual(lengths, [3, 6])
})

test('what a whole try throws is thrown, and the store goes on', (t) => {
  const { reader, shown, commit } = opened(t)
  const error = new Error('mine')
  t.is(
    t.throws(() =>
      reader.snapshot(() => {
        throw error
      }),
    ),
    error,
  )
  commit()
  t.is(
    reader.snapshot(() => shown.length),
    2,
  )
})

test('a writer that never pauses is BUSY after bounded tries, with what to do', (t) => {
  const { reader, commit } = opened(t)
  let tries = 0
  const started = performance.now()
  const error = throwsCode(
    t,
    () =>
      reader.snapshot(() => {
        tries++
        commit()
      }),
    'ERR_STOA_BUSY',
  )
  t.true(performance.now() - started < 20_000)
  t.true(tries >= 10 && tries <= 100)
  t.regex(error.message, new RegExp(`during each of ${tries} tries in \\d+ ms; copy less in a snapshot, or let`))
  t.is(
    reader.snapshot(() => reader.commitId),
    tries + 1,
  )
})

test('a snapshot in a snapshot is part of it, and refresh in it is false', (t) => {
  const { reader, shown, commit } = opened(t)
  let isFirst = true
  const inner: number[] = []
  const outer = reader.snapshot(() => {
    const first = reader.snapshot(() => shown.length)
    if (isFirst) commit()
    isFirst = false
    t.false(reader.refresh())
    t.is(
      reader.snapshot(() => shown.length),
      first,
    )
    inner.push(first)
    return shown.length
  })
  t.deepEqual(inner, [1, 2])
  t.is(outer, 2)
})

test('a snapshot of columns that come and go shows those of its commit', (t) => {
  const { writer, table, reader, shown } = opened(t)
  const seen = reader.snapshot(() => {
    const names = Object.keys(shown.columns)
    if (names.length === 1) {
      table.addColumn('y', f64, 5)
      writer.table('other', { z: f64 })
      writer.commitSync()
    }
    return [...Object.keys(shown.columns), ...reader.tables()]
  })
  t.deepEqual(seen, ['x', 'y', 't', 'other'])
  t.deepEqual(reader.snapshot(() => [...shown]) as unknown[], [{ x: 1, y: 5 }])
})

test('close in a snapshot is UNSUPPORTED, and a function that is not done when it returns a TypeError', (t) => {
  const { reader, writer } = opened(t)
  throwsCode(t, () => reader.snapshot(() => reader.close()), 'ERR_STOA_UNSUPPORTED')
  t.false(reader.closed)
  for (const store of [reader, writer]) {
    const wrong = { instanceOf: TypeError, message: /^a snapshot takes a function/ }
    t.throws(() => store.snapshot(async () => t.fail()), wrong)
    t.throws(() => store.snapshot(function* () {}), wrong)
    t.throws(() => store.snapshot(() => Promise.resolve()), wrong)
    t.throws(() => store.snapshot(5 as never), wrong)
    t.is(
      store.snapshot(() => 'done'),
      'done',
    )
  }
  reader.close()
  throwsCode(t, () => reader.snapshot(() => t.fail()), 'ERR_STOA_CLOSED')
})

test('on a writer a snapshot shows what is there, committed or not', (t) => {
  const { writer, table } = opened(t)
  table.push({ x: 5 })
  t.is(
    writer.snapshot(() => table.length),
    2,
  )
  t.false(writer.refresh())
  t.is(
    writer.transactionSync(() => writer.snapshot(() => table.push({ x: 6 }))),
    3,
  )
})
