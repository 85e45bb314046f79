import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { f64, open, type Store, u32 } from '../../src/index.ts'
import { Child, typescript } from './child.ts'
import { contentsOf } from './contents.ts'

/** Who makes the calls: a writer that waits for the disk in the call, one that does so off the thread, and the others. */
export const ROLES = ['sync', 'async', 'live', 'read'] as const
export type Role = (typeof ROLES)[number]

/** What is done to a call. */
export interface Injection {
  readonly role: Role
  readonly call: string
  /** An error's name, or SIGKILL. */
  readonly what: string
  /** Of the thread's calls of that name, from 1 on. */
  readonly nth: number
}

export interface SweepReport {
  readonly points: number
  readonly kills: number
  /** Points at which the call that failed turned out to be Node's own. */
  readonly foreign: number
  /** How often a call of the store threw, by code. */
  readonly codes: Readonly<Record<string, number>>
  readonly faults: readonly string[]
}

/** Which errors each call can end with, and that the store must take. All of them can be a kill as well. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  fdatasync: ['EIO', 'ENOSPC', 'EINTR'],
  fsync: ['EIO', 'EINTR'],
  pwrite64: ['EIO', 'ENOSPC', 'EINTR'],
  pwritev2: ['EIO', 'ENOSPC', 'EINTR', 'EOPNOTSUPP'],
  pread64: ['EIO', 'EINTR'],
  fallocate: ['ENOSPC', 'EIO', 'EINTR', 'EOPNOTSUPP'],
  ftruncate: ['EIO'],
  flock: ['EINTR', 'ENOLCK', 'EAGAIN'],
  openat: ['EMFILE', 'EACCES', 'EIO'],
  linkat: ['EIO', 'ENOSPC', 'EEXIST'],
  fcntl: ['EMFILE'],
  statx: ['EIO'],
  fstat: ['EIO'],
  newfstatat: ['EIO'],
  readlink: ['EIO'],
  ioctl: ['EINVAL', 'ENOMEM'],
  mmap: ['ENOMEM'],
  mremap: ['ENOMEM'],
  munmap: ['ENOMEM'],
  mprotect: ['ENOMEM'],
  madvise: ['EINVAL', 'EAGAIN'],
  process_madvise: ['ENOSYS', 'EINVAL'],
  memfd_create: ['EMFILE'],
  statfs: ['EIO'],
  fstatfs: ['EIO'],
}
const SYNCS: ReadonlySet<string> = new Set(['fdatasync', 'fsync', 'pwritev2'])
const KILL = 'SIGKILL'
/** More than any play takes, also under strace on a busy machine; with the stacks of all calls, on a very busy one. */
const HANG_MS = 300_000
const STACKS_HANG_MS = 1_800_000
/** A frame of the addon in strace's stack of a call. */
const OURS = /stoa\.[\w-]+\.node/

/** Of many equal writes in a row, pages of one fill or of one commit, the first two, the last and each of these are hit. */
const RUN_STEP = 16
/** Points between two lines about how far it is. */
const SAY_EVERY = 200

const ACTOR = new URL('sweep-actor.ts', import.meta.url).pathname
// One thread of the pool, so that its calls have an order.
const ENVIRONMENT = { UV_THREADPOOL_SIZE: '1' }
/** Less of what V8 does by itself: no other threads, and a young generation that is not enlarged. */
const QUIET: readonly string[] = ['--single-threaded', '--min-semi-space-size=16', '--max-semi-space-size=16']

/** Why no sweep can be made here, or nothing. */
export function missingForSweep(): string | undefined {
  const { status, stderr } = spawnSync('strace', ['-k', '-e', 'trace=openat', 'true'], { encoding: 'utf8' })
  if (status !== 0) return 'strace, and the right to use it'
  // Ubuntu's kernel lets only root attach to what runs already, until kernel.yama.ptrace_scope is 0.
  const scope = '/proc/sys/kernel/yama/ptrace_scope'
  const isOpen = process.getuid?.() === 0 || !existsSync(scope) || readFileSync(scope, 'utf8').trim() === '0'
  if (!isOpen) return 'root, or kernel.yama.ptrace_scope=0'
  return stderr.includes('\n > ') ? undefined : 'a strace that shows stacks (-k)'
}

/** strace at a process that runs already, so that the calls of its start are not counted. */
class Tracer {
  readonly #process: ChildProcess
  readonly log: string

  private constructor(process: ChildProcess, log: string) {
    this.#process = process
    this.log = log
  }

