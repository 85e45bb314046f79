import type { Storage } from '../../column/storage.ts'
import { finiteRange, isTime, numbers } from '../numbers.ts'
import { type Axis, axisOf, shareOf } from './axis.ts'

/** Points of two columns, counted in a grid: what can be seen of any number of them. */
export interface ScatterPlot {
  readonly kind: 'scatter'
  readonly x: Axis
  readonly y: Axis
  readonly width: number
  readonly height: number
  /** Points by cell, row by row from the top. */
  readonly counts: Uint32Array
  readonly points: number
}

/** Points of which both numbers are finite. Two passes over each column. */
export function scatterPlot(
  x: Storage,
  y: Storage,
  rows: number,
  width: number,
  height: number,
): ScatterPlot | undefined {
  const xRange = finiteRange(x, rows)
  const yRange = finiteRange(y, rows)
  if (xRange.min > xRange.max || yRange.min > yRange.max) return undefined
  const xAxis = axisOf(x.name, isTime(x), xRange.min, xRange.max)
  const yAxis = axisOf(y.name, isTime(y), yRange.min, yRange.max)
  const counts = new Uint32Array(width * height)
  let points = 0
  const ys = numbers(y, rows)
  for (const xs of numbers(x, rows)) {
    const piece = ys.next().value as Float64Array
    for (let at = 0; at < xs.length; at++) {
      const across = shareOf(xAxis, xs[at] as number)
      const up = shareOf(yAxis, piece[at] as number)
      if (!Number.isFinite(across) || !Number.isFinite(up)) continue
      const column = Math.min(Math.floor(across * width), width - 1)
      const row = height - 1 - Math.min(Math.floor(up * height), height - 1)
      const cell = row * width + column
      counts[cell] = (counts[cell] as number) + 1
      points++
    }
  }
  return { kind: 'scatter', x: xAxis, y: yAxis, width, height, counts, points }
}
