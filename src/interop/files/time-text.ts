import type { TimeUnit } from '../../schema/types.ts'
import { scaledTime } from '../conversion.ts'

/** A date, or a date and a time with up to nine digits of a second, and perhaps an offset from UTC. */
const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(?:Z|([+-])(\d{2}):?(\d{2}))?$/
const MINUTE_MS = 60_000
/** Of a year on average: 400 of them are whole days. */
const YEAR_MS = 365.2425 * 86_400_000
/** What a Date can be. */
const DATE_MS_MAX = 8.64e15
const DIGITS: Readonly<Record<TimeUnit, number>> = { s: 0, ms: 3, us: 6, ns: 9 }

/** Nanoseconds within the second, and milliseconds since 1970 of the second; undefined for what is no such text. */
interface Moment {
  readonly secondMs: number
  readonly nanoseconds: number
}

function momentOf(text: string): Moment | undefined {
  const match = ISO.exec(text)
  if (match === null) return undefined
  const year = Number(match[1])
  const month = Number(match[2])
  const day = Number(match[3])
  const hour = Number(match[4] ?? 0)
  const minute = Number(match[5] ?? 0)
  const second = Number(match[6] ?? 0)
  // The 30th of February would be a day in March to a Date.
  const isThere = month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month)
  if (!isThere || hour > 23 || minute > 59 || second > 59) return undefined
  // Date.UTC takes years below 100 for those of the last century: 400 years on it is the same calendar.
  const shift = year < 100 ? 400 : 0
  const secondMs = Date.UTC(year + shift, month - 1, day, hour, minute, second) - shift * YEAR_MS
  const offset = (Number(match[9] ?? 0) * 60 + Number(match[10] ?? 0)) * MINUTE_MS * (match[8] === '-' ? -1 : 1)
  return { secondMs: secondMs - offset, nanoseconds: match[7] === undefined ? 0 : Number(match[7].padEnd(9, '0')) }
}

function daysOf(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Whether text is a moment as ISO 8601 has it. */
export function isTime(text: string): boolean {
  return momentOf(text) !== undefined
}

/** Milliseconds since 1970; text without an offset is UTC. Undefined for what is no moment. */
export function millisecondsOf(text: string): number | undefined {
  const moment = momentOf(text)
  return moment && moment.secondMs + moment.nanoseconds / 1e6
}

/** The same in a unit, exact, digits below the unit cut off. */
export function unitsOf(text: string, unit: TimeUnit): bigint | undefined {
  const moment = momentOf(text)
  if (moment === undefined) return undefined
  return scaledTime(BigInt(moment.secondMs) * 1_000_000n + BigInt(moment.nanoseconds), 'ns', unit)
}

/** A moment as text; one that no Date can be, or that has parts of a millisecond, as the number that it is. */
export function textOfMilliseconds(time: number): string {
  return Number.isInteger(time) && isDate(time) ? new Date(time).toISOString() : `${time}`
}

/** A moment of a unit as text, with the digits of the unit; one that no Date can be as the number that it is. */
export function textOfUnits(time: bigint, unit: TimeUnit): string {
  const seconds = scaledTime(time, unit, 's')
  const ms = Number(seconds) * 1000
  if (!isDate(ms)) return `${time}`
  const start = new Date(ms).toISOString().slice(0, -5)
  const digits = DIGITS[unit]
  const fraction = time - scaledTime(seconds, 's', unit)
  return digits === 0 ? `${start}Z` : `${start}.${`${fraction}`.padStart(digits, '0')}Z`
}

/** Years of four digits: others have a sign, which few programs read. */
function isDate(ms: number): boolean {
  if (Math.abs(ms) > DATE_MS_MAX) return false
  const year = new Date(ms).getUTCFullYear()
  return year >= 0 && year <= 9999
}
