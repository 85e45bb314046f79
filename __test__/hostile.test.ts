// Goal: whatever a file holds, opening it, reading and changing it by every verb gives a value or a StoaError: the process
// neither ends, nor hangs, nor takes memory without end.
// Method: files with changed numbers, names, metadata, labels, texts and places, most of them with right checksums, are
// opened for reading, writing and live in a process of its own; a reader also sees the file change under its hands. Here a
// corpus and a few by chance; many are `npm run storm -- --only hostile`.
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { open } from '../src/index.ts'
import { readCorpus } from './support/corpus.ts'
import { directory } from './support/directory.ts'
import { goodStores, seal } from './support/hostile-file.ts'
import { meetHostileFiles, Victim } from './support/hostile.ts'
import { Random } from './support/seed.ts'

const FILES = 25

test('a file of the corpus is opened or refused as it was when it was found, and ends no process', async (t) => {
  t.timeout(600_000)
  const folder = directory(t)
  const victim = new Victim()
  t.teardown(() => victim.end())
  const file = join(folder, 'file')
  const corpus = readCorpus()
  t.true(corpus.length > 20)
  for (const [at, { bytes, opens }] of corpus.entries()) {
    writeFileSync(file, bytes)
    const outcome = await victim.meet(file, file)
    t.deepEqual(outcome.faults, [], `file ${at}`)
    t.deepEqual(outcome.opens, opens, `file ${at}`)
  }
})

test('a file that was changed by chance gives values and typed errors, and ends no process', async (t) => {
  t.timeout(600_000)
  const { seed } = Random.of(t)
  const folder = directory(t)
  const report = await meetHostileFiles(folder, FILES, seed, join(folder, 'kept'), (line) => t.log(line))
  t.log(JSON.stringify(report.outcomes))
  t.deepEqual(report.faults, [])
})

test('the checksums that these tests make are those of the store', (t) => {
  const folder = directory(t)
  for (const good of goodStores(folder)) {
    const sealed = Buffer.from(good)
    seal(sealed)
    t.true(sealed.equals(good))
  }
})

test('a reader goes on at once however many commits a file claims, and tells its listeners of the newest', async (t) => {
  const folder = directory(t)
  const [closed] = goodStores(folder) as [Buffer]
  const path = join(folder, 'claims')
  for (const commit of [2n ** 40n, 2n ** 53n, 2n ** 60n]) {
    writeFileSync(path, closed)
    const reader = open(path, { access: 'read' })
    const told: number[] = []
    reader.on('commit', (id) => told.push(id))
    // Byte 24 of a header, and the first of the published block: docs/format.md.
    for (const at of [4096 + 24, 65_536 + 4096 + 24, 131_136]) closed.writeBigUInt64LE(commit, at)
    closed.writeBigUInt64LE(2n * commit, 131_072)
    // The boot that counts.
    closed.writeBigUInt64LE(closed.readBigUInt64LE(131_136 + 8) + 2n, 131_136 + 8)
    for (const slot of [4096, 65_536 + 4096]) {
      closed.writeBigUInt64LE(closed.readBigUInt64LE(slot + 16) + 2n, slot + 16)
    }
    seal(closed)
    const fd = openSync(path, 'r+')
    writeSync(fd, closed, 0, closed.length, 0)
    closeSync(fd)
    t.true(reader.refresh())
    t.is(reader.commitId, Number(commit))
    t.is(told.at(-1), Number(commit))
    t.true(told.length < 100_000, `${told.length} were told`)
    reader.close()
  }
})
