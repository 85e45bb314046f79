// Goal: whatever the order of verbs, tables and arrays of all types hold what a plain model holds; after a rollback, a
// failed transaction and reopening too.
// Method: random sequences of every verb, with commits of all kinds in between; sums, conditions and orders against
// plain loops over the model. STOA_SEED plays one again, STOA_MODEL_OPERATIONS makes it longer. Run twice: see
// codegen.test.ts.
import test from 'ava'
import { open } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { Random } from './support/seed.ts'
import { step } from './support/store-verbs.ts'
import { World } from './support/world.ts'

const OPERATIONS = Number(process.env['STOA_MODEL_OPERATIONS'] ?? 10_000)
/** Operations between two looks at everything. */
const CHECK_EVERY = 100

test('tables and arrays hold what a model of them holds', async (t) => {
  t.timeout(3_600_000)
  const random = Random.of(t)
  t.log(`STOA_MODEL_OPERATIONS=${OPERATIONS}`)
  const world = new World(storePath(t), random)
  for (let operation = 1; operation <= OPERATIONS; operation++) {
    let done = 'nothing'
    try {
      done = await step(world)
      if (operation % CHECK_EVERY === 0 || operation === OPERATIONS) world.check('in between')
    } catch (error) {
      throw new Error(`operation ${operation} (after ${done}): ${(error as Error).message}; STOA_SEED=${random.seed}`, {
        cause: error,
      })
    }
  }
  await Promise.all(world.commits)
  world.store.close()
  world.store = open(world.path)
  world.check('at the end')
  world.store.close()
  t.pass()
})
