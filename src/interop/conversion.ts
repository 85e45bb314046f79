import type { TimeUnit } from '../schema/types.ts'

/** Units a second. */
const PER_SECOND: Readonly<Record<TimeUnit, bigint>> = { s: 1n, ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n }

/** A time in another unit, rounded down. */
export function scaledTime(time: bigint, from: TimeUnit, to: TimeUnit): bigint {
  const up = PER_SECOND[to] / PER_SECOND[from]
  if (up > 0n) return time * up
  const down = PER_SECOND[from] / PER_SECOND[to]
  const quotient = time / down
  return time % down < 0n ? quotient - 1n : quotient
}

/** A whole number as a bigint; everything else as it is, for the column to refuse. */
export function toBigInt(value: unknown): unknown {
  return typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value
}

/** A bigint as a number where that is exact; everything else as it is, for the column to refuse. */
export function fromBigInt(value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
