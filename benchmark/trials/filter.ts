import type { Trial } from '../trial.ts'

export const filter: Trial = {
  name: 'filter',
  question: 'What does a sum over the rows that meet a condition cost, by kernels against a loop?',
  unit: 'row',
  units: (rows) => rows,
  process: 'shared',
  rounds: 101,
  warmups: 20,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'filter' },
    { name: 'stoa', peer: 'stoa', workload: 'filter' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.35 }],
}
