// Goal: after kill -9 at any moment the file is exactly the last acknowledged commit, or the one in flight, in all
// columns.
// Method: a process that commits is killed at random moments; a model is compared value by value. The long storm is
// `__test__/storm-kill.ts`.
import test from 'ava'
import { storePath } from './support/directory.ts'
import { Random } from './support/seed.ts'
import { storm } from './support/storm.ts'

test('after each of 20 kills the file is the last commit told durable, or one begun after it', async (t) => {
  t.timeout(600_000)
  const { seed } = Random.of(t)
  const report = await storm(storePath(t), 20, seed)
  t.log(`${report.kills} kills, ${report.commits} commits, ${report.inFlight} found a commit in flight`)
  t.true(report.commits > 5)
})
