import { StoaError } from './errors.ts'
import type { Session } from './session.ts'

/**
 * Commits on their way to the disk: first in, first out. Each is captured in the call and performed on the thread pool,
 * one at a time. Calls that must wait (rollback, close, commitSync) have the native store complete them at once; their
 * promises settle in their turn all the same.
 */
export class CommitQueue {
  readonly #session: Session
  readonly #onCommit: (commitId: number) => void
  /** The commit captured last, and its id. */
  #newest: Promise<number> | undefined
  #newestId = 0
  #inFlight = 0
  /** How it stood when the store closed under commits in flight. */
  #closing: { readonly durableId: number; readonly failure: unknown } | undefined

  constructor(session: Session, onCommit: (commitId: number) => void) {
    this.#session = session
    this.#onCommit = onCommit
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Captures what changed since the last capture. Nothing changed: the promise follows those in flight. */
  begin(): Promise<number> {
    const { native } = this.#session
    this.#session.publishLengths()
    const ticket = native.capture()
    // With nothing new, what the caller wants durable is what the newest commit holds.
    if (ticket === null)
      return this.#inFlight === 0 || !this.#newest ? Promise.resolve(native.commitId()) : this.#newest
    const commitId = native.capturedCommitId()
    this.#newestId = commitId
    this.#inFlight++
    // It starts whether or not the one before failed: what it meets then is the native store's to say.
    const performed = (this.#newest ?? Promise.resolve()).then(
      () => this.#perform(ticket, commitId),
      () => this.#perform(ticket, commitId),
    )
    this.#newest = performed
    return performed
  }

  /** Completes what is in flight and commits what changed since, on this thread. */
  commitSync(): number {
    const commitId = this.#session.commitSync()
    this.#onCommit(commitId)
    return commitId
  }

  /** Completes what is in flight on this thread, before the store closes. Gives the newest of it that is durable. */
  complete(discard: boolean): number {
    if (this.#inFlight === 0) return 0
    const { native } = this.#session
    let failure: unknown
    try {
      if (discard) native.rollback()
      else this.#session.commitSync()
    } catch (error) {
      failure = error
    }
    this.#closing = { durableId: native.commitId(), failure }
    return Math.min(this.#closing.durableId, this.#newestId)
  }

  async #perform(ticket: number, commitId: number): Promise<number> {
    const { native, path } = this.#session
    try {
      if (this.#closing === undefined) {
        await native.perform(ticket)
        if (!this.#session.closed) native.settle()
      } else if (commitId > this.#closing.durableId) {
        throw (
          this.#closing.failure ??
          new StoaError('ERR_STOA_CLOSED', `the store was closed before commit ${commitId} was durable`, { path })
        )
      }
    } catch (error) {
      // The ids of commits that failed go to later ones.
      if (this.#inFlight === 1 && !this.#session.closed) this.#newestId = native.commitId()
      throw error
    } finally {
      this.#inFlight--
    }
    this.#onCommit(commitId)
    return commitId
  }
}
