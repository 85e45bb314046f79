import type { Trial } from '../trial.ts'
import { UPDATES } from '../updates.ts'

export const updates: Trial = {
  name: 'updates',
  question: 'What do a million updates in place, at random, and one durable commit cost against the updates in RAM?',
  unit: 'update',
  units: () => UPDATES,
  process: 'shared',
  rounds: 15,
  warmups: 2,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'updates' },
    { name: 'fs', peer: 'fs', workload: 'updates' },
    { name: 'stoa', peer: 'stoa', workload: 'updates' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 3 }],
}
