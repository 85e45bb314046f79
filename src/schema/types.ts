import { excerpt, found, someLabels } from '../errors.ts'
import {
  type BigIntArray,
  type ElementKind,
  type ElementKindName,
  type HalfArray,
  KINDS,
  type NumberArray,
  type TypedArray,
} from '../column/elements.ts'
import { isWellFormed } from './names.ts'

/**
 * What a column or an array holds. The values of this module (`f64`, `symbol`, `oneOf('buy', 'sell')`, …) are the only
 * ones; a schema is an object of them.
 */
export interface Type<Value = unknown, Input = unknown, Data = TypedArray, Source = unknown, Sum = number | bigint> {
  /** As in the file: `'f64'`, `'oneOf'`, … */
  readonly name: string
  /** As in messages: `f64`, `oneOf('buy', 'sell')`, … */
  toString(): string
  /**
   * For the compiler only, there is nothing here at run time: what comes out, goes in, lies in memory, can be appended,
   * and what values add up to.
   *
   * @internal
   */
  readonly '~types': { value: Value; input: Input; data: Data; source: Source; sum: Sum }
}

/** A type whose values are numbers. */
interface NumberType<Name extends ElementKindName, Data> extends Type<
  number,
  number,
  Data,
  NumberArray | readonly number[],
  number
> {
  readonly name: Name
}
/** A type whose values are bigints. */
interface BigIntType<Name extends string, Data> extends Type<
  bigint,
  bigint,
  Data,
  BigIntArray | readonly bigint[],
  bigint
> {
  readonly name: Name
}

// Interfaces, not aliases, so that a hover shows `F64` and not what it is made of.
/** The type of {@link i8}: −128 to 127. */
export interface I8 extends NumberType<'i8', Int8Array> {}
/** The type of {@link i16}: −32,768 to 32,767. */
export interface I16 extends NumberType<'i16', Int16Array> {}
/** The type of {@link i32}: −2^31 to 2^31 − 1. */
export interface I32 extends NumberType<'i32', Int32Array> {}
/** The type of {@link i64}: −2^63 to 2^63 − 1, as bigints. */
export interface I64 extends BigIntType<'i64', BigInt64Array> {}
/** The type of {@link u8}: 0 to 255. */
export interface U8 extends NumberType<'u8', Uint8Array> {}
/** The type of {@link u16}: 0 to 65,535. */
export interface U16 extends NumberType<'u16', Uint16Array> {}
/** The type of {@link u32}: 0 to 2^32 − 1. */
export interface U32 extends NumberType<'u32', Uint32Array> {}
/** The type of {@link u64}: 0 to 2^64 − 1, as bigints. */
export interface U64 extends BigIntType<'u64', BigUint64Array> {}
/** The type of {@link f16}. Its data is a Float16Array where the compiler's library has one. */
export interface F16 extends NumberType<'f16', HalfArray> {}
/** The type of {@link f32}: numbers, rounded to 24 bits. */
export interface F32 extends NumberType<'f32', Float32Array> {}
/** The type of {@link f64}: any number. */
export interface F64 extends NumberType<'f64', Float64Array> {}
/** The type of {@link bool}: true and false. */
export interface Bool extends Type<boolean, boolean, Uint8Array, Uint8Array | readonly boolean[], never> {
  readonly name: 'bool'
}
/** The type of {@link timestamp}: milliseconds since 1970 UTC. */
export interface Timestamp extends Type<
  number,
  number | Date,
  Float64Array,
  NumberArray | readonly (number | Date)[],
  number
> {
  readonly name: 'timestamp'
}
/** What a {@link timestamp64} counts: seconds, milliseconds, microseconds, nanoseconds. */
export type TimeUnit = 's' | 'ms' | 'us' | 'ns'
/** The type of {@link timestamp64}: a bigint of a unit since 1970 UTC. */
export interface Timestamp64 extends BigIntType<'timestamp64', BigInt64Array> {
  /** What one step is. */
  readonly unit: TimeUnit
}
/** The type that {@link oneOf} gives: its values are the labels, a union for the compiler. */
export interface OneOf<Label extends string = string> extends Type<
  Label,
  Label,
  Uint8Array | Uint16Array,
  Uint8Array | Uint16Array | readonly Label[],
  never
> {
  readonly name: 'oneOf'
  /** In the order of their codes. */
  readonly labels: readonly Label[]
}
/** The type of {@link symbol}: strings. */
export interface SymbolType extends Type<string, string, Uint32Array, Uint32Array | readonly string[], never> {
  readonly name: 'symbol'
}

