import type { Trial } from '../trial.ts'

export const sort: Trial = {
  name: 'sort',
  question: 'What does sorting a table by one column cost against sorting an index array and four gathers?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 5,
  warmups: 1,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'sort' },
    { name: 'stoa', peer: 'stoa', workload: 'sort' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.2 }],
}
