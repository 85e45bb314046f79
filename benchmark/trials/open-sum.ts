import type { Trial } from '../trial.ts'

export const openSum: Trial = {
  name: 'open-sum',
  question: 'How long does a new process take to open a table and sum one column?',
  unit: 'open',
  units: () => 1,
  process: 'fresh',
  rounds: 15,
  warmups: 1,
  fill: 'fill',
  entries: [
    { name: 'raw', peer: 'raw', workload: 'openSum' },
    { name: 'fs', peer: 'fs', workload: 'openSum' },
    { name: 'stoa', peer: 'stoa', workload: 'openSum' },
    { name: 'arrow', peer: 'arrow', workload: 'openSum' },
    { name: 'duckdb', peer: 'duckdb', workload: 'openSum' },
    { name: 'lmdb', peer: 'lmdb', workload: 'openSum', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'openSum' },
    { name: 'polars', peer: 'polars', workload: 'openSum' },
    { name: 'sqlite', peer: 'sqlite', workload: 'openSum' },
    { name: 'numpy', peer: 'numpy', workload: 'openSum' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.5 }],
}
