import type { Trial } from '../trial.ts'

export const pushText: Trial = {
  name: 'push-text',
  question: 'What does push(row) of a short text cost against Buffer.write into one buffer?',
  unit: 'text',
  units: (rows) => rows,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'pushText' },
    { name: 'stoa', peer: 'stoa', workload: 'pushText' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.5 }],
}
