import type { FileMetaData, SchemaElement, SchemaTree } from 'hyparquet'
import { quoted } from '../../errors.ts'
import { typeFromRecord, typeToRecord } from '../../schema/type-record.ts'
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
} from '../../schema/types.ts'
import type { FileColumn } from '../files/table-import.ts'

/** Where a file keeps the types that its columns had in a store, so that a round trip gives the same. */
export const TYPES_KEY = 'stoa.types'

/** Of a row of `bytes`. */
const BYTES_MAX = 2 ** 20

const UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const

/** The schema elements of a column: itself, and what is below a list. */
export function elementsOf(name: string, type: StoredType): SchemaElement[] {
  const inner = StoredType.inner(type)
  // A time that is no number is null there.
  const isNullable = StoredType.isNullable(type) || inner.name === 'timestamp'
  const repetition_type = isNullable ? 'OPTIONAL' : 'REQUIRED'
  if (inner.name !== 'vector') return [{ name, repetition_type, ...leafOf(inner) }]
  return [
    { name, repetition_type, num_children: 1, converted_type: 'LIST', logical_type: { type: 'LIST' } },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', repetition_type: 'REQUIRED', ...leafOf(inner.type as StoredType) },
  ]
}

function leafOf(type: StoredType): Omit<SchemaElement, 'name'> {
  switch (type.name) {
    case 'bool':
      return { type: 'BOOLEAN' }
    case 'i8':
    case 'i16':
    case 'u8':
    case 'u16':
    case 'u32':
    case 'u64':
      return integer(type)
    case 'i32':
      return { type: 'INT32' }
    case 'i64':
      return { type: 'INT64' }
    case 'f16':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 2, logical_type: { type: 'FLOAT16' } }
    case 'f32':
      return { type: 'FLOAT' }
    case 'f64':
      return { type: 'DOUBLE' }
    case 'timestamp':
      return time('MILLIS')
    case 'timestamp64':
      return time(type.unit === 'us' ? 'MICROS' : type.unit === 'ns' ? 'NANOS' : 'MILLIS')
    case 'bytes':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: type.length as number }
    default:
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } }
  }
}

function integer({ name }: StoredType): Omit<SchemaElement, 'name'> {
  const bitWidth = Number(name.slice(1))
  const isSigned = name.startsWith('i')
  // Without the logical type, which the library writes in a way that pyarrow refuses.
  return {
    type: bitWidth === 64 ? 'INT64' : 'INT32',
    converted_type: `${isSigned ? 'INT' : 'UINT'}_${bitWidth}` as 'UINT_8',
  }
}

function time(unit: keyof typeof UNITS): Omit<SchemaElement, 'name'> {
  const converted = unit === 'MILLIS' ? 'TIMESTAMP_MILLIS' : unit === 'MICROS' ? 'TIMESTAMP_MICROS' : undefined
  return {
    type: 'INT64',
    ...(converted && { converted_type: converted }),
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit },
  }
}

/** The types of a file's columns. */
export function fileColumns(metadata: FileMetaData, tree: SchemaTree): Map<string, FileColumn> {
  const recorded = recordedTypes(metadata)
  return new Map(
    tree.children.map((column) => {
      const { name } = column.element
      const type = recorded.get(name)
      return [name, type !== undefined && isSame(column, type) ? { type } : plainColumn(column, metadata)]
    }),
  )
}

/** The record that `writeParquet` leaves of types. */
export function recordOf(types: ReadonlyMap<string, StoredType>): string {
  return JSON.stringify([...types].map(([name, type]) => ({ name, type: typeToRecord(type) })))
}

function recordedTypes({ key_value_metadata: pairs }: FileMetaData): Map<string, Type> {
  const types = new Map<string, Type>()
  const record = pairs?.find(({ key }) => key === TYPES_KEY)?.value
  try {
    for (const { name, type } of JSON.parse(record ?? '[]') as { name: string; type: unknown }[]) {
      types.set(name, typeFromRecord(type) as unknown as Type)
    }
  } catch {
    // Metadata is anybody's: what cannot be read says nothing.
    types.clear()
  }
  return types
}

/** Whether a column is still what a type is written as. */
function isSame(column: SchemaTree, type: Type): boolean {
  const found: SchemaElement[] = []
  for (let node: SchemaTree | undefined = column; node !== undefined; node = node.children[0]) {
    if (node.children.length > 1) return false
    found.push(node.element)
  }
  const expected = elementsOf(column.element.name, type as unknown as StoredType)
  return found.length === expected.length && found.every((element, at) => traits(element) === traits(expected[at]))
}

