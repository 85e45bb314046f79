import type { Trial } from '../trial.ts'

export const loadColumns: Trial = {
  name: 'load-columns',
  question:
    'How long does it take to load a new table by columns, 100,000 rows at a time, and make it durable at the end?',
  unit: 'row',
  units: (rows) => rows,
  process: 'fresh',
  rounds: 7,
  warmups: 0,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'loadColumns' },
    { name: 'fs', peer: 'fs', workload: 'loadColumns' },
    { name: 'stoa', peer: 'stoa', workload: 'loadColumns' },
    { name: 'arrow', peer: 'arrow', workload: 'loadColumns' },
    { name: 'duckdb', peer: 'duckdb', workload: 'loadColumns' },
    { name: 'lmdb', peer: 'lmdb', workload: 'loadColumns' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'loadColumns' },
    { name: 'polars', peer: 'polars', workload: 'loadColumns' },
    { name: 'numpy', peer: 'numpy', workload: 'loadColumns' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
