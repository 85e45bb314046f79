import type { Trial } from '../trial.ts'

export const scan: Trial = {
  name: 'scan',
  question: 'Does a JavaScript loop over a column run as fast as over an array in RAM?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 21,
  warmups: 4,
  repeats: 5,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'scan' },
    { name: 'stoa', peer: 'stoa', workload: 'scan' },
    { name: 'arrow', peer: 'arrow', workload: 'scan' },
    { name: 'mmap-io', peer: 'mmap-io', workload: 'scan' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 1.03 }],
}
