import type { Storage } from '../column/storage.ts'
import { StoredType, type TimeUnit } from '../schema/types.ts'

/** Rows of a piece. */
const PIECE_ROWS = 65_536

/** Milliseconds of a unit. */
const UNIT_MS: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 }

/** Whether a column has a place on an axis: numbers, times and truth values. */
export function isNumeric({ coding }: Storage): boolean {
  return coding === 'number' || coding === 'bigint' || coding === 'timestamp' || coding === 'bool'
}

/** Whether its numbers are times. */
export function isTime({ type, coding }: Storage): boolean {
  return coding === 'timestamp' || StoredType.inner(type).unit !== undefined
}

/**
 * The first rows of a column of numbers as doubles, piece by piece into the same array: NaN where there is no number,
 * times in milliseconds.
 */
export function* numbers(storage: Storage, rows: number): Generator<Float64Array> {
  const buffer = new Float64Array(Math.min(rows, PIECE_ROWS))
  const { unit } = StoredType.inner(storage.type)
  const scale = unit === undefined ? 1 : UNIT_MS[unit]
  for (let start = 0; start < rows; start += PIECE_ROWS) {
    const count = Math.min(PIECE_ROWS, rows - start)
    const elements = storage.data.part(start, count)
    if (storage.coding === 'bigint') {
      for (let at = 0; at < count; at++) buffer[at] = Number(elements[at]) * scale
    } else buffer.set(elements as Float64Array)
    if (storage.validity !== undefined) {
      for (let at = 0; at < count; at++) if (storage.isNull(start + at)) buffer[at] = Number.NaN
    }
    yield buffer.subarray(0, count)
  }
}

/** The least and the greatest finite number, and how many are NaN; the least is above the greatest where there is none. */
export function finiteRange(storage: Storage, rows: number): { min: number; max: number; missing: number } {
  let min = Infinity
  let max = -Infinity
  let missing = 0
  for (const piece of numbers(storage, rows)) {
    for (const value of piece) {
      if (Number.isNaN(value)) missing++
      else if (Number.isFinite(value)) {
        if (value < min) min = value
        if (value > max) max = value
      }
    }
  }
  return { min, max, missing }
}