/** What counts of an element; of a group the logical type says no more than the converted one. */
function traits(element: SchemaElement | undefined): string {
  const { type, type_length, repetition_type, converted_type, logical_type } = element ?? { name: '' }
  const unit = logical_type?.type === 'TIMESTAMP' ? logical_type.unit : undefined
  const logical = type === undefined ? undefined : logical_type?.type
  return [type, type_length, repetition_type, converted_type, logical, unit].join(' ')
}

function plainColumn({ element, children }: SchemaTree, metadata: FileMetaData): FileColumn {
  const { name } = element
  const title = `column ${quoted(name)}`
  if (children.length > 0) {
    const lane = children[0]?.children[0]
    const isList = children.length === 1 && children[0]?.children.length === 1 && lane?.children.length === 0
    return {
      refusal: `${title} is nested; a store has no such type, but lists of one length that are given vector(type, length)`,
      takes: (type) => isList && StoredType.inner(type).name === 'vector',
    }
  }
  if (element.repetition_type === 'REPEATED') return { refusal: `${title} repeats within a row` }
  const type = leafType(element, () => isDictionary(name, metadata))
  if (typeof type === 'string') return { refusal: `${title} is ${type}, and a store has no such type` }
  return { type: element.repetition_type === 'REQUIRED' ? type : nullable(type) }
}

function leafType(element: SchemaElement, isDictionary: () => boolean): Type | string {
  const { type, type_length: length, converted_type: converted, logical_type: logical } = element
  if (converted === 'DECIMAL' || logical?.type === 'DECIMAL') return f64
  switch (type) {
    case 'BOOLEAN':
      return bool
    case 'FLOAT':
      return f32
    case 'DOUBLE':
      return f64
    case 'INT96':
      return timestamp64('ns')
    case 'INT32':
      if (converted === 'DATE' || logical?.type === 'DATE') return timestamp
      return integerType(element) ?? i32
    case 'INT64':
      if (unitOf(element) !== undefined) return timestamp64(unitOf(element) as TimeUnit)
      return integerType(element) ?? i64
    case 'FIXED_LEN_BYTE_ARRAY':
      if (logical?.type === 'FLOAT16') return f32
      if (converted === 'INTERVAL' || logical?.type === 'INTERVAL') return 'an interval'
      return length !== undefined && length >= 1 && length <= BYTES_MAX ? bytes(length) : `of ${length} bytes a row`
    case 'BYTE_ARRAY':
      if (converted === 'BSON' || logical?.type === 'BSON') return 'BSON'
      if (logical?.type === 'GEOMETRY' || logical?.type === 'GEOGRAPHY') return logical.type
      return isDictionary() ? symbol : utf8
    default:
      return 'of no type'
  }
}

function integerType({ converted_type: converted, logical_type: logical }: SchemaElement): Type | undefined {
  const types = { i8, i16, i32, i64, u8, u16, u32, u64 }
  if (logical?.type === 'INTEGER') return types[`${logical.isSigned ? 'i' : 'u'}${logical.bitWidth}` as 'i8']
  const match = /^(U?)INT_(\d+)$/.exec(converted ?? '')
  return match === null ? undefined : types[`${match[1] === 'U' ? 'u' : 'i'}${match[2]}` as 'i8']
}

/** The unit of a column of moments; undefined for all others. */
export function unitOf({
  type,
  converted_type: converted,
  logical_type: logical,
}: SchemaElement): TimeUnit | undefined {
  if (type === 'INT96') return 'ns'
  if (logical?.type === 'TIMESTAMP') return UNITS[logical.unit]
  if (converted === 'TIMESTAMP_MILLIS') return 'ms'
  return converted === 'TIMESTAMP_MICROS' ? 'us' : undefined
}

/**
 * Whether text repeats enough for a `symbol`: all of its pages are encoded by a dictionary, which takes at most a byte
 * a row. Writers make dictionaries of anything that is short, so that there is one says little.
 */
function isDictionary(name: string, { row_groups: groups }: FileMetaData): boolean {
  let rows = 0
  let dictionaryBytes = 0
  for (const { columns } of groups) {
    const chunk = columns.find(({ meta_data: data }) => data?.path_in_schema[0] === name)?.meta_data
    if (chunk === undefined || !chunk.encodings.some((encoding) => encoding.endsWith('_DICTIONARY'))) return false
    const isPlain = chunk.encoding_stats?.some(
      ({ page_type: page, encoding }) => page.startsWith('DATA_PAGE') && !encoding.endsWith('_DICTIONARY'),
    )
    if (isPlain === true) return false
    rows += Number(chunk.num_values)
    const start = chunk.dictionary_page_offset ?? 0n
    dictionaryBytes += start > 0n ? Number(chunk.data_page_offset - start) : 0
  }
  return rows > 0 && dictionaryBytes <= rows
}
