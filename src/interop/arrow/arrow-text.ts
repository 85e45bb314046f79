import { isUtf8 } from 'node:buffer'
import type * as Arrow from 'apache-arrow'
import { quoted } from '../../errors.ts'
import type { TextRows } from '../text-chunk.ts'
import { arrowLibrary } from './arrow-library.ts'

/** Text behind one another, between offsets of 32 or 64 bits. */
class OffsetText implements TextRows {
  readonly bytes: Uint8Array
  start = 0
  length = 0
  readonly #offsets: Int32Array | BigInt64Array

  constructor(bytes: Uint8Array, offsets: Int32Array | BigInt64Array) {
    this.bytes = bytes
    this.#offsets = offsets
  }

  seek(row: number): void {
    this.start = Number(this.#offsets[row])
    this.length = Number(this.#offsets[row + 1]) - this.start
  }
}

/** Text in views of 16 bytes, short text in the view itself. */
class ViewText implements TextRows {
  bytes: Uint8Array
  start = 0
  length = 0
  readonly #views: Uint8Array
  readonly #words: DataView
  readonly #buffers: readonly Uint8Array[]

  constructor(views: Uint8Array, buffers: readonly Uint8Array[]) {
    this.bytes = views
    this.#views = views
    this.#words = new DataView(views.buffer, views.byteOffset, views.byteLength)
    this.#buffers = buffers
  }

  seek(row: number): void {
    const at = row * 16
    this.length = this.#words.getInt32(at, true)
    if (this.length <= 12) {
      this.bytes = this.#views
      this.start = at + 4
    } else {
      this.bytes = this.#buffers[this.#words.getInt32(at + 8, true)] ?? this.#views.subarray(0, 0)
      this.start = this.#words.getInt32(at + 12, true)
    }
  }
}

/** The text of a column, each row of it checked: within its buffer, and UTF-8. */
export function checkedText(data: Arrow.Data, isNull: (row: number) => boolean, title: string): TextRows {
  const { DataType } = arrowLibrary()
  const text = DataType.isUtf8View(data.type)
    ? new ViewText(data.values as Uint8Array, data.variadicBuffers)
    : new OffsetText(data.values as Uint8Array, data.valueOffsets as Int32Array | BigInt64Array)
  for (let row = 0; row < data.length; row++) {
    if (isNull(row)) continue
    text.seek(row)
    const { bytes, start, length } = text
    if (!(length >= 0 && start >= 0 && start + length <= bytes.length)) {
      throw new RangeError(
        `row ${row} of Arrow column ${quoted(title)} refers to ${length} bytes at ${start} of ${bytes.length}; nothing of this batch was appended`,
      )
    }
    if (isPlain(bytes, start, length) || isUtf8(bytes.subarray(start, start + length))) continue
    throw new TypeError(`row ${row} of Arrow column ${quoted(title)} is not UTF-8; nothing of this batch was appended`)
  }
  return text
}

/** Whether short text is ASCII: quicker to see here than to ask. */
function isPlain(bytes: Uint8Array, start: number, length: number): boolean {
  if (length > 32) return false
  for (let at = start; at < start + length; at++) if ((bytes[at] as number) >= 0x80) return false
  return true
}
