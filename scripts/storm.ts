// The long tests: many power cuts in the simulation, many kills of a real process. `npm run storm -- --help`.
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

const help = `npm run storm -- [--cuts N] [--kills N] [--seed N]

  --cuts N    power cuts of the simulated disk (default 50000; 0 leaves them out)
  --kills N   kills of a real process (default 1000; 0 leaves them out)
  --seed N    runs the one storm with this seed, as a failure names it`

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '50000' },
    kills: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}
for (const [name, value] of Object.entries({ cuts: values.cuts, kills: values.kills, seed: values.seed ?? '0' })) {
  if (/^\d+$/.test(value)) continue
  console.error(`--${name} takes a whole number, found '${value}'\n\n${help}`)
  process.exit(2)
}

function run(command: string, args: string[], environment: Record<string, string>): void {
  const seed = values.seed === undefined ? {} : { STOA_SEED: values.seed }
  const { status, error } = spawnSync(command, args, {
    stdio: 'inherit',
    env: { ...process.env, ...seed, ...environment },
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

if (values.cuts !== '0') {
  const args = ['test', '--locked', '--release', '-p', 'stoa-core', '--test', 'crash', '--', '--nocapture']
  run('cargo', args, { STOA_CUTS: values.cuts })
}
if (values.kills !== '0') {
  run('npm', ['run', '--silent', 'build'], {})
  run(process.execPath, [...process.execArgv, '__test__/storm-kill.ts'], { STOA_KILLS: values.kills })
}
