import type { Storage } from '../column/storage.ts'
import { rowWriter } from '../interop/files/json-value.ts'
import { cellSide, cellWriter } from './cell.ts'
import { Grid } from './grid.ts'
import { counted } from './number-text.ts'
import type { Output } from './output.ts'
import { printable, printableJson } from './printable.ts'

/** Rows that are made into text at once. */
const BATCH_ROWS = 1000

/** Prints rows: aligned columns, whose widths grow with what comes, or a JSON object a line. */
export class RowPrinter {
  readonly #output: Output
  readonly #storages: readonly Storage[]
  readonly #write: ((value: unknown) => string)[]
  readonly #grid: Grid
  readonly #json: (row: number) => string
  #hasHeader = false

  constructor(output: Output, storages: readonly Storage[]) {
    this.#output = output
    this.#storages = storages
    this.#write = storages.map(({ type }) => cellWriter(type))
    const columns = storages.map(({ name, type }) => ({ name: printable(name), side: cellSide(type) }))
    this.#grid = new Grid(columns, output.width)
    this.#json = rowWriter(storages)
  }

  async print(start: number, end: number): Promise<void> {
    for (let from = start; from < end; from += BATCH_ROWS) {
      await this.#printBatch(from, Math.min(from + BATCH_ROWS, end))
    }
  }

  async #printBatch(start: number, end: number): Promise<void> {
    const places = Array.from({ length: end - start }, (_, offset) => start + offset)
    if (this.#output.isJson) return this.#output.lines(places.map((row) => printableJson(this.#json(row))))
    const cells = places.map((row) =>
      this.#storages.map((storage, place) => this.#write[place]?.(storage.read(row)) ?? ''),
    )
    this.#grid.see(cells)
    await this.printHeader()
    await this.#output.lines(cells.map((row) => this.#grid.line(row)))
  }

  /** Names of the columns, once. */
  async printHeader(): Promise<void> {
    if (this.#hasHeader || this.#output.isJson) return
    this.#hasHeader = true
    await this.#output.lines([this.#output.bold(this.#grid.header())])
  }

  /** What the line has no room for. */
  async printHidden(): Promise<void> {
    const { hidden } = this.#grid
    if (hidden.length === 0 || this.#output.isJson) return
    const names = hidden.join(', ')
    await this.#output.lines([this.#output.dim(`${counted(hidden.length, 'more column')} (--columns): ${names}`)])
  }
}
