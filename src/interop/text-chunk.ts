import { INLINE_BYTES, type TextStorage } from '../column/text-storage.ts'
import type { Chunk } from '../table/chunk.ts'
import { type Bits, hasBit } from './bitmap-chunk.ts'

/** Text of some rows as UTF-8: {@link seek} sets where a row's is. */
export interface TextRows {
  readonly bytes: Uint8Array
  readonly start: number
  readonly length: number
  seek(row: number): void
}

/** Rows of UTF-8 that go into a text column byte by byte, without a string in between. */
export class TextChunk implements Chunk {
  readonly rows: number
  readonly #storage: TextStorage
  readonly #text: TextRows
  readonly #bits: Bits | undefined

  /** The text must be UTF-8. */
  constructor(storage: TextStorage, text: TextRows, rows: number, bits: Bits | undefined) {
    this.rows = rows
    this.#storage = storage
    this.#text = text
    this.#bits = bits
  }

  readonly needs = (): void => {
    const text = this.#text
    let bytes = 0
    let longest = 0
    for (let row = 0; row < this.rows; row++) {
      if (!this.#has(row)) continue
      text.seek(row)
      if (text.length <= INLINE_BYTES) continue
      bytes += text.length
      longest = Math.max(longest, text.length)
    }
    this.#storage.provideBytes(bytes, longest)
  }

  write(start: number): void {
    const storage = this.#storage
    const text = this.#text
    for (let row = 0; row < this.rows; row++) {
      if (this.#has(row)) {
        text.seek(row)
        storage.writeBytes(start + row, text.bytes, text.start, text.length)
      } else storage.write(start + row, null)
    }
  }

  #has(row: number): boolean {
    return this.#bits === undefined || hasBit(this.#bits, row)
  }
}
