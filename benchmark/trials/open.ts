import type { Trial } from '../trial.ts'

const SMALL_BYTES = 2 ** 20
const LARGE_BYTES = 2 ** 32

export const open: Trial = {
  name: 'open',
  question: 'Does the time to open a file and read a value depend on the size of the file?',
  unit: 'open',
  units: () => 1,
  process: 'fresh',
  rounds: 21,
  warmups: 1,
  fill: 'fillBig',
  entries: [
    { name: '1 MiB', peer: 'stoa', workload: 'open', fileBytes: SMALL_BYTES },
    { name: '4 GiB', peer: 'stoa', workload: 'open', fileBytes: LARGE_BYTES },
  ],
  baseline: '1 MiB',
  // Opening takes the same time. Reading does not: V8 begins a collection when it is told of a column over 64 MiB.
  marks: [
    { entry: '4 GiB', metric: 'ratio', most: 1.1 },
    { entry: '4 GiB', metric: 'openMs', most: 2 },
  ],
}
