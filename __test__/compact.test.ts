// Goal: compact() gives back what nothing needs, and changes nothing else: not a value, not a number, not what anybody
// reads, follows or waits for; and a kill, a full disk or a change in the middle loses nothing.
// Method: real files. What a store holds is compared before and after by value, its space by `info()` and by the file; a
// writer goes on changing it, readers and followers look on, children are killed in the middle.
import { linkSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import {
  bool,
  bytes,
  f64,
  i64,
  nullable,
  oneOf,
  open,
  openAsync,
  type Store,
  symbol,
  timestamp,
  u32,
  utf8,
  vector,
} from '../src/index.ts'
import { startScript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { canMount, smallDisk } from './support/disk.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'
import { needing } from './support/needs.ts'
import { Random } from './support/seed.ts'

const schema = {
  id: u32,
  big: i64,
  at: timestamp,
  side: oneOf('buy', 'sell'),
  sym: symbol,
  note: nullable(utf8),
  name: utf8,
  hash: bytes(5),
  place: vector(f64, 3),
  isOpen: nullable(bool),
}

/** A row that depends on its number and on a round. */
function row(id: number, round = 0) {
  const length = (id * 7 + round * 11) % 60
  return {
    id,
    big: BigInt(id) * 10n ** 12n,
    at: 1e12 + id,
    side: id % 2 === 0 ? ('buy' as const) : ('sell' as const),
    sym: `S${(id + round) % 300}`,
    note: id % 5 === 0 ? null : `${'é'.repeat(length)}${round}`,
    name: `row ${id} ${'x'.repeat(length)}`,
    hash: [id & 255, round, 3, 4, 5],
    place: [id, round, 0.5],
    isOpen: id % 3 === 0 ? null : id % 3 === 1,
  }
}

function contents(store: Store): string {
  const values = [...store.table('rows', schema)].map((values) => ({
    ...values,
    big: `${values.big}`,
    hash: [...values.hash],
    place: [...values.place],
  }))
  return JSON.stringify([values, [...store.array('marks', u32)], [...store.array('words', utf8)]])
}

/** A store with garbage of every kind. */
function fill(store: Store, rows = 3000): void {
  const table = store.table('rows', schema)
  for (let round = 0; round < 4; round++) {
    for (let id = 0; id < rows; id++) {
      if (round === 0) table.push(row(id))
      else table.set(id, row(id, round))
    }
    store.commitSync()
  }
  store.array('marks', u32).append(Uint32Array.from({ length: 50_000 }, (_, i) => i * 3))
  store.array('words', utf8).push('', 'short', 'a word that is longer than a view', '👍'.repeat(500))
  const gone = store.table('gone', { x: f64, text: utf8 })
  for (let i = 0; i < 20_000; i++) gone.push({ x: i, text: `text ${i} that will be dropped` })
  store.commitSync()
  store.drop('gone')
  table.truncate(Math.floor((rows * 2) / 3))
  store.array('marks', u32).truncate(20_000)
  store.commitSync()
}

function garbage(store: Store): number {
  const { tables, arrays } = store.info()
  const columns = [...tables.flatMap((table) => table.columns), ...arrays]
  return columns.reduce((sum, { garbageBytes }) => sum + (garbageBytes ?? 0), 0)
}

const files = (path: string): string[] => readdirSync(dirname(path)).toSorted()

test('the file shrinks, no text is garbage, and every value, number and handle is as it was', async (t) => {
  const path = storePath(t)
  let store = open(path, { version: 7 })
  fill(store)
  const table = store.table('rows', schema)
  const marks = store.array('marks', u32)
  const [before, commitId, { byteLength }] = [contents(store), store.commitId, store]
  t.true(garbage(store) > 100_000)

  await store.compact()

  t.is(contents(store), before)
  t.is(store.commitId, commitId)
  t.is(store.version, 7)
  t.is(garbage(store), 0)
  t.is(store.info().freeBytes, 0)
  t.true(store.byteLength < byteLength / 2, `${store.byteLength} of ${byteLength}`)
  t.is(statSync(path).size, store.byteLength)
  t.is(store.table('rows'), table as never)
  t.is(store.array('marks', u32), marks)
  t.true((await store.verify()).ok)
  t.deepEqual(files(path), [path.slice(dirname(path).length + 1)])

  // It goes on as any store.
  table.push(row(9000, 1))
  marks.push(1, 2, 3)
  table.set(5, { note: 'a new note that is longer than a view', sym: 'new' })
  const changed = contents(store)
  t.is(await store.commit(), commitId + 1)
  table.clear()
  store.rollback()
  t.is(contents(store), changed)
  store.close()
  store = open(path, { version: 7 })
  t.is(contents(store), changed)
  t.is(store.commitId, commitId + 1)
  t.true((await store.verify()).ok)
  store.close()
})

test('an empty store, an empty table and one of 40 MB are compacted', async (t) => {
  const path = storePath(t)
  const store = open(path)
  await store.compact()
  store.table('empty', schema)
  await store.compact()
  t.is(store.table('empty', schema).length, 0)
  const numbers = store.array('numbers', f64)
  numbers.append(Float64Array.from({ length: 5e6 }, (_, i) => i))
  store.commitSync()
  numbers.reserve(2e7)
  await store.compact()
  // Beyond what the first table of checksums covers.
  t.true(store.byteLength > 40e6 && store.byteLength < 41e6, `${store.byteLength}`)
  t.is(numbers.sum(), (5e6 * (5e6 - 1)) / 2)
  t.true((await store.verify()).ok)
  numbers.push(1)
  store.close()
  t.is(open(path, { access: 'read' }).array('numbers', f64).length, 5e6 + 1)
})

test('arrays taken before read as they were, and what is written there reaches nothing', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', { x: f64 })
  for (let i = 0; i < 5000; i++) table.push({ x: i })
  const { x } = table.arrays
  await store.compact()
  t.is(x.length, 5000)
  t.is(x[4999], 4999)
  x.fill(-1)
  t.is(table.sum('x'), (5000 * 4999) / 2)
  t.not(table.arrays.x.buffer, x.buffer)
  t.false(store.isDirty())
  table.arrays.x[0] = 7
  t.true(store.isDirty())
  t.is(x[0], -1)
  store.close()
  t.is(x.length, 0)
  const again = open(path)
  t.is(again.table('t', { x: f64 }).sum('x'), (5000 * 4999) / 2 + 7)
  again.close()
})

test('what is pending, and what is changed while it runs, is committed with it', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  let store = open(path)
  fill(store, 500)
  for (let round = 0; round < 12; round++) {
    const table = store.table('rows', schema)
    const marks = store.array('marks', u32)
    const words = store.array('words', utf8)
    const change = (): void => {
      for (let i = 0; i < 30; i++) {
        const id = random.below(table.length)
        table.set(id, row(id, random.below(90)))
      }
      table.push(row(random.below(1000), round))
      marks.data[random.below(marks.length)] = random.below(1e6)
      words.push(`a word that is longer than a view ${random.below(1e6)}`)
      if (random.below(3) === 0) marks.truncate(marks.length - random.below(100))
      if (random.below(5) === 0) words.remove(0)
      if (random.below(8) === 0 && store.tables().includes('more')) store.drop('more')
    }
    store.table('more', { x: f64, y: utf8 }).push({ x: round, y: 'a text that is longer than a view' })
    change()
    const compacted = store.compact()
    const commits: Promise<unknown>[] = []
    const compaction = { isOver: false }
    const ended = compacted.then(() => (compaction.isOver = true))
    while (!compaction.isOver) {
      change()
      const what = random.below(5)
      if (what === 0) commits.push(store.commit())
      else if (what === 1) store.commitSync()
      else if (what === 2) commits.push(store.transaction(change))
      else if (what === 3) {
        store.commitSync()
        marks.push(1)
        store.rollback()
      }
      store.table('more', { x: f64, y: utf8 }).push({ x: round, y: 'a text that is longer than a view' })
      await new Promise((done) => setImmediate(done))
    }
    const shown = contents(store)
    await ended
    await Promise.all(commits)
    t.false(store.isDirty(), 'what was changed before its end is committed')
    t.true((await store.verify()).ok)
    t.is(contents(store), shown)
    if (round % 2 === 0) store.close({ discard: true })
    else store.close()
    store = open(path)
    t.is(contents(store), shown)
    t.true((await store.verify()).ok)
  }
  store.close()
})

