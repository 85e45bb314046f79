// The tests of JavaScript with a native part that AddressSanitizer watches: `npm run test:asan -- [arguments for ava]`.
// Any read or write outside of what was allocated ends the test's process with a report. The memory of columns is mapped,
// not allocated: an access outside of a mapping is a crash there as everywhere.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

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

function run(command: string, args: readonly string[], environment: Record<string, string>): void {
  const { status, signal, error } = spawnSync(command, args, {
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
const addon = join(process.cwd(), FOLDER, TARGET, 'release', 'libstoa_node.so')
// Node loads a library as an addon only by its name's ending.
const named = join(process.cwd(), FOLDER, 'stoa.asan.node')
run('cp', [addon, named], {})
run('npx', ['ava', ...process.argv.slice(2)], {
  NAPI_RS_NATIVE_LIBRARY_PATH: named,
  LD_PRELOAD: runtime,
  // Node leaks at its end, as it means to. Its own handlers, and the store's of SIGBUS, stay in charge.
  ASAN_OPTIONS: 'detect_leaks=0:abort_on_error=1:allow_user_segv_handler=1:handle_sigbus=0:handle_segv=0',
})
