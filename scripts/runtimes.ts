// The tests of JavaScript in every runtime: `npm run test:runtimes -- [options] [test files]`; `--help` tells them. The
// runtimes come from npm, of the versions below, into a folder of the user's cache.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readTap } from './runtimes/tap.ts'

const { platform, arch } = process
const HOST = `${platform}-${arch}`
const BUN_ARCH = arch === 'arm64' ? 'aarch64' : arch
const DENO_HOST = `${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`

interface Runtime {
  /** On npm, with its version: a package with the program alone. */
  readonly package: string
  readonly program: string
  readonly args: readonly string[]
}

const node = (version: string): Runtime => ({ package: `node-${HOST}@${version}`, program: 'bin/node', args: [] })

const RUNTIMES: Readonly<Record<string, Runtime>> = {
  node20: node('20.20.2'),
  node22: node('22.23.3'),
  node24: node('24.21.0'),
  node26: node('26.12.1'),
  bun: { package: `@oven/bun-${platform}-${BUN_ARCH}@1.4.5`, program: 'bin/bun', args: [] },
  deno: { package: `@deno/${DENO_HOST}@2.9.6`, program: 'deno', args: ['run', '--allow-all'] },
}

const help = `npm run test:runtimes -- [--only NAMES] [--portable] [--timeout TIME] [test files]

  --only NAMES    of ${Object.keys(RUNTIMES).join(', ')}; separated by commas (default: all)
  --portable      with the search for changed pages that needs nothing of the kernel, as on macOS and FreeBSD, and
                  without --only in this Node
  --timeout TIME  without any test that ended (default 10m)

Prints a table: runtime, tests that passed, failed and were skipped. What each skipped, and all that it printed, is in
target/runtimes. Runtimes are kept in ~/.cache/stoa/runtimes; STOA_RUNTIMES names another folder.`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: 'string' },
    portable: { type: 'boolean', default: false },
    timeout: { type: 'string', default: '10m' },
    help: { type: 'boolean', default: false },
  },
})
if (values.help) {
  console.log(help)
  process.exit()
}

const CACHE = resolve(process.env['STOA_RUNTIMES'] ?? join(homedir(), '.cache', 'stoa', 'runtimes'))
const LOGS = resolve('target', 'runtimes')

/** The program of a runtime, fetched when it is not there yet; no script of a package is run. */
function programOf(name: string, runtime: Runtime): string {
  const folder = join(CACHE, runtime.package.replaceAll(/[@/]/g, '+'))
  const packageName = runtime.package.slice(0, runtime.package.lastIndexOf('@'))
  const program = join(folder, 'node_modules', packageName, runtime.program)
  if (existsSync(program)) return program
  console.log(`${name}: fetching ${runtime.package}`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', '--prefix', folder, '--ignore-scripts', '--no-audit', '--no-fund', runtime.package]
  const { status, stderr } = spawnSync('npm', args, { encoding: 'utf8' })
  if (status === 0 && existsSync(program)) return program
  rmSync(folder, { recursive: true, force: true })
  throw new Error(`cannot fetch ${runtime.package} for ${name}: ${stderr}`)
}

/** Runs the tests there, and gives a row of the table. */
function test(name: string, program: string, args: readonly string[]): Record<string, number | string> {
  const log = join(LOGS, `${name}.tap`)
  const errors = join(LOGS, `${name}.log`)
  const started = performance.now()
  const { status, error } = spawnSync(
    program,
    [...args, 'scripts/runtimes/ava.mjs', '--tap', `--timeout=${values.timeout}`, ...positionals],
    {
      stdio: ['ignore', openSync(log, 'w'), openSync(errors, 'w')],
      env: { ...process.env, ...(values.portable ? { STOA_DIRTY_SEARCH: 'compare' } : {}) },
    },
  )
  if (error) throw error
  const seconds = Math.round((performance.now() - started) / 1000)
  const { passed, failures, skipped, planned } = readTap(readFileSync(log, 'utf8'))
  // A file that ended before its tests has none that failed.
  const isWhole = status === 0 && planned === passed + failures.length + skipped.length
  if (!isWhole || failures.length > 0) process.exitCode = 1
  console.log(`\n${name}: ${isWhole ? 'passed' : `FAILED, ended with ${status}`}`)
  for (const title of failures) console.log(`  failed: ${title}`)
  for (const title of skipped) console.log(`  skipped: ${title}`)
  const reasons = readFileSync(errors, 'utf8').match(/^\s*SKIPPED.*$/gm) ?? []
  for (const reason of new Set(reasons)) console.log(`  ${reason.trim()}`)
  return {
    runtime: name,
    version: versionOf(program),
    passed,
    failed: failures.length,
    skipped: skipped.length,
    seconds,
    result: isWhole ? 'passed' : 'FAILED',
  }
}

function versionOf(program: string): string {
  return /\d+\.\d+\.\d+/.exec(spawnSync(program, ['--version'], { encoding: 'utf8' }).stdout)?.[0] ?? 'unknown'
}

mkdirSync(LOGS, { recursive: true })
const rows: Record<string, number | string>[] = []
if (values.portable && values.only === undefined) rows.push(test('portable', process.execPath, []))
else {
  const names = values.only?.split(',') ?? Object.keys(RUNTIMES)
  for (const name of names) {
    const runtime = RUNTIMES[name]
    if (runtime === undefined) {
      console.error(`there is no runtime '${name}'\n\n${help}`)
      process.exit(2)
    }
    rows.push(test(name, programOf(name, runtime), runtime.args))
  }
}
console.table(rows)