test('readers go over with their next refresh, and see nothing of it before', async (t) => {
  const path = storePath(t)
  const store = open(path)
  fill(store)
  const reader = open(path, { access: 'read' })
  const before = contents(reader)
  const { id } = reader.table('rows', schema).arrays
  const first = id[0]
  await store.compact()
  t.is(contents(reader), before)
  t.true(reader.refresh(), 'its arrays are others')
  t.false(reader.refresh())
  t.is(contents(reader), before)
  t.is(reader.commitId, store.commitId)
  t.is(id[0], first)
  const table = store.table('rows', schema)
  table.set(0, row(0, 9))
  table.push(row(77, 3))
  store.array('words', utf8).push('another word that is longer than a view')
  await store.compact()
  store.table('rows', schema).set(1, row(1, 8))
  await store.commit()
  t.is(
    reader.snapshot(() => contents(reader)),
    contents(store),
  )
  // In a row that was changed in place, text that came later.
  await store.compact()
  table.set(3, { name: 'a name that is longer than what was there before' })
  await store.commit()
  t.is(reader.table('rows', schema).at(3)?.name, row(3, 3).name)
  reader.refresh()
  t.is(contents(reader), contents(store))
  const worker = open(store.descriptor)
  t.is(contents(worker), contents(store))
  worker.close()
  reader.close()
  store.close()
})