  static async attach(pid: number, log: string, args: readonly string[]): Promise<Tracer> {
    rmSync(log, { force: true })
    const strace = spawn('strace', ['-f', '-o', log, '-p', String(pid), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    for await (const line of createInterface({ input: strace.stderr as NodeJS.ReadableStream })) {
      told += line
      if (line.includes('attached')) return new Tracer(strace, log)
    }
    throw new Error(`strace did not attach: ${told}`)
  }

  /** Lets the process go, and gives what was logged. strace may wait for ever for one that was killed. */
  async detach(isAlive: boolean): Promise<string> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const exit = once(this.#process, 'exit')
      this.#process.kill(isAlive ? 'SIGINT' : 'SIGKILL')
      await exit
    }
    return existsSync(this.log) ? readFileSync(this.log, 'utf8') : ''
  }
}

/** A process to play roles in, and a store beside it that a reader may look at. */
class Stage {
  readonly #folder: string
  #actor: Promise<Child> | undefined
  #writer: Store | undefined
  #count = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  async #started(): Promise<Child> {
    const child = new Child(process.execPath, [...QUIET, ...typescript, ACTOR], { env: ENVIRONMENT })
    if ((await child.line()) !== 'ready') throw new Error('the actor did not start')
    // The first time loads code and makes memory; none of it is looked at.
    for (const role of ['async', 'live'] as const) {
      const path = this.#newPath()
      await child.say(`${role} ${path}`)
      while ((await child.line()) !== 'over');
      rmSync(path, { force: true })
    }
    return child
  }

  #newPath(): string {
    return join(this.#folder, `store-${this.#count++}`)
  }

