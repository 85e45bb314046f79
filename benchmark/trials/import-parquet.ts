import type { Trial } from '../trial.ts'

export const importParquet: Trial = {
  name: 'import-parquet',
  question: 'How long does it take to import three million flights from Parquet, against decoding them alone?',
  unit: 'row',
  units: () => 3_000_000,
  process: 'fresh',
  rounds: 5,
  warmups: 0,
  entries: [
    { name: 'hyparquet', peer: 'hyparquet', workload: 'importParquet' },
    { name: 'stoa', peer: 'stoa', workload: 'importParquet' },
  ],
  baseline: 'hyparquet',
  marks: [
    { entry: 'stoa', metric: 'ratio', most: 1.5 },
    { entry: 'stoa', metric: 'ownMegabytes', most: 200 },
  ],
}
