import { excerpt, quoted, StoaError } from '../errors.ts'
import type { Region } from './region.ts'
import { StagedStorage } from './staged-storage.ts'
import type { Encoded, StorageParts } from './storage.ts'

/** Bytes of a string that lie in the row itself. */
export const INLINE_BYTES = 12
/** No string crosses a multiple of this: Arrow's views name a buffer of at most so many bytes, and an offset into it. */
export const BUFFER_BYTES: number = 2 ** 31
const EMPTY = Buffer.alloc(0)

/**
 * A utf8 column, laid out as Arrow's string views. A row is four 32-bit words: the length in bytes, then up to 12 bytes
 * of text, or its first four bytes, the number of a buffer and the offset in it. Buffers are pieces of 2 GiB of one
 * heap, to which text is only ever added: replaced or removed text leaves garbage behind until the column is empty or
 * the store is compacted. Source: Arrow columnar format 1.4, "Variable-size Binary View Layout".
 */
export class TextStorage extends StagedStorage {
  readonly heap: Region
  /** The heap's memory once more, with the means to write text, and the view it was made of. */
  #text = EMPTY
  #textOf: unknown
  /** The same of the rows. */
  #rows = EMPTY
  #rowsOf: unknown
  /** The row that comes next, and the heap's length with its text. */
  readonly #words = new Uint32Array(4)
  readonly #bytes = Buffer.from(this.#words.buffer)
  #heapEnd = 0

  constructor(parts: StorageParts, heap: Region) {
    super(parts)
    this.heap = heap
  }

  override get regions(): Region[] {
    return [...super.regions, this.heap]
  }

  override bind(): void {
    super.bind()
    this.heap.bind()
  }

  override publish(rows: number): void {
    // With no row left nothing refers to the heap.
    if (rows === 0) this.heap.length = 0
    super.publish(rows)
  }

  /** Room in the heap for the strings that do not fit into their rows. */
  override provide(values: Iterable<Encoded>): void {
    let bytes = 0
    let longest = 0
    for (const value of values) {
      if (typeof value !== 'string' || value.length * 3 <= INLINE_BYTES) continue
      const length = Buffer.byteLength(value)
      if (length <= INLINE_BYTES) continue
      bytes += length
      longest = Math.max(longest, length)
    }
    this.provideBytes(bytes, longest)
  }

  /** Room in the heap for so many bytes of strings, of which none is longer than `longest`. */
  provideBytes(bytes: number, longest: number): void {
    if (bytes === 0) return
    this.session.checkWritable(`add text of more than ${INLINE_BYTES} bytes to`, this.title)
    const { length } = this.heap
    const crossings = Math.floor((length + bytes) / BUFFER_BYTES) - Math.floor(length / BUFFER_BYTES)
    this.heap.room(length + bytes + crossings * longest)
  }

  /** Takes over a row of another column, for which {@link provideBytes} was asked. */
  writeFrom(row: number, other: TextStorage, otherRow: number): void {
    const from = otherRow * 4
    const view = other.data.view as Uint32Array
    const length = view[from] as number
    for (let word = 0; word < 4; word++) this.#words[word] = view[from + word] as number
    this.#heapEnd = this.heap.length
    if (length > INLINE_BYTES) {
      const start = this.#placeOf(length)
      const source = other.#place(otherRow, length)
      ;(this.heap.view as Uint8Array).set((other.heap.view as Uint8Array).subarray(source, source + length), start)
      this.#point(length, start)
    }
    this.validity?.put(row, true)
    this.putValue(row)
  }

  /** Writes text that is UTF-8 already; {@link provideBytes} was asked for what is longer than {@link INLINE_BYTES}. */
  writeBytes(row: number, bytes: Uint8Array, from: number, length: number): void {
    const words = this.#words
    this.#heapEnd = this.heap.length
    if (length <= INLINE_BYTES) {
      words.fill(0)
      words[0] = length
      for (let at = 0; at < length; at++) this.#bytes[4 + at] = bytes[from + at] as number
    } else {
      const start = this.#placeOf(length)
      ;(this.heap.view as Uint8Array).set(bytes.subarray(from, from + length), start)
      this.#point(length, start)
    }
    this.validity?.put(row, true)
    this.putValue(row)
  }

  /** Whether two rows refer to the same place in the heap. */
  isSameText(row: number, other: number): boolean {
    const view = this.data.view as Uint32Array
    return (
      other >= 0 &&
      (view[row * 4] as number) > INLINE_BYTES &&
      [0, 2, 3].every((word) => view[row * 4 + word] === view[other * 4 + word])
    )
  }

  /** Bytes of the heap that a row refers to: 0 for short text. ERR_STOA_CORRUPT where the row lies about them. */
  heapBytes(row: number): number {
    const length = this.data.view[row * 4] as number
    if (length <= INLINE_BYTES) return 0
    this.#place(row, length)
    return length
  }

  /** Bytes of a row's text. ERR_STOA_CORRUPT where the row lies about them. */
  textBytes(row: number): number {
    this.heapBytes(row)
    return this.data.view[row * 4] as number
  }

  /** Copies a row's text. */
  copyText(row: number, into: Uint8Array, at: number): void {
    const view = this.data.view as Uint32Array
    const length = view[row * 4] as number
    if (length > INLINE_BYTES) {
      const start = this.#place(row, length)
      into.set((this.heap.view as Uint8Array).subarray(start, start + length), at)
    } else into.set(new Uint8Array(view.buffer, view.byteOffset + row * 16 + 4, length), at)
  }

