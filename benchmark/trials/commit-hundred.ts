import type { Trial } from '../trial.ts'

export const commitHundred: Trial = {
  name: 'commit-hundred',
  question: 'What does a durable commit of 100 new rows cost against a bare pwrite and fdatasync?',
  unit: 'commit',
  units: () => 1,
  process: 'shared',
  rounds: 300,
  warmups: 20,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'commitHundredRows' },
    { name: 'stoa', peer: 'stoa', workload: 'commitHundredRows' },
  ],
  baseline: 'fs',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.3 }],
}
