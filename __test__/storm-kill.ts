// The storm of kills, longer than in the tests: STOA_KILLS (default 200) and STOA_SEED from the environment. Exits with 1
// when a kill leaves anything but the last commit or one in flight.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { storm } from './support/storm.ts'

const kills = Number(process.env['STOA_KILLS'] ?? 200)
const seed = Number(process.env['STOA_SEED'] ?? (Math.random() * 2 ** 32) >>> 0)
const folder = mkdtempSync(join(tmpdir(), 'stoa-storm-'))
console.log(`STOA_KILLS=${kills} STOA_SEED=${seed}`)
try {
  const report = await storm(join(folder, 'storm.stoa'), kills, seed)
  console.log(
    `${report.kills} kills, ${report.commits} commits, ${report.inFlight} found a commit in flight: all whole`,
  )
} catch (error) {
  console.error(`again: npm run storm -- --only kills --kills ${kills} --seed ${seed}`)
  throw error
} finally {
  rmSync(folder, { recursive: true, force: true })
}
