import { found, quoted } from './errors.ts'
import {
  type BigIntArray,
  type ElementKind,
  type ElementKindName,
  KINDS,
  type NumberArray,
  type TypedArray,
} from './elements.ts'
import { isWellFormed } from './names.ts'

/**
 * What a column or an array holds. The values of this module (`f64`, `symbol`, `oneOf('buy', 'sell')`, …) are the only
 * ones; a schema is an object of them.
 */
export interface Type<Value = unknown, Input = unknown, Data = TypedArray, Source = unknown> {
  /** As in the file: `'f64'`, `'oneOf'`, … */
  readonly name: string
  /** As in messages: `f64`, `oneOf('buy', 'sell')`, … */
  toString(): string
  /** For the compiler only, there is nothing here at run time: what comes out, goes in, lies in memory, can be appended. */
  readonly '~types': { value: Value; input: Input; data: Data; source: Source }
}

interface NumberType<Name extends ElementKindName, Data> extends Type<
  number,
  number,
  Data,
  NumberArray | readonly number[]
> {
  readonly name: Name
}
interface BigIntType<Name extends string, Data> extends Type<bigint, bigint, Data, BigIntArray | readonly bigint[]> {
  readonly name: Name
}

// Interfaces, not aliases, so that a hover shows `F64` and not what it is made of.
export interface I8 extends NumberType<'i8', Int8Array> {}
export interface I16 extends NumberType<'i16', Int16Array> {}
export interface I32 extends NumberType<'i32', Int32Array> {}
export interface I64 extends BigIntType<'i64', BigInt64Array> {}
export interface U8 extends NumberType<'u8', Uint8Array> {}
export interface U16 extends NumberType<'u16', Uint16Array> {}
export interface U32 extends NumberType<'u32', Uint32Array> {}
export interface U64 extends BigIntType<'u64', BigUint64Array> {}
export interface F32 extends NumberType<'f32', Float32Array> {}
export interface F64 extends NumberType<'f64', Float64Array> {}
export interface Bool extends Type<boolean, boolean, Uint8Array, Uint8Array | readonly boolean[]> {
  readonly name: 'bool'
}
export interface Timestamp extends Type<number, number | Date, Float64Array, NumberArray | readonly (number | Date)[]> {
  readonly name: 'timestamp'
}
export type TimeUnit = 's' | 'ms' | 'us' | 'ns'
export interface Timestamp64 extends BigIntType<'timestamp64', BigInt64Array> {
  readonly unit: TimeUnit
}
export interface OneOf<Label extends string = string> extends Type<
  Label,
  Label,
  Uint8Array | Uint16Array,
  Uint8Array | Uint16Array | readonly Label[]
> {
  readonly name: 'oneOf'
  readonly labels: readonly Label[]
}
export interface SymbolType extends Type<string, string, Uint32Array, Uint32Array | readonly string[]> {
  readonly name: 'symbol'
}

/** How a type's values and its elements in memory belong together. */
export type Coding = 'number' | 'bigint' | 'bool' | 'timestamp' | 'labels' | 'symbol'

/** What a {@link Type} is at run time. */
export class StoredType {
  readonly name: string
  declare readonly unit?: TimeUnit
  declare readonly labels?: readonly string[]
  readonly #kind: ElementKind
  readonly #coding: Coding

  constructor(name: string, kind: ElementKind, coding: Coding, details: { unit?: TimeUnit; labels?: string[] } = {}) {
    this.name = name
    this.#kind = kind
    this.#coding = coding
    if (details.unit !== undefined) this.unit = details.unit
    if (details.labels !== undefined) this.labels = Object.freeze(details.labels)
    Object.freeze(this)
  }

  static kind(type: StoredType): ElementKind {
    return type.#kind
  }

  static coding(type: StoredType): Coding {
    return type.#coding
  }

  toString(): string {
    if (this.unit !== undefined) return `${this.name}('${this.unit}')`
    if (this.labels !== undefined) return `${this.name}(${this.labels.map((label) => quoted(label)).join(', ')})`
    return this.name
  }
}

function type<T extends Type>(
  name: T['name'],
  kind: ElementKind,
  coding: Coding,
  details?: { unit?: TimeUnit; labels?: string[] },
): T {
  return new StoredType(name, kind, coding, details) as unknown as T
}

