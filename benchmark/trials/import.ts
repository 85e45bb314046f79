import type { Trial } from '../trial.ts'

export const importing: Trial = {
  name: 'import',
  question: 'How long does importing the package take?',
  unit: 'import',
  units: () => 1,
  process: 'fresh',
  rounds: 9,
  warmups: 1,
  measure: 'importMs',
  entries: [
    { name: 'stoa', peer: 'stoa', workload: 'import' },
    { name: 'arrow', peer: 'arrow', workload: 'import' },
    { name: 'duckdb', peer: 'duckdb', workload: 'import' },
    { name: 'lmdb', peer: 'lmdb', workload: 'import' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'import' },
    { name: 'polars', peer: 'polars', workload: 'import' },
    { name: 'sqlite', peer: 'sqlite', workload: 'import' },
    { name: 'numpy', peer: 'numpy', workload: 'import' },
  ],
  baseline: 'stoa',
  marks: [],
}
