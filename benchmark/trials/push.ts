import type { Trial } from '../trial.ts'

export const push: Trial = {
  name: 'push',
  question: 'What does push({ … }) cost against four stores into arrays that are long enough, all pages in memory?',
  unit: 'row',
  units: (rows) => rows,
  process: 'shared',
  rounds: 31,
  warmups: 5,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'push' },
    { name: 'stoa', peer: 'stoa', workload: 'push' },
  ],
  baseline: 'raw',
  // At least half of raw's rows a second.
  marks: [{ entry: 'stoa', metric: 'ratio', most: 2 }],
}
