import { readdirSync } from 'node:fs'

/** Test files that say nothing about a platform, or cannot run with an emulator between; and why. */
const HERE: Readonly<Record<string, string>> = {
  'binding.test.ts': 'is about how this platform finds its binary; it starts Node with none',
  'docs.test.ts': 'compiles the examples',
  'interop-docs.test.ts': 'compiles the examples',
  'interop-python.test.ts': 'Python of this platform reads and writes',
  'sync.test.ts': 'strace would see the calls of the emulator',
  'storm.test.ts': 'strace would see the calls of the emulator',
  'unsafe.test.ts': 'reads the sources',
}

/** Every test file that can run on another platform. */
export function testsElsewhere(): string[] {
  const all = readdirSync('__test__').filter((name) => name.endsWith('.test.ts'))
  return all.filter((name) => !(name in HERE)).map((name) => `__test__/${name}`)
}

/** What depends on the size of pages: growth, commits and what is dropped after them, readers, live stores. */
export const GUEST: readonly string[] = [
  'append',
  'commit',
  'growth',
  'kernels',
  'lifetime',
  'live',
  'loss',
  'model',
  'open',
  'readers',
  'reopened',
  'rollback',
  'shrink',
  'snapshot',
  'space',
  'table',
  'text',
  'transaction',
].map((name) => `__test__/${name}.test.ts`)
