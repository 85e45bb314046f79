import { shortNumber } from '../number-text.ts'

/** What an axis shows: numbers, or milliseconds since 1970. */
export interface Axis {
  readonly name: string
  readonly isTime: boolean
  readonly min: number
  readonly max: number
}

export interface Tick {
  /** 0 at the begin of the axis, 1 at its end. */
  readonly share: number
  readonly label: string
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const MONTH = 30 * DAY
const YEAR = 365 * DAY
const TIME_STEPS = [
  ...[1, 5, 15, 30].map((step) => step * SECOND),
  ...[1, 5, 15, 30].map((step) => step * MINUTE),
  ...[1, 3, 6, 12].map((step) => step * HOUR),
  ...[1, 2, 7, 14].map((step) => step * DAY),
  ...[1, 2, 3, 6].map((step) => step * MONTH),
]

/** An axis over a range that is none where all values are the same. */
export function axisOf(name: string, isTime: boolean, min: number, max: number): Axis {
  if (min < max) return { name, isTime, min, max }
  const around = isTime ? SECOND : Math.max(Math.abs(min) / 2, 0.5)
  return { name, isTime, min: min - around, max: max + around }
}

/** Where a value lies on an axis, 0 to 1. */
export function shareOf({ min, max }: Axis, value: number): number {
  // Halves: the difference of the greatest doubles is none.
  return (value / 2 - min / 2) / (max / 2 - min / 2)
}

/** About `count` round values along an axis. */
export function ticksOf(axis: Axis, count: number): Tick[] {
  const { min, max, isTime } = axis
  const rough = (max / 2 - min / 2 || Number.MIN_VALUE) / (count / 2)
  const step = isTime ? timeStep(rough) : roundStep(rough)
  const ticks: Tick[] = []
  const first = Math.ceil(min / step)
  for (let at = 0; at <= count * 2; at++) {
    const value = (first + at) * step
    if (!(value <= max)) break
    ticks.push({ share: shareOf(axis, value), label: isTime ? timeLabel(value, step, max - min) : shortNumber(value) })
  }
  return ticks
}

/** 1, 2 or 5 times a power of ten, from `rough` on. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 5, 10].find((each) => each * power >= rough * 0.999) ?? 10
  return factor * power
}

function timeStep(rough: number): number {
  if (rough < SECOND) return roundStep(rough)
  return TIME_STEPS.find((step) => step >= rough) ?? roundStep(rough / YEAR) * YEAR
}

function timeLabel(ms: number, step: number, range: number): string {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime())) return shortNumber(ms)
  const iso = date.toISOString()
  if (step >= DAY || iso.length > 24) return iso.slice(0, -14)
  const time = step >= MINUTE ? iso.slice(11, 16) : step >= SECOND ? iso.slice(11, 19) : iso.slice(11, 23)
  return range > DAY ? `${iso.slice(5, 10)} ${time}` : time
}
