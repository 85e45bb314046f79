import type { Region } from './column/region.ts'
import type { Storage } from './column/storage.ts'
import type { Native } from './native.ts'
import type { Session } from './session.ts'

const IS_LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1
/** The lower half of a 64-bit number. */
const LOW = IS_LITTLE_ENDIAN ? 0 : 1
const HALF = 2 ** 32

/**
 * The table of lengths of a live store: whoever looks, in whatever process, sees each length as it is told. A length is
 * told after the bytes that it counts, with the order of `Atomics`, so nobody finds a row half written below it.
 */
export class LiveLengths {
  readonly #native: Native
  /** By the region's id, as one number and as two halves. */
  declare private wide: BigInt64Array
  declare private halves: Int32Array

  constructor(native: Native) {
    this.#native = native
    this.#bind()
  }

  /** Makes sure that the table has a place for a region that was just created. */
  admit(id: number): void {
    if (id >= this.wide.length) this.#bind()
  }

  tell(region: Region): void {
    const { id, length, toldLength } = region
    if (length === toldLength) return
    region.toldLength = length
    // Both halves change together, or the upper one stays 0.
    if (length < HALF && toldLength < HALF) Atomics.store(this.halves, id * 2 + LOW, length)
    else Atomics.store(this.wide, id, BigInt(length))
  }

  /** Tells of more rows, or of fewer: never of a row before what it refers to. */
  tellRows(storages: readonly Storage[], isMore: boolean): void {
    for (const { regions } of storages) {
      // The data comes first in the list of a column's regions.
      if (isMore) for (let at = regions.length - 1; at >= 0; at--) this.tell(regions[at] as Region)
      else for (const region of regions) this.tell(region)
    }
  }

  #bind(): void {
    const buffer = this.#native.liveLengths()
    this.wide = new BigInt64Array(buffer)
    this.halves = new Int32Array(buffer)
  }
}

/** Where a table or an array of a live store keeps the number of its rows. */
const ROWS: unique symbol = Symbol('rows')

interface LiveRows {
  [ROWS]: number | undefined
  readonly session: Session
  readonly storages: readonly Storage[] | undefined
  publish(): void
}

/** Makes the objects of a class tell every process of each change of their number of rows, as it happens. */
export function tellRowCount(prototype: object): void {
  Object.defineProperty(prototype, 'rowCount', {
    get(this: LiveRows) {
      return this[ROWS]
    },
    set(this: LiveRows, rows: number) {
      const before = this[ROWS]
      this[ROWS] = rows
      const { live } = this.session
      if (live === undefined || before === undefined) return
      this.publish()
      live.tellRows(this.storages as readonly Storage[], rows >= before)
    },
  })
}
