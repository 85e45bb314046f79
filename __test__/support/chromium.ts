// A browser without a window, driven over two pipes by its own protocol: https://chromedevtools.github.io/devtools-protocol.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import type { ExecutionContext } from 'ava'

/** What Debian, Ubuntu and Google call it. */
const NAMES = ['chromium', 'chromium-browser', 'google-chrome']

/** The browser's command, where it is installed. */
export const chromium: string | undefined = NAMES.find((name) => spawnSync(name, ['--version']).status === 0)

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** One page in a browser of its own. */
export class Page {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, Waiting>()
  #sent = 0
  #session: string | undefined

  /** Opens an address; the browser ends with the test. */
  static async open(t: ExecutionContext, url: string, size = '940,420'): Promise<Page> {
    const profile = mkdtempSync(join(tmpdir(), 'stoa-chromium-'))
    const page = new Page(profile, size)
    t.teardown(async () => {
      await page.#close()
      rmSync(profile, { recursive: true, force: true, maxRetries: 10 })
    })
    const { targetId } = await page.#call<{ targetId: string }>('Target.createTarget', { url: 'about:blank' })
    const session = await page.#call<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
    page.#session = session.sessionId
    await page.#call('Page.navigate', { url })
    return page
  }

  private constructor(profile: string, size: string) {
    // The pages are our own, and the sandbox is not to be had for root.
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-pipe', `--window-size=${size}`]
    this.#process = spawn(chromium ?? 'chromium', [...flags, `--user-data-dir=${profile}`], {
      // Times in the page are as in the test.
      env: { ...process.env, TZ: 'UTC' },
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
    })
    const fail = (why: string): void => {
      for (const { reject } of this.#waiting.values()) reject(new Error(why))
    }
    this.#process.on('error', ({ message }) => fail(`the browser did not start: ${message}`))
    this.#process.on('exit', (code, signal) => fail(`the browser ended (${code ?? signal})`))
    let text = ''
    const answers = this.#process.stdio[4] as Readable
    answers.setEncoding('utf8').on('data', (part: string) => {
      const messages = `${text}${part}`.split('\0')
      text = messages.pop() as string
      for (const message of messages) this.#take(JSON.parse(message) as Answer)
    })
  }

  /** What an expression gives in the page, or the promise that it gives; it must be JSON. */
  async evaluate<R>(expression: string): Promise<R> {
    const { result, exceptionDetails } = await this.#call<{
      result: { value: R }
      exceptionDetails?: { exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`)
    return result.value
  }

  /** Waits until an expression is true in the page. */
  async until(expression: string): Promise<void> {
    await this.evaluate(
      `new Promise((done) => { const look = () => ((${expression}) ? done() : requestAnimationFrame(look)); look() })`,
    )
  }

  /** Moves the mouse there, in pixels. */
  async moveMouse(x: number, y: number): Promise<void> {
    await this.#call('Input.dispatchMouseEvent', { type: 'mouseMoved', x, y })
  }

  #call<R>(method: string, params: object): Promise<R> {
    const id = ++this.#sent
    const message = { id, method, params, ...(this.#session !== undefined && { sessionId: this.#session }) }
    ;(this.#process.stdio[3] as Writable).write(`${JSON.stringify(message)}\0`)
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
    })
  }

  #take({ id = 0, result, error }: Answer): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) waiting?.reject(new Error(error.message))
    else waiting?.resolve(result)
  }

  async #close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const exit = once(this.#process, 'exit')
    this.#process.kill()
    await exit
  }
}
