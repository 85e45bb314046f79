import {
  bool,
  bytes,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  nullable,
  oneOf,
  symbol,
  timestamp,
  timestamp64,
  type Type,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from '../../src/index.ts'
import type { Random } from './seed.ts'

/** A type, and values of it as they are read back. */
export interface Sample {
  readonly type: Type
  value(random: Random): unknown
}

const many = Array.from({ length: 300 }, (_, code) => `label ${code}`)
const texts = ['', 'a', 'twelve bytes', 'thirteen byte', 'é', 'e\u0301', '😀', '\uffff', '\0', 'x'.repeat(500)]
const floats = [0, -0, 1.5, -1e300, Number.NaN, Number.POSITIVE_INFINITY, 5e-324]

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)] as T
}

function whole(random: Random, bits: number, isSigned: boolean): number {
  return random.below(2 ** bits) - (isSigned ? 2 ** (bits - 1) : 0)
}

function wide(random: Random): bigint {
  return (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))
}

function text(random: Random): string {
  return random.below(3) === 0 ? pick(random, texts) : `text ${random.below(500)} ${'long '.repeat(random.below(6))}`
}

const plain: Record<string, Sample> = {
  i8: { type: i8, value: (random) => whole(random, 8, true) },
  i16: { type: i16, value: (random) => whole(random, 16, true) },
  i32: { type: i32, value: (random) => whole(random, 32, true) },
  u8: { type: u8, value: (random) => whole(random, 8, false) },
  u16: { type: u16, value: (random) => whole(random, 16, false) },
  u32: { type: u32, value: (random) => whole(random, 32, false) },
  i64: { type: i64, value: (random) => BigInt.asIntN(64, wide(random)) },
  u64: { type: u64, value: wide },
  f32: { type: f32, value: (random) => Math.fround(random.below(1000) / 7) },
  f64: { type: f64, value: (random) => (random.below(4) === 0 ? pick(random, floats) : random.below(1e6) / 7) },
  bool: { type: bool, value: (random) => random.below(2) === 1 },
  timestamp: { type: timestamp, value: (random) => random.below(2e12) },
  timestamp64: { type: timestamp64('us'), value: (random) => BigInt(random.below(2e15)) },
  oneOf: { type: oneOf('buy', 'sell', '', 'ü'), value: (random) => pick(random, ['buy', 'sell', '', 'ü']) },
  'oneOf of many': { type: oneOf(...many), value: (random) => pick(random, many) },
  symbol: { type: symbol, value: (random) => `S${random.below(40)}` },
  utf8: { type: utf8, value: text },
  'bytes(3)': { type: bytes(3), value: (random) => Uint8Array.from({ length: 3 }, () => random.below(256)) },
  'vector(f32, 3)': {
    type: vector(f32, 3),
    value: (random) => Float32Array.from({ length: 3 }, () => random.below(1000) / 4),
  },
  'vector(i64, 5)': {
    type: vector(i64, 5),
    value: (random) => BigInt64Array.from({ length: 5 }, () => BigInt.asIntN(64, wide(random))),
  },
}

/** Every type, by what its column is called; each nullable too. */
export const samples: Readonly<Record<string, Sample>> = {
  ...plain,
  ...Object.fromEntries(
    Object.entries(plain).map(([name, { type, value }]): [string, Sample] => [
      `nullable ${name}`,
      { type: nullable(type), value: (random) => (random.below(3) === 0 ? null : value(random)) },
    ]),
  ),
}

/** Whether two values that were read are the same: NaN is, -0 is not 0, arrays go by their elements. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!ArrayBuffer.isView(a) || !ArrayBuffer.isView(b)) return false
  const [one, other] = [a, b] as unknown as [ArrayLike<unknown>, ArrayLike<unknown>]
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (!Object.is(one[at], other[at])) return false
  return true
}
