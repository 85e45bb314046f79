import type * as Arrow from 'apache-arrow'
import type { TypedArray } from '../../column/elements.ts'
import type { Storage } from '../../column/storage.ts'
import { BUFFER_BYTES, TextStorage } from '../../column/text-storage.ts'
import { copyBits, Validity } from '../../column/validity.ts'
import type { Columns } from '../../schema/schema.ts'
import { slicePosition } from '../../table/positions.ts'
import type { StoredTable } from '../../table/stored-table.ts'
import type { Table } from '../../table/table.ts'
import { tableOf } from '../table-of.ts'
import { arrowLibrary } from './arrow-library.ts'
import { arrowField, type TextLayout } from './arrow-type.ts'
import type { ArrowColumns } from './arrow-types.ts'

/** Elements of one Arrow array: the library, and other implementations, count them in 32 bits. */
const ELEMENTS_MAX = 2 ** 31 - 1

/** Which rows {@link toArrow} shows. */
export interface ToArrowOptions {
  /** The first row, from the end when negative. Default 0. */
  start?: number | undefined
  /** Behind the last row, from the end when negative. Default the length. */
  end?: number | undefined
}

/**
 * An Arrow table over the memory of a table. Numbers, `timestamp64`, `oneOf`, `symbol`, `utf8`, `bytes` and `vector` are
 * not copied: what is written to the store shows in it, and it is empty after `close`. `bool` and `timestamp` are
 * converted, labels copied; so are validity bits where `start` is no multiple of 8. `docs/arrow.md` tells each type.
 *
 * Cost: O(columns + labels), and O(rows) for each column that is converted. A table is one record batch, or several
 * where a column is longer than a typed array can be. ERR_STOA_UNSUPPORTED where `apache-arrow` is not installed.
 *
 * @example
 * const prices = toArrow(trades, { start: -1000 }).getChild('price')
 */
export function toArrow<C extends Columns>(
  table: Table<C>,
  options: ToArrowOptions = {},
): Arrow.Table<ArrowColumns<C>> {
  const stored = tableOf(table, 'toArrow')
  const { length } = stored
  const start = slicePosition(options.start, length, 0)
  const end = Math.max(slicePosition(options.end, length, length), start)
  const frame = new ArrowFrame(stored, 'views')
  const batches: Arrow.RecordBatch[] = []
  const step = rowsOfBatch(stored)
  for (let from = start; from < end; from += step) batches.push(frame.batch(from, Math.min(step, end - from)))
  if (batches.length === 0) batches.push(frame.batch(0, 0))
  const { Table: ArrowTable } = arrowLibrary()
  return new ArrowTable(frame.schema, batches) as unknown as Arrow.Table<ArrowColumns<C>>
}

/** Rows that every column can show at once, in whole bytes of validity. */
function rowsOfBatch({ storages }: StoredTable): number {
  const most = storages.map(({ data }) => Math.min(data.rowsShown, Math.floor(ELEMENTS_MAX / data.stride)))
  return Math.max(Math.floor(Math.min(...most) / 8) * 8, 8)
}

/** A table's schema and dictionaries in Arrow: what all of its record batches share. */
export class ArrowFrame {
  readonly schema: Arrow.Schema
  readonly #storages: readonly Storage[]
  readonly #dictionaries: readonly (Arrow.Vector | undefined)[]

  constructor({ storages }: { readonly storages: readonly Storage[] }, text: TextLayout) {
    const { Schema } = arrowLibrary()
    this.schema = new Schema(storages.map(({ name, type }) => arrowField(name, type, text)))
    this.#storages = storages
    this.#dictionaries = storages.map((storage) => (storage.labels ? textVector(storage.labelSet().list) : undefined))
  }

  batch(start: number, rows: number): Arrow.RecordBatch {
    const { makeData, RecordBatch, Struct } = arrowLibrary()
    const children = this.#storages.map((storage, place) => {
      const { type } = this.schema.fields[place] as Arrow.Field
      return columnData(storage, type, start, rows, this.#dictionaries[place])
    })
    const data = makeData({ type: new Struct(this.schema.fields), length: rows, nullCount: 0, children })
    return new RecordBatch(this.schema, data)
  }
}

/** Some rows of a column. */
function columnData(
  storage: Storage,
  type: Arrow.DataType,
  start: number,
  rows: number,
  dictionary: Arrow.Vector | undefined,
): Arrow.Data {
  const { DataType, makeData } = arrowLibrary()
  const nullBitmap = validityBits(storage, start, rows)
  const elements = storage.data.part(start, rows)
  const common = { length: rows, nullBitmap }
  if (storage instanceof TextStorage) {
    return DataType.isUtf8View(type)
      ? makeData({ ...common, type, views: bytesOf(elements), variadicBuffers: heapBuffers(storage) })
      : copiedText(storage, type as Arrow.Utf8, start, rows, nullBitmap)
  }
  if (DataType.isDictionary(type)) {
    return makeData({ ...common, type, data: elements as Uint32Array, dictionary: dictionary as Arrow.Vector })
  }
  if (DataType.isFixedSizeList(type)) {
    const { type: lane } = type.children[0] as Arrow.Field
    const child = makeData({ type: lane, length: elements.length, nullCount: 0, data: laneElements(lane, elements) })
    return makeData({ ...common, type, child: child as never })
  }
  switch (storage.coding) {
    case 'bool':
      return makeData({ ...common, type: type as Arrow.Bool, data: packedBits(elements as Uint8Array) })
    case 'timestamp':
      return wholeMilliseconds(type as Arrow.TimestampMillisecond, elements as Float64Array, nullBitmap)
    default:
      return makeData({ ...common, type: type as Arrow.Float64, data: laneElements(type, elements) as Float64Array })
  }
}

