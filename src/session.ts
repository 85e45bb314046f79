import { quoted, StoaError } from './errors.ts'
import type { Native } from './native.ts'
import type { Region } from './region.ts'

/** A table or an array: it tells its regions the length it has when somebody must know. */
export interface LengthKeeper {
  publish(): void
}

/**
 * One opening of a store, as its tables, arrays and columns see it: the native store, whether it is still open, and
 * the regions in use. Lengths live in JavaScript and are handed to the native store only when it must know them.
 */
export class Session {
  readonly native: Native
  /** Absolute. */
  readonly path: string
  closed = false
  /** Grows with every rollback: what was read from memory before may be gone. */
  epoch = 0
  readonly regions: Set<Region> = new Set()
  /** The tables and arrays that keep the lengths. */
  readonly owners: Set<LengthKeeper> = new Set()

  constructor(native: Native, path: string) {
    this.native = native
    this.path = path
  }

  /** Throws ERR_STOA_CLOSED once the store is closed. */
  checkOpen(): void {
    if (!this.closed) return
    throw new StoaError('ERR_STOA_CLOSED', `the store ${quoted(this.path)} is closed; open it again`, {
      path: this.path,
    })
  }

  /** Hands the lengths that changed to the native store. */
  publishLengths(): void {
    for (const owner of this.owners) owner.publish()
    const ids: number[] = []
    const lengths: number[] = []
    const changed: Region[] = []
    for (const region of this.regions) {
      if (region.length === region.publishedLength) continue
      ids.push(region.id)
      lengths.push(region.length)
      changed.push(region)
    }
    if (changed.length === 0) return
    this.native.setLengths(Uint32Array.from(ids), Float64Array.from(lengths))
    for (const region of changed) region.publishedLength = region.length
  }
}
