import type { Trial } from '../trial.ts'

export const pushMixed: Trial = {
  name: 'push-mixed',
  question:
    'What does push(row) cost with a symbol and a nullable column against a hand-written dictionary and bitmap?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'pushMixed' },
    { name: 'stoa', peer: 'stoa', workload: 'pushMixed' },
  ],
  baseline: 'raw',
  marks: [{ entry: 'stoa', metric: 'ratio', most: 3.33 }],
}
