import type { Region } from './region.ts'

/** Rows per byte. */
const BITS = 8

/**
 * The validity bitmap of a nullable column, as Arrow has it: the bit `row % 8` of byte `row >> 3`, 1 where there is a
 * value. Its region's length is in bytes.
 */
export class Validity {
  readonly region: Region

  constructor(region: Region) {
    this.region = region
  }

  /** Bytes for so many rows. */
  static bytes(rows: number): number {
    return Math.ceil(rows / BITS)
  }

  has(row: number): boolean {
    const at = Math.floor(row / BITS)
    const byte = this.region.view[at] ?? this.region.bind()[at]
    return (((byte as number) >> (row & 7)) & 1) === 1
  }

  /** There must be room. */
  put(row: number, isPresent: boolean): void {
    const view = this.region.view as Uint8Array
    const at = Math.floor(row / BITS)
    const bit = 1 << (row & 7)
    view[at] = isPresent ? (view[at] as number) | bit : (view[at] as number) & ~bit
  }

  fill(isPresent: boolean, from: number, to: number): void {
    const first = Math.min(Math.ceil(from / BITS) * BITS, to)
    const last = Math.max(Math.floor(to / BITS) * BITS, first)
    for (let row = from; row < first; row++) this.put(row, isPresent)
    this.region.bind().fill((isPresent ? 0xff : 0) as never, first / BITS, last / BITS)
    for (let row = last; row < to; row++) this.put(row, isPresent)
  }

  /** Copies the bits of `count` rows; the ranges may overlap. */
  move(to: number, from: number, count: number): void {
    const view = this.region.bind() as Uint8Array
    copyBits(view, to, view, from, count)
  }

  /** Copies the bits of `count` rows of another column. */
  copy(to: number, other: Validity, from: number, count: number): void {
    this.copyBits(to, other.region.bind() as Uint8Array, from, count)
  }

  /** The same of any bitmap, from its bit `from` on. */
  copyBits(to: number, bits: Uint8Array, from: number, count: number): void {
    copyBits(this.region.bind() as Uint8Array, to, bits, from, count)
  }
}

/** Copies `count` bits; within one bitmap the ranges may overlap. */
export function copyBits(target: Uint8Array, to: number, source: Uint8Array, from: number, count: number): void {
  if (count === 0 || (target === source && to === from)) return
  // A step fills at most the rest of one byte of the target.
  if (target !== source || to < from) {
    for (let done = 0; done < count;) {
      const step = Math.min(BITS - ((to + done) & 7), count - done)
      copyStep(target, to + done, source, from + done, step)
      done += step
    }
    return
  }
  // Towards the end: the last bits first, before they are written over.
  for (let left = count; left > 0;) {
    const step = Math.min(((to + left - 1) & 7) + 1, left)
    left -= step
    copyStep(target, to + left, source, from + left, step)
  }
}

function copyStep(target: Uint8Array, to: number, source: Uint8Array, from: number, step: number): void {
  const at = Math.floor(from / BITS)
  const bits = ((source[at] as number) | ((source[at + 1] ?? 0) << BITS)) >> (from & 7)
  const mask = ((1 << step) - 1) << (to & 7)
  const into = Math.floor(to / BITS)
  target[into] = ((target[into] as number) & ~mask) | ((bits << (to & 7)) & mask)
}
