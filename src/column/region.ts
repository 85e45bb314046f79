import { type ElementKind, type TypedArray, VIEW_BYTES_MAX } from './elements.ts'
import { StoaError } from '../errors.ts'
import type { NativeRegion } from '../native.ts'
import type { Session } from '../session.ts'

/** Bytes of a window over a part, where one over the whole is too long. */
const PART_BYTES = 2 ** 30

/** A growable, contiguous run of elements in the file, seen through one typed array over its whole capacity. */
export class Region {
  readonly id: number
  readonly kind: ElementKind
  /** Elements of the file a row. */
  readonly lanes: number
  /** Elements of the typed array a row. */
  readonly stride: number
  /** What messages call it. */
  title: string
  /** Rows in use. Its table or array keeps it; it counts in a commit once published. */
  length: number
  /** The length that the native store knows. */
  publishedLength: number
  /** The length that other processes know, of a live store. */
  toldLength: number
  /** Rows that fit without growing. */
  capacity: number
  /**
   * All rows up to the capacity, or no row while nobody asked for memory. Never longer than what may be written.
   * Its length is 0 after close and after a user transferred its buffer away.
   */
  view: TypedArray
  readonly #session: Session
  /** The external buffer below the view. It covers more than the capacity, so that growing rarely needs a new one. */
  #window: ArrayBuffer | undefined
  /** A window over a part of what no single window can show, and the offset in bytes where it begins. */
  #part: { readonly start: number; readonly window: ArrayBuffer } | undefined
  /** The first `length` rows, kept as long as that is the length asked for. */
  #slice: TypedArray | undefined

  constructor(
    session: Session,
    kind: ElementKind,
    title: string,
    native: Omit<NativeRegion, 'name' | 'kind' | 'extents'>,
  ) {
    this.#session = session
    this.kind = kind
    this.title = title
    this.id = native.id
    this.lanes = native.lanes
    this.stride = native.lanes * kind.span
    this.length = native.length
    this.publishedLength = native.length
    this.toldLength = native.length
    this.capacity = native.capacity
    this.view = new kind.Array(0)
    session.regions.add(this)
  }

  /** Makes {@link view} cover the capacity: a new typed array after growth, a new buffer if need be. */
  bind(): TypedArray {
    const bytes = this.capacity * this.stride * this.kind.bytes
    if (bytes === 0) return this.view
    if (bytes > VIEW_BYTES_MAX) {
      throw new RangeError(
        `${this.title} takes ${bytes} bytes, more than a typed array of this runtime can show (${VIEW_BYTES_MAX}); read it with chunks()`,
      )
    }
    let window = this.#window
    // A buffer of length 0 was transferred away by the user; one that is too short was outgrown.
    if (window === undefined || window.byteLength < bytes) {
      window = this.#session.native.window(this.id, VIEW_BYTES_MAX)
      this.#window = window
    }
    const elements = bytes / this.kind.bytes
    if (this.view.buffer !== window || this.view.length !== elements) {
      this.view = new this.kind.Array(window, 0, elements)
    }
    return this.view
  }

  /** Shows no row until the next {@link bind}, which costs no new buffer. */
  unbind(): void {
    this.view = new this.kind.Array(0)
  }

  /** Ensures a capacity of `rows`. Existing views stay valid. Throws NO_SPACE or LIMIT, and then nothing was changed. */
  grow(rows: number, exact: boolean): void {
    if (rows <= this.capacity) return
    if (rows * this.stride * this.kind.bytes > VIEW_BYTES_MAX) throw this.#tooLong(rows)
    const native = this.#session.native
    const rowBytes = this.stride * this.kind.bytes
    // Amortised growth may double: near the end of what a typed array can show, ask for a quarter more instead.
    this.capacity =
      exact || rows * rowBytes * 4 < VIEW_BYTES_MAX
        ? native.grow(this.id, rows, exact)
        : native.grow(this.id, Math.min(Math.ceil(rows * 1.25), Math.floor(VIEW_BYTES_MAX / rowBytes)), true)
  }

