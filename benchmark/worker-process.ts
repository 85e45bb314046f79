// The other end of worker.ts: starts a process for one contender and gives it commands.
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { PYTHON_PEERS } from './peers/index.ts'
import type { Assignment, Reply } from './worker.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

/** The command that runs `assignment`. */
export function commandOf(assignment: Assignment): string[] {
  const script = PYTHON_PEERS.get(assignment.peer)
  const command = script
    ? [process.env['STOA_PYTHON'] ?? 'python3', `${here}peers/${script}`]
    : [process.execPath, ...process.execArgv, `${here}worker.ts`]
  return [...command, JSON.stringify(assignment)]
}

export class WorkerProcess {
  readonly #what: string
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>
  #errors = ''

  private constructor(what: string, [program, ...args]: string[]) {
    this.#what = what
    this.#child = spawn(program!, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#closed = new Promise((done) => {
      this.#child.on('close', done)
      this.#child.on('error', (error) => done((this.#errors += error.message)))
    })
    this.#child.stdin!.on('error', () => {}) // it ended; the next reply tells why
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#errors += text))
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** Starts the process and waits until its contender is ready. `wrapper` is a command in front, as of strace. */
  static async start(assignment: Assignment, wrapper: readonly string[] = []): Promise<WorkerProcess> {
    const what = `peer '${assignment.peer}', workload '${assignment.workload ?? 'none'}'`
    const worker = new WorkerProcess(what, [...wrapper, ...commandOf(assignment)])
    await worker.#reply()
    return worker
  }

  /** The version of a peer, or why it cannot take part. */
  static async probe(peer: string): Promise<{ version: string } | { reason: string }> {
    const worker = new WorkerProcess(`peer '${peer}'`, commandOf({ peer, rows: 0, directory: '', repeats: 1 }))
    try {
      const { version } = await worker.#reply()
      return { version: version! }
    } catch {
      await worker.#closed
      const line = worker.#errors.split('\n').find((line) => /Error|error:/.test(line))
      return { reason: (line ?? worker.#errors).trim().slice(0, 120) }
    } finally {
      worker.#child.kill()
    }
  }

  async round(): Promise<number> {
    return (await this.#ask('round')).ms!
  }

  async answer(): Promise<number> {
    return (await this.#ask('answer')).answer!
  }

  /** Closes the contender and waits for the end of the process. */
  async end(): Promise<Record<string, number>> {
    const { metrics } = await this.#ask('end')
    await this.#closed
    return metrics!
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  async #ask(command: string): Promise<Reply> {
    this.#child.stdin!.write(`${command}\n`)
    return this.#reply()
  }

  async #reply(): Promise<Reply> {
    const { value, done } = await this.#lines.next()
    if (!done) return JSON.parse(value) as Reply
    await this.#closed
    throw new Error(`${this.#what} ended with status ${this.#child.exitCode}: ${this.#errors.trim()}`)
  }
}
