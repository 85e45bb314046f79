// Goal: whichever system call fails, once, or is the last before a kill, the answer is a typed error or success, a failed
// verb changed nothing, no commit is acknowledged after a failed sync, and the file opens with the last acknowledged commit
// or the one in flight.
// Method: a writer, a live store and a reader in a process of their own, to which strace is attached; it makes the n-th call
// fail, and its stacks tell the store's calls from Node's. Here a sample; all of it is `npm run storm -- --only sweep`.
import { join } from 'node:path'
import { directory } from './support/directory.ts'
import { needing } from './support/needs.ts'
import { Random } from './support/seed.ts'
import { missingForSweep, sweep } from './support/sweep.ts'

/** Of so many places one is tried, so that it takes some seconds. */
const EVERY = 300

const missing = missingForSweep()
const withStacks = needing(missing ?? 'strace', missing === undefined)

withStacks(
  'a system call that fails, or a kill at it, is a typed error and loses no acknowledged commit',
  async (t) => {
    t.timeout(600_000)
    const random = Random.of(t)
    const report = await sweep(join(directory(t), 'sweep'), { every: EVERY, offset: random.below(EVERY) })
    t.log(`${report.points} points, ${report.kills} kills, ${report.foreign} calls of Node's own`)
    t.deepEqual(report.faults, [])
    t.true(report.points > 10)
  },
)
