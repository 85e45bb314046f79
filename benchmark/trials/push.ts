import type { Trial } from '../trial.ts'

export const push: Trial = {
  name: 'push',
  question: 'What does push(row) cost against four stores from the same row object, all pages in memory?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'push' },
    { name: 'stoa', peer: 'stoa', workload: 'push' },
  ],
  baseline: 'raw',
  // At least half of raw's rows a second.
  marks: [{ entry: 'stoa', metric: 'ratio', most: 2 }],
}
