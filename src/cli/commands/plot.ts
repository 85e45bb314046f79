import { resolve } from 'node:path'
import type { Arguments } from '../arguments.ts'
import type { Storage } from '../../column/storage.ts'
import type { Command } from '../command.ts'
import { TABLE } from '../command.ts'
import { StoaError } from '../../errors.ts'
import { OutputFile } from '../../interop/files/output-file.ts'
import { isNumeric } from '../numbers.ts'
import type { Output } from '../output.ts'
import { type BarPlot, barPlot } from '../plot/bars.ts'
import { DOTS_ACROSS, DOTS_DOWN } from '../plot/braille.ts'
import { AXIS_CELLS } from '../plot/frame.ts'
import { type LinePlot, linePlot } from '../plot/line.ts'
import { type ScatterPlot, scatterPlot } from '../plot/scatter.ts'
import { pictureSize, svgBars, svgLines, svgScatter } from '../plot/svg-plot.ts'
import { painter, terminalBars, terminalLines, terminalScatter } from '../plot/terminal-plot.ts'
import { printable } from '../printable.ts'
import type { Handle } from '../../schema/contents.ts'
import { chosenHandle, chosenStorages, reading } from '../source.ts'

const KINDS = ['line', 'histogram', 'scatter'] as const
const BINS = 20
const SVG = { width: 800, height: 450 }
/** Lines around a picture: its title, the axis and its labels, the next prompt. */
const LINES_AROUND = 5
const SIZE_MIN = 4
const SIZE_MAX = 10_000
/** Pixels of a cell of points. */
const POINT_PIXELS = 3

type Plot = LinePlot | ScatterPlot | BarPlot

/** How large a plot is to be, and where. */
interface Frame {
  readonly isSvg: boolean
  readonly width: number
  readonly height: number
}

export const plot: Command = {
  name: 'plot',
  summary: 'draws a line, a histogram or a scatter of columns, in the terminal or as SVG',
  positionals: ['STORE'],
  options: {
    table: TABLE,
    x: { value: 'COLUMN', short: 'x', help: 'the column across; of a line default the row number' },
    y: { value: 'A,B', short: 'y', isRepeated: true, help: 'the column upwards, of a line perhaps several' },
    kind: { value: 'KIND', short: 'k', help: `${KINDS.join(', ')}; default: line with -y, else histogram` },
    bins: { value: 'N', help: `bars of a histogram; default ${BINS}` },
    svg: { value: 'FILE', help: 'writes an SVG, for light and dark screens; - for the standard output' },
    width: { value: 'N', help: `cells, or pixels of an SVG; default: the terminal, ${SVG.width}` },
    height: { value: 'N', help: `lines, or pixels of an SVG; default: the terminal, ${SVG.height}` },
  },
  details: [
    'All rows count, however many: a line shows the least and the greatest value of each step across, a scatter how many points are in each place. A histogram of labels shows the most frequent ones. Null and what is no finite number is left out.',
  ],
  examples: [
    'stoa plot market.stoa -x price                   # a histogram',
    'stoa plot market.stoa -x ts -y price             # a line',
    'stoa plot air.stoa -k scatter -x distance -y delay --svg delay.svg',
  ],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const handle = chosenHandle(store, given)
      const file = given.text('svg')
      const frame = frameOf(given, output)
      const drawn = plotOf(handle, given, frame)
      if (drawn === undefined) {
        throw new StoaError('ERR_STOA_NOT_FOUND', `there is no number to draw in ${handle.title}`, { path: store.path })
      }
      if (file !== undefined) {
        const text = svgOf(drawn, frame)
        if (file === '-') return output.lines([text.trimEnd()])
        const path = resolve(file)
        await OutputFile.write(path, (target) => target.append(Buffer.from(text)))
        return output.isJson ? output.json({ file: path }) : output.lines([printable(path)])
      }
      if (output.isJson) return output.json(jsonOf(drawn))
      await output.lines(textOf(drawn, frame, output))
    }),
}

function frameOf(given: Arguments, output: Output): Frame {
  const isSvg = given.has('svg')
  const width = given.whole('width', SIZE_MIN, SIZE_MAX)
  const height = given.whole('height', SIZE_MIN, SIZE_MAX)
  if (isSvg) return { isSvg, width: width ?? SVG.width, height: height ?? SVG.height }
  const { size } = output
  return { isSvg, width: width ?? size.width, height: height ?? Math.max(size.height - LINES_AROUND, SIZE_MIN) }
}