  /** Gives back what lies behind the rows, once the native store knows their number. */
  shrink(): void {
    this.capacity = this.#session.native.shrink(this.id)
    // The view must not be longer than what may be written.
    this.unbind()
    if (this.#window !== undefined) this.bind()
  }

  /** Grows to `rows` and binds: afterwards {@link view} covers them all. */
  room(rows: number): void {
    this.grow(rows, false)
    this.bind()
  }

  #tooLong(rows: number): StoaError {
    const bytes = rows * this.stride * this.kind.bytes
    return new StoaError(
      'ERR_STOA_LIMIT',
      `cannot grow ${this.title} to ${rows} rows (${bytes} bytes): typed arrays of this runtime end at ${VIEW_BYTES_MAX} bytes; nothing was changed`,
      { path: this.#session.path },
    )
  }

  /** A typed array over exactly `rows` rows, the same one while neither the length nor the memory changed. */
  slice(rows: number): TypedArray {
    const elements = rows * this.stride
    const slice = this.#slice
    // The length of a detached array is 0, so it is not mistaken for one of `elements`.
    if (slice !== undefined && slice.length === elements && slice.buffer === this.view.buffer) return slice
    this.#slice = new this.kind.Array(this.bind().buffer, 0, elements)
    return this.#slice
  }

  /** Rows that one typed array can show. */
  get rowsShown(): number {
    return Math.floor(VIEW_BYTES_MAX / (this.stride * this.kind.bytes))
  }

  /** A typed array over some rows, at most {@link rowsShown}, also of a region that is longer. */
  part(start: number, rows: number): TypedArray {
    const rowBytes = this.stride * this.kind.bytes
    const from = start * rowBytes
    const bytes = rows * rowBytes
    const wholeBytes = this.capacity * rowBytes
    if (wholeBytes <= VIEW_BYTES_MAX) return new this.kind.Array(this.bind().buffer, from, rows * this.stride)
    let part = this.#part
    // The length of a buffer that was transferred away is 0.
    if (part === undefined || from < part.start || from + bytes > part.start + part.window.byteLength) {
      const partBytes = Math.min(Math.max(PART_BYTES, bytes), VIEW_BYTES_MAX, wholeBytes - from)
      part = { start: from, window: this.#session.native.windowAt(this.id, from, partBytes) }
      this.#part = part
    }
    return new this.kind.Array(part.window, from - part.start, rows * this.stride)
  }

  /** Moves rows; the ranges may overlap. */
  move(to: number, from: number, count: number): void {
    const { stride } = this
    this.bind().copyWithin(to * stride, from * stride, (from + count) * stride)
  }

  /** On a reader: the length and capacity that a newer commit gave it. The next use beyond the view makes a longer one. */
  take(length: number, capacity: number): void {
    this.length = length
    this.publishedLength = length
    this.capacity = capacity
  }

  /** After a rollback: length and capacity are those of the last commit. A drop may have been undone. */
  restore(native: NativeRegion): void {
    this.#session.regions.add(this)
    this.length = native.length
    this.publishedLength = native.length
    this.capacity = native.capacity
    // The old view may reach past the capacity, where rows must not be written. The next use makes a new one: that can
    // fail, and a rollback must not stop half-way.
    this.view = new this.kind.Array(0)
    this.#slice = undefined
  }

  /** The store has another file now: the next use takes memory of that. What was handed out stays as it is. */
  leave(): void {
    this.view = new this.kind.Array(0)
    this.#slice = undefined
    this.#window = undefined
    this.#part = undefined
  }

  /** After close, drop, or a rollback to before its creation: no row is left in reach. */
  release(): void {
    this.#session.regions.delete(this)
    this.length = 0
    this.capacity = 0
    this.leave()
  }
}