/** The type of {@link utf8}: strings. It has no typed array. */
export interface Utf8 extends Type<string, string, never, readonly string[], never> {
  readonly name: 'utf8'
}
/** What a `bytes` value is written from. */
export type BytesInput = ArrayLike<number>
/** The type that {@link bytes} gives: a row is a `Uint8Array`. */
export interface Bytes extends Type<Uint8Array, BytesInput, Uint8Array, Uint8Array | readonly BytesInput[], never> {
  readonly name: 'bytes'
  /** Bytes a row. */
  readonly length: number
}
/** The types a vector can be made of. */
export type LaneType = I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64 | F16 | F32 | F64
/** The type that {@link vector} gives: a row is a typed array. */
export interface Vector<T extends LaneType = LaneType> extends Type<
  T['~types']['data'],
  ArrayLike<T['~types']['input']>,
  T['~types']['data'],
  T['~types']['data'] | readonly ArrayLike<T['~types']['input']>[],
  never
> {
  readonly name: 'vector'
  /** Of each element. */
  readonly type: T
  /** Elements a row. */
  readonly length: number
}
/** The type that {@link nullable} gives: a value or null. */
export interface Nullable<T extends Type = Type> extends Type<
  T['~types']['value'] | null,
  T['~types']['input'] | null,
  T['~types']['data'],
  T['~types']['source'] | readonly (T['~types']['input'] | null)[],
  T['~types']['sum']
> {
  readonly name: 'nullable'
  /** Of a value that is there. */
  readonly type: T
}

/** How a type's values and its elements in memory belong together. */
export type Coding = 'number' | 'bigint' | 'bool' | 'timestamp' | 'labels' | 'symbol' | 'utf8' | 'lanes'

/** What a {@link Type} is at run time. */
export class StoredType {
  readonly name: string
  declare readonly unit?: TimeUnit
  declare readonly labels?: readonly string[]
  declare readonly length?: number
  /** Of a vector's elements, or of what may be null. */
  declare readonly type?: StoredType
  readonly #kind: ElementKind
  readonly #coding: Coding

  constructor(name: string, kind: ElementKind, coding: Coding, details: TypeDetails = {}) {
    this.name = name
    this.#kind = kind
    this.#coding = coding
    Object.assign(this, details)
    Object.freeze(this)
  }

  static kind(type: StoredType): ElementKind {
    return type.#kind
  }

  static coding(type: StoredType): Coding {
    return type.#coding
  }

  /** Elements of the file a row. */
  static lanes(type: StoredType): number {
    return StoredType.inner(type).length ?? 1
  }

  /** What a nullable type holds where it is not null; any other type is its own. */
  static inner(type: StoredType): StoredType {
    return StoredType.isNullable(type) ? (type.type as StoredType) : type
  }

  static isNullable(type: StoredType): boolean {
    return type.name === 'nullable'
  }

  toString(): string {
    if (this.type !== undefined) {
      return `${this.name}(${this.type}${this.length === undefined ? '' : `, ${this.length}`})`
    }
    if (this.length !== undefined) return `${this.name}(${this.length})`
    if (this.unit !== undefined) return `${this.name}('${this.unit}')`
    if (this.labels !== undefined) return `${this.name}(${someLabels(this.labels)})`
    return this.name
  }
}

/** The parameters of a type. */
interface TypeDetails {
  unit?: TimeUnit
  labels?: readonly string[]
  length?: number
  type?: StoredType
}

function type<T extends Type>(name: T['name'], kind: ElementKind, coding: Coding, details?: TypeDetails): T {
  return new StoredType(name, kind, coding, details) as unknown as T
}

