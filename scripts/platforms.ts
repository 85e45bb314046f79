// The tests on other platforms than this one, as far as this one can run them: `npm run test:platforms -- --help`.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from './cross/build.ts'
import { BIG_ENDIAN, type Platform, TARGETS } from './cross/targets.ts'
import { toolchain } from './cross/toolchain.ts'
import { exchange, refusal } from './platforms/exchange.ts'
import { armMuslNode, armNode, bigEndianNode, type ForeignNode, muslNode } from './platforms/foreign-node.ts'
import { testInGuest } from './platforms/guest.ts'
import { stage, test } from './platforms/suite.ts'
import { GUEST, testsElsewhere } from './platforms/tests.ts'

const CACHE = 'target/cross'

/** The binary for a target: as `npm run cross` left it, else built now. */
function binaryFor(platform: Platform): string {
  const path = resolve(CACHE, 'binaries', `stoa.${platform.name}.node`)
  return existsSync(path) ? path : build(CACHE, toolchain(CACHE).environment, platform)
}

function target(name: string): string {
  const found = TARGETS.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no target ${name}`)
  return binaryFor(found)
}

const folderOf = (name: string): string => resolve(CACHE, 'suites', name)
const work = (name: string): string => resolve(CACHE, 'exchange', name)

function suite(name: string, binaries: readonly string[], node: ForeignNode, files: readonly string[]): boolean {
  stage(folderOf(name), binaries)
  return test(folderOf(name), node, files)
}

/** What can be run, by name, and whether it passed. */
const RUNS: Readonly<Record<string, { does: string; run: (files: readonly string[]) => boolean }>> = {
  musl: {
    does: 'the tests with musl, on this processor',
    run: (files) => {
      const binary = target('linux-x64-musl')
      return suite('musl', [binary], muslNode(CACHE, binary), files)
    },
  },
  arm64: {
    does: 'the tests with glibc, on an emulated arm64; and stores that go there and back',
    run: (files) => {
      const node = armNode(CACHE)
      const isPassed = suite('arm64', [target('linux-x64-gnu'), target('linux-arm64-gnu')], node, files)
      exchange(node, folderOf('arm64'), work('arm64'))
      return isPassed
    },
  },
  'arm64-musl': {
    does: 'the tests with musl, on an emulated arm64',
    run: (files) => {
      const binary = target('linux-arm64-musl')
      return suite('arm64-musl', [binary], armMuslNode(CACHE, binary), files)
    },
  },
  s390x: {
    does: 'stores of the other byte order, refused both ways, on an emulated s390x',
    run: () => {
      stage(folderOf('s390x'), [target('linux-x64-gnu'), binaryFor(BIG_ENDIAN)])
      console.log(`  left ${refusal(bigEndianNode(CACHE), folderOf('s390x'), work('s390x'))}`)
      return true
    },
  },
  'kernel-16k': {
    does: 'a part of the tests on an arm64 kernel with pages of 16 KiB, in an emulated machine',
    run: (files) => {
      stage(folderOf('kernel-16k'), [target('linux-arm64-gnu')])
      return testInGuest(CACHE, folderOf('kernel-16k'), files)
    },
  },
}

const help = `npm run test:platforms -- [--only NAME]… [-- TESTS]

${Object.entries(RUNS)
  .map(([name, { does }]) => `  ${name.padEnd(12)} ${does}`)
  .join('\n')}

All of them without --only. TESTS are files as __test__/table.test.ts; without them it is every one that can run there.
It needs what 'npm run cross' needs, takes its binaries from ${CACHE}/binaries, builds what is missing, and downloads emulators,
kernels and Node.js for them once: 800 MB.`

const { values, positionals } = parseArgs({
  options: { only: { type: 'string', multiple: true }, help: { type: 'boolean' } },
  allowPositionals: true,
})
if (values.help) {
  console.log(help)
  process.exit()
}
const names = values.only ?? Object.keys(RUNS)
const failed: string[] = []
for (const name of names) {
  const one = RUNS[name]
  if (one === undefined) {
    console.error(`there is no platform ${name}\n\n${help}`)
    process.exit(2)
  }
  console.log(`${name}: ${one.does}`)
  const files = positionals.length > 0 ? positionals : name === 'kernel-16k' ? GUEST : testsElsewhere()
  if (!one.run(files)) failed.push(name)
}
console.log(failed.length === 0 ? `passed: ${names.join(', ')}` : `failed: ${failed.join(', ')}`)
process.exit(failed.length === 0 ? 0 : 1)
