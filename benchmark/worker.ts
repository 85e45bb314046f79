// The process in which contenders run. Gets one assignment as JSON, prints one result as JSON.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { peers } from './peers/index.ts'
import type { Contender, Entry, Setting } from './trial.ts'
import { trials } from './trials/index.ts'

export interface Assignment {
  readonly trial: string
  /** Entries of the trial that run in this process; none: only the trial's setup. */
  readonly entries: readonly string[]
  readonly rounds: number
  readonly warmups: number
  readonly rows: number
  readonly directory: string
}

export interface EntryResult {
  /** Milliseconds of each counted round. */
  readonly times: number[]
  readonly answer: number
  readonly metrics: Record<string, number>
}

export type Result = { [entry: string]: EntryResult }

interface Running {
  readonly entry: Entry
  readonly contender: Contender
  readonly times: number[]
}

async function runAssignment(assignment: Assignment): Promise<Result> {
  const trial = trials.find(({ name }) => name === assignment.trial)!
  const { rows, directory, rounds, warmups } = assignment
  if (assignment.entries.length === 0) {
    await trial.setup?.({ rows, directory })
    return {}
  }
  const entries = trial.entries.filter(({ name }) => assignment.entries.includes(name))
  const running = await Promise.all(entries.map((entry) => start(entry, { rows, directory })))
  for (let round = 0; round < warmups + rounds; round++) {
    // The order turns round by round, so that no contender always runs in the other's wake.
    for (const { contender, times } of round % 2 ? running.toReversed() : running) {
      contender.prepare?.()
      const began = performance.now()
      const pending = contender.round()
      if (pending) await pending
      const ms = performance.now() - began
      if (round >= warmups) times.push(ms)
    }
  }
  const results: Result = {}
  for (const { entry, contender, times } of running) {
    results[entry.name] = { times, answer: contender.answer(), metrics: (await contender.metrics?.()) ?? {} }
    contender.close()
  }
  return results
}

async function start(entry: Entry, { rows, directory }: Setting): Promise<Running> {
  const workload = peers.get(entry.peer)?.workloads[entry.workload]
  if (!workload) throw new Error(`peer '${entry.peer}' has no workload '${entry.workload}'`)
  const { fileBytes } = entry
  if (fileBytes) return { entry, contender: await workload({ rows, directory, fileBytes }), times: [] }
  const ownDirectory = join(directory, entry.name.replaceAll(/\W+/g, '-'))
  mkdirSync(ownDirectory, { recursive: true })
  return { entry, contender: await workload({ rows, directory: ownDirectory }), times: [] }
}

process.stdout.write(JSON.stringify(await runAssignment(JSON.parse(process.argv[2]!) as Assignment)))
