// Goal: who follows a table gets every committed row once and in order, waits without work, and ends as it is told to.
// Method: readers and writers in one process, stepped by commits; the processes are in `followers.test.ts`.
import test, { type ExecutionContext } from 'ava'
import { f64, open, type RowRange } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { rejectsCode } from './support/errors.ts'

function opened(t: ExecutionContext, rows = 2) {
  // What never comes is to be told by name.
  t.timeout(60_000)
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', { x: f64 })
  const add = (count = 1): void => {
    for (; count > 0; count--) table.push({ x: table.length })
  }
  /** Commits so many more rows. */
  const commit = (count = 1): number => {
    add(count)
    return writer.commitSync()
  }
  commit(rows)
  const reader = open(path, { access: 'read' })
  t.teardown(() => (reader.close(), writer.close()))
  return { path, writer, table, reader, shown: reader.table('t', { x: f64 }), add, commit }
}

const next = async (iterator: AsyncIterator<RowRange, undefined>): Promise<string> => {
  const { value, done } = await iterator.next()
  return done === true ? 'done' : `${value.start} to ${value.end}`
}

/** Whether a promise is still pending after a few turns of the event loop. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let isSettled = false
  const settle = (): boolean => (isSettled = true)
  promise.then(settle, settle)
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  return !isSettled
}

for (const who of ['reader', 'writer'] as const) {
  const both = (t: ExecutionContext, rows?: number) => {
    const all = opened(t, rows)
    return { ...all, followed: who === 'reader' ? all.shown : all.table }
  }

  test(`a ${who} follows from the rows committed now, or from the row it is told`, async (t) => {
    const { followed, add, commit } = both(t)
    if (who === 'writer') add()
    const now = followed.follow()
    const all = followed.follow({ from: 0 })
    const some = followed.follow({ from: 1 })
    t.is(await next(all), '0 to 2')
    t.is(await next(some), '1 to 2')
    const waiting = next(now)
    t.true(await isPending(waiting))
    commit(who === 'writer' ? 0 : 1)
    t.is(await waiting, '2 to 3')
    t.is(await next(all), '2 to 3')
    t.is(await next(some), '2 to 3')
  })

  test(`ranges of a ${who} gather while nobody asks, and several calls of next are answered in order`, async (t) => {
    const { followed, commit } = both(t)
    const ranges = followed.follow()
    for (let count = 1; count < 5; count++) commit(count)
    t.is(await next(ranges), '2 to 12')
    const calls = [next(ranges), next(ranges), next(ranges)]
    commit()
    t.is(await calls[0], '12 to 13')
    t.true(await isPending(calls[1] as Promise<string>))
    commit(2)
    t.is(await calls[1], '13 to 15')
    await ranges.return?.()
    t.is(await calls[2], 'done')
  })

  test(`rows that a ${who} sees removed move it back, and changes in place are not told`, async (t) => {
    const { writer, table, reader, followed, commit } = both(t, 10)
    const ranges = followed.follow()
    table.truncate(4)
    writer.commitSync()
    // Otherwise only the next look of the watch would see it, and perhaps not before there are rows again.
    reader.refresh()
    const waiting = next(ranges)
    t.true(await isPending(waiting))
    table.set(0, { x: -1 })
    writer.commitSync()
    t.true(await isPending(waiting))
    commit(3)
    t.is(await waiting, '4 to 7')
    // Persisted by somebody whose rows are gone.
    const behind = followed.follow({ from: 1000 })
    commit()
    t.is(await next(behind), '7 to 8')
  })

  test(`following a ${who} ends by break, return, close and a drop`, async (t) => {
    const { writer, table, reader, followed, commit } = both(t)
    for await (const { start, end } of followed.follow({ from: 0 })) {
      t.deepEqual([start, end], [0, 2])
      break
    }
    const ended = followed.follow()
    t.deepEqual(await ended.return?.(), { done: true, value: undefined })
    commit()
    t.is(await next(ended), 'done')
    await t.throwsAsync(async () => ended.throw?.(new Error('mine')), { message: 'mine' })

    reader.refresh()
    const dropped = followed.follow()
    const waiting = dropped.next()
    writer.table('other', { y: f64 }).push({ y: 1 })
    writer.drop(table.name)
    writer.commitSync()
    t.regex((await rejectsCode(t, () => waiting, 'ERR_STOA_NOT_FOUND')).message, /^table 't' is no longer in/)
    t.is(await next(dropped), 'done')

    const store = who === 'reader' ? reader : writer
    store.refresh()
    const closed = store.table('other').follow()
    const last = next(closed)
    store.close()
    t.is(await last, 'done')
    t.is(await next(closed), 'done')
    t.throws(() => followed.follow(), { code: 'ERR_STOA_CLOSED' })
  })

  test(`following a ${who} is aborted before, while it waits and in between`, async (t) => {
    const { followed, commit } = both(t)
    const reason = new Error('enough')
    const expected = { name: 'AbortError', code: 'ABORT_ERR', message: /following table 't' was aborted/ }
    t.like(
      t.throws(() => followed.follow({ signal: AbortSignal.abort(reason) }), expected),
      { cause: reason },
    )
    const controller = new AbortController()
    const [waiting, idle] = [followed.follow(controller), followed.follow({ signal: controller.signal })]
    const first = waiting.next()
    const second = waiting.next()
    controller.abort(reason)
    t.like(await t.throwsAsync(first, expected), { cause: reason })
    t.deepEqual(await second, { done: true, value: undefined })
    commit()
    await t.throwsAsync(async () => idle.next(), expected)
    t.is(await next(idle), 'done')
  })

  test(`following a ${who} goes on while columns come and go`, async (t) => {
    const { writer, table, followed, commit } = both(t)
    const ranges = followed.follow()
    const wide = writer.table('t')
    const waiting = next(ranges)
    wide.addColumn('y', f64, 1)
    writer.commitSync()
    t.true(await isPending(waiting))
    wide.dropColumn('x')
    wide.push({ y: 1 })
    writer.commitSync()
    t.is(await waiting, '2 to 3')
    wide.renameColumn('y', 'x')
    commit()
    t.is(await next(ranges), '3 to 4')
    t.is(table.length, 4)
  })
}

test('options of follow are checked', (t) => {
  const { shown } = opened(t)
  t.throws(() => shown.follow({ from: -1 }), { instanceOf: RangeError, message: /^the option 'from' must be/ })
  t.throws(() => shown.follow({ from: '0' as never }), { instanceOf: TypeError })
  t.throws(() => shown.follow({ signal: 5 as never }), { instanceOf: TypeError })
  t.throws(() => shown.follow({ form: 0 } as never), { instanceOf: TypeError, message: /did you mean 'from'/ })
  t.throws(() => shown.follow(null as never), { instanceOf: TypeError })
})

test('a writer follows from a row that is not committed yet', async (t) => {
  const { writer, table, add, commit } = opened(t)
  add(3)
  const ranges = table.follow({ from: table.length })
  const early = writer.commit()
  add(2)
  await early
  const waiting = next(ranges)
  t.true(await isPending(waiting))
  commit()
  t.is(await waiting, '5 to 8')
  add(4)
  const gone = table.follow({ from: table.length })
  writer.rollback()
  commit()
  t.is(await next(gone), '8 to 9')
})

test('what a writer rolled back is not reported', async (t) => {
  const { writer, table, add, commit } = opened(t)
  const ranges = table.follow()
  add(3)
  writer.rollback()
  const waiting = next(ranges)
  t.true(await isPending(waiting))
  commit()
  t.is(await waiting, '2 to 3')
})

test('a reader that follows shows what it was given', async (t) => {
  const { shown, commit } = opened(t)
  let rows = 2
  setImmediate(() => commit(3))
  for await (const { start, end } of shown.follow()) {
    t.deepEqual([start, end], [rows, rows + 3])
    t.is(shown.length, end)
    t.is(shown.at(-1)?.x, end - 1)
    rows = end
    if (rows >= 11) break
    setImmediate(() => commit(3))
  }
})

test('a reader tells of every commit once and in order, as long as somebody listens', async (t) => {
  const { reader, shown, commit } = opened(t)
  // A listener keeps no process alive.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))
  const told: number[] = []
  const onCommit = (id: number) => void told.push(id)
  reader.on('commit', onCommit)
  const last = new Promise<void>((done) => {
    reader.on('commit', (id) => {
      if (id === 5) done()
    })
  })
  for (let count = 0; count < 4; count++) commit()
  await last
  t.deepEqual(told, [2, 3, 4, 5])
  t.is(shown.length, 6)
  commit()
  t.true(reader.refresh())
  t.deepEqual(told, [2, 3, 4, 5, 6])
  reader.off('commit', onCommit)
  commit()
  t.is(
    reader.snapshot(() => shown.length),
    8,
  )
  t.deepEqual(told, [2, 3, 4, 5, 6])
})
