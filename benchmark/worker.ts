// The process in which one contender runs. Gets its assignment as JSON, then a command a line on stdin; answers each with
// one line of JSON on stdout. `peers/memmap.py` speaks the same.
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { loadPeer } from './peers/index.ts'
import { median } from './statistics.ts'
import type { Contender, Question } from './trial.ts'

export interface Assignment {
  readonly peer: string
  /** None: only the peer's version is asked for. */
  readonly workload?: Question
  readonly rows: number
  readonly directory: string
  readonly fileBytes?: number
  readonly repeats: number
}

/** What a worker answers; each command has its own part. */
export interface Reply {
  readonly version?: string
  /** Milliseconds of the round. */
  readonly ms?: number
  readonly answer?: number
  readonly metrics?: Record<string, number>
}

function tell(reply: Reply): void {
  process.stdout.write(`${JSON.stringify(reply)}\n`)
}

async function runRound(contender: Contender, repeats: number): Promise<number> {
  const times: number[] = []
  for (let repeat = 0; repeat < repeats; repeat++) {
    const preparing = contender.prepare?.()
    if (preparing) await preparing
    const began = performance.now()
    const pending = contender.round()
    if (pending) await pending
    times.push(performance.now() - began)
  }
  return median(times)
}

const assignment = JSON.parse(process.argv[2]!) as Assignment
const { version, workloads } = await loadPeer(assignment.peer)
if (assignment.workload) {
  const workload = workloads[assignment.workload]
  if (!workload) throw new Error(`peer '${assignment.peer}' has no workload '${assignment.workload}'`)
  mkdirSync(assignment.directory, { recursive: true })
  const contender = await workload(assignment)
  tell({ version })
  for await (const command of createInterface({ input: process.stdin })) {
    if (command === 'round') tell({ ms: await runRound(contender, assignment.repeats) })
    else if (command === 'answer') tell({ answer: await contender.answer() })
    else break
  }
  tell({ metrics: (await contender.metrics?.()) ?? {} })
  await contender.close()
} else {
  tell({ version })
}
process.stdin.destroy()
