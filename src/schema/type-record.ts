import { excerpt, found, quoted } from '../errors.ts'
import {
  bool,
  bytes,
  f16,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  type LaneType,
  nullable,
  oneOf,
  StoredType,
  symbol,
  timestamp,
  timestamp64,
  type TimeUnit,
  type Type,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from './types.ts'

const PLAIN = new Map<string, StoredType>(
  [i8, i16, i32, i64, u8, u16, u32, u64, f16, f32, f64, bool, timestamp, symbol, utf8].map((plain) => [
    plain.name,
    stored(plain),
  ]),
)

/** What the store's metadata says of a type: its name alone, or with its parameters. */
export type TypeRecord =
  string | { name: string; unit?: string; labels?: readonly string[]; length?: number; type?: TypeRecord }

export function typeToRecord(type: StoredType): TypeRecord {
  const { name, unit, labels, length, type: inner } = type
  if (PLAIN.has(name)) return name
  return {
    name,
    ...(unit !== undefined && { unit }),
    ...(labels !== undefined && { labels }),
    ...(inner !== undefined && { type: typeToRecord(inner) }),
    ...(length !== undefined && { length }),
  }
}

/** The type a record tells of; throws a TypeError or RangeError that says what is wrong with it. */
export function typeFromRecord(record: unknown): StoredType {
  if (typeof record === 'string') {
    const plain = PLAIN.get(record)
    if (plain !== undefined) return plain
    throw new TypeError(`the type ${quoted(record)} is not known to this version`)
  }
  if (typeof record !== 'object' || record === null || !('name' in record)) {
    throw new TypeError(`${found(record)} does not describe a type`)
  }
  const { name, unit, labels, length, type } = record as Readonly<Record<string, unknown>>
  switch (name) {
    case 'timestamp64':
      return stored(timestamp64(unit as TimeUnit))
    case 'oneOf':
      if (Array.isArray(labels)) return stored(oneOf(...(labels as string[])))
      break
    case 'bytes':
      return stored(bytes(length as number))
    case 'vector':
      return stored(vector(typeFromRecord(type) as unknown as LaneType, length as number))
    case 'nullable':
      return stored(nullable(typeFromRecord(type) as unknown as Type))
  }
  if (typeof name !== 'string') throw new TypeError(`${found(record)} does not describe a type`)
  throw new TypeError(`the type ${quoted(name)} is not known to this version, or lacks its parameters`)
}

/** Whether two types store the same values in the same way. */
export function sameType(a: StoredType, b: StoredType): boolean {
  return a === b || JSON.stringify(typeToRecord(a)) === JSON.stringify(typeToRecord(b))
}

/** Where two types that read the same differ: in the labels that a message leaves out. */
export function hiddenDifference(a: StoredType, b: StoredType): string {
  const one = StoredType.inner(a).labels
  const other = StoredType.inner(b).labels
  if (`${a}` !== `${b}` || one === undefined || other === undefined) return ''
  const code = one.findIndex((label, at) => label !== other[at])
  return `; label ${code} is ${excerpt(one[code] ?? '')} in the first and ${excerpt(other[code] ?? '')} in the second`
}

function stored(type: Type): StoredType {
  return type as unknown as StoredType
}
