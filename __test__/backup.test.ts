// Goal: a backup is one commit of the store, whole, whatever the writer does meanwhile; or there is none, and nothing is
// left behind.
// Method: real files. A writer commits all the time and keeps a digest of each commit; what is backed up must have that
// of its own. Full disks, kills in the middle, names that are taken.
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import { f64, nullable, open, type StoaError, type Store, symbol, u32, utf8 } from '../src/index.ts'
import { startScript } from './support/child.ts'
import { directory, storePath } from './support/directory.ts'
import { canMount, smallDisk } from './support/disk.ts'
import { rejectsCode } from './support/errors.ts'
import { needing } from './support/needs.ts'
import { Random } from './support/seed.ts'

const schema = { id: u32, amount: f64, sym: symbol, note: nullable(utf8) }

/** All rows and elements, in few bytes. */
function digest(store: Store): string {
  const hash = createHash('sha256')
  const table = store.table('ledger', schema)
  hash.update(JSON.stringify([...table]))
  hash.update(JSON.stringify([...store.array('marks', u32)]))
  return hash.digest('hex')
}

/** Changes rows in place, adds and removes some, and commits. */
async function change(store: Store, random: Random): Promise<void> {
  const table = store.table('ledger', schema)
  const count = 1 + random.below(300)
  for (let i = 0; i < count; i++) {
    const note = random.below(3) === 0 ? null : `note ${random.below(1e9)} that is longer than a view`
    table.push({ id: i, amount: random.below(1e6), sym: `S${random.below(300)}`, note })
  }
  const { amount } = table.arrays
  for (let i = 0; i < 200; i++) amount[random.below(amount.length)] = random.below(1e6)
  if (random.below(10) === 0) table.truncate(table.length - random.below(table.length >> 1))
  store.array('marks', u32).push(random.below(1e6))
  await store.commit()
}

async function isGood(path: string): Promise<boolean> {
  const copy = open(path, { create: false })
  const { problems } = await copy.verify()
  copy.close()
  return problems.length === 0
}

for (const from of ['writer', 'reader'] as const) {
  test(`a backup by a ${from} has the rows of one commit while the writer commits all the time`, async (t) => {
    const random = Random.of(t)
    const path = storePath(t)
    const store = open(path)
    const digests = new Map<number, string>()
    const work = async (): Promise<void> => {
      await change(store, random)
      digests.set(store.commitId, digest(store))
    }
    await work()
    const reader = open(path, { access: 'read' })
    const writer = { isOver: false }
    const working = (async () => {
      while (!writer.isOver) await work()
    })()
    try {
      for (let round = 0; round < 8; round++) {
        const target = join(dirname(path), `${round}.backup`)
        await (from === 'writer' ? store : reader).backup(target)
        const copy = open(target)
        // In Deno a backup can be over before those who wait for its commit are told of it.
        while (!digests.has(copy.commitId)) await new Promise(setImmediate)
        t.is(digest(copy), digests.get(copy.commitId) as string, `commit ${copy.commitId}`)
        t.deepEqual((await copy.verify()).problems, [])
        copy.table('ledger').clear()
        copy.close()
      }
    } finally {
      writer.isOver = true
      await working
    }
    reader.close()
    store.close()
    t.true(await isGood(path))
  })
}

test('a backup has what was committed and nothing else, opens at once, and has the permissions of the store', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', { x: f64 })
  table.append({ x: new Float64Array(100_000).fill(1) })
  const commitId = await store.commit()
  chmodSync(path, 0o640)
  table.arrays.x[0] = 2
  table.push({ x: 3 })
  const target = join(dirname(path), 'copy.stoa')
  await store.backup(pathToFileURL(target))
  t.is(statSync(target).mode & 0o777, 0o640)
  t.deepEqual(readdirSync(dirname(path)).toSorted(), ['copy.stoa', 'test.stoa'])
  const copy = open(target)
  t.deepEqual([copy.commitId, copy.table('t').length, copy.table('t').at(0)], [commitId, 100_000, { x: 1 }])
  copy.table('t', { x: f64 }).push({ x: 9 })
  copy.close()
  t.is(table.length, 100_001)
  store.close()
})

test('a reader backs up what a killed writer left half-way', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', { x: f64 })
  table.append({ x: new Float64Array(5000).fill(1) })
  store.commitSync()
  table.arrays.x.fill(2)
  store.commitSync()
  // What a kill leaves: the log, and no orderly close.
  const left = storePath(t, 'left.stoa')
  writeFileSync(left, readFileSync(path))
  store.close()
  const reader = open(left, { access: 'read' })
  const target = join(dirname(left), 'copy.stoa')
  await reader.backup(target)
  t.is(reader.table('t', { x: f64 }).sum('x'), 10_000)
  reader.close()
  const copy = open(target)
  t.is(copy.table('t', { x: f64 }).sum('x'), 10_000)
  t.true((await copy.verify()).ok)
  copy.close()
})

