import { endianness } from 'node:os'
import {
  bool,
  f16,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  type LaneType,
  StoredType,
  timestamp64,
  type TimeUnit,
  type Type,
  u16,
  u32,
  u64,
  u8,
  vector,
} from '../../schema/types.ts'
import { quoted } from '../../errors.ts'
import { formatError } from '../files/file-error.ts'

/*
 * Source: numpy.lib.format. Six bytes of magic, a version of two bytes, the length of the header in 2 bytes (version 1)
 * or 4 (2 and 3), little-endian, then a Python dictionary as text, padded with spaces to a multiple of 64 bytes:
 *   {'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }
 */
const MAGIC = Buffer.from('\x93NUMPY', 'latin1')
/** Bytes up to the header's length, and that at its longest. */
export const NPY_PREFIX_BYTES = 12
const ALIGNMENT = 64
const NATIVE = endianness() === 'LE' ? '<' : '>'

const NUMBERS: Readonly<Record<string, LaneType>> = {
  f2: f16,
  f4: f32,
  f8: f64,
  i1: i8,
  i2: i16,
  i4: i32,
  i8: i64,
  u1: u8,
  u2: u16,
  u4: u32,
  u8: u64,
}

/** What a file says of itself. */
export interface NpyHeader {
  /** Of a row: a number, or a vector of them. */
  readonly type: Type
  readonly rows: number
  /** Of one number. */
  readonly elementBytes: number
  /** Whether the bytes of each number must be turned round. */
  readonly isForeign: boolean
}

/** Where the header lies: bytes of the file before its text, and of the text. */
export function npyHeaderPlace(prefix: Buffer, path: string): { start: number; length: number } {
  if (!prefix.subarray(0, 6).equals(MAGIC)) throw formatError(path, 'it does not begin as an .npy file does')
  const version = prefix[6] as number
  if (version < 1 || version > 3) throw formatError(path, `its version is ${version}, this build reads 1 to 3`)
  if (version === 1) return { start: 10, length: prefix.readUInt16LE(8) }
  return { start: 12, length: prefix.readUInt32LE(8) }
}

/** Reads the header's text. */
export function parseNpyHeader(text: string, path: string): NpyHeader {
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1]
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1]
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1]
  if (descr === undefined || order === undefined || shape === undefined) {
    throw formatError(path, `its header ${quoted(text.trim().slice(0, 80))} does not describe one array of numbers`)
  }
  const sizes = [...shape.matchAll(/\d+/g)].map(Number)
  const [rows, lanes] = sizes
  if (rows === undefined || sizes.length > 2) {
    throw formatError(path, `it has ${sizes.length} dimensions, and an array of a store 1, or 2 as vectors`)
  }
  if (order === 'True' && sizes.length === 2) {
    throw formatError(path, 'its rows lie in Fortran order; save it with numpy.ascontiguousarray')
  }
  const element = elementType(descr)
  if (element === undefined)
    throw formatError(path, `its elements are ${quoted(descr)}, which no array of a store can hold`)
  const stored = element as unknown as StoredType
  if (lanes !== undefined && (StoredType.coding(stored) === 'bool' || stored.unit !== undefined || lanes === 0)) {
    throw formatError(path, `its rows are ${lanes} × ${quoted(descr)}, and a vector is made of plain numbers`)
  }
  const elementBytes = StoredType.kind(stored).bytes
  return {
    type: lanes === undefined ? element : vector(element as LaneType, lanes),
    rows,
    elementBytes,
    isForeign: elementBytes > 1 && (descr.startsWith('<') || descr.startsWith('>')) && !descr.startsWith(NATIVE),
  }
}

function elementType(descr: string): Type | undefined {
  const code = descr.slice(1)
  if (code === 'b1') return bool
  const unit = /^M8\[(s|ms|us|ns)\]$/.exec(code)?.[1]
  if (unit !== undefined) return timestamp64(unit as TimeUnit)
  return Object.hasOwn(NUMBERS, code) ? NUMBERS[code] : undefined
}

/** The header of rows of a type; undefined for types that numpy has not. */
export function npyHeader(type: StoredType, rows: number): Buffer | undefined {
  const inner = StoredType.inner(type)
  const descr = descrOf(inner)
  if (descr === undefined) return undefined
  const shape = inner.length === undefined ? `(${rows},)` : `(${rows}, ${inner.length})`
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`
  const length = Math.ceil((10 + text.length + 1) / ALIGNMENT) * ALIGNMENT - 10
  const header = Buffer.alloc(10 + length, ' ')
  MAGIC.copy(header)
  header[6] = 1
  header[7] = 0
  header.writeUInt16LE(length, 8)
  header.write(text, 10, 'latin1')
  header[header.length - 1] = 0x0a
  return header
}

function descrOf(type: StoredType): string | undefined {
  const { kind } = { kind: StoredType.kind(type) }
  switch (StoredType.coding(type)) {
    case 'bool':
      return '|b1'
    case 'bigint':
      if (type.unit !== undefined) return `${NATIVE}M8[${type.unit}]`
      break
    case 'number':
    case 'timestamp':
    case 'lanes':
      break
    default:
      return undefined
  }
  return `${kind.bytes === 1 ? '|' : NATIVE}${kind.name[0]}${kind.bytes}`
}
