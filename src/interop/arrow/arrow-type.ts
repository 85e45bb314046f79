import type * as Arrow from 'apache-arrow'
import { quoted } from '../../errors.ts'
import { typeFromRecord, typeToRecord } from '../../schema/type-record.ts'
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
} from '../../schema/types.ts'
import { arrowLibrary } from './arrow-library.ts'

/** Where a field keeps the type that it had in a store, so that a round trip gives the same. */
const TYPE_KEY = 'stoa.type'

const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']

/** How text lies: as views over the store's own memory, or copied behind one another. */
export type TextLayout = 'views' | 'offsets'

/** The Arrow field of a column. */
export function arrowField(name: string, type: StoredType, text: TextLayout): Arrow.Field {
  const { Field } = arrowLibrary()
  const metadata = new Map([[TYPE_KEY, JSON.stringify(typeToRecord(type))]])
  const inner = StoredType.inner(type)
  // A time that is no number is null there.
  const isNullable = StoredType.isNullable(type) || inner.name === 'timestamp'
  return new Field(name, arrowType(inner, text), isNullable, metadata)
}

/** The Arrow type of a column, without its null. */
function arrowType(type: StoredType, text: TextLayout): Arrow.DataType {
  const arrow = arrowLibrary()
  switch (type.name) {
    case 'bool':
      return new arrow.Bool()
    case 'timestamp':
      return new arrow.TimestampMillisecond('UTC')
    case 'timestamp64':
      return new arrow.Timestamp(UNITS.indexOf(type.unit as TimeUnit), 'UTC')
    case 'oneOf':
      return new arrow.Dictionary(
        new arrow.Utf8(),
        StoredType.kind(type).bytes === 1 ? new arrow.Uint8() : new arrow.Uint16(),
      )
    case 'symbol':
      return new arrow.Dictionary(new arrow.Utf8(), new arrow.Uint32())
    case 'utf8':
      return text === 'views' ? new arrow.Utf8View() : new arrow.Utf8()
    case 'bytes':
      return new arrow.FixedSizeBinary(type.length as number)
    case 'vector': {
      const inner = type.type as StoredType
      return new arrow.FixedSizeList(type.length as number, new arrow.Field('item', arrowType(inner, text), false))
    }
    default:
      return numberType(type.name)
  }
}

function numberType(name: string): Arrow.DataType {
  const arrow = arrowLibrary()
  switch (name) {
    case 'i8':
      return new arrow.Int8()
    case 'i16':
      return new arrow.Int16()
    case 'i32':
      return new arrow.Int32()
    case 'i64':
      return new arrow.Int64()
    case 'u8':
      return new arrow.Uint8()
    case 'u16':
      return new arrow.Uint16()
    case 'u32':
      return new arrow.Uint32()
    case 'u64':
      return new arrow.Uint64()
    case 'f16':
      return new arrow.Float16()
    case 'f32':
      return new arrow.Float32()
    default:
      return new arrow.Float64()
  }
}

/** The column type for a field, or the reason why there is none. */
export function columnType(field: Arrow.Field): Type | string {
  const recorded = recordedType(field)
  if (recorded !== undefined) return recorded
  const type = possible(() => plainType(field.type))
  if (typeof type === 'string') return `column ${quoted(field.name)} is ${field.type}: ${type}`
  return field.nullable ? nullable(type) : type
}

/** A type, or in words why there is none: a file can tell of widths that no column has. */
function possible(make: () => Type | string): Type | string {
  try {
    return make()
  } catch (error) {
    if (error instanceof RangeError) return error.message
    throw error
  }
}

/** The type that a store wrote beside the field, where the Arrow type is still the one that it makes. */
function recordedType(field: Arrow.Field): Type | undefined {
  const record = field.metadata.get(TYPE_KEY)
  if (record === undefined) return undefined
  let type: StoredType
  try {
    type = typeFromRecord(JSON.parse(record))
  } catch {
    // Metadata is anybody's: what cannot be read says nothing.
    return undefined
  }
  const isText = arrowLibrary().DataType.isUtf8(field.type)
  const expected = arrowField(field.name, type, isText ? 'offsets' : 'views')
  const isSame = shape(expected.type) === shape(field.type) && expected.nullable === field.nullable
  return isSame ? (type as unknown as Type) : undefined
}

/** What a type is, whatever its dictionary's indices and its time zone. */
function shape(type: Arrow.DataType): string {
  const { DataType } = arrowLibrary()
  if (DataType.isDictionary(type)) return `Dictionary<${shape(type.dictionary as Arrow.DataType)}>`
  if (DataType.isTimestamp(type)) return `Timestamp<${type.unit}>`
  if (DataType.isFixedSizeList(type)) return `${type.listSize} × ${shape(type.valueType as Arrow.DataType)}`
  return `${type}`
}

function plainType(type: Arrow.DataType): Type | string {
  const { DataType } = arrowLibrary()
  if (DataType.isInt(type) || DataType.isFloat(type)) return laneType(type)
  if (DataType.isBool(type)) return bool
  if (isText(type)) return utf8
  if (DataType.isDictionary(type)) {
    return isText(type.dictionary as Arrow.DataType) ? symbol : 'a dictionary must be one of text'
  }
  if (DataType.isTimestamp(type)) return timestamp64(UNITS[type.unit] as TimeUnit)
  if (DataType.isDate(type)) return timestamp
  if (DataType.isTime(type)) return type.bitWidth === 32 ? i32 : i64
  if (DataType.isDuration(type)) return i64
  if (DataType.isFixedSizeBinary(type)) return bytes(type.byteWidth)
  if (DataType.isFixedSizeList(type)) {
    const inner = type.valueType as Arrow.DataType
    if (DataType.isInt(inner) || DataType.isFloat(inner)) return vector(laneType(inner), type.listSize)
    return 'a list of fixed size must be one of numbers'
  }
  return 'a store has no such type; leave the column out, or convert it'
}

/** Whether values are text, however it lies. */
export function isText(type: Arrow.DataType): boolean {
  const { DataType } = arrowLibrary()
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type)
}

function laneType(type: Arrow.Int | Arrow.Float): LaneType {
  const { DataType } = arrowLibrary()
  const at = DataType.isFloat(type) ? type.precision : Math.log2(type.bitWidth) - 3
  const types = DataType.isFloat(type) ? [f16, f32, f64] : type.isSigned ? [i8, i16, i32, i64] : [u8, u16, u32, u64]
  const lane = types[at]
  if (lane !== undefined) return lane
  throw new RangeError(`a number is of 8, 16, 32 or 64 bits, found ${type}`)
}
