import type { Trial } from '../trial.ts'

export const readRows: Trial = {
  name: 'read-rows',
  question: 'What does a cursor cost that reads four columns row by row?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 15,
  warmups: 3,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'readRows' },
    { name: 'stoa', peer: 'stoa', workload: 'readRows' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
