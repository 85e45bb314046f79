import { fileError } from '../interop/files/file-error.ts'
import { report } from './failure.ts'
import { printableJson } from './printable.ts'
import { jsonText } from './json-text.ts'

/** Cells of a terminal that tells no width. */
const WIDTH = 80
const HEIGHT = 24

/** What a command prints: text for people, or JSON. Whoever closes the pipe ends the process quietly. */
export class Output {
  readonly isJson: boolean
  /** What the process ends with. */
  exitCode = 0
  readonly #stream = process.stdout

  constructor(isJson: boolean) {
    this.isJson = isJson
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        process.exit(error.code === 'EPIPE' ? this.exitCode : report(fileError(error, 'write', 'the output'), isJson))
      })
    }
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY === true
  }

  get hasColors(): boolean {
    return this.isTerminal && this.#stream.hasColors()
  }

  /** Cells of a line; endless where it is no terminal. */
  get width(): number {
    return this.isTerminal ? this.#stream.columns || WIDTH : Infinity
  }

  /** Lines and cells for a picture. */
  get size(): { readonly width: number; readonly height: number } {
    return { width: Math.min(this.width, this.#stream.columns || WIDTH), height: this.#stream.rows || HEIGHT }
  }

  /** Resolves when the text was taken. */
  async lines(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const text = `${lines.join('\n')}\n`
    await new Promise<void>((done) => this.#stream.write(text, () => done()))
  }

  /** A value as a line of JSON. */
  async json(value: unknown): Promise<void> {
    await this.lines([printableJson(jsonText(value))])
  }

  bold(text: string): string {
    return this.hasColors ? `\u001b[1m${text}\u001b[22m` : text
  }

  dim(text: string): string {
    return this.hasColors ? `\u001b[2m${text}\u001b[22m` : text
  }
}
