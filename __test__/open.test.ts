// Goal: opening creates, finds, checks and upgrades a store as documented, and every option is checked.
// Method: each test has a folder of its own.
import { existsSync, mkdirSync, readdirSync, readlinkSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { f64, open, openAsync, type Store } from '../src/index.ts'
import { directory, storePath } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'

test('a store that does not exist is created with mode 0600 and nothing beside it', (t) => {
  const folder = directory(t)
  const path = join(folder, 'new.stoa')
  const store = open(path)
  t.is(store.path, path)
  t.is(store.access, 'write')
  t.false(store.live)
  t.false(store.closed)
  t.is(store.commitId, 0)
  t.is(store.version, 0)
  t.is(store.byteLength, statSync(path).size)
  store.close()
  t.is(statSync(path).mode & 0o777, 0o600)
  t.deepEqual(readdirSync(folder), ['new.stoa'])
})

test('the mode of a new file is the one asked for', (t) => {
  const path = storePath(t)
  open(path, { mode: 0o640 }).close()
  t.is(statSync(path).mode & 0o777, 0o640)
})

test('a new store with a small table takes at most 1 MiB', (t) => {
  const path = storePath(t)
  const store = open(path)
  store.table('small', { a: f64, b: f64 }).push({ a: 1, b: 2 })
  store.commitSync()
  store.close()
  t.true(statSync(path).size <= 2 ** 20, `${statSync(path).size} bytes`)
})

test('a URL names the same file as its path', (t) => {
  const path = storePath(t, 'with space.stoa')
  const store = open(pathToFileURL(path))
  t.is(store.path, path)
  store.close()
  t.true(existsSync(path))
})

test('a relative path is made absolute, so that changing the folder later does not matter', (t) => {
  const folder = directory(t)
  const back = process.cwd()
  process.chdir(folder)
  const store = open('relative.stoa')
  process.chdir(back)
  t.is(store.path, join(folder, 'relative.stoa'))
  store.close()
})

test('create: false does not create', (t) => {
  const path = storePath(t)
  const error = throwsCode(t, () => open(path, { create: false }), 'ERR_STOA_NOT_FOUND')
  t.is(error.errno, 2)
  t.is(error.path, path)
  t.false(existsSync(path))
})

test('a missing folder is NOT_FOUND', (t) => {
  throwsCode(t, () => open(join(directory(t), 'no', 'such.stoa')), 'ERR_STOA_NOT_FOUND')
})

test('what was committed is there after reopening, and the commit id goes on', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.table('points', { x: f64 }).push({ x: 1.5 })
  t.is(store.commitSync(), 1)
  store.close()
  store = open(path)
  t.is(store.commitId, 1)
  const points = store.table('points', { x: f64 })
  t.deepEqual([...points], [{ x: 1.5 }])
  points.push({ x: 2 })
  t.is(store.commitSync(), 2)
  store.close()
})

test('close commits first', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.table('points', { x: f64 }).push({ x: 1 })
  store.close()
  store = open(path)
  t.is(store.table('points').length, 1)
  store.close()
})

test('close with discard does not commit', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.table('points', { x: f64 }).push({ x: 1 })
  store.close({ discard: true })
  store = open(path)
  t.deepEqual(store.tables(), [])
  store.close()
})

test('options are checked, and a misspelled one is told with the right name', (t) => {
  const path = storePath(t)
  const wrong = (options: unknown): Error | undefined => t.throws(() => open(path, options as object))
  t.is(wrong({ acces: 'write' })?.message, "there is no option 'acces'; did you mean 'access'?")
  t.is(wrong({ commitevery: 5 })?.message, "there is no option 'commitevery'; did you mean 'commitEvery'?")
  t.is(wrong([])?.message, 'the options of a store must be an object, found an array')
  t.is(wrong({ colour: 5 })?.message, "there is no option 'colour'")
  t.is(wrong({ wait: '5' })?.message, "the option 'wait' must be a number, found '5' (a string)")
  t.is(wrong({ create: 1 })?.message, "the option 'create' must be true or false, found 1")
  t.is(
    wrong({ access: 'append' })?.message,
    "the option 'access' must be one of 'write', 'read', found 'append' (a string)",
  )
  t.true(wrong({ wait: -1 }) instanceof RangeError)
  t.true(wrong({ wait: Number.NaN }) instanceof RangeError)
  t.true(wrong({ mode: 1.5 }) instanceof RangeError)
  t.true(wrong({ version: 2 ** 32 }) instanceof RangeError)
  t.true(wrong({ version: -1 }) instanceof RangeError)
  t.true(wrong({ reserve: 0 }) instanceof RangeError)
  t.true(wrong({ commitEvery: 0 }) instanceof RangeError)
  t.true(wrong({ migrate: 1 }) instanceof TypeError)
  t.true(wrong({ migrate: async () => {} }) instanceof TypeError)
  t.true(wrong({ signal: AbortSignal.abort() }) instanceof TypeError)
  t.true(wrong(null) instanceof TypeError)
  t.false(existsSync(path))
})

