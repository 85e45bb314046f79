import { bar } from '../bar.ts'
import { count } from '../number-text.ts'
import { printable } from '../printable.ts'
import { cut, padded, textWidth } from '../text-width.ts'
import { shareOf } from './axis.ts'
import type { BarPlot } from './bars.ts'
import { Braille, DOTS_ACROSS, DOTS_DOWN } from './braille.ts'
import { framed } from './frame.ts'
import { type LinePlot, strokes } from './line.ts'
import type { ScatterPlot } from './scatter.ts'

/** Cyan, yellow, magenta, green, blue, red: the colors of a terminal that show on light and on dark. */
const COLORS = [36, 33, 35, 32, 34, 31]
const SHADES = [...' ░▒▓█']
const LABEL_MAX = 30

type Paint = (text: string, color: number) => string

/** What colors text of a series, where there are colors. */
export function painter(hasColors: boolean): Paint {
  return (text, color) =>
    !hasColors || text.trim() === '' ? text : `\u001b[${COLORS[color % COLORS.length]}m${text}\u001b[39m`
}

/** Lines of a terminal that show a plot; `width` and `height` are those of the picture within its axes. */
export function terminalLines(plot: LinePlot, width: number, height: number, paint: Paint): string[] {
  const canvas = new Braille(width, height)
  const dotsDown = height * DOTS_DOWN
  const dotsAcross = width * DOTS_ACROSS
  const down = (value: number): number => Math.round((1 - shareOf(plot.y, value)) * (dotsDown - 1))
  const across = (step: number): number => Math.floor((step / plot.steps) * dotsAcross)
  for (const [color, line] of plot.lines.entries()) {
    strokes(line, (fromStep, from, toStep, to) =>
      canvas.line(across(fromStep), down(from), across(toStep), down(to), color),
    )
  }
  const legend = plot.lines.map(({ name }, color) => paint(`── ${printable(name)}`, color)).join('  ')
  const lines = framed(canvas.lines(paint), width, plot.x, plot.y)
  return plot.lines.length > 1 ? [...lines, legend] : lines
}

/** Few points as dots, many as shades: the cells with the most points are full. */
export function terminalScatter(plot: ScatterPlot, width: number, height: number, paint: Paint): string[] {
  const { counts, points, x, y } = plot
  const isDense = points > width * height
  if (!isDense) {
    const canvas = new Braille(width, height)
    for (const [cell, found] of counts.entries()) {
      if (found > 0) canvas.dot(cell % plot.width, Math.floor(cell / plot.width))
    }
    return framed(canvas.lines(paint), width, x, y)
  }
  const cells = new Float64Array(width * height)
  for (const [cell, found] of counts.entries()) {
    const column = Math.floor((cell % plot.width) / DOTS_ACROSS)
    const row = Math.floor(Math.floor(cell / plot.width) / DOTS_DOWN)
    cells[row * width + column] = (cells[row * width + column] as number) + found
  }
  const most = cells.reduce((greatest, found) => Math.max(greatest, found), 0)
  const lines = Array.from({ length: height }, (_, row) =>
    paint(Array.from(cells.subarray(row * width, (row + 1) * width), (found) => shade(found, most)).join(''), 0),
  )
  return framed(lines, width, x, y)
}

function shade(found: number, most: number): string {
  if (found === 0) return ' '
  // By magnitude: one crowded cell must not hide all others.
  const level = most === 1 ? 1 : Math.log(found) / Math.log(most)
  return SHADES[Math.min(1 + Math.floor(level * (SHADES.length - 1)), SHADES.length - 1)] as string
}

/** A bar a line. */
export function terminalBars({ name, bars }: BarPlot, width: number, paint: Paint): string[] {
  const labels = bars.map(({ label }) => cut(printable(label), LABEL_MAX))
  const labelWidth = Math.max(...labels.map((label) => textWidth(label)))
  const counts = bars.map((each) => count(each.count))
  const countWidth = Math.max(...counts.map((each) => each.length))
  const most = Math.max(...bars.map((each) => each.count))
  const cells = Math.max(width - labelWidth - countWidth - 4, 8)
  const lines = bars.map((each, place) => {
    const label = padded(labels[place] as string, labelWidth, 'right')
    const drawn = paint(bar(each.count / most, cells), 0)
    return `${label}  ${(counts[place] as string).padStart(countWidth)}  ${drawn}`.trimEnd()
  })
  return [printable(name), ...lines]
}