function plotOf(handle: Handle, given: Arguments, frame: Frame): Plot | undefined {
  const x = given.has('x') ? chosenStorages(handle, given, 'x') : []
  const y = given.has('y') ? chosenStorages(handle, given, 'y') : []
  const kind = given.oneOf('kind', KINDS) ?? (y.length > 0 ? 'line' : 'histogram')
  const rows = handle.length
  const [first] = x
  if (x.length > 1) throw given.wrong('the option -x takes one column')
  if (kind === 'histogram') {
    const column = first ?? (handle.storages.length === 1 ? handle.storages[0] : undefined)
    if (column === undefined || y.length > 0) throw given.wrong('a histogram takes a column: -x COLUMN')
    const isCounted = isNumeric(column) || column.coding === 'symbol' || column.coding === 'labels'
    if (!isCounted) throw notNumeric(column)
    return barPlot(column, rows, given.whole('bins', 1, 1000) ?? BINS)
  }
  for (const column of [...x, ...y]) if (!isNumeric(column)) throw notNumeric(column)
  const cells = pictureOf(frame)
  if (kind === 'line') {
    if (y.length === 0) throw given.wrong('a line takes a column upwards: -y COLUMN')
    return linePlot(first, y, rows, frame.isSvg ? cells.width : cells.width * DOTS_ACROSS)
  }
  const [up] = y
  if (first === undefined || up === undefined || y.length > 1) {
    throw given.wrong('a scatter takes two columns: -x COLUMN -y COLUMN')
  }
  return frame.isSvg
    ? scatterPlot(first, up, rows, Math.ceil(cells.width / POINT_PIXELS), Math.ceil(cells.height / POINT_PIXELS))
    : scatterPlot(first, up, rows, cells.width * DOTS_ACROSS, cells.height * DOTS_DOWN)
}

function pictureOf({ isSvg, width, height }: Frame): { width: number; height: number } {
  return isSvg ? pictureSize(width, height) : { width: Math.max(width - AXIS_CELLS, SIZE_MIN), height }
}

function notNumeric({ title, type }: Storage): Error {
  return new StoaError(
    'ERR_STOA_UNSUPPORTED',
    `${title} is ${type}, which has no place on an axis: numbers, times and bool have`,
  )
}

function svgOf(drawn: Plot, { width, height }: Frame): string {
  if (drawn.kind === 'line') return svgLines(drawn, width, height)
  return drawn.kind === 'scatter' ? svgScatter(drawn, width, height) : svgBars(drawn, width, height)
}

function textOf(drawn: Plot, frame: Frame, output: Output): string[] {
  const paint = painter(output.hasColors)
  if (drawn.kind === 'histogram') return terminalBars(drawn, frame.width, paint)
  if (drawn.kind === 'scatter') return terminalScatter(drawn, drawn.width / DOTS_ACROSS, frame.height, paint)
  if (drawn.lines.length === 1 || output.hasColors) {
    return terminalLines(drawn, drawn.steps / DOTS_ACROSS, frame.height, paint)
  }
  // Without colors lines in one picture cannot be told apart.
  return drawn.lines.flatMap((line) =>
    terminalLines(
      { ...drawn, lines: [line], y: { ...drawn.y, name: line.name } },
      drawn.steps / DOTS_ACROSS,
      frame.height,
      paint,
    ),
  )
}

function jsonOf(drawn: Plot): unknown {
  if (drawn.kind === 'histogram') return drawn
  const { kind, x, y } = drawn
  if (drawn.kind === 'scatter') {
    const { width, height, points } = drawn
    const cells = [...drawn.counts.entries()]
      .filter(([, count]) => count > 0)
      .map(([cell, count]) => ({ column: cell % width, row: Math.floor(cell / width), count }))
    return { kind, x, y, width, height, points, cells }
  }
  const lines = drawn.lines.map(({ name, first, last, low, high }) => ({
    name,
    steps: [...first.entries()]
      .filter(([, value]) => !Number.isNaN(value))
      .map(([step, value]) => ({ step, first: value, last: last[step], low: low[step], high: high[step] })),
  }))
  return { kind, x, y, steps: drawn.steps, lines }
}
