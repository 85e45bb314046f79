// The long tests: many power cuts in the simulation, many kills of a real process. `npm run storm -- --help`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const help = `npm run storm -- [--cuts N] [--kills N] [--only NAME [--seed N]]

  --cuts N      power cuts of the simulated disk (default 50000; 0 leaves them out)
  --kills N     kills of a real process (default 1000; 0 leaves them out)
  --only NAME   one storm: 'kills', or a test of crates/core/tests, crash.rs or live.rs
  --seed N      runs that one with the seed that a failure named. A storm of cuts has many seeds and then runs
                this one alone; a storm of kills has one, and needs the number of kills that it failed with

A storm of cuts ends within a minute. A kill takes a second, nearly all of it the start of Node.`

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '1000' },
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
for (const [name, value] of Object.entries({ cuts: values.cuts, kills: values.kills, seed: seed ?? '0' })) {
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

if (values.cuts !== '0' && only !== 'kills') {
  const args = [
    'test',
    '--locked',
    '--release',
    '-p',
    'stoa-core',
    '--test',
    'crash',
    '--test',
    'live',
    '--',
    '--nocapture',
  ]
  if (only !== undefined) {
    // A name that no test has would run none, and pass.
    const known = spawnSync('cargo', [...args, '--list'], { encoding: 'utf8' }).stdout
    if (!known.split('\n').includes(`${only}: test`)) wrong(`no storm has the name '${only}'`)
    args.push('--exact', only)
  }
  run('cargo', args, { STOA_CUTS: values.cuts })
}
if (values.kills !== '0' && (only === undefined || only === 'kills')) {
  run('npm', ['run', '--silent', 'build'], {})
  run(process.execPath, [...process.execArgv, '__test__/storm-kill.ts'], { STOA_KILLS: values.kills })
}
