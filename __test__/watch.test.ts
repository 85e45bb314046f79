// Goal: a change of a watched file is noticed at once, also by way of a new file of that name, and where the system cannot
// watch files it is noticed by and by; nothing of it keeps a process alive unless somebody waits.
// Method: the watch alone over a plain file; processes that end, or not; a process whose `fs.watch` fails.
import { renameSync, writeFileSync, appendFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import { f64, open } from '../src/index.ts'
import { FileWatch } from '../src/watch.ts'
import { runScript, startScript } from './support/child.ts'
import { storePath } from './support/directory.ts'

/** A watch over a file, and what resolves when it looks the next time. */
function watched(t: ExecutionContext) {
  const path = storePath(t)
  writeFileSync(path, 'one')
  let wake: (() => void) | undefined
  const watch = new FileWatch(path, () => wake?.())
  t.teardown(() => watch.stop())
  const look = (): Promise<void> => new Promise((done) => (wake = done))
  return { path, watch, look }
}

/** What a store has, made by this process. */
function stored(t: ExecutionContext) {
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', { x: f64 })
  table.push({ x: 1 })
  writer.commitSync()
  t.teardown(() => writer.close())
  const commit = (): void => {
    table.push({ x: 1 })
    writer.commitSync()
  }
  return { path, commit }
}

test('it looks when it begins, and at every change long before its timer would', async (t) => {
  const { path, watch, look } = watched(t)
  watch.hold(true)
  const first = look()
  watch.start()
  await first
  const started = performance.now()
  for (let count = 0; count < 20; count++) {
    const looked = look()
    appendFileSync(path, 'more')
    await looked
  }
  // By the timer they would have taken 20 seconds.
  t.true(performance.now() - started < 5000)
})

test('a file that takes the place of the watched one is watched from then on', async (t) => {
  const { path, watch, look } = watched(t)
  watch.hold(true)
  let looked = look()
  watch.start()
  await looked
  for (let count = 0; count < 5; count++) {
    writeFileSync(`${path}.new`, 'two')
    renameSync(`${path}.new`, path)
    // By the timer at the latest.
    looked = look()
    await looked
    const started = performance.now()
    looked = look()
    appendFileSync(path, 'more')
    await looked
    t.true(performance.now() - started < 900)
  }
})

test('a watch that was stopped looks no more', async (t) => {
  const { path, watch } = watched(t)
  let looks = 0
  const counted = new FileWatch(path, () => looks++)
  counted.start()
  counted.stop()
  watch.start()
  appendFileSync(path, 'more')
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
  t.is(looks, 0)
})

test('a listener keeps no process alive, nor does a follower that nobody waits for', async (t) => {
  const { path } = stored(t)
  const { code, stderr } = await runScript(
    `const store = stoa.open(argv[0], { access: 'read' })
    store.on('commit', () => {})
    store.table('t').follow()
    const asked = store.table('t').follow({ from: 0 })
    await asked.next()`,
    [path],
  )
  t.is(code, 0, stderr)
})

test('a reader that waits for rows lives until they come; a writer that waits for itself does not', async (t) => {
  const { path, commit } = stored(t)
  const waiting = startScript(
    `const store = stoa.open(argv[0], { access: 'read' })
    const rows = store.table('t').follow()
    console.log('waiting')
    console.log(JSON.stringify(await rows.next()))`,
    [path],
  )
  t.is(await waiting.line(), 'waiting')
  // Longer than any process needs that has nothing to live for.
  const alone = await runScript(
    `const store = stoa.open(argv[0] + '.own')
    await store.table('t', { x: stoa.f64 }).follow().next()`,
    [path],
  )
  // The code of Node for a promise at the top that never settles.
  t.is(alone.code, 13)
  t.is(waiting.process.exitCode, null)
  commit()
  t.deepEqual(JSON.parse(await waiting.line()), { value: { start: 1, end: 2 }, done: false })
})

test('where files cannot be watched a follower gets its rows all the same', async (t) => {
  const { path, commit } = stored(t)
  const child = startScript(
    `const fs = (await import('node:fs')).default
    fs.watch = () => { throw Object.assign(new Error('no space left'), { code: 'ENOSPC' }) }
    ;(await import('node:module')).syncBuiltinESMExports()
    const store = stoa.open(argv[0], { access: 'read' })
    for await (const { end } of store.table('t').follow({ from: 0 })) {
      console.log(end)
      if (end === 5) break
    }`,
    [path],
  )
  for (let rows = 1; rows <= 5; rows++) {
    t.is(await child.line(), `${rows}`)
    commit()
  }
})
