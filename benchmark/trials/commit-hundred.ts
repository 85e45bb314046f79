import type { Trial } from '../trial.ts'

export const commitHundred: Trial = {
  name: 'commit-hundred',
  question: 'What does a durable commit of 100 new rows cost against a bare pwrite and fdatasync?',
  unit: 'commit',
  units: () => 1,
  process: 'kept',
  rounds: 20,
  warmups: 2,
  repeats: 15,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'commitHundredRows' },
    { name: 'stoa', peer: 'stoa', workload: 'commitHundredRows' },
    { name: 'arrow', peer: 'arrow', workload: 'commitHundredRows' },
    { name: 'duckdb', peer: 'duckdb', workload: 'commitHundredRows' },
    { name: 'lmdb', peer: 'lmdb', workload: 'commitHundredRows' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'commitHundredRows' },
    { name: 'sqlite', peer: 'sqlite', workload: 'commitHundredRows' },
    { name: 'numpy', peer: 'numpy', workload: 'commitHundredRows' },
  ],
  baseline: 'fs',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
