import { quoted, StoaError } from '../errors.ts'
import type { Region } from './region.ts'
import type { Session } from '../session.ts'

/** A Map holds no more (V8 throws beyond). */
const LABELS_MAX = 2 ** 24

/** Labels by code and codes by label: of a oneOf type, fixed, or of a symbol column, growing. */
export interface LabelSet {
  readonly list: readonly string[]
  readonly codes: ReadonlyMap<string, number>
}

/** The labels of a oneOf type: nothing of them is in a region, the type itself is in the metadata. */
export function fixedLabels(labels: readonly string[]): LabelSet {
  return { list: labels, codes: new Map(labels.map((label, code) => [label, code])) }
}

/**
 * The dictionary of a symbol column: labels are only ever added, and a label's code is its place. In the file each is
 * its length in bytes as an unsigned LEB128, then that many bytes of UTF-8; the region's length is in bytes.
 */
export class Labels implements LabelSet {
  readonly list: string[] = []
  readonly codes: Map<string, number> = new Map()
  readonly region: Region
  readonly #session: Session
  /** Bytes of the region that the list and the map stand for. */
  #loadedBytes = 0

  constructor(session: Session, region: Region) {
    this.#session = session
    this.region = region
  }

  /** Whether every label is known: false before the first use, and on a reader where the writer has added some. */
  get isLoaded(): boolean {
    return this.#loadedBytes === this.region.length
  }

  /** Reads what was added to the dictionary since. Throws ERR_STOA_CORRUPT when it cannot be one. */
  load(): this {
    if (this.isLoaded) return this
    const bytes = this.region.slice(this.region.length) as Uint8Array
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    let at = this.#loadedBytes
    while (at < bytes.length) {
      const start = at
      let size = 0
      let shift = 0
      let byte: number
      do {
        byte = bytes[at++] ?? this.#corrupt(start, 'its length is cut off')
        // 2^28 bytes are far more than the longest JavaScript string needs per step; 5 bytes never overflow.
        size += (byte & 0x7f) * 2 ** shift
        shift += 7
      } while (byte >= 0x80 && shift < 35)
      if (byte >= 0x80 || at + size > bytes.length) this.#corrupt(start, `its length ${size} reaches past the end`)
      let label: string
      try {
        label = decoder.decode(bytes.subarray(at, at + size))
      } catch {
        return this.#corrupt(start, 'it is not UTF-8')
      }
      if (this.codes.has(label)) this.#corrupt(start, `${quoted(label)} is there twice`)
      this.codes.set(label, this.list.length)
      this.list.push(label)
      at += size
    }
    this.#loadedBytes = bytes.length
    return this
  }

  /** The code of a label that is not there yet, added at the end. Throws NO_SPACE or LIMIT, and then nothing was added. */
  add(label: string): number {
    const code = this.list.length
    this.#session.checkWritable('add a label to', this.region.title)
    if (code === LABELS_MAX) {
      throw new StoaError(
        'ERR_STOA_LIMIT',
        `${this.region.title} holds ${LABELS_MAX} labels, the most a symbol can have`,
        {
          path: this.#session.path,
        },
      )
    }
    const text = Buffer.from(label)
    const start = this.region.length
    let at = start
    // A LEB128 of a 32-bit length takes up to 5 bytes.
    this.region.room(start + 5 + text.length)
    const view = this.region.view
    let size = text.length
    while (size >= 0x80) {
      view[at++] = (size & 0x7f) | 0x80
      size >>>= 7
    }
    view[at++] = size
    ;(view as Uint8Array).set(text, at)
    this.region.length = at + text.length
    // Before a row has its code.
    this.#session.live?.tell(this.region)
    this.#loadedBytes = this.region.length
    this.codes.set(label, code)
    this.list.push(label)
    return code
  }

  /** Takes the labels from `count` on back, with the region's length as it was then. */
  cut(count: number, byteLength: number): void {
    for (let code = count; code < this.list.length; code++) this.codes.delete(this.list[code] as string)
    this.list.length = count
    this.region.length = byteLength
    this.#loadedBytes = byteLength
  }

  /** After a rollback, when the region has its committed length again, or on a reader another one. */
  restore(): void {
    // Only ever added to, so what is not shorter begins with the same labels.
    if (this.#loadedBytes <= this.region.length) return
    // The next use reads it again: that can fail, and a rollback must not stop half-way.
    this.#forget()
  }

  #forget(): void {
    this.#loadedBytes = 0
    this.list.length = 0
    this.codes.clear()
  }

  #corrupt(at: number, what: string): never {
    // What was read so far must not pass for the whole.
    this.#forget()
    throw new StoaError(
      'ERR_STOA_CORRUPT',
      `${this.region.title} in ${quoted(this.#session.path)} cannot be read: at byte ${at} ${what}`,
      { path: this.#session.path },
    )
  }
}
