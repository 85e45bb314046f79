// Shows that whoever claims to be durable waits for the disk: counts the calls that do so, with strace.
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Question, Trial } from './trial.ts'
import { WorkerProcess } from './worker-process.ts'

/** A write counts if it is synchronous, msync if it waits. */
const CALLS = ['fsync', 'fdatasync', 'msync', 'pwritev2']
const DURABLE = /\b(?:fsync|fdatasync|msync|pwritev2)\(/
const NOT_WAITING = /\bmsync\(.*MS_ASYNC|\bpwritev2\((?!.*RWF_D?SYNC)/
/** The call returns in a later line when another thread ran meanwhile. */
const LATER = /<\.\.\. \w+ resumed>/

/**
 * What must sync in every round. Loads are left out: a store syncs when it closes, too, so that a run without a round
 * and one with it differ by nothing.
 */
const QUESTIONS: readonly { question: Question; rounds: readonly [number, number] }[] = [
  { question: 'commitOneRow', rounds: [2, 12] },
  { question: 'commitOneRowAwaited', rounds: [2, 12] },
  { question: 'commitHundredRows', rounds: [2, 12] },
  { question: 'scattered', rounds: [2, 12] },
  { question: 'updates', rounds: [1, 4] },
]
const ROWS = 10_000

/** Prints the syncs of each round of each peer; the process fails where there is less than one. */
export async function checkSyncs(trials: readonly Trial[], peers: readonly string[], directory: string): Promise<void> {
  const entries = trials.flatMap((trial) => trial.entries)
  for (const { question, rounds } of QUESTIONS) {
    for (const peer of peers) {
      if (peer === 'raw' || !entries.some((entry) => entry.peer === peer && entry.workload === question)) continue
      const [few, many] = [
        await count(peer, question, rounds[0], directory),
        await count(peer, question, rounds[1], directory),
      ]
      const each = (many - few) / (rounds[1] - rounds[0])
      const isDurable = each >= 1
      if (!isDurable) process.exitCode = 1
      console.log(`${isDurable ? 'ok' : 'NOT DURABLE'}: ${peer}, ${question}: ${each.toFixed(1)} syncs a round`)
    }
  }
}

/** The calls of one process that works through `rounds`. */
async function count(peer: string, workload: Question, rounds: number, directory: string): Promise<number> {
  const folder = join(directory, 'syncs')
  const log = join(folder, 'strace.log')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  try {
    const assignment = { peer, workload, rows: ROWS, directory: join(folder, peer), repeats: 1 }
    const wrapper = ['strace', '-f', '-qq', '-o', log, '-e', `trace=${CALLS.join(',')}`, '--']
    const worker = await WorkerProcess.start(assignment, wrapper)
    for (let round = 0; round < rounds; round++) await worker.round()
    await worker.end()
    const lines = readFileSync(log, 'utf8').split('\n')
    return lines.filter((line) => DURABLE.test(line) && !NOT_WAITING.test(line) && !LATER.test(line)).length
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