test('options may be spelled out as they are by default', (t) => {
  const store = open(storePath(t), { access: 'write', live: false, lock: 'exclusive' })
  t.deepEqual([store.access, store.live], ['write', false])
  store.close()
})

test('a path must be a string or a file URL', (t) => {
  t.throws(() => open(5 as never), { instanceOf: TypeError, message: /must be a string or a URL, found 5/ })
  t.throws(() => open(''), { instanceOf: TypeError })
  t.throws(() => open('a\0b'), { instanceOf: TypeError, message: /NUL/ })
  t.throws(() => open('a\ud800b'), { instanceOf: TypeError, message: /lone surrogate/ })
  t.throws(() => open(new URL('https://example.org/a')), { instanceOf: TypeError })
})

test('address space can be limited, and growing past it is LIMIT with nothing changed', (t) => {
  const store = open(storePath(t), { reserve: 1 << 20 })
  const table = store.table('t', { x: f64 })
  table.append({ x: new Float64Array(1000) })
  throwsCode(t, () => table.append({ x: new Float64Array(1 << 18) }), 'ERR_STOA_LIMIT')
  throwsCode(t, () => table.reserve(1 << 18), 'ERR_STOA_LIMIT')
  t.is(table.length, 1000)
  t.is(table.push({ x: 1 }), 1001)
  store.close()
})

test('a newer data version is refused, an older one needs a migration', (t) => {
  const path = storePath(t)
  let store = open(path, { version: 2 })
  t.is(store.version, 2)
  store.table('t', { x: f64 }).push({ x: 1 })
  store.close()
  const newer = throwsCode(t, () => open(path, { version: 1 }), 'ERR_STOA_VERSION')
  t.regex(newer.message, /its data has version 2, this program reads up to 1/)
  const older = throwsCode(t, () => open(path, { version: 3 }), 'ERR_STOA_VERSION')
  t.regex(older.message, /its data has version 2, expected 3; give open\(\) a migrate function/)
  store = open(path, { version: 2 })
  t.is(store.table('t').length, 1)
  store.close()
})

test('the data version of a new store stands from its creation on, whatever is rolled back first', (t) => {
  const firsts: ((store: Store) => void)[] = [
    (store) => store.rollback(),
    (store) =>
      void t.throws(() =>
        store.transactionSync(() => {
          throw new Error('no')
        }),
      ),
    (store) => store.close({ discard: true }),
  ]
  const migrate = (): void => t.fail('there is nothing to migrate')
  for (const first of firsts) {
    const path = storePath(t)
    let store = open(path, { version: 3, migrate })
    t.is(store.version, 3)
    first(store)
    if (store.closed) store = open(path, { version: 3, migrate })
    t.is(store.version, 3)
    store.table('t', { x: f64 }).push({ x: 1 })
    store.close()
    store = open(path, { version: 3, migrate })
    t.is(store.table('t').length, 1)
    store.close()
  }
})

