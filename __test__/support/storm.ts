import { constants, copyFileSync, existsSync, rmSync } from 'node:fs'
import { f64, open } from '../../src/index.ts'
import { Child, typescript } from './child.ts'
import { applyStep, columns, Model } from './history.ts'
import { Random } from './seed.ts'

export interface StormReport {
  readonly kills: number
  readonly commits: number
  /** Kills after which a commit was there that had begun but was not yet told durable. */
  readonly inFlight: number
}

/**
 * Kills a process that commits, again and again, at moments that the seed decides, and looks each time at what the file
 * holds: exactly the last commit told durable, or one that had begun after it. It looks at a copy, so that the next
 * process meets the file as the kill left it and can be killed while it recovers it.
 */
export async function storm(path: string, kills: number, seed: number): Promise<StormReport> {
  const random = new Random(seed)
  const model = new Model()
  const crasher = new URL('crasher.ts', import.meta.url).pathname
  let modelStep = 0
  let inFlight = 0
  for (let kill = 0; kill < kills; kill++) {
    const child = new Child(process.execPath, [...typescript, crasher, path, String(seed)])
    const told = { begun: modelStep, durable: modelStep }
    // A third dies while it opens and recovers, the others while they commit.
    const first = random.below(3) === 0 ? 'opening' : 'open'
    while ((await child.line()) !== first);
    // On a busy machine the first commits take longer: until some are there, each process gets more time.
    const ms = random.below(150) * (modelStep < 6 ? kill + 1 : 1)
    const timer = setTimeout(() => void child.process.kill('SIGKILL'), ms)
    for (;;) {
      const line = await child.line().catch(() => undefined)
      if (line === undefined) break
      const [word, step] = line.split(' ')
      if (word === 'begin') told.begun = Number(step)
      if (word === 'durable') told.durable = Number(step)
    }
    clearTimeout(timer)
    if (child.process.signalCode !== 'SIGKILL') await child.kill()
    if (child.stderr !== '') throw new Error(`kill ${kill}: the child failed: ${child.stderr}`)
    // Killed before it was created, and so before anything could be told.
    if (!existsSync(path) && told.begun === 0) continue
    const copy = `${path}.copy`
    copyFileSync(path, copy, constants.COPYFILE_FICLONE)
    modelStep = check(copy, seed, model, modelStep, told, `kill ${kill}`)
    rmSync(copy)
    if (modelStep > told.durable) inFlight++
  }
  return { kills, commits: modelStep, inFlight }
}

/** Brings the model to the step that the file is at, and compares every value. Gives the step. */
export function check(
  path: string,
  seed: number,
  model: Model,
  modelStep: number,
  told: { begun: number; durable: number },
  what: string,
): number {
  const store = open(path)
  try {
    // Created, and nothing was committed.
    const isEmpty = store.commitId === 0
    const step = isEmpty ? 0 : (store.array('steps', f64).at(0) as number)
    if (step < told.durable || step > told.begun) {
      throw new Error(`${what}: the file is at step ${step}, told durable ${told.durable}, begun ${told.begun}`)
    }
    for (let next = modelStep + 1; next <= step; next++) applyStep(model, seed, next)
    if (isEmpty) return step
    const table = store.table('t', columns)
    const lengths = Object.values(table.columns).map(({ length }) => length)
    if (lengths.some((length) => length !== model.length)) {
      throw new Error(`${what}: columns of ${lengths.join(', ')} rows, expected ${model.length}`)
    }
    const cursor = table.cursor()
    for (const [index, expected] of model.rows.entries()) {
      const { x, n, sym, ok } = cursor.seek(index).row
      if (x !== expected.x || n !== expected.n || sym !== expected.sym || ok !== expected.ok) {
        throw new Error(
          `${what}: row ${index} at step ${step} is ${JSON.stringify({ x, n, sym, ok })}, expected ${JSON.stringify(expected)}`,
        )
      }
    }
    return step
  } finally {
    store.close({ discard: true })
  }
}
