import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Where the fixtures import the library from. */
export const library: string = new URL('../../src/index.ts', import.meta.url).href

export interface Output {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process of its own that runs TypeScript, and tells what it does in lines. */
export class Child {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>
  #stderr = ''

  constructor(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv } = {}) {
    this.process = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.process.stderr?.on('data', (chunk) => (this.#stderr += String(chunk)))
    this.#lines = createInterface({ input: this.process.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The next line it prints; fails when it ends before. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error(`the child ended: ${this.#stderr}`)
    return value
  }

  /** Waits until it prints that line; fails when it ends before. */
  async until(line: string): Promise<void> {
    while ((await this.line()) !== line);
  }

  /** Tells it to go on. */
  async say(line: string): Promise<void> {
    await new Promise((done) => this.process.stdin?.write(`${line}\n`, done))
    // Bun writes a turn later than it says, and this thread may block next.
    await new Promise(setImmediate)
  }

  async kill(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return
    const exit = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exit
  }
}

export const isBun: boolean = 'bun' in process.versions
export const isDeno: boolean = 'deno' in process.versions

/** What Node needs to run TypeScript; Bun and Deno do so by themselves. */
export const typescript: readonly string[] = isBun || isDeno ? [] : ['--import=@oxc-node/core/register']

/** What a worker made of a string runs before it imports TypeScript. */
export const loadTypescript: string =
  typescript.length === 0 ? 'Promise.resolve()' : "import('@oxc-node/core/register')"

/** What Node needs for `ArrayBuffer.prototype.transfer`, in Node 20 the only way to move such a buffer. */
export const withTransfer: readonly string[] =
  'transfer' in ArrayBuffer.prototype ? [] : ['--harmony-rab-gsab-transfer']

/** Starts `code`, an ES module in TypeScript with the library's exports in scope, and further arguments in `argv`. */
export function startScript(
  code: string,
  argv: readonly string[] = [],
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Child {
  return new Child(process.execPath, scriptArguments(code, argv, flags), { env })
}

/** The arguments for this runtime to run such code. */
export function scriptArguments(code: string, argv: readonly string[] = [], flags: readonly string[] = []): string[] {
  // Deno names the code in `argv`, too.
  const own = isDeno ? 2 : 1
  const source = `const stoa = await import(${JSON.stringify(library)})\nconst argv = process.argv.slice(${own})\n${code}`
  if (isDeno) return ['eval', '--ext=mts', ...flags.map((flag) => `--v8-flags=${flag}`), source, ...argv]
  return [...flags, ...typescript, '--input-type=module', '--eval', source, ...argv]
}

/** Runs it to its end. */
export async function runScript(
  code: string,
  argv: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<Output> {
  return run(process.execPath, scriptArguments(code, argv, flags))
}

export async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd: string = root,
): Promise<Output> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => (stdout += String(chunk)))
  child.stderr.on('data', (chunk) => (stderr += String(chunk)))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}
