import type { Storage } from '../../column/storage.ts'
import { mostFrequent } from '../column-stats.ts'
import { histogramOf } from '../histogram.ts'
import { isTime } from '../numbers.ts'
import { shortNumber } from '../number-text.ts'

/** How often values occur: of numbers those between two ends, of labels each, the most frequent first. */
export interface BarPlot {
  readonly kind: 'histogram'
  readonly name: string
  readonly bars: readonly {
    readonly label: string
    readonly from?: number
    readonly to?: number
    readonly count: number
  }[]
}

/** Undefined where there is no value. */
export function barPlot(storage: Storage, rows: number, bins: number): BarPlot | undefined {
  const { name, coding } = storage
  if (coding === 'symbol' || coding === 'labels' || coding === 'bool') {
    const bars = mostFrequent(storage, rows, bins)
    return bars.length === 0 ? undefined : { kind: 'histogram', name, bars }
  }
  const histogram = histogramOf(storage, rows, bins)
  if (histogram === undefined) return undefined
  const { min, max, binWidth, isWhole, counts } = histogram
  const text = isTime(storage) ? timeText(max - min) : shortNumber
  const bars = counts.map((count, bin) => {
    const from = min + bin * binWidth
    const next = from + binWidth
    const to = isWhole ? next - 1 : bin === counts.length - 1 ? max : next
    return { label: from === to ? text(from) : `${text(from)} to ${text(to)}`, from, to, count }
  })
  return { kind: 'histogram', name, bars }
}

/** Times to the day where there are many, else to the second. */
function timeText(range: number): (ms: number) => string {
  const end = range > 30 * 86_400_000 ? 10 : 19
  return (ms) => {
    const date = new Date(ms)
    return Number.isNaN(date.getTime()) ? shortNumber(ms) : date.toISOString().slice(0, end).replace('T', ' ')
  }
}
