import type { Trial } from '../trial.ts'

export const sum: Trial = {
  name: 'sum',
  question: 'What does the kernel that sums a column cost against a loop with one accumulator?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 21,
  warmups: 4,
  repeats: 5,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'sum' },
    { name: 'stoa', peer: 'stoa', workload: 'sum' },
    { name: 'duckdb', peer: 'duckdb', workload: 'sum' },
    { name: 'lmdb', peer: 'lmdb', workload: 'sum', mostRows: 1e6 },
    { name: 'polars', peer: 'polars', workload: 'sum' },
    { name: 'sqlite', peer: 'sqlite', workload: 'sum' },
    { name: 'numpy', peer: 'numpy', workload: 'sum' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.35 }],
}
