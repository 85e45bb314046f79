import type { Storage } from '../column/storage.ts'
import { TextStorage } from '../column/text-storage.ts'
import { Aggregates, nullCount } from '../kernels/kernels.ts'
import { type Distinct, distinctOf, labelCounts } from './distinct.ts'
import { type Histogram, histogramOf } from './histogram.ts'
import { finiteRange, numbers } from './numbers.ts'

/** Labels that are told one by one. */
const LABELS = 5

/** What is in a column. */
export interface ColumnStats {
  readonly nulls: number
  /** Numbers that are none. They do not count in the rest. */
  readonly nans?: number
  readonly distinct?: Distinct | undefined
  /** Values of the column; the mean is a number. */
  readonly min?: unknown
  readonly max?: unknown
  readonly mean?: number | undefined
  readonly histogram?: Histogram | undefined
  /** The most frequent ones. */
  readonly labels?: readonly { readonly label: string; readonly count: number }[]
  /** Bytes of the shortest and the longest text. */
  readonly textBytes?: { readonly min: number; readonly max: number } | undefined
}

/** Looks at all rows of a column: several passes, memory bounded. */
export function columnStats(storage: Storage, rows: number, bins: number): ColumnStats {
  const common = { nulls: nullCount(storage, rows), distinct: distinctOf(storage, rows) }
  if (storage instanceof TextStorage) return { ...common, textBytes: textBytes(storage, rows) }
  switch (storage.coding) {
    case 'lanes':
      return common
    case 'bool':
    case 'labels':
    case 'symbol':
      return { ...common, labels: mostFrequent(storage, rows, LABELS) }
    default: {
      const aggregates = new Aggregates(storage.session.native, storage, rows)
      const [min, max] = aggregates.minMax() ?? []
      const histogram = histogramOf(storage, rows, bins)
      // NaN makes each of these NaN in the core.
      if (!Number.isNaN(min)) return { ...common, min, max, mean: aggregates.mean(), histogram }
      return { ...common, ...withoutNans(storage, rows, common.nulls), histogram }
    }
  }
}

/** The labels that occur most often, those that occur as often in their own order. */
export function mostFrequent(storage: Storage, rows: number, most: number): { label: string; count: number }[] {
  const { labels, counts } = labelCounts(storage, rows)
  return labels
    .map((label, code) => ({ label, count: counts[code] as number }))
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count)
    .slice(0, most)
}

function withoutNans(storage: Storage, rows: number, nulls: number): Omit<ColumnStats, 'nulls'> {
  const nans = finiteRange(storage, rows).missing - nulls
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let count = 0
  for (const piece of numbers(storage, rows)) {
    for (const value of piece) {
      if (Number.isNaN(value)) continue
      count++
      sum += value
      min = Math.min(min, value)
      max = Math.max(max, value)
    }
  }
  return count === 0 ? { nans } : { nans, min, max, mean: sum / count }
}

function textBytes(storage: TextStorage, rows: number): ColumnStats['textBytes'] {
  let min = Infinity
  let max = 0
  storage.bind()
  for (let row = 0; row < rows; row++) {
    if (storage.isNull(row)) continue
    const bytes = storage.textBytes(row)
    min = Math.min(min, bytes)
    max = Math.max(max, bytes)
  }
  return min > max ? undefined : { min, max }
}