  #commit(turn: number): string {
    const store = this.#writer as Store
    const table = store.table('plain', { x: f64, n: u32 })
    table.append({ x: new Float64Array(20_000).fill(turn), n: new Uint32Array(20_000) })
    table.arrays.x.fill(turn, 0, 2000)
    if (turn === 2) store.table('later', { x: f64 }).push({ x: 1 })
    store.commitSync()
    return contentsOf(store)
  }

  /** Plays a role under strace. `lines` is what the actor told, `log` what strace did. */
  async play(role: Role, args: readonly string[]): Promise<Played> {
    this.#actor ??= this.#started()
    const child = await this.#actor
    const path = this.#newPath()
    const committed: string[] = []
    if (role === 'read') {
      this.#writer = open(path)
      committed.push(this.#commit(0))
    }
    const tracer = await Tracer.attach(child.process.pid as number, join(this.#folder, 'strace.log'), args)
    const lines: string[] = []
    let isHanging = false
    const watch = setTimeout(
      () => {
        isHanging = true
        child.process.kill('SIGKILL')
      },
      args.includes('-k') ? STACKS_HANG_MS : HANG_MS,
    )
    await child.say(`${role} ${path}`)
    let isOver = false
    while (!isOver) {
      const line = await child.line().catch(() => undefined)
      if (line === undefined) break
      isOver = line === 'over'
      lines.push(line)
      if (line !== 'next') continue
      committed.push(this.#commit(committed.length))
      await child.say('go on')
    }
    clearTimeout(watch)
    this.#writer?.close()
    this.#writer = undefined
    const log = await tracer.detach(isOver)
    if (!isOver) {
      await child.kill()
      this.#actor = undefined
    }
    const { signalCode } = child.process
    return { path, lines, log, committed, isOver, isHanging, signal: signalCode, stderr: child.stderr }
  }

  async end(): Promise<void> {
    if (this.#actor !== undefined) await (await this.#actor).kill()
  }
}

interface Played {
  readonly path: string
  readonly lines: readonly string[]
  readonly log: string
  /** What the reader's writer committed. */
  readonly committed: readonly string[]
  readonly isOver: boolean
  readonly isHanging: boolean
  readonly signal: NodeJS.Signals | null
  readonly stderr: string
}

/** A call in strace's log. */
interface Call {
  readonly thread: string
  readonly name: string
  /** What it was answered: for a write, how long it was. */
  readonly answer: string
  readonly isInjected: boolean
  /** Whether the addon made it. */
  isOurs: boolean
}

function callsOf(log: string): Call[] {
  const calls: Call[] = []
  for (const line of log.split('\n')) {
    if (line.startsWith(' > ')) {
      const last = calls.at(-1)
      if (last !== undefined && OURS.test(line)) last.isOurs = true
      continue
    }
    const match = /^(\d+) +(?:<\.\.\. )?(\w+)[( ]/.exec(line)
    if (match === null || line.endsWith('<unfinished ...>')) continue
    const [, thread, name] = match as unknown as [string, string, string]
    const answer = /= (\S+)[^=]*$/.exec(line)?.[1] ?? ''
    calls.push({ thread, name, answer, isInjected: line.includes('(INJECTED)'), isOurs: false })
  }
  return calls
}

interface Places {
  readonly points: readonly Injection[]
  readonly states: readonly string[]
  /** Calls that Node makes meanwhile, too. */
  readonly shared: ReadonlySet<string>
}

/** Every place at which a role can be hit: the calls that the addon makes when nothing fails. */
async function placesOf(stage: Stage, role: Role): Promise<Places> {
  const names = Object.keys(ERRORS).filter((name) => name !== 'process_madvise')
  const played = await stage.play(role, ['-k', '-e', `trace=${names.join()},?process_madvise`])
  const unexpected = played.lines.filter((line) => /^(threw|untyped|changed)/.test(line))
  if (!played.isOver || unexpected.length > 0) {
    throw new Error(`the ${role} role failed by itself: ${unexpected.join('; ')} ${played.signal} ${played.stderr}`)
  }
  rmSync(played.path, { force: true })
  const counts = new Map<string, number>()
  const points = new Map<string, Injection>()
  const calls = callsOf(played.log)
  // Of each thread on its own: the others make calls in between.
  for (const thread of new Set(calls.map((call) => call.thread))) {
    const own = calls.filter((call) => call.thread === thread)
    let run = 0
    for (const [at, { name, answer, isOurs }] of own.entries()) {
      const nth = (counts.get(`${thread} ${name}`) ?? 0) + 1
      counts.set(`${thread} ${name}`, nth)
      const [before, after] = [own[at - 1], own[at + 1]]
      const isLike = (call: Call | undefined): boolean => call?.name === name && call.answer === answer
      run = name === 'pwrite64' && isLike(before) ? run + 1 : 0
      if (!isOurs || (run > 1 && run % RUN_STEP !== 0 && isLike(after))) continue
      for (const what of [...(ERRORS[name] ?? []), KILL]) {
        points.set(`${name} ${what} ${nth}`, { role, call: name, what, nth })
      }
    }
  }
  const shared = new Set(calls.filter(({ isOurs }) => !isOurs).map(({ name }) => name))
  return { points: [...points.values()], shared, states: played.lines.filter((line) => /^(has|begin) /.test(line)) }
}

/** Where a sync of a commit failed, or -1. */
function failedSync(point: Injection, lines: readonly string[]): number {
  return SYNCS.has(point.call) ? lines.findIndex((line) => /^threw ERR_STOA_IO (commit|close)/.test(line)) : -1
}

/** What the file may show: the last state told durable, and what was begun or written after it. */
function allowedAfter(point: Injection, { lines }: Played, states: readonly string[]): Set<string> {
  const allowed = new Set<string>()
  let toldStates = 0
  let begun: string | undefined
  let durable: string | undefined
  for (const line of lines) {
    const [word, contents] = line.split(' ') as [string, string]
    if (word === 'has' || word === 'begin') toldStates++
    if (word === 'has') {
      allowed.clear()
      allowed.add(contents)
    }
    if (word === 'begin') {
      allowed.add((begun = contents))
    }
    if (word === 'durable') {
      allowed.clear()
      allowed.add((durable = begun as string))
    }
  }
  if (point.role !== 'live') return allowed
  // After a failed sync what it told does not count: it is the last commit, or the one that failed.
  if (failedSync(point, lines) !== -1) {
    return new Set([durable, begun].filter((contents) => contents !== undefined))
  }
  // What it was about to write next.
  const next = states[toldStates]
  if (next !== undefined) allowed.add(next.split(' ')[1] as string)
  return allowed
}

/** Drops a file's pages from the page cache, as far as they are on the disk. */
function forgetPages(path: string): void {
  spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0', 'status=none'])
}

/** What is wrong with how a point ended. */
function judge(point: Injection, played: Played, states: readonly string[]): string[] {
  const faults: string[] = []
  const { lines, path, role } = { ...played, role: point.role }
  if (played.isHanging) faults.push('it hangs')
  else if (!played.isOver && point.what !== KILL) faults.push(`the process ended: ${played.signal} ${played.stderr}`)
  faults.push(...lines.filter((line) => line.startsWith('untyped') || line.includes('ERR_STOA_INTERNAL')))
  const isPoisoned = lines.some((line) => line.startsWith('threw ERR_STOA_POISONED'))
  // Memory that is lost shows zeros; the store says so at the next call.
  if (!isPoisoned) faults.push(...lines.filter((line) => line.startsWith('changed')))
  const failed = failedSync(point, lines)
  if (failed !== -1 && lines.indexOf('durable', failed) !== -1) {
    faults.push('a commit was acknowledged after a failed sync')
  }
  if (role === 'read') {
    for (const line of lines.filter((line) => line.startsWith('shows '))) {
      if (!played.committed.includes(line.slice(6))) faults.push(`a reader shows what nobody committed: ${line}`)
    }
  }
  const allowed = role === 'read' ? new Set([played.committed.at(-1) as string]) : allowedAfter(point, played, states)
  const isTold = role === 'read' || lines.includes('durable')
  if (!existsSync(path)) {
    if (isTold) faults.push('the file is gone')
    return faults
  }
  forgetPages(path)
  for (const access of ['read', 'write'] as const) {
    let store: Store | undefined
    try {
      store = open(path, { access, create: false, wait: 5000 })
      const shown = contentsOf(store)
      const isNothing = store.tables().length === 0
      if (!allowed.has(shown) && (isTold || !isNothing)) {
        faults.push(`reopened (${access}) it shows ${shown}, expected ${[...allowed].join(' or ')}`)
      }
      store.close({ discard: true })
    } catch (error) {
      faults.push(`it cannot be reopened (${access}): ${String(error)}`)
      store?.close({ discard: true })
    }
  }
  return faults
}

/**
 * Plays each role again and again; each time another system call fails, or is the last one before a kill. `every`: the
 * n-th part of them only, beginning with the one that `offset` says.
 */
export async function sweep(
  folder: string,
  options: { every?: number; offset?: number; only?: Partial<Injection>; say?: (line: string) => void },
): Promise<SweepReport> {
  const { every = 1, offset = 0, only = {}, say = () => {} } = options
  mkdirSync(folder, { recursive: true })
  const stage = new Stage(folder)
  const faults: string[] = []
  const codes: Record<string, number> = {}
  let points = 0
  let kills = 0
  let foreign = 0
  try {
    for (const role of ROLES) {
      if (only.role !== undefined && only.role !== role) continue
      const { points: places, states, shared } = await placesOf(stage, role)
      const wanted = places.filter(
        (point) =>
          (only.call ?? point.call) === point.call &&
          (only.what ?? point.what) === point.what &&
          (only.nth ?? point.nth) === point.nth,
      )
      const calls = Object.keys(ERRORS).map(
        (name) => [name, wanted.filter(({ call }) => call === name).length] as const,
      )
      const told = calls.filter(([, count]) => count > 0).map(([name, count]) => `${name} ${count}`)
      say(`${role}: ${wanted.length} points: ${told.join(', ')}`)
      for (const [at, point] of wanted.entries()) {
        if (at % every !== offset % every) continue
        const { call, what, nth } = point
        const how = what === KILL ? `signal=${what}` : `error=${what}`
        // Stacks take long, and only tell which calls are Node's.
        let stacks = what !== KILL && shared.has(call) ? ['-k'] : []
        const inject = `inject=${call}:${how}:when=${nth}`
        const play = (): Promise<Played> => stage.play(role, [...stacks, '-e', `trace=${call}`, '-e', inject])
        let played = await play()
        if (stacks.length === 0 && played.signal === 'SIGTRAP' && played.stderr.includes('# Fatal error in')) {
          // V8 ends so where a call of its own fails, which it seldom makes: whose it was is for a stack to tell.
          rmSync(played.path, { force: true })
          stacks = ['-k']
          played = await play()
        }
        const hit = callsOf(played.log).filter(({ isInjected }) => isInjected)
        if (stacks.length > 0 && hit.some(({ isOurs }) => !isOurs)) {
          foreign++
          rmSync(played.path, { force: true })
          continue
        }
        if (++points % SAY_EVERY === 0) say(`  ${points} points, ${faults.length} faults`)
        if (played.signal === KILL) kills++
        for (const line of played.lines) {
          const code = /^threw (\S+)/.exec(line)?.[1]
          if (code !== undefined) codes[code] = (codes[code] ?? 0) + 1
        }
        const found = judge(point, played, states)
        const name = `${role} ${call} ${what} ${nth}`
        faults.push(...found.map((fault) => `${name}: ${fault}`))
        for (const fault of found) say(`${name}: ${fault}\n    ${played.lines.join('\n    ')}`)
        rmSync(played.path, { force: true })
      }
    }
  } finally {
    await stage.end()
  }
  return { points, kills, foreign, codes, faults }
}
