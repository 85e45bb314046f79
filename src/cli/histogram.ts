import type { Storage } from '../column/storage.ts'
import { StoredType } from '../schema/types.ts'
import { finiteRange, isTime, numbers } from './numbers.ts'

/** How often numbers fall into bins of equal width. */
export interface Histogram {
  /** Where the first bin begins: the least number. */
  readonly min: number
  readonly max: number
  /**
   * A bin holds the numbers from its begin up to that of the next; the last one holds the greatest, too. Of whole
   * numbers it is whole, so that no bin holds more of them than another.
   */
  readonly binWidth: number
  readonly isWhole: boolean
  readonly counts: readonly number[]
}

/** The histogram of the finite numbers of a column, or undefined where there is none. Two passes over the rows. */
export function histogramOf(storage: Storage, rows: number, binsMax: number): Histogram | undefined {
  const { min, max } = finiteRange(storage, rows)
  if (min > max) return undefined
  const isWhole = StoredType.kind(storage.type).range !== undefined && !isTime(storage)
  // Halves: the difference of the greatest doubles is none.
  const half = max / 2 - min / 2
  const binWidth = isWhole ? Math.ceil((max - min + 1) / binsMax) : half / (binsMax / 2)
  const bins = min === max ? 1 : isWhole ? Math.ceil((max - min + 1) / binWidth) : binsMax
  const counts = Array.from({ length: bins }, () => 0)
  for (const piece of numbers(storage, rows)) {
    for (const value of piece) {
      if (!Number.isFinite(value)) continue
      const place = isWhole ? (value - min) / binWidth : ((value / 2 - min / 2) / half) * bins
      const bin = min === max ? 0 : Math.min(Math.floor(place), bins - 1)
      counts[bin] = (counts[bin] as number) + 1
    }
  }
  return { min, max, binWidth, isWhole, counts }
}
