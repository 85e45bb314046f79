import type { Trial } from '../trial.ts'

export const pushLiteral: Trial = {
  name: 'push-literal',
  question: 'What does push({ … }), a new object a call, cost against four stores without one?',
  unit: 'row',
  units: (rows) => rows,
  process: 'kept',
  rounds: 11,
  warmups: 2,
  repeats: 3,
  entries: [
    { name: 'raw', peer: 'raw', workload: 'pushLiteral' },
    { name: 'stoa', peer: 'stoa', workload: 'pushLiteral' },
  ],
  baseline: 'raw',
  marks: [],
}
