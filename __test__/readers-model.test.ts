// Goal: whatever a writer does, in whatever order, its readers show exactly the last commit.
// Method: random sequences of every verb of the writer, against a model; readers that go on at every look, now and then,
// and that open anew. STOA_SEED plays one again, STOA_MODEL_OPERATIONS makes it longer. Run twice: see codegen.test.ts.
import test from 'ava'
import { open, type Store } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { Random } from './support/seed.ts'
import { step } from './support/store-verbs.ts'
import { World } from './support/world.ts'

const OPERATIONS = Number(process.env['STOA_MODEL_OPERATIONS'] ?? 4000)
/** Operations between two looks. */
const LOOK_EVERY = 20

/** Writes to all memory that a reader shows, which it must forget. */
function spoil(reader: Store): void {
  for (const name of reader.tables()) {
    for (const { buffer, byteLength } of Object.values(reader.table(name).arrays)) {
      new Uint8Array(buffer as ArrayBuffer, 0, byteLength).fill(0xa5)
    }
  }
}

test('readers show the last commit, whatever the writer did since and before', async (t) => {
  t.timeout(3_600_000)
  const random = Random.of(t)
  t.log(`STOA_MODEL_OPERATIONS=${OPERATIONS}`)
  const world = new World(storePath(t), random)
  const read = (): Store => open(world.path, { access: 'read' })
  const [steady, lazy] = [read(), read()]
  let news = 0
  const look = (reader: Store, when: string): void => {
    if (reader.refresh()) news++
    if (world.below(2) === 0) world.checkCommitted(reader, when)
    else reader.snapshot(() => world.checkCommitted(reader, `${when}, in a snapshot`))
    if (reader.commitId !== world.store.commitId) throw new Error(`commit ${reader.commitId} ${when}`)
  }
  for (let operation = 1; operation <= OPERATIONS; operation++) {
    let done = 'nothing'
    try {
      done = await step(world)
      if (operation % LOOK_EVERY !== 0) continue
      await Promise.all(world.commits)
      look(steady, 'of the steady reader')
      spoil(steady)
      if (world.below(5) === 0) look(lazy, 'of the lazy reader')
      if (world.below(10) > 0) continue
      const late = read()
      look(late, 'of a new reader')
      late.close()
    } catch (error) {
      throw new Error(`operation ${operation} (after ${done}): ${(error as Error).message}; STOA_SEED=${random.seed}`, {
        cause: error,
      })
    }
  }
  t.log(`${news} times something was new`)
  world.store.close()
  world.committed()
  world.store = open(world.path)
  for (const reader of [steady, lazy]) {
    look(reader, 'at the end')
    reader.close()
  }
  world.store.close()
  t.pass()
})
