import { bar } from './bar.ts'
import { count, durationText } from './number-text.ts'
import { printable } from './printable.ts'
import { cut } from './text-width.ts'

const BAR_CELLS = 30
/** Between two looks at the screen. */
const PAUSE_MS = 100
/** Before it a rate says nothing. */
const RATE_MS_MIN = 500
const WIDTH = 80
const TO_START_AND_ERASE = '\r\u001b[K'

/** How far long work is, on one line of the standard error where that is a terminal; elsewhere nothing. */
export class Progress {
  readonly #title: string
  readonly #start = performance.now()
  readonly #stream = process.stderr
  readonly #isShown: boolean
  #next = 0
  #timer: NodeJS.Timeout | undefined

  constructor(title: string) {
    this.#title = printable(title)
    this.#isShown = this.#stream.isTTY === true && process.env['TERM'] !== 'dumb'
  }

  /** Runs work that does not tell how far it is, and shows how long it takes. */
  static async during<R>(title: string, work: () => Promise<R>): Promise<R> {
    const progress = new Progress(title)
    progress.#timer = setInterval(() => progress.#show(`${progress.#title}  ${progress.#elapsed()}`), PAUSE_MS)
    try {
      return await work()
    } finally {
      progress.end()
    }
  }

  /** A share from 0 to 1 of the work is done, where that can be told, and so many rows, where they are worked on. */
  tell(share: number | undefined, rows?: number): void {
    const now = performance.now()
    if (!this.#isShown || now < this.#next) return
    this.#next = now + PAUSE_MS
    const ms = now - this.#start
    const parts = [this.#title]
    if (share !== undefined) {
      const percent = `${Math.floor(share * 100)} %`.padStart(5)
      parts.push(`${bar(share, BAR_CELLS).padEnd(BAR_CELLS, '░')}${percent}`)
    }
    const hasRate = ms > RATE_MS_MIN
    if (rows !== undefined) parts.push(`${count(rows)} rows`)
    if (rows !== undefined && hasRate) parts.push(`${count(Math.round((rows / ms) * 1000))}/s`)
    if (share !== undefined && share > 0 && hasRate) parts.push(`${durationText((ms / share) * (1 - share))} left`)
    this.#show(parts.join('  '))
  }

  /** Takes the line away. */
  end(): void {
    clearInterval(this.#timer)
    if (this.#isShown) this.#stream.write(TO_START_AND_ERASE)
  }

  #elapsed(): string {
    return durationText(performance.now() - this.#start)
  }

  #show(text: string): void {
    if (this.#isShown) this.#stream.write(TO_START_AND_ERASE + cut(text, (this.#stream.columns || WIDTH) - 1))
  }
}
