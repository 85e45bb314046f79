import type { Trial } from '../trial.ts'

export const readRandomRows: Trial = {
  name: 'read-random-rows',
  question: 'What does a cursor cost that reads four columns of rows at random?',
  unit: 'row',
  units: (rows) => rows,
  process: 'shared',
  rounds: 31,
  warmups: 5,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'readRandomRows' },
    { name: 'stoa', peer: 'stoa', workload: 'readRandomRows' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
