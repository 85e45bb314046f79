// The storm of readers: one writer that keeps invariants across columns and tables, processes that take snapshots and one
// that follows; then the same with threads. STOA_SECONDS (default 60), STOA_READERS (8), STOA_COMMITS a second (25) and
// STOA_SEED from the environment. Exits with 1 when a snapshot is torn, a row is missing or twice, or a mark is missed.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { Ledger } from './support/ledger.ts'
import type { Outcome, Part } from './support/storm-role.ts'

const number = (name: string, otherwise: number): number => Number(process.env[name] ?? otherwise)
const seconds = number('STOA_SECONDS', 60)
const readers = number('STOA_READERS', 8)
const commits = number('STOA_COMMITS', 25)
const seed = number('STOA_SEED', (Math.random() * 2 ** 32) >>> 0)
/** Between two snapshots of a reader. */
const SNAPSHOT_EVERY_MS = 10
/** The marks: the part of the writer's own rate that is left beside readers, and what a follower may take. */
const RATE_MIN = 0.9
const LATENCY_MS_MAX = 5
const IDLE_MS_MAX = 2

const ROLE = new URL('support/storm-role.ts', import.meta.url)
type Kind = 'processes' | 'threads'

/** Somebody at work on a ledger. */
class Actor {
  readonly #actor: ChildProcess | Worker
  #answer: Promise<unknown>

  constructor(kind: Kind, part: Part) {
    this.#actor = kind === 'processes' ? fork(ROLE) : new Worker(ROLE)
    this.#answer = this.#next()
    this.#tell(part)
  }

  async ready(): Promise<this> {
    const answer = await this.#answer
    if (answer !== 'ready') throw new Error(String(answer))
    this.#answer = this.#next()
    return this
  }

  async stop(message: unknown = 'stop'): Promise<Outcome> {
    this.#tell(message)
    return (await this.#answer) as Outcome
  }

  #tell(message: unknown): void {
    // oxlint-disable-next-line require-post-message-target-origin -- a worker has no origin
    if (this.#actor instanceof Worker) this.#actor.postMessage(message)
    else this.#actor.send(message as object)
  }

  async #next(): Promise<unknown> {
    const over = once(this.#actor, 'exit').then(([code]) => `somebody ended with ${String(code)}`)
    return Promise.race([once(this.#actor, 'message').then(([message]) => message as unknown), over])
  }
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN
}

/** From the return of a commit to the delivery of its last row; a delivery before that counts as none. */
function latencies(writer: Outcome, follower: Outcome): number[] {
  const committed = new Map(writer.moments)
  return follower.moments.flatMap(([rows, at]) => {
    const since = committed.get(rows)
    return since === undefined ? [] : [Math.max(at - since, 0)]
  })
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)
const rate = ({ count, ms }: Outcome): number => (count / ms) * 1000

async function storm(kind: Kind, folder: string): Promise<string[]> {
  const start = (role: Part['role'], path: string, everyMs: number): Promise<Actor> =>
    new Actor(kind, { role, path, seed, everyMs }).ready()
  const alone = await start('writer', join(folder, `${kind}-alone.stoa`), 1000 / commits)
  await pause((seconds * 1000) / 3)
  const baseline = await alone.stop()

  const path = join(folder, `${kind}.stoa`)
  Ledger.open(path).store.close()
  const follower = await start('follower', path, 0)
  const others = await Promise.all(Array.from({ length: readers }, () => start('reader', path, SNAPSHOT_EVERY_MS)))
  const writer = await start('writer', path, 1000 / commits)
  await pause(seconds * 1000)
  const written = await writer.stop()
  const read = await Promise.all(others.map((reader) => reader.stop()))
  const rows = written.moments.at(-1)?.[0] ?? 0
  const followed = await follower.stop(rows)

  const delays = latencies(written, followed)
  const faults = [...read, followed].flatMap((outcome) => outcome.faults)
  const kept = rate(written) / rate(baseline)
  console.log(`${kind}: one writer, ${readers} readers, a follower, ${seconds} s
  commits      ${written.count}, ${rate(written).toFixed(1)} a second; without readers ${rate(baseline).toFixed(1)}, so ${(kept * 100).toFixed(1)} %
  snapshots    ${sum(read.map(({ count }) => count))} in ${sum(read.map(({ tries }) => tries))} tries, ${faults.length} faults
  followed     ${followed.count} rows of ${rows} in ${followed.moments.length} ranges
  latency      median ${median(delays).toFixed(2)} ms, greatest ${Math.max(...delays).toFixed(1)} ms${
    followed.idleMs === undefined ? '' : `\n  idle         ${followed.idleMs.toFixed(2)} ms of processor time a second`
  }`)
  const missed = faults.slice(0, 10)
  if (followed.count !== rows) missed.push(`${followed.count} rows were followed of ${rows}`)
  if (kept < RATE_MIN) missed.push(`the writer kept ${(kept * 100).toFixed(1)} % of its rate`)
  if (!(median(delays) <= LATENCY_MS_MAX)) missed.push(`the median latency was ${median(delays)} ms`)
  if ((followed.idleMs ?? 0) > IDLE_MS_MAX) missed.push(`an idle follower took ${followed.idleMs} ms a second`)
  return missed.map((what) => `${kind}: ${what}`)
}

const folder = mkdtempSync(join(tmpdir(), 'stoa-readers-'))
console.log(`STOA_SECONDS=${seconds} STOA_READERS=${readers} STOA_COMMITS=${commits} STOA_SEED=${seed}`)
try {
  const missed = [...(await storm('processes', folder)), ...(await storm('threads', folder))]
  if (missed.length > 0) {
    console.error(`${missed.join('\n')}\nagain: npm run storm -- --only readers --seconds ${seconds} --seed ${seed}`)
    process.exitCode = 1
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
