import type * as Arrow from 'apache-arrow'
import { KINDS, kindOf, type TypedArray } from '../../column/elements.ts'
import { LanesStorage } from '../../column/lanes-storage.ts'
import { ScalarStorage } from '../../column/scalar-storage.ts'
import type { Storage } from '../../column/storage.ts'
import { TextStorage } from '../../column/text-storage.ts'
import { quoted } from '../../errors.ts'
import { StoredType, type TimeUnit } from '../../schema/types.ts'
import { type Chunk, chunkBuilder } from '../../table/chunk.ts'
import { type Bits, BitmapChunk, hasBit } from '../bitmap-chunk.ts'
import { fromBigInt, scaledTime, toBigInt } from '../conversion.ts'
import { TextChunk } from '../text-chunk.ts'
import { arrowLibrary } from './arrow-library.ts'
import { checkedText } from './arrow-text.ts'
import { isText } from './arrow-type.ts'

const UNITS: readonly TimeUnit[] = ['s', 'ms', 'us', 'ns']
const DAY_MS = 86_400_000

/** A column of a record batch as it goes into a column of a table: by memcpy where they lie alike. */
export function chunkOfArrow(storage: Storage, data: Arrow.Data, name: string): Chunk {
  const bits = bitsOf(data)
  if (bits !== undefined && storage.validity === undefined) {
    throw new TypeError(
      `${storage.title} is ${storage.type}, but Arrow column ${quoted(name)} holds ${data.nullCount} nulls; nothing of this batch was appended`,
    )
  }
  return new ArrowColumn(storage, data, name, bits).chunk()
}

/** The nulls; undefined where there are none. */
function bitsOf(data: Arrow.Data): Bits | undefined {
  const { DataType } = arrowLibrary()
  if (DataType.isNull(data.type)) return { bytes: new Uint8Array(Math.ceil(data.length / 8)), offset: 0 }
  return data.nullCount > 0 ? { bytes: data.nullBitmap, offset: data.offset } : undefined
}

class ArrowColumn {
  readonly #storage: Storage
  readonly #data: Arrow.Data
  readonly #name: string
  readonly #bits: Bits | undefined

  constructor(storage: Storage, data: Arrow.Data, name: string, bits: Bits | undefined) {
    this.#storage = storage
    this.#data = data
    this.#name = name
    this.#bits = bits
  }

