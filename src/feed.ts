import { StoaError } from './errors.ts'
import type { Listeners } from './events.ts'
import type { Session } from './session.ts'
import { FileWatch } from './watch.ts'

/** Who goes on when something was committed. */
export interface Waiter {
  /** Whether it cannot go on before that. */
  readonly isWaiting: boolean
  onCommit(): void
  onFailure(error: unknown): void
  onClose(): void
}

/**
 * Tells of commits: a writer's own, and on a reader those of others, for which it watches the file as long as somebody
 * listens or follows.
 */
export class CommitFeed {
  readonly #session: Session
  readonly #listeners: Listeners
  readonly #waiters = new Set<Waiter>()
  readonly #watch: FileWatch | undefined
  #isClosed = false

  constructor(session: Session, listeners: Listeners) {
    this.#session = session
    this.#listeners = listeners
    if (session.access !== 'write')
      this.#watch = new FileWatch(
        session.path,
        () => this.look(),
        () => session.native.isLive(),
      )
  }

  add(waiter: Waiter): void {
    this.#waiters.add(waiter)
    this.update()
  }

  delete(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    this.update()
  }

  /** To be called when somebody began or ended to listen or to wait. */
  update(): void {
    if (this.#isClosed) return
    if (this.#waiters.size === 0 && !this.#listeners.hasAny('commit')) this.#watch?.stop()
    else {
      this.#watch?.start()
      this.#watch?.hold([...this.#waiters].some(({ isWaiting }) => isWaiting))
    }
  }

  /** Every commit up to this one is durable, and shown. */
  tell(commitId: number): void {
    for (const waiter of this.#waiters) waiter.onCommit()
    this.#listeners.commit(commitId)
  }

  /** Has a reader take up what was committed, and tells of it. Whoever waits is told what that fails with. */
  look(): void {
    try {
      this.#session.reader?.refresh(true)
    } catch (error) {
      // The writer never paused: the next look may be luckier.
      if (error instanceof StoaError && error.code === 'ERR_STOA_BUSY') return
      this.#fail(error as Error)
    }
  }

  close(): void {
    this.#isClosed = true
    this.#watch?.stop()
    for (const waiter of this.#waiters) waiter.onClose()
    this.#waiters.clear()
  }

  /** Nothing more is told: neither a poisoned store nor one with newer data gets better by looking again. */
  #fail(error: Error): void {
    const hadWaiters = this.#waiters.size > 0
    for (const waiter of this.#waiters) waiter.onFailure(error)
    this.#waiters.clear()
    this.#watch?.stop()
    if (!this.#listeners.error(error) && !hadWaiters) process.emitWarning(error)
  }
}