  /** Bytes of the heap that none of the first `rows` rows refers to. */
  garbageBytes(rows: number): number {
    if (this.heap.length === 0) return 0
    return this.session.native.heapGarbage(this.data.id, this.heap.id, rows, this.heap.length)
  }

  protected override encodeValue(value: unknown): string {
    if (typeof value !== 'string') throw this.wrongType('a string', value)
    if (value.isWellFormed()) return value
    throw new TypeError(`${this.title} cannot hold ${excerpt(value)}: it has a lone surrogate and no UTF-8`)
  }

  protected override writeValue(row: number, encoded: Exclude<Encoded, null>): void {
    this.#stageText(encoded as string)
    this.putValue(row)
  }

  protected override readValue(row: number): string {
    const { data } = this
    if (row * 4 >= data.view.length) this.bind()
    const view = data.view as Uint32Array
    const length = view[row * 4] as number
    if (length > INLINE_BYTES) {
      const start = this.#place(row, length)
      return this.#heapText().toString('utf8', start, start + length)
    }
    if (this.#rowsOf !== view) {
      this.#rows = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
      this.#rowsOf = view
    }
    const start = row * 16 + 4
    return this.#rows.toString('utf8', start, start + length)
  }

  protected override stageValue(value: unknown): boolean {
    return typeof value === 'string' && this.#stageText(value)
  }

  protected override putValue(row: number): void {
    const view = this.data.view as Uint32Array
    const words = this.#words
    const at = row * 4
    if (this.heap.length !== this.#heapEnd) {
      this.heap.length = this.#heapEnd
      // Before a row refers to it.
      this.session.live?.tell(this.heap)
    }
    view[at] = words[0] as number
    view[at + 1] = words[1] as number
    view[at + 2] = words[2] as number
    view[at + 3] = words[3] as number
  }

  /** Encodes text; false where the heap has no room for it or it is not well-formed. */
  #stageText(text: string): boolean {
    const words = this.#words
    words.fill(0)
    this.#heapEnd = this.heap.length
    const { length } = text
    if (length <= INLINE_BYTES) {
      const bytes = this.#bytes
      let at = 0
      let unit = 0
      while (at < length && (unit = text.charCodeAt(at)) < 0x80) bytes[4 + at++] = unit
      if (at === length) {
        words[0] = length
        return true
      }
    }
    return this.#stageLong(text)
  }

  #stageLong(text: string): boolean {
    if (!text.isWellFormed()) return false
    const words = this.#words
    if (text.length <= INLINE_BYTES) {
      const length = Buffer.byteLength(text)
      if (length <= INLINE_BYTES) {
        words.fill(0)
        words[0] = this.#bytes.write(text, 4)
        return true
      }
    }
    // The end of the heap is the owner's.
    if (this.session.access === 'share') return false
    const most = text.length * 3
    const free = this.heap.view.length - this.heap.length
    let length = most <= free && this.heap.length + most < BUFFER_BYTES ? most : Buffer.byteLength(text)
    const start = this.#placeOf(length)
    if (start + length > this.heap.view.length) return false
    length = this.#writeText(text, start, length)
    this.#point(length, start)
    return true
  }

  #writeText(text: string, start: number, length: number): number {
    // Far offsets are beyond what the runtime's Buffer takes everywhere.
    if (start + length < BUFFER_BYTES) return this.#heapText().write(text, start)
    const { buffer, byteOffset } = this.heap.view
    return Buffer.from(buffer as ArrayBuffer, byteOffset + start, length).write(text)
  }

  /** The heap's memory for reading and writing text. */
  #heapText(): Buffer {
    const { view } = this.heap
    if (this.#textOf !== view) {
      this.#text = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
      this.#textOf = view
    }
    return this.#text
  }

  /** Where text of so many bytes goes. */
  #placeOf(length: number): number {
    const start = this.heap.length
    const next = Math.ceil(start / BUFFER_BYTES) * BUFFER_BYTES
    return start < next && start + length > next ? next : start
  }

  /** Makes the staged row refer to text in the heap. */
  #point(length: number, start: number): void {
    const words = this.#words
    const { view } = this.heap
    words[0] = length
    for (let at = 0; at < 4; at++) this.#bytes[4 + at] = view[start + at] as number
    words[2] = Math.floor(start / BUFFER_BYTES)
    words[3] = start % BUFFER_BYTES
    this.#heapEnd = start + length
  }

  #reach(): boolean {
    return this.session.reader?.reach(this.heap) === true
  }

  /** Where a row's text is; ERR_STOA_CORRUPT where that is not in the heap. */
  #place(row: number, length: number): number {
    const view = this.data.view as Uint32Array
    const start = (view[row * 4 + 2] as number) * BUFFER_BYTES + (view[row * 4 + 3] as number)
    // On a reader a row may refer to text that the writer has added since.
    if (start + length <= this.heap.length || (this.#reach() && start + length <= this.heap.length)) {
      if (start + length > this.heap.view.length) this.heap.bind()
      return start
    }
    const { access, path } = this.session
    const remedy = access === 'read' ? '; read it in snapshot(), for a writer may be changing it' : ''
    throw new StoaError(
      'ERR_STOA_CORRUPT',
      `row ${row} of ${this.title} in ${quoted(path)} refers to ${length} bytes at ${start} of a heap of ${this.heap.length}${remedy}`,
      { path },
    )
  }
}
