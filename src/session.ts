import { quoted, StoaError } from './errors.ts'
import type { Native } from './native.ts'
import type { CommitFeed } from './feed.ts'
import type { LiveLengths } from './live.ts'
import type { Reader } from './reader.ts'
import type { Region } from './column/region.ts'

/** A table or an array, which keeps the length of its regions. */
export interface LengthKeeper {
  /** Tells its regions the length it has, when somebody must know. */
  publish(): void
  /** Takes the length that its regions have, of a reader whose writer has committed. */
  takeLength(): void
}

/** What a store is open for. */
export type Access = 'write' | 'read' | 'share'

/**
 * One opening of a store, as its tables, arrays and columns see it: the native store, whether it is still open, and
 * the regions in use. Lengths live in JavaScript and are handed to the native store only when it must know them.
 */
export class Session {
  readonly native: Native
  /** Absolute. */
  readonly path: string
  /** `'share'`: elements of a live store that another has open may be changed, and nothing else. */
  readonly access: Access
  /** The store is live, or is to be. */
  readonly isLive: boolean
  /** Tells lengths as they change, while the store is open live. */
  live: LiveLengths | undefined
  /** Takes up what others commit. A writer has none: it is the only one. */
  reader: Reader | undefined
  /** Tells of commits, whoever made them. */
  declare feed: CommitFeed
  closed = false
  /**
   * Grows with every rollback and every change of columns, a reader's when it takes one up: what was read or encoded
   * before may be gone.
   */
  epoch = 0
  readonly regions: Set<Region> = new Set()
  /** The tables and arrays that keep the lengths. */
  readonly owners: Set<LengthKeeper> = new Set()
  /** Ids and new lengths of regions by turns. Kept: most commits change as many as the one before. */
  #changes = new Float64Array(0)

  constructor(native: Native, path: string, access: Access, isLive: boolean) {
    this.native = native
    this.path = path
    this.access = access
    this.isLive = isLive
  }

  /** Throws ERR_STOA_CLOSED once the store is closed. */
  checkOpen(): void {
    if (!this.closed) return
    throw new StoaError('ERR_STOA_CLOSED', `the store ${quoted(this.path)} is closed; open it again`, {
      path: this.path,
    })
  }

  /** Throws ERR_STOA_READONLY on a reader, for what would write: `change` and `table 't'`. */
  checkWritable(verb: string, object?: string): void {
    if (this.access === 'write') return
    const attempt = object === undefined ? verb : `${verb} ${object}`
    const why =
      this.access === 'read'
        ? "is open for reading; open it with access 'write' to change it"
        : "is open without its lock (lock 'none'): only elements below the lengths may be changed here"
    throw new StoaError('ERR_STOA_READONLY', `cannot ${attempt}: ${quoted(this.path)} ${why}`, { path: this.path })
  }

  /** The same for what only changes elements in place. */
  checkElements(verb: string, object?: string): void {
    if (this.access !== 'share') this.checkWritable(verb, object)
  }

  /**
   * Throws when the store was rolled back or a table's columns changed since `epoch`: what was read then may mean
   * something else now.
   */
  checkEpoch(epoch: number, what: string): void {
    if (this.epoch === epoch) return
    throw new StoaError(
      'ERR_STOA_UNSUPPORTED',
      `what was given to ${what} rolled the store back or changed columns while it was read; nothing was changed after that`,
      { path: this.path },
    )
  }

  /** Hands the lengths that changed to the native store. */
  publishLengths(): void {
    // A reader has them from the native store.
    if (this.access !== 'write') return
    this.#gatherLengths()
    if (this.#changes.length > 0) this.native.setLengths(this.#changes)
    this.#markPublished()
  }

  /** The same, and a commit on this thread: one call, for each costs a durable commit of one row a hundredth. */
  commitSync(): number {
    this.#gatherLengths()
    const commitId = this.native.commitSync(this.#changes)
    this.#markPublished()
    return commitId
  }

  #gatherLengths(): void {
    for (const owner of this.owners) owner.publish()
    let count = 0
    for (const region of this.regions) if (region.length !== region.publishedLength) count++
    if (this.#changes.length !== count * 2) this.#changes = new Float64Array(count * 2)
    let at = 0
    for (const region of this.regions) {
      if (region.length === region.publishedLength) continue
      this.#changes[at++] = region.id
      this.#changes[at++] = region.length
    }
  }

  #markPublished(): void {
    for (const region of this.regions) region.publishedLength = region.length
  }
}
