import { type FSWatcher, statSync, watch } from 'node:fs'

/** Between two looks, in milliseconds: while the system tells of changes, and where it does not. */
const WATCHED_MS = 1000
const UNWATCHED_MS = 50

/**
 * Looks at a file whenever it may have changed: the system tells of every write (inotify, kqueue), and a slow timer makes
 * good for what it does not tell of. A file that takes the place of this one is watched instead. It keeps no process
 * alive unless told to.
 */
export class FileWatch {
  readonly #path: string
  readonly #look: () => void
  readonly #isShared: () => boolean
  #watcher: FSWatcher | undefined
  /** Of the file that is watched. */
  #inode: number | undefined
  #timer: NodeJS.Timeout | undefined
  #isQueued = false
  #isHolding = false

  /** `look` must not throw. The system does not tell of writes through memory: `isShared` says whether there are any. */
  constructor(path: string, look: () => void, isShared: () => boolean = () => false) {
    this.#path = path
    this.#look = look
    this.#isShared = isShared
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#watch()
    this.#wait()
    // What was written before may have been missed.
    this.#queue()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#unwatch()
    this.#inode = undefined
  }

  /** Whether somebody waits, for whom the process must go on. */
  hold(isHolding: boolean): void {
    this.#isHolding = isHolding
    if (isHolding) this.#timer?.ref()
    else this.#timer?.unref()
  }

  /** A commit is many writes: the looks of one turn of the event loop are one. */
  #queue(): void {
    if (this.#isQueued) return
    this.#isQueued = true
    setImmediate(() => {
      this.#isQueued = false
      if (this.#timer === undefined) return
      this.#watch()
      this.#look()
    })
  }

  #wait(): void {
    const ms = this.#watcher === undefined || this.#isShared() ? UNWATCHED_MS : WATCHED_MS
    this.#timer = setTimeout(() => {
      this.#wait()
      this.#queue()
    }, ms)
    this.hold(this.#isHolding)
  }

  /** Watches the file that has the path now. Where that is not to be had, the timer is enough. */
  #watch(): void {
    try {
      const inode = statSync(this.#path, { throwIfNoEntry: false })?.ino
      if (inode === undefined || (this.#watcher !== undefined && inode === this.#inode)) return
      this.#unwatch()
      this.#inode = inode
      // Not persistent: the timer alone decides whether the process goes on.
      this.#watcher = watch(this.#path, { persistent: false }, () => this.#queue())
      this.#watcher.on('error', () => this.#unwatch())
    } catch {
      this.#unwatch()
    }
  }

  #unwatch(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }
}
