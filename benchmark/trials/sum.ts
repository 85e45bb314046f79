import type { Trial } from '../trial.ts'

export const sum: Trial = {
  name: 'sum',
  question: 'What does the kernel that sums a column cost against a loop with one accumulator?',
  unit: 'row',
  units: (rows) => rows,
  process: 'shared',
  rounds: 101,
  warmups: 20,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'sum' },
    { name: 'stoa', peer: 'stoa', workload: 'sum' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 0.35 }],
}
