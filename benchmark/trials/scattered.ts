import type { Trial } from '../trial.ts'

export const scattered: Trial = {
  name: 'scattered',
  question: 'What does a durable commit of 100 values on 100 pages cost against writing their bytes in one run?',
  unit: 'commit',
  units: () => 1,
  process: 'shared',
  rounds: 200,
  warmups: 20,
  entries: [
    { name: 'fs', peer: 'fs', workload: 'scattered' },
    { name: 'stoa', peer: 'stoa', workload: 'scattered' },
  ],
  baseline: 'fs',
  marks: [],
}
