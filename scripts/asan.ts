// The tests of JavaScript with a native part that AddressSanitizer watches: `npm run test:asan -- [arguments for ava]`.
// Any read or write outside of what was allocated ends the test's process with a report. The memory of columns is mapped,
// not allocated: an access outside of a mapping is a crash there as everywhere.
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const TARGET = 'x86_64-unknown-linux-gnu'
const FOLDER = 'target/asan'
const RUNTIME = 'libclang_rt.asan-x86_64.so'

/** Where the runtime is that must be there before Node is. */
function findRuntime(): string | undefined {
  const given = process.env['STOA_ASAN_RUNTIME']
  if (given !== undefined) return given
  for (const clang of ['clang-22', 'clang']) {
    const { stdout } = spawnSync(clang, [`-print-file-name=${RUNTIME}`], { encoding: 'utf8' })
    const path = stdout?.trim() ?? ''
    if (path.startsWith('/') && existsSync(path)) return path
  }
  return undefined
}

function run(command: string, args: readonly string[], environment: Record<string, string>, cwd = '.'): void {
  const { status, signal, error } = spawnSync(command, args, {
    cwd,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  if (error) throw error
  if (status !== 0) {
    console.error(`${command} ended with ${signal ?? status}`)
    process.exit(status ?? 1)
  }
}

const runtime = findRuntime()
if (runtime === undefined) {
  console.warn(
    `SKIPPED: AddressSanitizer needs ${RUNTIME} of clang 22 (Debian's libclang-rt-22-dev); STOA_ASAN_RUNTIME tells where it is`,
  )
  process.exit()
}
// The sanitizer is a flag that the stable compiler takes only so. The code is optimised, as it is when it is used.
run('cargo', ['build', '--release', '--locked', '-p', 'stoa-node', '--target', TARGET, '--target-dir', FOLDER], {
  RUSTC_BOOTSTRAP: '1',
  RUSTFLAGS: '-Zsanitizer=address -Cforce-frame-pointers=yes',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  CARGO_PROFILE_RELEASE_STRIP: 'none',
  CARGO_PROFILE_RELEASE_DEBUG: '1',
})
// A copy of the package, in which the loader finds this library: the real one stays as it is.
const copy = resolve(FOLDER, 'package')
rmSync(copy, { recursive: true, force: true })
const { stdout: files } = spawnSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
for (const file of files.split('\0').filter((name) => name !== '' && existsSync(name))) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  copyFileSync(file, join(copy, file))
}
symlinkSync(resolve('node_modules'), join(copy, 'node_modules'))
if (existsSync('dist')) cpSync('dist', join(copy, 'dist'), { recursive: true })
copyFileSync(join(FOLDER, TARGET, 'release', 'libstoa_node.so'), join(copy, 'stoa.linux-x64-gnu.node'))
const environment = {
  LD_PRELOAD: runtime,
  // Node leaks at its end, as it means to. Its handlers, and the store's of SIGBUS, stay in charge.
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:handle_sigbus=0:handle_segv=0',
}
run(join('node_modules', '.bin', 'ava'), ['--timeout=20m', ...process.argv.slice(2)], environment, copy)
