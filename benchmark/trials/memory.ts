import type { Trial } from '../trial.ts'

/** Pages of mapped files are in these figures, though the kernel can take them back. */
export const memory: Trial = {
  name: 'memory',
  question: 'How much memory does a process take at most that opens a table and reads all of it?',
  unit: 'process',
  units: () => 1,
  process: 'fresh',
  rounds: 3,
  warmups: 0,
  measure: 'peakMegabytes',
  fill: 'fill',
  entries: [
    { name: 'fs', peer: 'fs', workload: 'readAll' },
    { name: 'stoa', peer: 'stoa', workload: 'readAll' },
    { name: 'arrow', peer: 'arrow', workload: 'readAll' },
    { name: 'duckdb', peer: 'duckdb', workload: 'readAll' },
    { name: 'lmdb', peer: 'lmdb', workload: 'readAll', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'readAll' },
    { name: 'polars', peer: 'polars', workload: 'readAll' },
    { name: 'sqlite', peer: 'sqlite', workload: 'readAll' },
    { name: 'numpy', peer: 'numpy', workload: 'readAll' },
  ],
  baseline: 'fs',
  marks: [],
}