/** A signed integer of 8 bits: a number; one out of range or with a fraction is a RangeError. */
export const i8: I8 = type<I8>('i8', KINDS.i8, 'number')
/** A signed integer of 16 bits: a number; one out of range or with a fraction is a RangeError. */
export const i16: I16 = type<I16>('i16', KINDS.i16, 'number')
/** A signed integer of 32 bits: a number; one out of range or with a fraction is a RangeError. */
export const i32: I32 = type<I32>('i32', KINDS.i32, 'number')
/** A signed integer of 64 bits: a bigint, two to three times slower to read than a number. */
export const i64: I64 = type<I64>('i64', KINDS.i64, 'bigint')
/** An unsigned integer of 8 bits: a number; one out of range or with a fraction is a RangeError. */
export const u8: U8 = type<U8>('u8', KINDS.u8, 'number')
/** An unsigned integer of 16 bits: a number; one out of range or with a fraction is a RangeError. */
export const u16: U16 = type<U16>('u16', KINDS.u16, 'number')
/** An unsigned integer of 32 bits: a number; one out of range or with a fraction is a RangeError. */
export const u32: U32 = type<U32>('u32', KINDS.u32, 'number')
/** An unsigned integer of 64 bits: a bigint, two to three times slower to read than a number. */
export const u64: U64 = type<U64>('u64', KINDS.u64, 'bigint')
/** A float of 16 bits, where the runtime has a Float16Array; elsewhere ERR_STOA_UNSUPPORTED when it is used. */
export const f16: F16 = type<F16>('f16', KINDS.f16, 'number')
/** A float of 32 bits: any number in, rounded to the nearest such float. */
export const f32: F32 = type<F32>('f32', KINDS.f32, 'number')
/** A float of 64 bits: any number. */
export const f64: F64 = type<F64>('f64', KINDS.f64, 'number')
/** true or false, a byte each: 1 or 0 in the column's `Uint8Array`. */
export const bool: Bool = type<Bool>('bool', KINDS.u8, 'bool')
/** Milliseconds since 1970 UTC as an f64: a number or a Date in, a number out. */
export const timestamp: Timestamp = type<Timestamp>('timestamp', KINDS.f64, 'timestamp')
/**
 * A string of its own: up to 12 bytes of UTF-8 lie in the row, longer ones in a heap beside the column, 16 bytes a row
 * either way. A lone surrogate, which has no UTF-8, is a TypeError. For names that repeat, {@link symbol} is smaller.
 */
export const utf8: Utf8 = type<Utf8>('utf8', KINDS.view, 'utf8')
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
    if (!isWellFormed(label)) throw new TypeError(`the label ${excerpt(label)} of oneOf holds a lone surrogate`)
    if (seen.has(label)) throw new TypeError(`the label ${excerpt(label)} of oneOf is given twice`)
    seen.add(label)
  }
  return type<OneOf<Label>>('oneOf', labels.length > 256 ? KINDS.u16 : KINDS.u8, 'labels', {
    labels: Object.freeze([...labels]),
  })
}

const LANES_MAX = 2 ** 20

/**
 * Exactly `length` bytes a row. Read, a row is a `Uint8Array` over the file; written, it is any array-like of that many
 * bytes.
 *
 * @example bytes(16) // a UUID
 */
export function bytes(length: number): Bytes {
  return type<Bytes>('bytes', KINDS.u8, 'lanes', { length: checkedLanes(length, 'bytes') })
}

/**
 * Exactly `length` numbers a row. Read, a row is a typed array over the file; written, it is any array-like of that
 * many numbers.
 *
 * @example vector(f32, 768) // an embedding
 */
export function vector<T extends LaneType>(of: T, length: number): Vector<T> {
  const inner: unknown = of
  if (!(inner instanceof StoredType)) {
    throw new TypeError(`vector takes a number type such as f32 and a length, found ${found(of)}`)
  }
  const coding = StoredType.coding(inner)
  const isPlain = inner.unit === undefined && (coding === 'number' || coding === 'bigint')
  if (!isPlain || StoredType.isNullable(inner)) {
    const hint = StoredType.isNullable(inner)
      ? `; nullable(vector(${inner.type}, ${length})) makes whole rows nullable`
      : ''
    throw new TypeError(`vector takes a plain number type such as f32, found ${inner}${hint}`)
  }
  const kind = StoredType.kind(inner)
  return type<Vector<T>>('vector', kind, 'lanes', { type: inner, length: checkedLanes(length, 'vector') })
}

function checkedLanes(length: number, what: string): number {
  if (typeof length !== 'number') throw new TypeError(`the length of ${what} must be a number, found ${found(length)}`)
  if (Number.isInteger(length) && length >= 1 && length <= LANES_MAX) return length
  throw new RangeError(`the length of ${what} must be a whole number from 1 to ${LANES_MAX}, found ${length}`)
}

/**
 * A value or null: one bit more a row. The column may be left out of a row that is pushed. Any other type of this
 * module can be made nullable.
 *
 * @example nullable(utf8)
 */
export function nullable<T extends Type>(of: T): Nullable<T> {
  const inner: unknown = of
  if (!(inner instanceof StoredType)) throw new TypeError(`nullable takes a type such as f64, found ${found(of)}`)
  if (StoredType.isNullable(inner)) throw new TypeError(`${inner} is nullable already`)
  return type<Nullable<T>>('nullable', StoredType.kind(inner), StoredType.coding(inner), { type: inner })
}
