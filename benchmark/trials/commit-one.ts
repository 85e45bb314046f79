import type { Trial } from '../trial.ts'

export const commitOne: Trial = {
  name: 'commit-one',
  question: 'What does a durable commit of one new row cost against a bare pwrite and fdatasync?',
  unit: 'commit',
  units: () => 1,
  process: 'shared',
  rounds: 500,
  warmups: 20,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'commitOneRow' },
    { name: 'stoa', peer: 'stoa', workload: 'commitOneRow' },
    { name: 'stoa, awaited', peer: 'stoa', workload: 'commitOneRowAwaited' },
  ],
  baseline: 'fs',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.15 }],
}
