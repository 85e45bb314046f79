// libFuzzer with AddressSanitizer on the core: `npm run prove:fuzz -- --help`.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const TARGETS = ['header', 'directory', 'log', 'reader', 'kernels']
const FOLDER = 'crates/core/fuzz'

const help = `npm run prove:fuzz -- [--seconds N] [--only NAME]

  --seconds N   for each target (default 600)
  --only NAME   one of ${TARGETS.join(', ')}

It needs cargo-fuzz (cargo install cargo-fuzz) and a C++ compiler. What ends a target is left in ${FOLDER}/artifacts;
what it learns, in target/fuzz, for the next time.`

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '600' }, only: { type: 'string' }, help: { type: 'boolean' } },
})
if (values.help) {
  console.log(help)
  process.exit()
}
const { seconds, only } = values
if (!/^\d+$/.test(seconds) || (only !== undefined && !TARGETS.includes(only))) {
  console.error(help)
  process.exit(2)
}
if (spawnSync('cargo', ['fuzz', '--version']).status !== 0) {
  console.warn('SKIPPED: fuzzing needs cargo-fuzz (cargo install cargo-fuzz)')
  process.exit()
}
const limits = ['-rss_limit_mb=3000', '-malloc_limit_mb=1500', '-timeout=30', '-max_len=8192', '-len_control=20']
for (const target of only === undefined ? TARGETS : [only]) {
  const learnt = join('target/fuzz', target)
  mkdirSync(learnt, { recursive: true })
  const args = ['fuzz', 'run', '--fuzz-dir', FOLDER, target, learnt, join(FOLDER, 'corpus', target)]
  const { status } = spawnSync(
    'cargo',
    [...args, '--', `-max_total_time=${seconds}`, '-print_final_stats=1', ...limits],
    {
      stdio: 'inherit',
      // The sanitizer is a flag that the stable compiler takes only so.
      env: { ...process.env, RUSTC_BOOTSTRAP: '1' },
    },
  )
  if (status !== 0) process.exit(status ?? 1)
}
