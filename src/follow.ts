import { abortError } from './abort.ts'
import { found, quoted } from './errors.ts'
import type { Waiter } from './feed.ts'
import { suggestion } from './schema/nearest.ts'
import type { Session } from './session.ts'
import type { Storage } from './column/storage.ts'
import { checkCount } from './table/positions.ts'

/** How a table is followed. */
export interface FollowOptions {
  /** The first row to report. Default: behind those that are committed now; 0 reports all. */
  from?: number | undefined
  /** Ends the iteration with an `AbortError` (`code: 'ABORT_ERR'`), as Node's own async iterators do. */
  signal?: AbortSignal | undefined
}

/** Rows from `start` up to, not including, `end`. */
export interface RowRange {
  /** The first row. */
  start: number
  /** Behind the last row. */
  end: number
}

/** What follows needs of its table. */
export interface Followed {
  readonly session: Session
  /** What messages call it. */
  readonly title: string
  readonly storages: readonly Storage[]
  /** Throws once the store is closed or the table gone; otherwise gives the length. */
  checkUsable(): number
}

interface Request {
  resolve(result: IteratorResult<RowRange, undefined>): void
  reject(error: unknown): void
}

/**
 * Reports rows as they are committed, each once and in order: nothing is kept but how far it came, so that a slow consumer
 * gets fewer and longer ranges.
 */
export class Follower implements AsyncIterableIterator<RowRange, undefined>, Waiter {
  readonly #table: Followed
  readonly #signal: AbortSignal | undefined
  /** Rows that are durable. */
  #committed: number
  /** The first row that was not reported. */
  #position: number
  /** Calls of `next` that nothing was there for yet, in order. */
  #requests: Request[] = []
  #isOver = false
  /** What the next call of `next` throws. */
  #failure: { readonly error: unknown } | undefined

  constructor(table: Followed, options: FollowOptions = {}) {
    checkFollowOptions(options)
    const { from, signal } = options
    if (signal?.aborted === true) throw abortError(`following ${table.title}`, signal)
    this.#table = table
    this.#signal = signal
    // A reader may know of fewer rows than there are.
    if (from !== undefined && from > table.checkUsable()) table.session.reader?.refresh(true)
    this.#committed = committedRows(table)
    // On a writer it may be a row that is not committed yet.
    this.#position = Math.min(from ?? this.#committed, table.checkUsable())
    signal?.addEventListener('abort', this.#onAbort)
    table.session.feed.add(this)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  get isWaiting(): boolean {
    return this.#requests.length > 0
  }

  next(): Promise<IteratorResult<RowRange, undefined>> {
    return new Promise((resolve, reject) => {
      this.#requests.push({ resolve, reject })
      const { feed } = this.#table.session
      if (!this.#isOver) feed.look()
      this.#serve()
      if (!this.#isOver) feed.update()
    })
  }

  // oxlint-disable-next-line require-await -- what it throws must be a rejection
  async return(): Promise<IteratorResult<RowRange, undefined>> {
    this.#end()
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<never> {
    this.#end()
    throw error
  }

  onCommit(): void {
    try {
      const committed = committedRows(this.#table)
      // Rows that were removed, or rolled back before they were committed, are followed again when they come again.
      const isShorter = committed < this.#committed || this.#table.checkUsable() < this.#position
      if (isShorter) this.#position = Math.min(this.#position, committed, this.#committed)
      this.#committed = committed
    } catch (error) {
      return this.onFailure(error)
    }
    this.#serve()
  }

  onFailure(error: unknown): void {
    if (this.#isOver) return
    this.#failure = { error }
    this.#end()
  }

  onClose(): void {
    this.#end()
  }

  /** Gives the first of those who wait what there is. */
  #serve(): void {
    if (this.#isOver) return this.#settle()
    if (this.#position >= this.#committed) return
    const request = this.#requests.shift()
    if (request === undefined) return
    request.resolve({ done: false, value: { start: this.#position, end: this.#committed } })
    this.#position = this.#committed
    this.#table.session.feed.update()
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#settle()
    this.#table.session.feed.delete(this)
  }

  /** Nothing more will come: one call is told why, all others that it is over. */
  #settle(): void {
    for (const { resolve, reject } of this.#requests.splice(0)) {
      const failure = this.#failure
      this.#failure = undefined
      if (failure === undefined) resolve({ done: true, value: undefined })
      else reject(failure.error)
    }
  }

  readonly #onAbort = (): void => {
    this.onFailure(abortError(`following ${this.#table.title}`, this.#signal as AbortSignal))
  }
}

/** Rows that are durable. A reader sees no others; a writer has those that it did not commit yet, too. */
function committedRows(table: Followed): number {
  const rows = table.checkUsable()
  const { access, native } = table.session
  if (access === 'read') return rows
  // A column that was added since the last commit has none.
  return Math.max(...table.storages.map(({ data }) => native.committedLength(data.id)))
}

function checkFollowOptions(options: unknown): asserts options is FollowOptions {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`follow takes an object of options, found ${found(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (OPTIONS.includes(name)) continue
    throw new TypeError(`there is no option ${quoted(name)}${suggestion(name, OPTIONS)}`)
  }
  const { from, signal } = options as FollowOptions
  if (from !== undefined) checkCount(from, "the option 'from'")
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`the option 'signal' must be an AbortSignal, found ${found(signal)}`)
  }
}

const OPTIONS: readonly string[] = ['from', 'signal']