test('a name that is taken is refused before anything is copied, and what has it is untouched', async (t) => {
  const path = storePath(t)
  const store = open(path)
  store.table('t', { x: f64 }).push({ x: 1 })
  await store.commit()
  const target = join(dirname(path), 'taken')
  writeFileSync(target, 'something of value')
  mkdirSync(join(dirname(path), 'folder'))
  for (const taken of [target, path, join(dirname(path), 'folder')]) {
    const error = await rejectsCode(t, () => store.backup(taken), 'ERR_STOA_IO')
    t.is(error.errno, 17)
    t.true(error.message.includes(taken), error.message)
  }
  t.is(readFileSync(target, 'utf8'), 'something of value')
  await rejectsCode(t, () => store.backup(join(dirname(path), 'missing', 'x')), 'ERR_STOA_NOT_FOUND')
  await t.throwsAsync(() => store.backup(''), { instanceOf: TypeError })
  await t.throwsAsync(() => store.backup(5 as never), { instanceOf: TypeError })
  t.deepEqual(readdirSync(dirname(path)).toSorted(), ['folder', 'taken', 'test.stoa'])
  store.close()
  await rejectsCode(t, () => store.backup(join(dirname(path), 'late')), 'ERR_STOA_CLOSED')
})

test('two backups to one name at once are one', async (t) => {
  const path = storePath(t)
  const store = open(path)
  store.table('t', { x: f64 }).append({ x: new Float64Array(100_000).fill(1) })
  await store.commit()
  const target = join(dirname(path), 'copy.stoa')
  const done = await Promise.allSettled([store.backup(target), store.backup(target), store.backup(target)])
  t.is(done.filter(({ status }) => status === 'fulfilled').length, 1)
  t.true(await isGood(target))
  t.deepEqual(readdirSync(dirname(path)).toSorted(), ['copy.stoa', 'test.stoa'])
  store.close()
})

test('a store that is closed under a backup leaves a whole one or none', async (t) => {
  const path = storePath(t)
  const target = join(dirname(path), 'copy.stoa')
  const store = open(path)
  store.table('t', { x: f64 }).append({ x: new Float64Array(1_000_000).fill(1) })
  await store.commit()
  const backup = store.backup(target)
  store.close()
  try {
    await backup
    t.true(await isGood(target))
  } catch (error) {
    t.is((error as StoaError).code, 'ERR_STOA_CLOSED')
    t.deepEqual(readdirSync(dirname(path)), ['test.stoa'])
  }
  t.true(await isGood(path))
})

test('a live store is not backed up, by whoever has it open', async (t) => {
  const path = storePath(t)
  const store = open(path, { live: true })
  store.table('t', { x: f64 }).push({ x: 1 })
  const reader = open(path, { access: 'read' })
  for (const it of [store, reader]) {
    await rejectsCode(t, () => it.backup(join(dirname(path), 'copy')), 'ERR_STOA_UNSUPPORTED')
  }
  t.false(existsSync(join(dirname(path), 'copy')))
  reader.close()
  store.close()
})

const withDisk = needing('small disks (root, or `unshare -rm npm test`)', canMount(), test.serial)

withDisk('on a full disk a backup is NO_SPACE, leaves nothing behind, and the store goes on', async (t) => {
  const folder = smallDisk(t, 8)
  const path = storePath(t)
  const store = open(path)
  const table = store.table('t', { x: f64 })
  table.append({ x: new Float64Array(1_500_000).fill(1) })
  await store.commit()
  const { bavail } = statfsSync(folder)
  await rejectsCode(t, () => store.backup(join(folder, 'copy')), 'ERR_STOA_NO_SPACE')
  t.deepEqual(readdirSync(folder), [])
  t.is(statfsSync(folder).bavail, bavail)
  table.push({ x: 2 })
  await store.commit()
  t.true((await store.verify()).ok)
  const target = join(dirname(path), 'copy')
  await store.backup(target)
  t.true(await isGood(target))
  store.close()
})

test('a process that is killed while it makes backups leaves whole ones and no others', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  const store = open(path)
  store.table('t', { x: f64 }).append({ x: new Float64Array(100_000).fill(1) })
  store.close()
  const folder = directory(t)
  const script = `
    const store = stoa.open(argv[0])
    const table = store.table('t')
    for (let i = 0; ; i++) {
      console.log('next')
      table.push({ x: i })
      void store.commit()
      await store.backup(argv[1] + '/' + process.pid + '-' + i)
    }`
  for (let round = 0; round < 3; round++) {
    const child = startScript(script, [path, folder])
    for (let lines = 2 + random.below(6); lines > 0; lines--) await child.line()
    await child.kill()
  }
  const copies = readdirSync(folder)
  // Where a file cannot be without a name, a kill leaves one that nothing opens.
  for (const name of copies.filter((it) => !it.startsWith('.'))) t.true(await isGood(join(folder, name)), name)
  t.true(copies.length > 0)
  t.true(await isGood(path))
})