test('a path with other things on it is a typed error, and the reader stays as it was', (t) => {
  const path = storePath(t)
  const store = open(path)
  store.array('a', u32).push(1, 2)
  store.close()
  const reader = open(path, { access: 'read' })
  const moved = `${path}.moved`
  renameSync(path, moved)
  t.false(reader.refresh())
  writeFileSync(path, 'not a store')
  throwsCode(t, () => reader.refresh(), 'ERR_STOA_FORMAT')
  unlinkSync(path)
  open(path).close()
  throwsCode(t, () => reader.refresh(), 'ERR_STOA_UNSUPPORTED')
  throwsCode(t, () => reader.snapshot(() => 1), 'ERR_STOA_UNSUPPORTED')
  t.deepEqual([...reader.array('a', u32)], [1, 2])
  rmSync(path)
  renameSync(moved, path)
  t.false(reader.refresh())
  reader.close()
})

test('followers and listeners get every row and every commit once, in order, through compactions', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', { x: u32, text: utf8 })
  table.push({ x: 0, text: 'first' })
  store.commitSync()
  const reader = open(path, { access: 'read' })
  const told: number[] = []
  reader.on('commit', (commitId) => told.push(commitId))
  const own: number[] = []
  store.on('commit', (commitId) => own.push(commitId))
  const abort = new AbortController()
  const followed = reader.table('t')
  const seen: number[] = []
  const following = (async () => {
    for await (const { start, end } of followed.follow({ from: 0, signal: abort.signal })) {
      for (const row of followed.rows(start, end)) seen.push(row['x'] as number)
      if (seen.length === 241) return
    }
  })()
  for (let round = 0; round < 24; round++) {
    for (let i = 0; i < 10; i++) table.push({ x: table.length, text: `a text that is longer than a view ${i}` })
    if (round % 3 === 0) await store.compact()
    else await store.commit()
    if (round % 4 === 0) table.set(0, { text: `a first text that is longer than a view ${round}` })
    await new Promise((done) => setImmediate(done))
  }
  await store.compact()
  const newest = store.commitId
  await following
  t.deepEqual(
    seen,
    Array.from({ length: 241 }, (_, i) => i),
  )
  while (told.at(-1) !== newest) await new Promise((done) => setImmediate(done))
  for (const ids of [told, own]) {
    t.deepEqual(
      ids,
      Array.from({ length: newest - 1 }, (_, i) => i + 2),
    )
  }
  abort.abort()
  reader.close()
  store.close()
})

test('who waits for the lock gets that of the compacted file', async (t) => {
  const path = storePath(t)
  const store = open(path)
  store.array('a', u32).push(1)
  const waiting = openAsync(path, { wait: 60_000 })
  for (let round = 0; round < 5; round++) await store.compact()
  throwsCode(t, () => open(path), 'ERR_STOA_LOCKED')
  store.array('a', u32).push(2)
  store.close()
  const next = await waiting
  t.deepEqual([...next.array('a', u32)], [1, 2])
  next.close()
})

