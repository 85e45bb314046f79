// Whether the package is what it says: `npm run check:package [-- --release]`. Packs what is built and lets `publint` and
// `attw` look at it; for a release no binary may be missing.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

/** Names of binaries by the targets of Rust, as the loader looks for them. */
const SUFFIXES: Readonly<Record<string, string>> = {
  'x86_64-unknown-linux-gnu': 'linux-x64-gnu',
  'aarch64-unknown-linux-gnu': 'linux-arm64-gnu',
  'x86_64-unknown-linux-musl': 'linux-x64-musl',
  'aarch64-unknown-linux-musl': 'linux-arm64-musl',
  'x86_64-apple-darwin': 'darwin-x64',
  'aarch64-apple-darwin': 'darwin-arm64',
  'x86_64-unknown-freebsd': 'freebsd-x64',
}

const { values } = parseArgs({ options: { release: { type: 'boolean', default: false } } })
const { napi } = JSON.parse(readFileSync('package.json', 'utf8')) as { napi: { targets: string[] } }

function run(command: string, args: readonly string[]): void {
  const { status, error } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) throw error
  if (status !== 0) {
    console.error(`${command} ${args.join(' ')} ended with ${status}`)
    process.exitCode = 1
  }
}

if (values.release) {
  const missing = napi.targets.map((target) => `stoa.${SUFFIXES[target]}.node`).filter((name) => !existsSync(name))
  if (missing.length > 0) {
    console.error(`a release holds the binaries of all targets; missing: ${missing.join(', ')}; build them first`)
    process.exit(1)
  }
}
const folder = mkdtempSync(join(tmpdir(), 'stoa-package-'))
try {
  run('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', folder])
  const tarball = join(folder, readdirSync(folder)[0] as string)
  run('publint', ['--strict', tarball])
  run('attw', ['--profile', 'esm-only', tarball])
} finally {
  rmSync(folder, { recursive: true })
}
