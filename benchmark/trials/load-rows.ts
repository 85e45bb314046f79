import type { Trial } from '../trial.ts'

export const loadRows: Trial = {
  name: 'load-rows',
  question: 'How long does it take to load a new table row by row, and make it durable at the end?',
  unit: 'row',
  units: (rows) => rows,
  process: 'fresh',
  rounds: 7,
  warmups: 0,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'loadRows' },
    { name: 'fs', peer: 'fs', workload: 'loadRows' },
    { name: 'stoa', peer: 'stoa', workload: 'loadRows' },
    { name: 'arrow', peer: 'arrow', workload: 'loadRows' },
    { name: 'duckdb', peer: 'duckdb', workload: 'loadRows' },
    { name: 'lmdb', peer: 'lmdb', workload: 'loadRows', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'loadRows' },
    { name: 'sqlite', peer: 'sqlite', workload: 'loadRows' },
    { name: 'numpy', peer: 'numpy', workload: 'loadRows' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.6 }],
}
