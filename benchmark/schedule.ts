// Runs the rounds of one trial: who works when, for how long, and whether the answers agree.
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { median } from './statistics.ts'
import type { Entry, Trial } from './trial.ts'
import type { Assignment } from './worker.ts'
import { WorkerProcess } from './worker-process.ts'

/** The unit of `blocks` in stat(2). */
const BLOCK_BYTES = 512

export interface Plan {
  readonly rows: number
  readonly directory: string
  readonly rounds: number
  /** An entry leaves a trial once its rounds have taken this long. The baseline stays. */
  readonly budgetMs: number
  readonly onProgress: (text: string) => void
}

export interface EntryResult {
  readonly entry: string
  /** What each round gave, in the order of the rounds, warm-ups included: milliseconds, or the trial's measure. */
  readonly values: number[]
  readonly metrics: Record<string, number>
}

export interface TrialResult {
  readonly answer: number
  readonly entries: EntryResult[]
}

interface Running {
  readonly entry: Entry
  readonly assignment: Assignment
  readonly values: number[]
  readonly metrics: Record<string, number>[]
  spentMs: number
  isOut: boolean
  worker?: WorkerProcess
}

export async function runTrial(trial: Trial, entries: readonly Entry[], plan: Plan): Promise<TrialResult> {
  const folder = join(plan.directory, trial.name)
  const running = entries.map((entry): Running => {
    const { peer, workload, fileBytes } = entry
    const directory = join(folder, entry.name.replaceAll(/\W+/g, '-'))
    const size = fileBytes === undefined ? {} : { fileBytes }
    const assignment = { peer, workload, rows: plan.rows, directory, repeats: trial.repeats ?? 1, ...size }
    return { entry, assignment, values: [], metrics: [], spentMs: 0, isOut: false }
  })
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    for (const { assignment } of trial.fill ? running : []) {
      plan.onProgress(`${trial.name}, ${assignment.peer} makes its file`)
      await fill({ ...assignment, workload: trial.fill!, repeats: 1 })
    }
    const run = trial.process === 'kept' ? runKept : runFresh
    return { answer: await run(trial, running, plan), entries: running.map(summarize) }
  } finally {
    for (const { worker } of running) worker?.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function fill(assignment: Assignment): Promise<void> {
  const worker = await WorkerProcess.start(assignment)
  await worker.round()
  await worker.end()
}

async function runKept(trial: Trial, running: Running[], plan: Plan): Promise<number> {
  for (const one of running) {
    plan.onProgress(`${trial.name}, ${one.entry.name} prepares`)
    one.worker = await WorkerProcess.start(one.assignment)
  }
  const baseline = running.find(({ entry }) => entry.name === trial.baseline)!
  /** Both have worked through the same rounds now. */
  const leave = async (one: Running): Promise<void> => {
    check(trial, one.entry, await one.worker!.answer(), await baseline.worker!.answer())
    one.isOut = true
    one.metrics.push(await one.worker!.end())
  }
  await alternate(trial, running, plan, {
    work: async (one) => {
      const ms = await one.worker!.round()
      one.values.push(ms)
      return ms * one.assignment.repeats
    },
    leave,
  })
  for (const one of running) if (!one.isOut && one !== baseline) await leave(one)
  const answer = await baseline.worker!.answer()
  baseline.metrics.push(await baseline.worker!.end())
  return answer
}

async function runFresh(trial: Trial, running: Running[], plan: Plan): Promise<number> {
  let expected: number | undefined
  await alternate(trial, running, plan, {
    work: async (one) => {
      const began = performance.now()
      one.worker = await WorkerProcess.start(one.assignment)
      const ms = await one.worker.round()
      const answer = await one.worker.answer()
      const metrics = { ...(await one.worker.end()), ...measureFiles(trial, one.assignment) }
      expected ??= answer // the baseline's, which is the first
      check(trial, one.entry, answer, expected)
      one.metrics.push(metrics)
      one.values.push(trial.measure ? metrics[trial.measure]! : ms)
      return performance.now() - began
    },
    leave: (one) => {
      one.isOut = true
    },
  })
  return expected!
}

/** What the files take on the disk, holes not counted. */
function measureFiles({ measure }: Trial, { directory }: Assignment): Record<string, number> {
  if (measure !== 'diskMegabytes') return {}
  const blocks = readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(directory, name)))
    .reduce((sum, { blocks }) => sum + blocks, 0)
  return { diskMegabytes: (blocks * BLOCK_BYTES) / 1e6 }
}

interface Steps {
  /** One round; gives the milliseconds that count for the budget. */
  work(one: Running): Promise<number>
  leave(one: Running): void | Promise<void>
}

/** One works at a time. The order turns round by round, so that none always runs in the other's wake. */
async function alternate(trial: Trial, running: Running[], plan: Plan, steps: Steps): Promise<void> {
  const last = trial.warmups + plan.rounds
  for (let round = 0; round < last; round++) {
    const left = running.filter(({ isOut }) => !isOut)
    for (const one of round % 2 ? left.toReversed() : left) {
      plan.onProgress(`${trial.name}, round ${round + 1} of ${last}, ${one.entry.name}`)
      one.spentMs += await steps.work(one)
    }
    for (const one of left) {
      if (one.spentMs > plan.budgetMs && one.entry.name !== trial.baseline && round < last - 1) await steps.leave(one)
    }
  }
}

function check({ name, baseline }: Trial, entry: Entry, answer: number, expected: number): void {
  if (answer !== expected) {
    throw new Error(`'${entry.name}' answers ${answer} in trial '${name}', '${baseline}' ${expected}`)
  }
}

/** Of times the median of the rounds, of anything else the greatest. */
function summarize({ entry, values, metrics }: Running): EntryResult {
  const names = Object.keys(metrics[0] ?? {})
  const summary = (name: string): number => {
    const found = metrics.map((round) => round[name]!)
    return name.endsWith('Ms') ? median(found) : Math.max(...found)
  }
  return { entry: entry.name, values, metrics: Object.fromEntries(names.map((name) => [name, summary(name)])) }
}