/** The validity bits of some rows, in place where they begin with a byte; undefined where nothing can be null. */
function validityBits({ validity }: Storage, start: number, rows: number): Uint8Array | undefined {
  if (validity === undefined) return undefined
  if (rows === 0) return new Uint8Array(0)
  const first = Math.floor(start / 8)
  const bits = validity.region.part(first, Validity.bytes(start + rows) - first) as Uint8Array
  if (start % 8 === 0) return bits
  const shifted = new Uint8Array(Validity.bytes(rows))
  copyBits(shifted, 0, bits, start % 8, rows)
  return shifted
}

/** Half floats are 16-bit words to the library. */
function laneElements(type: Arrow.DataType, elements: TypedArray): TypedArray {
  const { DataType, Precision } = arrowLibrary()
  if (!DataType.isFloat(type) || type.precision !== Precision.HALF) return elements
  return new Uint16Array(elements.buffer, elements.byteOffset, elements.length)
}

function bytesOf(elements: TypedArray): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength)
}

/** The heap of a text column, in the pieces that its rows name. */
function heapBuffers({ heap }: TextStorage): Uint8Array[] {
  const buffers: Uint8Array[] = []
  for (let start = 0; start < heap.length; start += BUFFER_BYTES) {
    buffers.push(heap.part(start, Math.min(BUFFER_BYTES, heap.length - start)) as Uint8Array)
  }
  return buffers
}

/** Text behind one another: what a file needs, where a batch must not drag all of the heap along. */
function copiedText(
  storage: TextStorage,
  type: Arrow.Utf8,
  start: number,
  rows: number,
  nullBitmap: Uint8Array | undefined,
): Arrow.Data {
  const { makeData } = arrowLibrary()
  const valueOffsets = new Int32Array(rows + 1)
  storage.bind()
  let bytes = 0
  for (let row = 0; row < rows; row++) {
    if (!storage.isNull(start + row)) bytes += storage.textBytes(start + row)
    if (bytes > ELEMENTS_MAX) {
      throw new RangeError(
        `rows ${start} to ${start + rows} of ${storage.title} hold more than ${ELEMENTS_MAX} bytes of text, the most of one Arrow batch; write fewer rows a batch`,
      )
    }
    valueOffsets[row + 1] = bytes
  }
  const data = new Uint8Array(bytes)
  for (let row = 0; row < rows; row++) {
    if (!storage.isNull(start + row)) storage.copyText(start + row, data, valueOffsets[row] as number)
  }
  return makeData({ type, length: rows, nullBitmap, valueOffsets, data })
}

function packedBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Validity.bytes(bytes.length))
  for (let at = 0; at < bytes.length; at++)
    if (bytes[at] !== 0) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7))
  return bits
}

/** Milliseconds in whole numbers, rounded down. What is no number, or beyond 64 bits, is null. */
function wholeMilliseconds(
  type: Arrow.TimestampMillisecond,
  times: Float64Array,
  nullBitmap: Uint8Array | undefined,
): Arrow.Data {
  const { makeData } = arrowLibrary()
  const rows = times.length
  const data = new BigInt64Array(rows)
  let bits = nullBitmap
  for (let row = 0; row < rows; row++) {
    const time = Math.floor(times[row] as number)
    if (time >= -(2 ** 63) && time < 2 ** 63) data[row] = BigInt(time)
    else {
      // Of our own from here on: the bitmap may be the store's memory.
      if (bits === nullBitmap) bits = nullBitmap?.slice() ?? new Uint8Array(Validity.bytes(rows)).fill(0xff)
      bits = bits as Uint8Array
      bits[row >> 3] = (bits[row >> 3] as number) & ~(1 << (row & 7))
    }
  }
  return makeData({ type, length: rows, nullBitmap: bits, data })
}

/** Labels as an Arrow vector. */
function textVector(labels: readonly string[]): Arrow.Vector {
  const { makeData, Utf8, Vector } = arrowLibrary()
  const valueOffsets = new Int32Array(labels.length + 1)
  let bytes = 0
  for (const [code, label] of labels.entries()) {
    bytes += Buffer.byteLength(label)
    valueOffsets[code + 1] = bytes
  }
  const data = Buffer.from(labels.join(''))
  return new Vector([makeData({ type: new Utf8(), length: labels.length, valueOffsets, data })])
}
