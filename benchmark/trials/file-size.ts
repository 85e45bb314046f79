import type { Trial } from '../trial.ts'

export const fileSize: Trial = {
  name: 'file-size',
  question: 'How large is the file of a table that is loaded and closed?',
  unit: 'table',
  units: () => 1,
  process: 'fresh',
  rounds: 1,
  warmups: 0,
  measure: 'diskMegabytes',
  entries: [
    { name: 'fs', peer: 'fs', workload: 'fill' },
    { name: 'stoa', peer: 'stoa', workload: 'fill' },
    { name: 'arrow', peer: 'arrow', workload: 'fill' },
    { name: 'duckdb', peer: 'duckdb', workload: 'fill' },
    { name: 'lmdb', peer: 'lmdb', workload: 'fill', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'fill' },
    { name: 'polars', peer: 'polars', workload: 'fill' },
    { name: 'sqlite', peer: 'sqlite', workload: 'fill' },
    { name: 'numpy', peer: 'numpy', workload: 'fill' },
  ],
  baseline: 'fs',
  marks: [],
}
