import type { Trial } from '../trial.ts'

export const growth: Trial = {
  name: 'growth',
  question: 'How many major collections do 1,000 growths of a column cause, with 500,000 objects alive?',
  unit: 'growth',
  units: () => 1000,
  process: 'fresh',
  rounds: 3,
  warmups: 0,
  entries: [{ name: 'stoa', peer: 'stoa', workload: 'growth' }],
  baseline: 'stoa',
  marks: [{ entry: 'stoa', metric: 'majorCollections', most: 5 }],
}
