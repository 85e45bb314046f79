/** Dots of a character, across and down. */
export const DOTS_ACROSS = 2
export const DOTS_DOWN = 4

/** The bit of each dot in the Unicode block of braille patterns, from U+2800 on. */
const BITS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const
const BLANK = 0x2800

/** A picture of dots, eight to a character. Each character has the color of what was drawn in it last. */
export class Braille {
  readonly width: number
  readonly height: number
  readonly #cells: Uint8Array
  readonly #colors: Uint8Array

  /** Characters across and down. */
  constructor(width: number, height: number) {
    this.width = width
    this.height = height
    this.#cells = new Uint8Array(width * height)
    this.#colors = new Uint8Array(width * height)
  }

  dot(x: number, y: number, color = 0): void {
    const column = Math.floor(x / DOTS_ACROSS)
    const row = Math.floor(y / DOTS_DOWN)
    if (!(column >= 0 && column < this.width && row >= 0 && row < this.height)) return
    const cell = row * this.width + column
    const bit = BITS[y % DOTS_DOWN]?.[x % DOTS_ACROSS] ?? 0
    this.#cells[cell] = (this.#cells[cell] as number) | bit
    this.#colors[cell] = color
  }

  /** A straight line of dots. */
  line(fromX: number, fromY: number, toX: number, toY: number, color = 0): void {
    const steps = Math.max(Math.abs(toX - fromX), Math.abs(toY - fromY), 1)
    for (let step = 0; step <= steps; step++) {
      const share = step / steps
      this.dot(Math.round(fromX + (toX - fromX) * share), Math.round(fromY + (toY - fromY) * share), color)
    }
  }

  /** The rows of characters; `paint` colors runs of them. */
  lines(paint: (text: string, color: number) => string): string[] {
    return Array.from({ length: this.height }, (_, row) => {
      let line = ''
      let run = ''
      let color = 0
      for (let cell = row * this.width; cell < (row + 1) * this.width; cell++) {
        if (this.#cells[cell] !== 0 && this.#colors[cell] !== color) {
          line += paint(run, color)
          run = ''
          color = this.#colors[cell] as number
        }
        run += this.#cells[cell] === 0 ? ' ' : String.fromCharCode(BLANK + (this.#cells[cell] as number))
      }
      return line + paint(run, color)
    })
  }
}
