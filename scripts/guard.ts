// Holds the instructions of the core's paths to those that are kept here: `npm run guard`. Instructions, unlike times, are
// the same on a busy machine. `npm run guard -- --update` keeps what it finds.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const KEPT = new URL('guard.json', import.meta.url)
/** Compilers differ by a few hundredths, and the kernel answers in more or fewer pieces. */
const TOLERANCE = 0.1

/** Repeats of the shorter run and of the longer one: what lies between them is the path alone. */
const PATHS: Record<string, readonly [number, number]> = {
  commit: [20, 120],
  scattered: [10, 60],
  push: [4, 24],
  open: [10, 60],
}

function run(program: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (error) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`)
  return stdout + stderr
}

/** The instructions that one process executes outside of the kernel. */
function countInstructions(path: string, repeats: number): number {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-guard-'))
  try {
    const output = run('valgrind', [
      '--tool=callgrind',
      `--callgrind-out-file=${join(folder, 'callgrind.out')}`,
      'target/release/examples/guard',
      path,
      String(repeats),
      folder,
    ])
    const counted = /Collected : (\d+)/.exec(output)?.[1]
    if (counted === undefined) throw new Error(`callgrind counted nothing: ${output}`)
    return Number(counted)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function instructionsOf(path: string): number {
  const [few, many] = PATHS[path]!
  return Math.round((countInstructions(path, many) - countInstructions(path, few)) / (many - few))
}

if (spawnSync('valgrind', ['--version']).status !== 0) {
  console.warn('SKIPPED: the instructions of the core are counted by valgrind (Debian: valgrind), which is not there')
  process.exit(process.env['CI'] === 'true' ? 1 : 0)
}
const isUpdate = process.argv.includes('--update')
// The numbers are those of this architecture and of optimised code.
if (process.arch !== 'x64' || process.platform !== 'linux') {
  console.warn('SKIPPED: the kept counts of instructions are those of Linux on x64')
  process.exit()
}
run('cargo', ['build', '--release', '--locked', '--quiet', '-p', 'stoa-core', '--example', 'guard'])
const kept = JSON.parse(readFileSync(KEPT, 'utf8')) as Record<string, number>
const found = Object.fromEntries(Object.keys(PATHS).map((path) => [path, instructionsOf(path)]))
let failed = 0
for (const [path, count] of Object.entries(found)) {
  const before = kept[path] ?? NaN
  const change = count / before - 1
  const isMore = !(change <= TOLERANCE)
  if (isMore) failed += 1
  const percent = `${change >= 0 ? '+' : ''}${(change * 100).toFixed(1)} %`
  const verdict = isMore ? 'MORE THAN ALLOWED' : change < -TOLERANCE ? 'less: keep it with --update' : 'ok'
  console.log(`${path}: ${count} instructions, ${before} kept, ${percent}: ${verdict}`)
}
if (isUpdate) {
  writeFileSync(KEPT, `${JSON.stringify(found, null, 2)}\n`)
  console.log('kept')
} else if (failed > 0) {
  console.error(
    `${failed} of the core's paths take over ${TOLERANCE * 100} % more instructions than scripts/guard.json keeps`,
  )
  console.error('find out why, or keep the new counts with npm run guard -- --update and say why in the commit')
  process.exitCode = 1
}
