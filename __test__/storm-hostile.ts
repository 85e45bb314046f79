// Many hostile files through all verbs: STOA_FILES (default 2000) and STOA_SEED from the environment. Exits with 1 when a
// call gives anything but a value or a StoaError, or a process ends, hangs or takes too much memory. Such files are kept.
// With STOA_CORPUS=1 a file of each kind of answer becomes the corpus of the tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Specimen, writeCorpus } from './support/corpus.ts'
import { meetHostileFiles, type Outcome } from './support/hostile.ts'

const files = Number(process.env['STOA_FILES'] ?? 2000)
const seed = Number(process.env['STOA_SEED'] ?? (Math.random() * 2 ** 32) >>> 0)
/** Files longer than the good ones are mostly zeros. */
const SPECIMEN_BYTES_MAX = 4 * 2 ** 20
const SPECIMENS_MAX = 60

const folder = mkdtempSync(join(tmpdir(), 'stoa-hostile-'))
const kept = join(tmpdir(), `stoa-hostile-found-${seed}`)
const specimens: Specimen[] = []
const known = new Set<string>()

/** Keeps a file of which something was said for the first time. */
function collect(bytes: Buffer, { opens, messages }: Outcome): void {
  const isNew = messages.filter((message) => !known.has(message)).length > 0
  for (const message of messages) known.add(message)
  if (!isNew || bytes.length > SPECIMEN_BYTES_MAX || specimens.length >= SPECIMENS_MAX) return
  specimens.push({ bytes, opens })
}

console.log(`STOA_FILES=${files} STOA_SEED=${seed}`)
try {
  const { outcomes, faults } = await meetHostileFiles(folder, files, seed, kept, (line) => console.log(line), collect)
  const ends = Object.entries(outcomes).toSorted(([, a], [, b]) => b - a)
  console.log(`${files} files, ${faults.length} faults; ${ends.map(([name, count]) => `${name} ${count}`).join(', ')}`)
  console.log(`${known.size} different messages`)
  if (process.env['STOA_CORPUS'] === '1') {
    console.log(`${specimens.length} files in the corpus, ${writeCorpus(specimens)} bytes`)
  }
  if (faults.length > 0) {
    console.error(`the files are in ${kept}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
