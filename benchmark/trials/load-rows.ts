import type { Trial } from '../trial.ts'

export const loadRows: Trial = {
  name: 'load-rows',
  question: 'How long does it take to load a new table row by row, and make it durable at the end?',
  unit: 'row',
  units: (rows) => rows,
  process: 'own',
  rounds: 7,
  warmups: 0,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'loadRows' },
    { name: 'fs', peer: 'fs', workload: 'loadRows' },
    { name: 'stoa', peer: 'stoa', workload: 'loadRows' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.6 }],
}
