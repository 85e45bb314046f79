import { quoted, StoaError } from './errors.ts'
import type { Region } from './column/region.ts'
import type { Session } from './session.ts'
import { checkResult } from './transaction.ts'

/**
 * What the native store took up: another commit with other lengths, or also other tables, columns or data version, or a
 * compacted file, with other memory.
 */
const LENGTHS = 1
const STRUCTURE = 2
const MEMORY = 3

/** Tries for a snapshot. After so many it is enough as soon as so much time has passed. */
const TRIES_MAX = 100
const TRIES_MIN = 10
const TRIES_MS = 2000
/** Between two tries: at first, and at most, in milliseconds. */
const PAUSE_MS = 0.25
const PAUSE_MS_MAX = 20

/** What a try for a snapshot came to. Only what a whole one gave or threw may be believed. */
type Try<R> = { isWhole: false } | { isWhole: true; result: R } | { isWhole: true; failure: unknown }

/**
 * Takes up what the writer has committed, for a store that is open for reading. Rows and lengths of one commit are shown
 * together; what the writer changes in place shows by itself, but in a snapshot.
 */
export class Reader {
  readonly #session: Session
  /** The newest data version that this program can read. */
  readonly #version: number
  readonly #restore: (isOtherMemory: boolean) => void
  readonly #onCommit: (commitId: number) => void
  /** What the native store has taken up and the tables do not show: nothing (0), or one of the above. */
  #pending = 0
  /** The lengths that are shown, where they are newer than the catalog: id, length and capacity by turns. */
  #lengths: Float64Array | undefined
  /** A commit is shown that no call of {@link refresh} has told. */
  #isUntold = false
  #isInSnapshot = false
  readonly #sleeper = new Int32Array(new SharedArrayBuffer(4))

  /** `restore` makes all tables what they are in the native store, and shows other memory where that is another. */
  constructor(
    session: Session,
    version: number,
    restore: (isOtherMemory: boolean) => void,
    onCommit: (commitId: number) => void,
  ) {
    this.#session = session
    this.#version = version
    this.#restore = restore
    this.#onCommit = onCommit
  }

  get isInSnapshot(): boolean {
    return this.#isInSnapshot
  }

  /**
   * Shows the newest commit; false when it was shown already. What this process wrote to its own memory is forgotten,
   * or, where `keepsCopies`, only in pages with new rows.
   */
  refresh(keepsCopies: boolean): boolean {
    if (this.#isInSnapshot) return false
    this.#note(this.#session.native.refresh(keepsCopies))
    const isNew = this.#show() || this.#isUntold
    if (isNew) this.#tell()
    return isNew
  }

  /**
   * Learns how long a region is by now, and shows nothing else of that commit: what a row refers to when it was changed in
   * place. False in a snapshot, where nothing newer may be seen. Where tables or columns went, their memory is gone, so
   * then all of the commit is shown.
   */
  reach(region: Region): boolean {
    if (this.#isInSnapshot) return false
    const { native } = this.#session
    // Not in a compacted file: there the row may refer to another place.
    this.#note(native.reach())
    if (this.#pending >= STRUCTURE) {
      this.#isUntold = this.#show()
      return true
    }
    this.takeLengths([region], native.lengths())
    return true
  }

  /** Gives regions the lengths that are shown: also those of a table that was not used before. */
  takeLengths(regions: Iterable<Region>, lengths: Float64Array | undefined = this.#lengths): void {
    if (lengths === undefined) return
    const places = new Map<number, number>()
    for (let at = 0; at < lengths.length; at += 3) places.set(lengths[at] as number, at)
    for (const region of regions) {
      const at = places.get(region.id)
      if (at !== undefined) region.take(lengths[at + 1] as number, lengths[at + 2] as number)
    }
  }

  /** Runs `fn` until nothing was committed meanwhile: it sees one commit, of all tables, and nothing else. */
  snapshot<R>(fn: () => R): R {
    // It is part of the one around it, which tells whether it was whole.
    if (this.#isInSnapshot) return fn()
    const started = performance.now()
    let pauseMs = PAUSE_MS
    try {
      for (let tries = 1; ; tries++) {
        const outcome = this.#try(fn)
        if (outcome.isWhole) {
          if ('failure' in outcome) throw outcome.failure
          checkResult(outcome.result, 'snapshot')
          return outcome.result
        }
        const spentMs = performance.now() - started
        if (tries >= TRIES_MAX || (tries >= TRIES_MIN && spentMs >= TRIES_MS)) throw this.#busy(tries, spentMs)
        // Not always at the same moment of what the writer does again and again.
        this.#pause(pauseMs * (0.5 + Math.random()))
        pauseMs = Math.min(pauseMs * 1.5, PAUSE_MS_MAX)
      }
    } finally {
      this.#tell()
    }
  }

  #try<R>(fn: () => R): Try<R> {
    const { native } = this.#session
    try {
      this.#note(native.beginSnapshot())
    } catch (error) {
      if (error instanceof StoaError && error.code === 'ERR_STOA_BUSY') return { isWhole: false }
      throw error
    }
    this.#show()
    let outcome: Try<R>
    this.#isInSnapshot = true
    try {
      outcome = { isWhole: true, result: fn() }
    } catch (failure) {
      outcome = { isWhole: true, failure }
    } finally {
      this.#isInSnapshot = false
    }
    return native.isWhole() ? outcome : { isWhole: false }
  }

  #note(news: number): void {
    this.#pending = Math.max(this.#pending, news)
  }

  /** Makes all tables what the native store has taken up. */
  #show(): boolean {
    const { native } = this.#session
    if (this.#pending >= STRUCTURE) {
      this.#checkVersion()
      this.#session.epoch++
      this.#lengths = undefined
      this.#restore(this.#pending === MEMORY)
    } else if (this.#pending === LENGTHS) {
      this.#lengths = native.lengths()
      this.takeLengths(this.#session.regions)
      for (const owner of this.#session.owners) owner.takeLength()
    } else return false
    this.#pending = 0
    return true
  }

  #tell(): void {
    this.#isUntold = false
    if (!this.#session.closed) this.#onCommit(this.#session.native.commitId())
  }

  /** A migration by a newer program: nothing of it is shown. */
  #checkVersion(): void {
    const { native, path } = this.#session
    const version = native.dataVersion()
    if (version <= this.#version) return
    throw new StoaError(
      'ERR_STOA_VERSION',
      `cannot go on reading ${quoted(path)}: a writer brought its data to version ${version}, this program reads up to ${this.#version}; use a newer program`,
      { path },
    )
  }

  #pause(ms: number): void {
    Atomics.wait(this.#sleeper, 0, 0, ms)
  }

  #busy(tries: number, spentMs: number): StoaError {
    const { path } = this.#session
    return new StoaError(
      'ERR_STOA_BUSY',
      `cannot read ${quoted(path)} in one piece: the writer committed during each of ${tries} tries in ${Math.round(spentMs)} ms; copy less in a snapshot, or let the writer commit less often`,
      { path },
    )
  }
}
