import { open } from '../../src/index.ts'
import { arrayVerbs } from './array-verbs.ts'
import { Model } from './model.ts'
import { tableVerbs } from './table-verbs.ts'
import type { World } from './world.ts'

const tableVerbNames = Object.keys(tableVerbs)
const arrayVerbNames = Object.keys(arrayVerbs)

/** What is done to the store as a whole; each with how often, of all times that it is the store's turn. */
const storeVerbs: Record<string, [weight: number, verb: (world: World) => void | Promise<unknown>]> = {
  createTable: [
    3,
    (world) => {
      const name = `t${world.below(4)}`
      if (world.tables.has(name)) return
      const columns = world.columns()
      world.store.table(name, Object.fromEntries(columns.map((column) => [column.name, column.sample.type])))
      world.tables.set(name, new Model(columns))
    },
  ],
  createArray: [
    3,
    (world) => {
      const name = `a${world.below(6)}`
      if (world.arrays.has(name)) return
      const sample = world.sample()
      world.store.array(name, sample.type)
      world.arrays.set(name, new Model([{ name, sample }]))
    },
  ],
  drop: [
    1,
    (world) => {
      const [models, names] = world.below(2) === 0 ? [world.tables, 't'] : [world.arrays, 'a']
      const name = `${names}${world.below(6)}`
      if (models.delete(name)) world.store.drop(name)
    },
  ],
  commitSync: [
    4,
    (world) => {
      world.store.commitSync()
      world.committed()
    },
  ],
  commit: [
    4,
    (world) => {
      world.commits.push(world.store.commit())
      world.committed()
    },
  ],
  awaitCommits: [2, (world) => Promise.all(world.commits)],
  rollback: [
    3,
    (world) => {
      world.store.rollback()
      world.rolledBack()
      world.check('after a rollback')
    },
  ],
  transaction: [
    3,
    async (world) => {
      const transaction = world.store.transaction(() => void changeOften(world))
      world.committed()
      await transaction
    },
  ],
  transactionSync: [
    3,
    (world) => {
      world.store.transactionSync(() => void changeOften(world))
      world.committed()
    },
  ],
  failedTransaction: [
    3,
    (world) => {
      const failure = new Error('on purpose')
      try {
        world.store.transactionSync(() => {
          changeOften(world)
          throw failure
        })
      } catch (error) {
        if (error !== failure) throw error
      }
      world.rolledBack()
      world.check('after a failed transaction')
    },
  ],
  compact: [
    1,
    async (world) => {
      const compaction = { isOver: false }
      const compacted = world.store.compact().then(() => (compaction.isOver = true))
      for (let turns = world.below(3); turns > 0; turns--) {
        await new Promise((done) => setImmediate(done))
        // What is changed while it runs is committed with it.
        if (!compaction.isOver) changeOften(world)
      }
      await compacted
      world.committed()
      world.check('after a compaction')
    },
  ],
  reopen: [
    1,
    (world) => {
      const discard = world.below(3) === 0
      world.store.close({ discard })
      if (discard) world.rolledBack()
      else world.committed()
      world.store = open(world.path)
      world.check('after reopening')
    },
  ],
}

const storeTurns = Object.entries(storeVerbs).flatMap(([name, [weight]]) => Array.from({ length: weight }, () => name))

function change(world: World): string {
  const isTable = world.below(3) > 0
  const models = isTable ? world.tables : world.arrays
  if (models.size === 0) return 'nothing'
  const name = world.pick([...models.keys()])
  const model = models.get(name) as Model
  // Short enough that a look at everything stays cheap.
  if (model.length > 4000) {
    model.truncate(10)
    if (isTable) world.table(name).truncate(10)
    else world.array(name).truncate(10)
  }
  const verb = world.pick(isTable ? tableVerbNames : arrayVerbNames)
  try {
    if (isTable) tableVerbs[verb]?.(world, world.table(name), model)
    else arrayVerbs[verb]?.(world, world.array(name), model)
  } catch (error) {
    throw new Error(`${verb} of '${name}': ${(error as Error).message}`, { cause: error })
  }
  return `${name}.${verb}`
}

function changeOften(world: World): void {
  for (let count = world.below(12); count > 0; count--) change(world)
}

/** Does one thing to a world, whatever it is, and says what. */
export async function step(world: World): Promise<string> {
  if (world.below(8) > 0) return change(world)
  const verb = world.pick(storeTurns)
  try {
    await storeVerbs[verb]?.[1](world)
  } catch (error) {
    throw new Error(`${verb}: ${(error as Error).message}`, { cause: error })
  }
  return verb
}
