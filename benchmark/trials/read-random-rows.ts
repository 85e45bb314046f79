import type { Trial } from '../trial.ts'

export const readRandomRows: Trial = {
  name: 'read-random-rows',
  question: 'What does a cursor cost that reads four columns of rows at random?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'readRandomRows' },
    { name: 'stoa', peer: 'stoa', workload: 'readRandomRows' },
    { name: 'arrow', peer: 'arrow', workload: 'readRandomRows' },
    { name: 'lmdb', peer: 'lmdb', workload: 'readRandomRows', mostRows: 1e6 },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'readRandomRows' },
    { name: 'sqlite', peer: 'sqlite', workload: 'readRandomRows' },
    { name: 'numpy', peer: 'numpy', workload: 'readRandomRows' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
