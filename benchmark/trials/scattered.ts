import type { Trial } from '../trial.ts'

export const scattered: Trial = {
  name: 'scattered',
  question: 'What does a durable commit of 100 values on 100 pages cost against writing their bytes in one run?',
  unit: 'commit',
  units: () => 1,
  process: 'kept',
  rounds: 20,
  warmups: 2,
  repeats: 10,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'scattered' },
    { name: 'stoa', peer: 'stoa', workload: 'scattered' },
    { name: 'duckdb', peer: 'duckdb', workload: 'scattered' },
    { name: 'lmdb', peer: 'lmdb', workload: 'scattered', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'scattered' },
    { name: 'sqlite', peer: 'sqlite', workload: 'scattered' },
    { name: 'numpy', peer: 'numpy', workload: 'scattered' },
  ],
  baseline: 'fs',
  marks: [],
}
