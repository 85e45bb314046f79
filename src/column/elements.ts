import { constants } from 'node:buffer'

/** The typed arrays whose elements are numbers. */
export type NumberArray =
  Int8Array | Int16Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | Float32Array | Float64Array
/** The typed arrays whose elements are bigints. */
export type BigIntArray = BigInt64Array | BigUint64Array
/** Any typed array a column's memory is seen through. */
export type TypedArray = NumberArray | BigIntArray

export type ElementKindName =
  'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'f16' | 'f32' | 'f64' | 'bits' | 'view'

/** The runtime's Float16Array: `undefined` before Node 24. */
type Float16 = typeof globalThis extends { Float16Array: { prototype: infer A } } ? A : never
/** The typed array over half floats, where the compiler's library knows one. */
export type HalfArray = [Float16] extends [never] ? Uint16Array : Float16

interface TypedArrayConstructor {
  new (length: number): TypedArray
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): TypedArray
}

/** What a region is made of: one entry of the file format's table of element kinds. */
export interface ElementKind {
  readonly name: ElementKindName
  /** The number in the file. */
  readonly code: number
  /** Of one element of the typed array. */
  readonly bytes: number
  /** Elements of the typed array that make one of the file's: 4 for a string view, else 1. */
  readonly span: number
  readonly Array: TypedArrayConstructor
  readonly zero: 0 | 0n
  /** The least and greatest value of an integer kind; undefined for floats. */
  readonly range?: readonly [min: number, max: number] | readonly [min: bigint, max: bigint]
}

function kind(
  name: ElementKindName,
  code: number,
  constructor: unknown,
  range?: readonly [number, number] | readonly [bigint, bigint],
  span = 1,
): ElementKind {
  const Array = constructor as TypedArrayConstructor & { BYTES_PER_ELEMENT: number }
  const zero = typeof range?.[0] === 'bigint' ? 0n : 0
  return Object.freeze({ name, code, bytes: Array.BYTES_PER_ELEMENT, span, Array, zero, ...(range && { range }) })
}

const Float16Array: unknown = (globalThis as { Float16Array?: unknown }).Float16Array

/** Whether this runtime can show half floats. */
export const HAS_HALVES: boolean = Float16Array !== undefined

/** The element kinds; the numbers are the file format's. */
export const KINDS: Readonly<Record<ElementKindName, ElementKind>> = Object.freeze({
  i8: kind('i8', 1, Int8Array, [-(2 ** 7), 2 ** 7 - 1]),
  i16: kind('i16', 2, Int16Array, [-(2 ** 15), 2 ** 15 - 1]),
  i32: kind('i32', 3, Int32Array, [-(2 ** 31), 2 ** 31 - 1]),
  i64: kind('i64', 4, BigInt64Array, [-(2n ** 63n), 2n ** 63n - 1n]),
  u8: kind('u8', 5, Uint8Array, [0, 2 ** 8 - 1]),
  u16: kind('u16', 6, Uint16Array, [0, 2 ** 16 - 1]),
  u32: kind('u32', 7, Uint32Array, [0, 2 ** 32 - 1]),
  u64: kind('u64', 8, BigUint64Array, [0n, 2n ** 64n - 1n]),
  // Without a Float16Array nothing reads these elements: the type is refused before.
  f16: kind('f16', 9, Float16Array ?? Uint16Array),
  f32: kind('f32', 10, Float32Array),
  f64: kind('f64', 11, Float64Array),
  /** Eight validity bits. */
  bits: kind('bits', 12, Uint8Array),
  /** A string of up to 12 bytes, or where a longer one is. */
  view: kind('view', 13, Uint32Array, undefined, 4),
})

/** Bytes one typed array can cover here: 4 GiB on Node 20 and Bun, far beyond any file elsewhere. */
export const VIEW_BYTES_MAX: number = Math.min(constants.MAX_LENGTH, Number.MAX_SAFE_INTEGER)

/** The getters that every typed array has, out of reach of its class. */
function intrinsic<R>(name: string | symbol): (this: unknown) => R {
  const { get } = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name) ?? {}
  return get as (this: unknown) => R
}

const tagOf = intrinsic<string | undefined>(Symbol.toStringTag)
const lengthOf = intrinsic<number>('length')
const bufferOf = intrinsic<ArrayBufferLike>('buffer')
const byteOffsetOf = intrinsic<number>('byteOffset')

const KIND_BY_TAG = new Map(
  Object.values(KINDS)
    .filter(({ name }) => name !== 'bits' && name !== 'view' && (name !== 'f16' || HAS_HALVES))
    .map((element) => [new element.Array(0)[Symbol.toStringTag] as string, element]),
)

/** The element kind of a typed array of any realm, or undefined for everything else. */
export function kindOf(value: unknown): ElementKind | undefined {
  // Read through the intrinsic getter: a user's object can pretend to any constructor or tag.
  const tag = ArrayBuffer.isView(value) ? tagOf.call(value) : undefined
  if (tag === 'Uint8ClampedArray') return KINDS.u8
  return tag === undefined ? undefined : KIND_BY_TAG.get(tag)
}

/** How many elements a typed array has, whatever its class says. */
export function elementCount(elements: TypedArray): number {
  return lengthOf.call(elements)
}

/**
 * The memory of a user's typed array as one of ours: no class of the user's in between, and of fixed length, so that it
 * is empty once its buffer has become too short.
 */
export function plainView(elements: TypedArray, kind: ElementKind): TypedArray {
  const length = elementCount(elements)
  // Of a buffer that was transferred away nothing can be made.
  return length === 0 ? new kind.Array(0) : new kind.Array(bufferOf.call(elements), byteOffsetOf.call(elements), length)
}

/** Whether every element of `source` can be stored in `target` without a check (floats may be rounded to f32). */
export function fits(source: ElementKind, target: ElementKind): boolean {
  if (source === target) return true
  const wide = (element: ElementKind): boolean => element.name === 'i64' || element.name === 'u64'
  if (wide(source) || wide(target)) return false
  if (target.range === undefined) return true
  if (source.range === undefined) return false
  return source.range[0] >= target.range[0] && source.range[1] <= target.range[1]
}
