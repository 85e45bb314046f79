import { cut, padded, textWidth } from './text-width.ts'

/** Cells of the widest column, and of one that had to become narrower. */
const WIDTH_MAX = 40
const WIDTH_MIN = 8
const GAP = '  '

/** A column of text. Its name is printable. */
export interface GridColumn {
  readonly name: string
  readonly side: 'left' | 'right'
}

/** Columns of text under one another, as wide as what was seen of them, and together no wider than a line. */
export class Grid {
  readonly #columns: readonly GridColumn[]
  readonly #widthMax: number
  #widths: number[]

  constructor(columns: readonly GridColumn[], widthMax: number) {
    this.#columns = columns
    this.#widthMax = widthMax
    this.#widths = columns.map(({ name }) => Math.min(textWidth(name), WIDTH_MAX))
  }

  /** Makes room for rows. */
  see(rows: readonly (readonly string[])[]): void {
    this.#widths = this.#widths.map((width, place) =>
      Math.min(Math.max(width, ...rows.map((row) => textWidth(row[place] as string))), WIDTH_MAX),
    )
    this.#fit()
  }

  /** The names of the columns. */
  header(): string {
    return this.line(this.#columns.map(({ name }) => name))
  }

  line(row: readonly string[]): string {
    const cells = this.#widths.map((width, place) => {
      const { side } = this.#columns[place] as GridColumn
      return padded(cut(row[place] as string, width), width, side)
    })
    return cells.join(GAP).trimEnd()
  }

  /** Names of columns that the line has no room for. */
  get hidden(): readonly string[] {
    return this.#columns.slice(this.#widths.length).map(({ name }) => name)
  }

  /** First the widest columns of text become narrower, then the last ones go. */
  #fit(): void {
    const total = (): number => this.#widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length)
    while (total() > this.#widthMax) {
      const texts = this.#widths.map((width, place) => (this.#columns[place]?.side === 'left' ? width : 0))
      const widest = Math.max(...texts)
      if (widest > WIDTH_MIN) this.#widths[texts.indexOf(widest)] = widest - 1
      else if (this.#widths.length > 1) this.#widths.pop()
      else return
    }
  }
}
