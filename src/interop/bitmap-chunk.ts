import type { TypedArray } from '../column/elements.ts'
import type { Storage } from '../column/storage.ts'
import { ElementsChunk } from '../table/chunk.ts'

/** Validity bits of some rows: the bit `offset + row` of `bytes`, 1 where there is a value. */
export interface Bits {
  readonly bytes: Uint8Array
  readonly offset: number
}

export function hasBit({ bytes, offset }: Bits, row: number): boolean {
  const at = offset + row
  return (((bytes[at >> 3] as number) >> (at & 7)) & 1) === 1
}

/** Elements ready to be copied, with nulls told by a bitmap. New labels as in the class below it. */
export class BitmapChunk extends ElementsChunk {
  readonly #storage: Storage
  readonly #bits: Bits | undefined

  constructor(
    storage: Storage,
    elements: TypedArray,
    bits: Bits | undefined,
    known?: number,
    fresh?: readonly string[],
  ) {
    super(storage, elements, [], known, fresh)
    this.#storage = storage
    this.#bits = bits
  }

  override write(start: number): void {
    super.write(start)
    if (this.#bits !== undefined) writeNulls(this.#storage, start, this.rows, this.#bits)
  }
}

/** Takes over the nulls of rows that are written. Nulls lie as zeros. */
export function writeNulls({ data, kind, validity }: Storage, start: number, rows: number, bits: Bits): void {
  validity?.copyBits(start, bits.bytes, bits.offset, rows)
  const { view, stride } = data
  for (let row = 0; row < rows; row++) {
    // Eight rows at once, where a byte has them all.
    if ((bits.offset + row) % 8 === 0 && row + 8 <= rows && bits.bytes[(bits.offset + row) / 8] === 0xff) row += 7
    else if (!hasBit(bits, row)) view.fill(kind.zero as never, (start + row) * stride, (start + row + 1) * stride)
  }
}
