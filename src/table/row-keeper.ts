import type { Session } from '../session.ts'
import type { Storage } from '../column/storage.ts'

/** What has rows, a table or an array, as the verbs that move them see it. */
export interface RowKeeper {
  readonly session: Session
  /** What messages call it. */
  readonly title: string
  readonly storages: readonly Storage[]
  rowCount: number
  /** Throws once the store is closed or this is gone; otherwise gives the length. */
  checkUsable(): number
  /** The same, and throws ERR_STOA_READONLY on a reader. */
  checkWritable(): number
  /** To be called when memory may have been bound anew. */
  refreshViews(): void
}
