// The package as it is published, made on one machine: compiled and linked for every platform it has a binary for, each binary
// checked, all of them packed. `npm run cross -- --help`.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './cross/build.ts'
import { problemsOf, summaryOf } from './cross/inspect.ts'
import { tarball } from './cross/tarball.ts'
import { TARGETS } from './cross/targets.ts'
import { toolchain } from './cross/toolchain.ts'

const CACHE = 'target/cross'

const help = `npm run cross -- [--only TARGET]…

  --only TARGET  one of ${TARGETS.map((target) => target.triple).join(', ')}.
                 The rest is taken as an earlier run left it; without one of the seven there is no tarball

It needs a Debian on x86-64 (apt-get, dpkg) and python3 with pip, and downloads 450 MB once: Debian's rustc with its source,
LLVM, and zig with cargo-zigbuild, into ${CACHE}. Nothing is installed. The first run takes a quarter of an hour or more, later
ones what cargo needs. The binaries are in ${CACHE}/binaries, the package beside them.`

const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } } })
if (values.help) {
  console.log(help)
  process.exit()
}
const unknown = (values.only ?? []).filter((name) => !TARGETS.some((target) => target.triple === name))
if (unknown.length > 0) {
  console.error(`there is no target ${unknown.join(', ')}\n\n${help}`)
  process.exit(2)
}
const { environment, ask } = toolchain(CACHE)
let isWhole = true
for (const target of TARGETS) {
  if (values.only !== undefined && !values.only.includes(target.triple)) continue
  const binary = build(CACHE, environment, target)
  const problems = problemsOf(binary, target, ask)
  for (const problem of problems) console.error(`${binary} ${problem}`)
  isWhole &&= problems.length === 0
  console.log(`${target.name}: ${summaryOf(binary, target, ask)}`)
}
if (!isWhole) process.exit(1)
const binaries = TARGETS.map((target) => resolve(CACHE, 'binaries', `stoa.${target.name}.node`))
if (binaries.every((binary) => existsSync(binary))) {
  const { path, size, unpackedSize } = tarball(CACHE, binaries)
  console.log(`${path}: ${size} bytes, ${unpackedSize} unpacked`)
}