test('a store that cannot be compacted says why, and nothing was changed', async (t) => {
  const path = storePath(t)
  const store = open(path)
  store.array('a', u32).push(1)
  store.commitSync()
  const reader = open(path, { access: 'read' })
  await rejectsCode(t, () => reader.compact(), 'ERR_STOA_READONLY')
  let inside: Promise<void> | undefined
  store.transactionSync(() => {
    inside = store.compact()
  })
  await rejectsCode(t, () => inside as Promise<void>, 'ERR_STOA_UNSUPPORTED')
  linkSync(path, `${path}.other`)
  const { message } = await rejectsCode(t, () => store.compact(), 'ERR_STOA_UNSUPPORTED')
  t.regex(message, /hard links/)
  unlinkSync(`${path}.other`)
  const compacted = store.compact()
  store.close()
  await rejectsCode(t, () => compacted, 'ERR_STOA_CLOSED')
  await rejectsCode(t, () => store.compact(), 'ERR_STOA_CLOSED')
  const live = open(path, { live: true })
  const refused = await rejectsCode(t, () => live.compact(), 'ERR_STOA_UNSUPPORTED')
  t.regex(refused.message, /live/)
  t.deepEqual([...live.array('a', u32)], [1])
  live.close()
  reader.close()
  t.deepEqual(files(path), [path.slice(dirname(path).length + 1)])
})

test('a link stays a link, and the file keeps its permissions', async (t) => {
  const path = storePath(t)
  const store = open(path, { mode: 0o640 })
  store.close()
  const link = join(dirname(path), 'link')
  symlinkSync(path, link)
  const linked = open(link)
  linked.array('a', u32).push(1)
  const { ino, mode } = statSync(path)
  await linked.compact()
  t.not(statSync(path).ino, ino)
  t.is(statSync(link).ino, statSync(path).ino)
  t.is(statSync(path).mode, mode)
  linked.close()
})

test('a backup and a check that run beside are of one commit, and right', async (t) => {
  const path = storePath(t)
  const store = open(path)
  fill(store)
  const before = contents(store)
  const target = `${path}.backup`
  const [report] = await Promise.all([store.verify(), store.backup(target), store.compact(), store.compact()])
  t.true(report.ok)
  t.is(contents(store), before)
  const copy = open(target)
  t.is(contents(copy), before)
  t.true((await copy.verify()).ok)
  copy.close()
  store.close()
})

const withDisk = needing('small disks (root, or `unshare -rm npm test`)', canMount(), test.serial)

withDisk('on a disk without room for both files it is NO_SPACE, nothing is left, and the store goes on', async (t) => {
  const folder = smallDisk(t, 16)
  const path = join(folder, 'small.stoa')
  const store = open(path)
  const numbers = store.array('numbers', f64)
  numbers.append(new Float64Array(1e6).fill(3))
  store.commitSync()
  await rejectsCode(t, () => store.compact(), 'ERR_STOA_NO_SPACE')
  t.deepEqual(readdirSync(folder), ['small.stoa'])
  t.is(numbers.sum(), 3e6)
  numbers.truncate(1e5)
  await store.compact()
  t.true(store.byteLength < 2 ** 21)
  t.is(numbers.sum(), 3e5)
  store.close()
  t.is(open(path).array('numbers', f64).length, 1e5)
})

const VICTIM = `
  const store = stoa.open(argv[0])
  const words = store.array('words', stoa.utf8)
  const numbers = store.array('numbers', stoa.u32)
  for (let round = numbers.at(-1) + 1; ; round++) {
    for (let i = 0; i < 2000; i++) words.set(i, 'a word of round ' + round + ' that is longer than a view ' + i)
    numbers.push(round)
    console.log(store.commitSync() + ' ' + round)
    await store.compact()
    console.log(store.commitId + ' ' + round)
  }
`

test('a kill in the middle leaves the newest commit, in the old file or the new one', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  const first = open(path)
  first.array('numbers', u32).push(0)
  for (let i = 0; i < 2000; i++) first.array('words', utf8).push(`a word of round 0 that is longer than a view ${i}`)
  first.close()
  for (let kill = 0; kill < 8; kill++) {
    const victim = startScript(VICTIM, [path])
    const lines = 2 + random.below(6)
    let told = ''
    for (let line = 0; line < lines; line++) told = await victim.line()
    // Somewhere in what follows the line.
    for (let turn = random.below(40); turn > 0; turn--) await new Promise((done) => setImmediate(done))
    await victim.kill()
    const store = open(path)
    const [commitId, round] = told.split(' ').map(Number) as [number, number]
    t.true(store.commitId >= commitId)
    const last = store.array('numbers', u32).at(-1) as number
    t.true(last >= round)
    for (const [i, word] of [...store.array('words', utf8)].entries()) {
      if (word !== `a word of round ${last} that is longer than a view ${i}`) t.is(word, `of round ${last}, ${i}`)
    }
    t.true((await store.verify()).ok)
    store.close()
    t.deepEqual(files(path), [path.slice(dirname(path).length + 1)])
  }
})