/** Signed integers of 8, 16 and 32 bits: numbers; one out of range or with a fraction is a RangeError. */
export const i8: I8 = type<I8>('i8', KINDS.i8, 'number')
export const i16: I16 = type<I16>('i16', KINDS.i16, 'number')
export const i32: I32 = type<I32>('i32', KINDS.i32, 'number')
/** A signed integer of 64 bits: a bigint, two to three times slower to read than a number. */
export const i64: I64 = type<I64>('i64', KINDS.i64, 'bigint')
/** Unsigned integers of 8, 16 and 32 bits: numbers; one out of range or with a fraction is a RangeError. */
export const u8: U8 = type<U8>('u8', KINDS.u8, 'number')
export const u16: U16 = type<U16>('u16', KINDS.u16, 'number')
export const u32: U32 = type<U32>('u32', KINDS.u32, 'number')
/** An unsigned integer of 64 bits: a bigint, two to three times slower to read than a number. */
export const u64: U64 = type<U64>('u64', KINDS.u64, 'bigint')
/** A float of 32 bits: any number in, rounded to the nearest such float. */
export const f32: F32 = type<F32>('f32', KINDS.f32, 'number')
/** A float of 64 bits: any number. */
export const f64: F64 = type<F64>('f64', KINDS.f64, 'number')
/** true or false, a byte each: 1 or 0 in the column's `Uint8Array`. */
export const bool: Bool = type<Bool>('bool', KINDS.u8, 'bool')
/** Milliseconds since 1970 UTC as an f64: a number or a Date in, a number out. */
export const timestamp: Timestamp = type<Timestamp>('timestamp', KINDS.f64, 'timestamp')
/** A string of a growing dictionary, at most 2^24 of them: a u32 code a row. For names that repeat. */
export const symbol: SymbolType = type<SymbolType>('symbol', KINDS.u32, 'symbol')

const UNITS: ReadonlySet<TimeUnit> = new Set(['s', 'ms', 'us', 'ns'])

/** A moment as a bigint of `unit`s since 1970 UTC: seconds, milliseconds, microseconds or nanoseconds. */
export function timestamp64(unit: TimeUnit): Timestamp64 {
  if (!UNITS.has(unit)) {
    throw new TypeError(`timestamp64 takes one of 's', 'ms', 'us', 'ns', found ${found(unit)}`)
  }
  return type<Timestamp64>('timestamp64', KINDS.i64, 'bigint', { unit })
}

const LABELS_MAX = 65_536

/**
 * One of the labels given, in that order: a byte a row, two above 256 labels.
 *
 * @example oneOf('buy', 'sell')
 */
export function oneOf<const Label extends string>(...labels: readonly Label[]): OneOf<Label> {
  if (labels.length === 0) throw new TypeError('oneOf takes at least one label')
  if (labels.length > LABELS_MAX) {
    throw new RangeError(`oneOf takes at most ${LABELS_MAX} labels, found ${labels.length}; use symbol`)
  }
  const seen = new Set<string>()
  for (const label of labels as readonly unknown[]) {
    if (typeof label !== 'string') throw new TypeError(`a label of oneOf must be a string, found ${found(label)}`)
    if (!isWellFormed(label)) throw new TypeError(`the label ${quoted(label)} of oneOf holds a lone surrogate`)
    if (seen.has(label)) throw new TypeError(`the label ${quoted(label)} of oneOf is given twice`)
    seen.add(label)
  }
  return type<OneOf<Label>>('oneOf', labels.length > 256 ? KINDS.u16 : KINDS.u8, 'labels', { labels: [...labels] })
}

const PLAIN = new Map<string, StoredType>(
  [i8, i16, i32, i64, u8, u16, u32, u64, f32, f64, bool, timestamp, symbol].map((plain) => [
    plain.name,
    plain as unknown as StoredType,
  ]),
)

/** What the store's metadata says of a type: its name alone, or with its parameters. */
export type TypeRecord = string | { name: string; unit?: string; labels?: string[] }

export function typeToRecord(type: StoredType): TypeRecord {
  if (type.unit !== undefined) return { name: type.name, unit: type.unit }
  if (type.labels !== undefined) return { name: type.name, labels: [...type.labels] }
  return type.name
}

/** The type a record tells of; throws a TypeError or RangeError that says what is wrong with it. */
export function typeFromRecord(record: unknown): StoredType {
  if (typeof record === 'string') {
    const plain = PLAIN.get(record)
    if (plain !== undefined) return plain
    throw new TypeError(`the type ${quoted(record)} is not known to this version`)
  }
  if (typeof record === 'object' && record !== null && 'name' in record) {
    if (record.name === 'timestamp64' && 'unit' in record) {
      return timestamp64(record.unit as TimeUnit) as unknown as StoredType
    }
    if (record.name === 'oneOf' && 'labels' in record && Array.isArray(record.labels)) {
      return oneOf(...(record.labels as string[])) as unknown as StoredType
    }
    if (typeof record.name === 'string') {
      throw new TypeError(`the type ${quoted(record.name)} is not known to this version, or lacks its parameters`)
    }
  }
  throw new TypeError(`${found(record)} does not describe a type`)
}

/** Whether two types store the same values in the same way. */
export function sameType(a: StoredType, b: StoredType): boolean {
  return JSON.stringify(typeToRecord(a)) === JSON.stringify(typeToRecord(b))
}