  chunk(): Chunk {
    const storage = this.#storage
    const data = this.#data
    const { DataType } = arrowLibrary()
    const { type } = data
    if (DataType.isNull(type) || data.nullCount === data.length) return this.#values(() => null)
    if (storage instanceof LanesStorage) return this.#lanes(storage)
    if (DataType.isDictionary(type)) return this.#dictionary(type)
    if (isText(type)) return this.#text()
    if (!(storage instanceof ScalarStorage)) throw this.#differs()
    switch (storage.coding) {
      case 'bool':
        if (DataType.isBool(type)) return new BitmapChunk(storage, this.#unpacked(), this.#bits)
        break
      case 'timestamp':
        return this.#times()
      case 'number':
      case 'bigint':
        return this.#numbers()
      default:
    }
    throw this.#differs()
  }

  #numbers(): Chunk {
    const storage = this.#storage
    const { DataType } = arrowLibrary()
    const { type } = this.#data
    const { unit } = StoredType.inner(storage.type)
    if (unit !== undefined) {
      if (DataType.isTimestamp(type)) {
        const from = UNITS[type.unit] as TimeUnit
        if (from === unit) return this.#elements()
        const values = this.#data.values as BigInt64Array
        return this.#values((row) => scaledTime(values[row] as bigint, from, unit))
      }
      if (DataType.isDate(type)) return this.#values((row) => scaledTime(BigInt(this.#dateMs(row)), 'ms', unit))
      throw this.#differs()
    }
    if (DataType.isFloat(type) || DataType.isInt(type) || DataType.isTime(type) || DataType.isDuration(type)) {
      if (kindOf(this.#laneValues(type)) === storage.kind) return this.#elements()
      const values = this.#laneValues(type)
      const isBig = storage.coding === 'bigint'
      return this.#values((row) => (isBig ? toBigInt(values[row]) : fromBigInt(values[row])))
    }
    throw this.#differs()
  }

  #times(): Chunk {
    const { DataType } = arrowLibrary()
    const { type } = this.#data
    if (DataType.isDate(type)) return this.#values((row) => this.#dateMs(row))
    if (DataType.isTimestamp(type)) {
      const values = this.#data.values as BigInt64Array
      // As a double: exact up to 2^53 of the unit.
      const scale = [1000, 1, 1e-3, 1e-6][type.unit] as number
      const divisor = Math.round(1 / scale)
      return this.#values((row) => (scale >= 1 ? Number(values[row]) * scale : Number(values[row]) / divisor))
    }
    if (DataType.isFloat(type) && kindOf(this.#laneValues(type)) === KINDS.f64) return this.#elements()
    throw this.#differs()
  }

  #dateMs(row: number): number {
    const { DateUnit } = arrowLibrary()
    const value = Number((this.#data.values as Int32Array | BigInt64Array)[row])
    return (this.#data.type as Arrow.Date_).unit === DateUnit.DAY ? value * DAY_MS : value
  }

  #lanes(storage: LanesStorage): Chunk {
    const { DataType } = arrowLibrary()
    const { type, children } = this.#data
    const { length, type: lane } = StoredType.inner(storage.type)
    if (lane === undefined) {
      if (DataType.isFixedSizeBinary(type) && type.byteWidth === length) return this.#elements()
      throw this.#differs()
    }
    const child = children[0]
    if (!DataType.isFixedSizeList(type) || type.listSize !== length || child === undefined) throw this.#differs()
    const inner = type.valueType as Arrow.DataType
    if (!DataType.isInt(inner) && !DataType.isFloat(inner)) throw this.#differs()
    if (child.nullCount > 0 && this.#hasNullLane(child, length)) {
      throw new TypeError(
        `${storage.title} is ${storage.type}, but a list of Arrow column ${quoted(this.#name)} holds a null; nothing of this batch was appended`,
      )
    }
    const values = this.#laneValues(inner, child)
    if (kindOf(values) !== storage.kind) throw this.#differs()
    return this.#elements(values)
  }

  /** Whether an element is null in a row that is not. */
  #hasNullLane(child: Arrow.Data, lanes: number): boolean {
    for (let at = 0; at < this.#data.length * lanes; at++) {
      if (!child.getValid(at) && !this.#isNull(Math.floor(at / lanes))) return true
    }
    return false
  }

  #text(): Chunk {
    const storage = this.#storage
    const data = this.#data
    const text = checkedText(data, (row) => this.#isNull(row), this.#name)
    if (storage instanceof TextStorage) return new TextChunk(storage, text, data.length, this.#bits)
    if (storage.labels === undefined) throw this.#differs()
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    return this.#values((row) => {
      text.seek(row)
      return decoder.decode(text.bytes.subarray(text.start, text.start + text.length))
    })
  }

  /** Codes of a dictionary: each label is looked up once. */
  #dictionary(type: Arrow.Dictionary): Chunk {
    const storage = this.#storage
    const data = this.#data
    const { dictionary } = data
    if (!isText(type.dictionary as Arrow.DataType) || dictionary === undefined) throw this.#differs()
    const labels: (string | undefined)[] = []
    const labelOf = (row: number): string => {
      const index = Number((data.values as Int32Array | BigInt64Array)[row])
      const label = (labels[index] ??= dictionary.get(index) as string | undefined)
      if (typeof label === 'string') return label
      throw new RangeError(
        `row ${row} of Arrow column ${quoted(this.#name)} has index ${index} into a dictionary of ${dictionary.length}; nothing of this batch was appended`,
      )
    }
    if (storage instanceof TextStorage) return this.#values(labelOf)
    if (!(storage instanceof ScalarStorage) || storage.labels === undefined) throw this.#differs()
    const known = storage.labelSet().list.length
    const fresh = new Map<string, number>()
    const codes = new storage.kind.Array(data.length)
    const codeByIndex = new Map<number, number>()
    const indices = data.values as Int32Array | BigInt64Array
    for (let row = 0; row < data.length; row++) {
      if (this.#isNull(row)) continue
      const index = Number(indices[row])
      let code = codeByIndex.get(index)
      if (code === undefined) {
        const encoded = storage.encode(labelOf(row))
        if (typeof encoded === 'string') {
          // Two entries of a dictionary may hold the same text.
          code = fresh.get(encoded) ?? known + fresh.size
          fresh.set(encoded, code)
        } else code = encoded as number
        codeByIndex.set(index, code)
      }
      codes[row] = code
    }
    return new BitmapChunk(storage, codes, this.#bits, known, [...fresh.keys()])
  }

  /** The elements as they lie. */
  #elements(values: TypedArray = this.#laneValues(this.#data.type)): Chunk {
    const count = this.#data.length * this.#storage.data.stride
    if (values.length >= count) {
      return new BitmapChunk(this.#storage, values.subarray(0, count) as TypedArray, this.#bits)
    }
    throw new RangeError(
      `Arrow column ${quoted(this.#name)} has ${values.length} elements for ${this.#data.length} rows, expected ${count}; nothing of this batch was appended`,
    )
  }

  /** Elements as typed arrays of the kinds that columns have. */
  #laneValues(type: Arrow.DataType, { values }: Arrow.Data = this.#data): TypedArray {
    const { DataType, Precision } = arrowLibrary()
    const elements = values as TypedArray
    if (!DataType.isFloat(type) || type.precision !== Precision.HALF) return elements
    return new KINDS.f16.Array(elements.buffer, elements.byteOffset, elements.length)
  }

  #unpacked(): Uint8Array {
    const { values, offset, length } = this.#data
    const bits = { bytes: values as Uint8Array, offset }
    const bytes = new Uint8Array(length)
    for (let row = 0; row < length; row++) bytes[row] = Number(hasBit(bits, row))
    return bytes
  }

  /** Values one by one, each checked. */
  #values(valueOf: (row: number) => unknown): Chunk {
    const storage = this.#storage
    const builder = chunkBuilder(storage, this.#data.length)
    for (let row = 0; row < this.#data.length; row++) {
      builder.push(this.#isNull(row) ? null : storage.encode(valueOf(row)))
    }
    return builder.finish()
  }

  #isNull(row: number): boolean {
    return this.#bits !== undefined && !hasBit(this.#bits, row)
  }

  #differs(): TypeError {
    const { title, type } = this.#storage
    return new TypeError(
      `${title} is ${type}, but Arrow column ${quoted(this.#name)} is ${this.#data.type}; nothing of this batch was appended`,
    )
  }
}
