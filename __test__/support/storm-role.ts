// One of those who share a ledger in the storm of readers, as a process or a thread of its own: it does its part until it
// is told to stop, then reports.
import { setTimeout as pause } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'
import { open } from '../../src/index.ts'
import { Ledger } from './ledger.ts'
import { Random } from './seed.ts'

/** What is to be done. */
export interface Part {
  readonly role: 'writer' | 'reader' | 'follower'
  readonly path: string
  readonly seed: number
  /** Milliseconds: between the begins of two commits, or between two snapshots. */
  readonly everyMs: number
}

/** How many rows there were, and when: of a clock that all processes share, in milliseconds. */
export type Moment = readonly [rows: number, at: number]

/** What came of it. Each role tells its own part. */
export interface Outcome {
  /** Of the writer: durable commits and the time from the first to the last. Of a follower: rows. */
  readonly count: number
  readonly ms: number
  readonly moments: readonly Moment[]
  /** Of a reader. */
  readonly tries: number
  readonly faults: readonly string[]
  /** Milliseconds of processor time a second while nothing was committed, of a follower in a process of its own. */
  readonly idleMs?: number
}

const now = (): number => Number(process.hrtime.bigint()) / 1e6
/** For so many seconds an idle follower is watched. */
const IDLE_SECONDS = 7

/** Messages of the one who started this. */
class Line {
  #wake: (() => void) | undefined
  readonly #got: unknown[] = []

  constructor() {
    ;(parentPort ?? process).on('message', (message: unknown) => {
      this.#got.push(message)
      this.#wake?.()
    })
  }

  get isQuiet(): boolean {
    return this.#got.length === 0
  }

  async next(): Promise<unknown> {
    while (this.#got.length === 0) await new Promise<void>((done) => (this.#wake = done))
    return this.#got.shift()
  }

  say(message: unknown): void {
    // oxlint-disable-next-line require-post-message-target-origin -- a worker thread's port has no origin
    if (parentPort !== null) parentPort.postMessage(message)
    else process.send?.(message)
  }
}

async function write({ path, seed, everyMs }: Part, line: Line): Promise<Outcome> {
  const random = new Random(seed)
  const ledger = Ledger.open(path)
  line.say('ready')
  const moments: Moment[] = []
  const started = now()
  for (let count = 0; line.isQuiet; count++) {
    ledger.change((limit) => random.below(limit))
    if (count % 2 === 0) ledger.store.commitSync()
    else await ledger.store.commit()
    moments.push([ledger.log.length, now()])
    await pause(Math.max(started + (count + 1) * everyMs - now(), 0))
  }
  const ms = now() - started
  ledger.store.close()
  return { count: moments.length, ms, moments, tries: 0, faults: [] }
}

async function read({ path, everyMs }: Part, line: Line): Promise<Outcome> {
  const ledger = new Ledger(open(path, { access: 'read' }))
  line.say('ready')
  const faults: string[] = []
  let [count, tries, rows] = [0, 0, 0]
  const started = now()
  while (line.isQuiet) {
    const found = ledger.store.snapshot(() => {
      tries++
      return ledger.faults()
    })
    count++
    faults.push(...found)
    if (ledger.log.length < rows) faults.push(`${ledger.log.length} rows after ${rows}`)
    rows = ledger.log.length
    await pause(everyMs)
  }
  ledger.store.close()
  return { count, ms: now() - started, moments: [], tries, faults }
}

async function follow({ path }: Part, line: Line): Promise<Outcome> {
  const { log, store } = new Ledger(open(path, { access: 'read' }))
  line.say('ready')
  const faults: string[] = []
  const moments: Moment[] = []
  const goal = line.next().then(Number)
  const ranges = log.follow({ from: 0 })
  const started = now()
  let rows = 0
  let range = ranges.next()
  for (;;) {
    const next = await Promise.race([range, goal])
    if (typeof next === 'number') {
      if (rows >= next) break
      await pause(1)
      if ((await Promise.race([range, pause(100)])) === undefined) throw new Error(`${rows} rows of ${next}`)
      continue
    }
    const { start, end } = next.value as { start: number; end: number }
    moments.push([end, now()])
    if (start !== rows) faults.push(`rows from ${start} after ${rows}`)
    const { n, square } = log.arrays
    for (rows = start; rows < end; rows++) {
      if (n[rows] !== rows || square[rows] !== rows * rows) faults.push(`row ${rows} is ${n[rows]}`)
    }
    range = ranges.next()
  }
  const ms = now() - started
  const idle = parentPort === null ? { idleMs: await idleMs() } : {}
  store.close()
  return { count: rows, ms, moments, tries: 0, faults, ...idle }
}

/** Of the seconds the median: in one of them the engine collects its garbage, with or without us. */
async function idleMs(): Promise<number> {
  const spent: number[] = []
  for (let second = 0; second < IDLE_SECONDS; second++) {
    const before = process.cpuUsage()
    await pause(1000)
    const { user, system } = process.cpuUsage(before)
    spent.push((user + system) / 1000)
  }
  return spent.toSorted((a, b) => a - b)[IDLE_SECONDS >> 1] as number
}

const line = new Line()
const part = (await line.next()) as Part
const outcome = await { writer: write, reader: read, follower: follow }[part.role](part, line)
line.say(outcome)
if (parentPort === null) process.disconnect()
else parentPort.close()
