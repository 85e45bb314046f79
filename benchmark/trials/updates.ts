import type { Trial } from '../trial.ts'
import { UPDATES } from '../updates.ts'

export const updates: Trial = {
  name: 'updates',
  question: 'What do a million updates in place, at random, and one durable commit cost against the updates in RAM?',
  unit: 'update',
  units: () => UPDATES,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'updates' },
    { name: 'fs', peer: 'fs', workload: 'updates' },
    { name: 'stoa', peer: 'stoa', workload: 'updates' },
    { name: 'arrow', peer: 'arrow', workload: 'updates' },
    { name: 'duckdb', peer: 'duckdb', workload: 'updates' },
    { name: 'lmdb', peer: 'lmdb', workload: 'updates', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'updates' },
    { name: 'polars', peer: 'polars', workload: 'updates' },
    { name: 'sqlite', peer: 'sqlite', workload: 'updates' },
    { name: 'numpy', peer: 'numpy', workload: 'updates' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 3 }],
}
