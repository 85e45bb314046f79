import type { Trial } from '../trial.ts'

/** A column over this size may cost one: two of the four are of 8 bytes a value. */
const WINDOW_BYTES = 64 * 2 ** 20

export const collections: Trial = {
  name: 'collections',
  question: 'How many major garbage collections does opening a table and reading all of it cause?',
  unit: 'process',
  units: () => 1,
  process: 'fresh',
  rounds: 3,
  warmups: 0,
  measure: 'majorCollections',
  fill: 'fill',
  entries: [
    { name: 'fs', peer: 'fs', workload: 'readAll' },
    { name: 'stoa', peer: 'stoa', workload: 'readAll' },
    { name: 'arrow', peer: 'arrow', workload: 'readAll' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'readAll' },
    { name: 'polars', peer: 'polars', workload: 'readAll' },
    { name: 'sqlite', peer: 'sqlite', workload: 'readAll' },
    { name: 'duckdb', peer: 'duckdb', workload: 'readAll' },
    { name: 'lmdb', peer: 'lmdb', workload: 'readAll', mostRows: 1e6 },
  ],
  baseline: 'fs',
  marks: [{ entry: 'stoa', metric: 'majorCollections', most: (rows) => (rows * 8 > WINDOW_BYTES ? 2 : 0) }],
}
