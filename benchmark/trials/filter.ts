import type { Trial } from '../trial.ts'

export const filter: Trial = {
  name: 'filter',
  question: 'What does a sum over the rows that meet a condition cost, by kernels against a loop?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 21,
  warmups: 4,
  repeats: 5,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'filter' },
    { name: 'stoa', peer: 'stoa', workload: 'filter' },
    { name: 'arrow', peer: 'arrow', workload: 'filter' },
    { name: 'duckdb', peer: 'duckdb', workload: 'filter' },
    { name: 'lmdb', peer: 'lmdb', workload: 'filter', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'filter' },
    { name: 'polars', peer: 'polars', workload: 'filter' },
    { name: 'sqlite', peer: 'sqlite', workload: 'filter' },
    { name: 'numpy', peer: 'numpy', workload: 'filter' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.35 }],
}
