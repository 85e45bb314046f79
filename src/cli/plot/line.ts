import type { Storage } from '../../column/storage.ts'
import { finiteRange, isTime, numbers } from '../numbers.ts'
import { type Axis, axisOf, shareOf } from './axis.ts'

/**
 * A line over many rows, for a picture of so many steps: of each step the first, last, least and greatest value. What a
 * line through every row would look like, whatever their number. NaN where a step has no value.
 */
export interface Line {
  readonly name: string
  readonly first: Float64Array
  readonly last: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
  /** 1 where rows of a step have no value: the line has a gap. */
  readonly gaps: Uint8Array
}

export interface LinePlot {
  readonly kind: 'line'
  readonly x: Axis
  readonly y: Axis
  readonly steps: number
  readonly lines: readonly Line[]
}

/** Lines of columns over another column, or over the row number. Two passes over each. */
export function linePlot(
  x: Storage | undefined,
  columns: readonly Storage[],
  rows: number,
  steps: number,
): LinePlot | undefined {
  const along = x === undefined ? { min: 0, max: rows - 1 } : finiteRange(x, rows)
  const ranges = columns.map((column) => finiteRange(column, rows))
  const min = Math.min(...ranges.map((range) => range.min))
  const max = Math.max(...ranges.map((range) => range.max))
  if (along.min > along.max || min > max) return undefined
  const xAxis = axisOf(x?.name ?? 'row', x !== undefined && isTime(x), along.min, along.max)
  const [first] = columns
  const isOfTimes = first !== undefined && isTime(first)
  const yAxis = axisOf(columns.map(({ name }) => name).join(', '), isOfTimes, min, max)
  const lines = columns.map((column) => lineOf(x, column, rows, steps, xAxis))
  return { kind: 'line', x: xAxis, y: yAxis, steps, lines }
}

function lineOf(x: Storage | undefined, y: Storage, rows: number, steps: number, axis: Axis): Line {
  const nothing = (): Float64Array => new Float64Array(steps).fill(Number.NaN)
  const line = { first: nothing(), last: nothing(), low: nothing(), high: nothing(), gaps: new Uint8Array(steps) }
  const { first, last, low, high, gaps } = line
  const xs = x === undefined ? undefined : numbers(x, rows)
  let start = 0
  for (const ys of numbers(y, rows)) {
    const piece = xs?.next().value as Float64Array | undefined
    for (let at = 0; at < ys.length; at++) {
      const along = piece === undefined ? start + at : (piece[at] as number)
      if (!Number.isFinite(along)) continue
      const step = Math.min(Math.floor(shareOf(axis, along) * steps), steps - 1)
      const value = ys[at] as number
      if (!Number.isFinite(value)) {
        gaps[step] = 1
        continue
      }
      if (Number.isNaN(first[step])) {
        first[step] = low[step] = high[step] = value
      } else if (value < (low[step] as number)) low[step] = value
      else if (value > (high[step] as number)) high[step] = value
      last[step] = value
    }
    start += ys.length
  }
  return { name: y.name, ...line }
}

/** Draws a line as strokes in steps and values: the extent of each step, and from each to the next. */
export function strokes(
  { first, last, low, high, gaps }: Line,
  draw: (fromStep: number, from: number, toStep: number, to: number) => void,
): void {
  let before = -1
  for (let step = 0; step < first.length; step++) {
    if (Number.isNaN(first[step])) {
      if (gaps[step] === 1) before = -1
      continue
    }
    if (before >= 0) draw(before, last[before] as number, step, first[step] as number)
    draw(step, low[step] as number, step, high[step] as number)
    before = step
  }
}
