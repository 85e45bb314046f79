import { printable } from '../printable.ts'
import { cut, padded } from '../text-width.ts'
import { type Axis, ticksOf } from './axis.ts'

const ROWS_PER_TICK = 4
const CELLS_PER_TICK = 18
/** Cells that the labels of the upright axis take, at most. */
const LABEL_MAX = 12
/** The same with its line. */
export const AXIS_CELLS: number = LABEL_MAX + 2

/** A picture of characters with its axes. */
export function framed(lines: readonly string[], width: number, x: Axis, y: Axis): string[] {
  const labels = yLabels(y, lines.length)
  const left = Math.min(Math.max(...labels.map((label) => label.length)), LABEL_MAX)
  const rows = lines.map((line, row) => {
    const label = labels[row] ?? ''
    return `${padded(cut(label, left), left, 'right')} ${label === '' ? '│' : '┤'}${line}`.trimEnd()
  })
  const rule = Array.from({ length: width }, () => '─')
  const below = Array.from({ length: width + left + 2 }, () => ' ')
  let free = 0
  for (const { share, label } of ticksOf(x, Math.max(Math.floor(width / CELLS_PER_TICK), 2))) {
    const cell = Math.min(Math.floor(share * width), width - 1)
    rule[cell] = '┬'
    const start = Math.max(Math.min(cell + left + 2 - Math.floor(label.length / 2), below.length - label.length), 0)
    if (start < free) continue
    below.splice(start, label.length, ...label)
    free = start + label.length + 2
  }
  const title = `${printable(y.name)} over ${printable(x.name)}`
  return [title, ...rows, `${' '.repeat(left)} └${rule.join('')}`, below.join('').trimEnd()]
}

/** The label beside each row, or nothing. */
function yLabels(y: Axis, height: number): string[] {
  const labels = Array.from({ length: height }, () => '')
  for (const { share, label } of ticksOf(y, Math.max(Math.floor(height / ROWS_PER_TICK), 2))) {
    labels[height - 1 - Math.min(Math.floor(share * height), height - 1)] = label
  }
  return labels
}
