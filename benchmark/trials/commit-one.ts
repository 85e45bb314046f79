import type { Trial } from '../trial.ts'

export const commitOne: Trial = {
  name: 'commit-one',
  question: 'What does a durable commit of one new row cost against a bare pwrite and fdatasync?',
  unit: 'commit',
  units: () => 1,
  process: 'kept',
  rounds: 20,
  warmups: 2,
  repeats: 25,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'commitOneRow' },
    { name: 'stoa', peer: 'stoa', workload: 'commitOneRow' },
    { name: 'stoa, awaited', peer: 'stoa', workload: 'commitOneRowAwaited' },
    { name: 'arrow', peer: 'arrow', workload: 'commitOneRow' },
    { name: 'duckdb', peer: 'duckdb', workload: 'commitOneRow' },
    { name: 'lmdb', peer: 'lmdb', workload: 'commitOneRow' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'commitOneRow' },
    { name: 'sqlite', peer: 'sqlite', workload: 'commitOneRow' },
    { name: 'numpy', peer: 'numpy', workload: 'commitOneRow' },
  ],
  baseline: 'fs',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.15 }],
}
