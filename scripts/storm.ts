// The long tests: many power cuts in the simulation and of a real file system, all cuts of short workloads, many kills of a
// real process, every system call of it failing once, many readers of one. `npm run storm -- --help`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const help = `npm run storm -- [--cuts N] [--kills N] [--seconds N] [--readers N] [--only NAME [--seed N]]

  --cuts N      power cuts of the simulated disk (default 50000; 0 leaves them out)
  --operations N  of a simulated disk, all workloads of up to so many, each cut everywhere (default 2, a minute; 3 takes an
                hour; 0 leaves them out)
  --deep N      of workloads of up to so many, each operation of the recoveries is cut, too (default 1)
  --kills N     kills of a real process (default 1000; 0 leaves them out)
  --seconds N   time beside readers, in processes and again in threads (default 60; 0 leaves them out)
  --readers N   how many readers (default 8), beside one writer and one that follows
  --disk-cuts N power cuts of a real ext4 (default 1000; 0 leaves them out); takes root, FUSE and loop devices
  --every N     of all places at which a system call can fail, each N-th (default 50; 1: an hour; 0 leaves them out);
                takes strace
  --place TEXT  one of them, as 'sync fdatasync EIO 3'
  --files N     hostile files through all verbs (default 1000; 0 leaves them out)
  --ends N      threads that are terminated in the middle of a commit, and again of a live store (default 100; 0: none)
  --only NAME   one storm: 'exhaustive', 'kills', 'readers', 'power', 'sweep', 'hostile', 'ends', or a test of crash.rs,
                readers.rs or live.rs in crates/core/tests
  --seed N      runs that one with the seed that a failure named. A storm of cuts has many seeds and then runs
                this one alone; a storm of kills has one, and needs the number of kills that it failed with

A storm of cuts ends within a minute. A kill takes a second, nearly all of it the start of Node.`

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '50000' },
    operations: { type: 'string', default: '2' },
    deep: { type: 'string', default: '1' },
    kills: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    readers: { type: 'string', default: '8' },
    'disk-cuts': { type: 'string', default: '1000' },
    every: { type: 'string', default: '50' },
    files: { type: 'string', default: '1000' },
    ends: { type: 'string', default: '100' },
    place: { type: 'string', default: '' },
    only: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const { only, seed } = values
const { cuts, operations, deep, kills, seconds, readers, every, files, ends, place, 'disk-cuts': diskCuts } = values
const numbers = {
  cuts,
  operations,
  deep,
  kills,
  seconds,
  readers,
  every,
  files,
  ends,
  'disk-cuts': diskCuts,
  seed: seed ?? '0',
}
for (const [name, value] of Object.entries(numbers)) {
  if (!/^\d+$/.test(value)) wrong(`--${name} takes a whole number, found '${value}'`)
}
if (seed !== undefined && only === undefined) wrong('--seed belongs to one storm: name it with --only')

function wrong(message: string): never {
  console.error(`${message}\n\n${help}`)
  process.exit(2)
}

function run(command: string, args: string[], environment: Record<string, string>): void {
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...(seed === undefined ? {} : { STOA_SEED: seed }), ...environment },
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

const SCRIPTS = ['exhaustive', 'kills', 'readers', 'power', 'sweep', 'hostile', 'ends']

if (cuts !== '0' && !SCRIPTS.includes(only ?? '')) {
  const files = ['crash', 'readers', 'live'].flatMap((name) => ['--test', name])
  const args = ['test', '--locked', '--release', '-p', 'stoa-core', ...files]
  const tests = ['--nocapture']
  if (only !== undefined) {
    // A name that no test has would run none, and pass.
    const known = spawnSync('cargo', [...args, '--', '--list'], { encoding: 'utf8' }).stdout
    if (!known.split('\n').includes(`${only}: test`)) wrong(`no storm has the name '${only}'`)
    tests.push('--exact', only)
  }
  run('cargo', [...args, '--', ...tests], { STOA_CUTS: cuts })
}
const isRun = (name: string, amount: string): boolean => amount !== '0' && (only === undefined || only === name)
const runScript = (file: string, environment: Record<string, string>): void => {
  run('npm', ['run', '--silent', 'build'], {})
  run(process.execPath, [...process.execArgv, `__test__/${file}.ts`], environment)
}
if (isRun('exhaustive', operations)) {
  const args = ['test', '--locked', '--release', '-p', 'stoa-core', '--test', 'exhaustive']
  run('cargo', [...args, '--', '--nocapture'], { STOA_OPERATIONS: operations, STOA_DEEP: deep })
}
if (isRun('kills', kills)) runScript('storm-kill', { STOA_KILLS: kills })
if (isRun('readers', seconds)) runScript('storm-readers', { STOA_SECONDS: seconds, STOA_READERS: readers })
if (isRun('power', diskCuts)) runScript('storm-power', { STOA_DISK_CUTS: diskCuts })
if (isRun('sweep', every)) runScript('storm-sweep', { STOA_EVERY: place === '' ? every : '1', STOA_SWEEP: place })
if (isRun('hostile', files)) runScript('storm-hostile', { STOA_FILES: files })
if (isRun('ends', ends)) {
  run('npm', ['run', '--silent', 'build'], {})
  run('npx', ['ava', '--timeout=1h', '__test__/endings.test.ts'], { STOA_ENDS: ends })
}
