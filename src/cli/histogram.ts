import type { Storage } from '../column/storage.ts'
import { StoredType } from '../schema/types.ts'
import { finiteRange, numbers } from './numbers.ts'

/** How often numbers fall into bins of equal width from `min` to `max`, the last one with its end. */
export interface Histogram {
  readonly min: number
  readonly max: number
  readonly counts: readonly number[]
}

/** The histogram of the finite numbers of a column, or undefined where there is none. Two passes over the rows. */
export function histogramOf(storage: Storage, rows: number, binsMax: number): Histogram | undefined {
  const { min, max } = finiteRange(storage, rows)
  if (min > max) return undefined
  const bins = binsFor(storage, min, max, binsMax)
  const counts = Array.from({ length: bins }, () => 0)
  // Halves: the difference of the greatest doubles is none.
  const width = max / 2 - min / 2
  for (const piece of numbers(storage, rows)) {
    for (const value of piece) {
      if (!Number.isFinite(value)) continue
      const bin = width === 0 ? 0 : Math.min(Math.floor(((value / 2 - min / 2) / width) * bins), bins - 1)
      counts[bin] = (counts[bin] as number) + 1
    }
  }
  return { min, max, counts }
}

/** Whole numbers of few values get a bin each: others would be uneven. */
function binsFor({ type, coding }: Storage, min: number, max: number, binsMax: number): number {
  if (min === max) return 1
  const isWhole = StoredType.kind(type).range !== undefined && coding !== 'timestamp'
  return isWhole && max - min < binsMax ? max - min + 1 : binsMax
}
