// The checks of the Python reader: `npm run test:python -- [arguments for pytest]`: lint, types, tests. With `--spark`, as
// `npm run test:spark` has it, the tests of engines alone, on Apache Spark too.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { pythonEnvironment } from '../__test__/support/python.ts'

const rest = process.argv.slice(2)
const spark = rest[0] === '--spark'
const folder = fileURLToPath(new URL('../python', import.meta.url))
const started = performance.now()
const environment = pythonEnvironment({ spark })

if ('reason' in environment) {
  const isCI = process.env['CI'] === 'true'
  console.error(`${isCI ? 'FAILED' : 'SKIPPED'}: the tests of the Python reader: ${environment.reason}`)
  process.exit(isCI ? 1 : 0)
}
console.log(`Python's packages are there after ${((performance.now() - started) / 1000).toFixed(1)} s`)

function run(...args: readonly string[]): void {
  const { python } = environment as { python: string }
  const env = { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1', ...(spark && { STOA_SPARK: '1' }) }
  const { status, error } = spawnSync(python, ['-m', ...args], { cwd: folder, stdio: 'inherit', env })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

if (spark) run('pytest', 'tests/test_engines.py', ...rest.slice(1))
else {
  run('ruff', 'format', '--check')
  run('ruff', 'check')
  run('mypy')
  run('pytest', ...rest)
}
