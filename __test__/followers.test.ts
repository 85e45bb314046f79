// Goal: readers and followers in other processes and threads see every commit whole, each row once and in order, whoever
// is killed; nobody has to be opened again, and nothing is left to clean up.
// Method: a writer process that keeps invariants, killed with SIGKILL again and again; a reader here and one that follows
// elsewhere stay open all the time; new readers open right after each kill, before the next writer.
import { copyFileSync } from 'node:fs'
import test from 'ava'
import { open } from '../src/index.ts'
import { Child, typescript } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { Ledger } from './support/ledger.ts'
import { Random } from './support/seed.ts'

const script = (name: string, ...args: string[]): Child =>
  new Child(process.execPath, [...typescript, new URL(`support/${name}.ts`, import.meta.url).pathname, ...args])

/** `STOA_KILLS` makes it longer. */
const KILLS = Number(process.env['STOA_KILLS'] ?? 12)

test(`readers and a follower outlive ${KILLS} kills of the writer, and see every row once`, async (t) => {
  t.timeout(300_000)
  const path = storePath(t)
  const random = Random.of(t)
  Ledger.open(path).store.close()
  const follower = script('ledger-follower', path)
  t.is(await follower.line(), 'open')
  const steady = new Ledger(open(path, { access: 'read' }))
  // The same here, without a process of its own.
  const following = steady.log.follow({ from: 0 })
  let followed = 0
  const follow = async (rows: number): Promise<void> => {
    while (followed < rows) {
      const { value } = await following.next()
      t.is(value?.start, followed)
      followed = value?.end as number
    }
  }
  let rows = 0
  let unfinished = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const writer = script('ledger-writer', path, '0', String(random.below(2 ** 32)))
    // Some die while they recover what the one before left.
    await writer.until(random.below(4) === 0 ? 'opening' : 'open')
    // A moment somewhere in a commit: so many turns of this loop after the writer began.
    for (let turn = random.below(1500); turn >= 0; turn--) {
      steady.store.refresh()
      await new Promise(setImmediate)
    }
    await writer.kill()
    t.is(writer.stderr, '')
    // What the file is by now must be the same to all, with and without recovery.
    const copy = `${path}.copy`
    copyFileSync(path, copy)
    const late = new Ledger(open(path, { access: 'read' }))
    for (const [name, ledger] of Object.entries({ steady, late })) {
      t.deepEqual(
        ledger.store.snapshot(() => ledger.faults()),
        [],
        `${name} after kill ${kill}`,
      )
      t.true(ledger.log.length >= rows, `${name} after kill ${kill}: ${ledger.log.length} rows after ${rows}`)
    }
    t.is(late.store.commitId, steady.store.commitId)
    const recovered = new Ledger(open(copy))
    t.deepEqual(recovered.faults(), [])
    // The record of a commit under way may be whole: then it counts for who recovers, and is told to nobody yet.
    t.true(recovered.store.commitId >= late.store.commitId, `${recovered.store.commitId}, ${late.store.commitId}`)
    if (recovered.store.commitId > late.store.commitId) unfinished++
    recovered.store.close()
    rows = late.log.length
    late.store.close()
    await follow(random.below(rows + 1))
  }
  const last = Ledger.open(path)
  const { length } = last.log
  last.store.close()
  await follower.say(String(length))
  t.regex(await follower.line(), new RegExp(`^${length} rows in \\d+ ranges$`))
  t.log(`${KILLS} kills, ${unfinished} with a commit that nobody had seen, ${length} rows`)
  await follow(length)
  steady.store.close()
})

test('readers that are killed leave the writer, and each other, alone', async (t) => {
  t.timeout(120_000)
  const path = storePath(t)
  const { seed } = Random.of(t)
  const writer = script('ledger-writer', path, '1', String(seed))
  await writer.until('open')
  const survivor = script('ledger-follower', path)
  t.is(await survivor.line(), 'open')
  for (let count = 0; count < 4; count++) {
    const victim = script('ledger-follower', path)
    t.is(await victim.line(), 'open')
    await victim.kill()
  }
  await writer.say('stop')
  const rows = await writer.line()
  await survivor.say(rows)
  t.regex(await survivor.line(), new RegExp(`^${rows} rows in`))
  Ledger.open(path).store.close()
})
