// Goal: whatever a file holds, opening it, reading and changing it by every verb gives a value or a StoaError: the process
// neither ends, nor hangs, nor takes memory without end.
// Method: files with changed numbers, names, metadata, labels, texts and places, most of them with right checksums, are
// opened for reading, writing and live in a process of its own; a reader also sees the file change under its hands. Here a
// corpus and a few by chance; many are `npm run storm -- --only hostile`.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
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