test('migrate runs once, in one transaction, and its version is durable at once', (t) => {
  const path = storePath(t)
  let store = open(path, { version: 1 })
  store.table('t', { x: f64 }).push({ x: 20 })
  store.close()
  const seen: number[] = []
  const migrate = (opened: Store, from: number): void => {
    seen.push(from, opened.version)
    throwsCode(t, () => opened.commitSync(), 'ERR_STOA_UNSUPPORTED')
    const old = opened.table('t', { x: f64 })
    opened.table('t2', { celsius: f64 }).append({ celsius: Float64Array.from(old.arrays.x, (f) => (f - 32) / 1.8) })
    opened.drop('t')
  }
  store = open(path, { version: 3, migrate })
  t.deepEqual(seen, [1, 1])
  t.is(store.version, 3)
  t.deepEqual(store.tables(), ['t2'])
  store.close({ discard: true })
  store = open(path, { version: 3, migrate })
  t.deepEqual(seen, [1, 1])
  t.deepEqual(store.tables(), ['t2'])
  store.close()
})

const failingMigrate = (opened: Store): void => {
  opened.drop('t')
  throw new Error('not today')
}

test('a migration that throws leaves the file as it was, and its lock free', (t) => {
  const path = storePath(t)
  let store = open(path, { version: 1 })
  store.table('t', { x: f64 }).push({ x: 20 })
  store.close()
  t.throws(() => open(path, { version: 2, migrate: failingMigrate }), { message: 'not today' })
  t.throws(() => open(path, { version: 2, migrate: () => Promise.resolve() as never }), { instanceOf: TypeError })
  store = open(path, { version: 1 })
  t.deepEqual(store.tables(), ['t'])
  store.close()
})

test('openAsync opens, creates, and fails with the same codes', async (t) => {
  const path = storePath(t)
  let store = await openAsync(path)
  store.table('t', { x: f64 }).push({ x: 1 })
  store.close()
  store = await openAsync(pathToFileURL(path), { create: false })
  t.is(store.table('t').length, 1)
  await rejectsCode(t, () => openAsync(path), 'ERR_STOA_LOCKED')
  store.close()
  await rejectsCode(t, () => openAsync(storePath(t), { create: false }), 'ERR_STOA_NOT_FOUND')
  await t.throwsAsync(() => openAsync(path, { signal: 5 as never }), { instanceOf: TypeError })
  await t.throwsAsync(() => openAsync(path, { singal: 5 } as never), { message: /did you mean 'signal'/ })
})

test('openAsync waits for the lock without blocking, and gets it', async (t) => {
  const path = storePath(t)
  const first = open(path)
  const second = openAsync(path, { wait: 60_000 })
  setTimeout(() => first.close(), 30)
  const store = await second
  t.true(first.closed)
  store.close()
})

test('openAsync gives up after its wait', async (t) => {
  const path = storePath(t)
  const first = open(path)
  const started = performance.now()
  await rejectsCode(t, () => openAsync(path, { wait: 100 }), 'ERR_STOA_LOCKED')
  t.true(performance.now() - started >= 99)
  first.close()
})

test('openAsync aborted before or during is an AbortError and leaves no descriptor', async (t) => {
  const path = storePath(t)
  const reason = new Error('enough')
  const before = await t.throwsAsync(() => openAsync(path, { signal: AbortSignal.abort(reason) }))
  t.like(before, { name: 'AbortError', code: 'ABORT_ERR', cause: reason })
  t.false(existsSync(path))

  const holder = open(path)
  const controller = new AbortController()
  const waiting = openAsync(path, { wait: 60_000, signal: controller.signal })
  setTimeout(() => controller.abort(), 20)
  t.like(await t.throwsAsync(() => waiting), { name: 'AbortError', code: 'ABORT_ERR' })
  holder.close()

  // Aborted while the thread pool opens it.
  const late = new AbortController()
  const opening = openAsync(path, { signal: late.signal })
  late.abort()
  t.like(await t.throwsAsync(() => opening), { code: 'ABORT_ERR' })
  if (existsSync('/proc/self/fd')) t.false(openFiles().includes(path))
  open(path).close()
})

/** The files this process has open, where the system tells. */
function openFiles(): string[] {
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return []
    }
  })
}

test('a folder, and a file of somebody else, is not opened', (t) => {
  const folder = directory(t)
  mkdirSync(join(folder, 'sub'))
  throwsCode(t, () => open(join(folder, 'sub')), 'ERR_STOA_FORMAT')
  writeFileSync(join(folder, 'empty'), '')
  throwsCode(t, () => open(join(folder, 'empty')), 'ERR_STOA_FORMAT')
  t.is(statSync(join(folder, 'empty')).size, 0)
})
