import { found, quoted } from './errors.ts'
import { suggestion } from './schema/nearest.ts'

/** What a store tells, and what the listeners get. */
export interface StoreEvents {
  /** A commit in the background failed. */
  error: (error: Error) => void
  /**
   * A commit is durable. The one that close makes is not told. A reader tells of the writer's, each in turn, once it shows
   * the last of them; as long as somebody listens it watches the file, and shows each new commit by itself. Of more than
   * 65,536 commits at once it tells the newest.
   */
  commit: (commitId: number) => void
  /** The store was closed. */
  close: () => void
}

const EVENTS = ['error', 'commit', 'close'] as const

/** So many commits are told at once. A file may claim any number. */
const TOLD_MAX = 2 ** 16

/** The listeners of one store. */
export class Listeners {
  #toldId: number
  #durableId: number
  #isTelling = false
  #isClosed = false
  readonly #listeners: { [E in keyof StoreEvents]: readonly StoreEvents[E][] } = { error: [], commit: [], close: [] }

  /** Commits up to `toldId` are not told. */
  constructor(toldId: number) {
    this.#toldId = toldId
    this.#durableId = toldId
  }

  add<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): void {
    if (typeof listener !== 'function') throw new TypeError(`a listener must be a function, found ${found(listener)}`)
    const listeners: readonly StoreEvents[E][] = this.#of(event)
    // A new list, so that one being told is not changed meanwhile.
    if (!listeners.includes(listener)) Object.assign(this.#listeners, { [event]: [...listeners, listener] })
  }

  remove<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): void {
    Object.assign(this.#listeners, { [event]: this.#of(event).filter((other) => other !== listener) })
  }

  hasAny(event: keyof StoreEvents): boolean {
    return this.#listeners[event].length > 0
  }

  /** Every commit up to this one is durable: those not told yet are told, in order of their ids. */
  commit(durableId: number): void {
    if (this.#isClosed) return
    this.#durableId = Math.max(this.#durableId, durableId)
    this.#tellAll()
  }

  /** The last that is told. */
  close(): void {
    this.#isClosed = true
    this.#tellAll()
  }

  #tellAll(): void {
    // A listener may commit or close: what it does is told after what it was told of.
    if (this.#isTelling) return
    this.#isTelling = true
    this.#toldId = Math.max(this.#toldId, this.#durableId - TOLD_MAX)
    while (this.#toldId < this.#durableId) {
      const next = this.#toldId + 1
      // From 2^53 on it may be the same number.
      const commitId = next > this.#toldId ? next : this.#durableId
      this.#toldId = commitId
      for (const listener of this.#listeners.commit) tell(() => listener(commitId))
    }
    if (this.#isClosed) for (const listener of this.#listeners.close) tell(listener)
    this.#isTelling = false
  }

  /** False when nobody listens. */
  error(error: Error): boolean {
    for (const listener of this.#listeners.error) tell(() => listener(error))
    return this.#listeners.error.length > 0
  }

  #of<E extends keyof StoreEvents>(event: E): readonly StoreEvents[E][] {
    if (EVENTS.includes(event)) return this.#listeners[event]
    throw new TypeError(
      `there is no event ${found(event)}${suggestion(String(event), EVENTS)}; there are ${EVENTS.map((name) => quoted(name)).join(', ')}`,
    )
  }
}

/** What a listener throws is its own: it must not fail the commit that it was told of. */
function tell(call: () => void): void {
  try {
    call()
  } catch (error) {
    process.nextTick(() => {
      throw error
    })
  }
}
