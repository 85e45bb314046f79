import { commitInBackground } from './background.ts'
import { abortError } from './abort.ts'
import { isDescriptor, readingOptions, type StoreDescriptor } from './descriptor.ts'
import { found, quoted, StoaError } from './errors.ts'
import { Native } from './native.ts'
import { type CheckedOptions, checkOptions, type OpenOptions } from './options.ts'
import { checkPath } from './path.ts'
import type { Store } from './store.ts'
import { StoredStore } from './stored-store.ts'

/** A reader takes the lock for a moment to learn whether a writer lives: a try that is to outlast it takes so long. */
const GRACE_MS = 10
/** Between two tries for the lock: at first, and at most. */
const PAUSE_MS = 1
const PAUSE_MS_MAX = 20

/**
 * Opens a store for writing, or creates it, and takes its exclusive lock. After a crash the file is exactly the last
 * commit. The time does not depend on the size of the file.
 *
 * With `access: 'read'`, and with the `descriptor` of a store, it opens for reading: beside a writer, in any process or
 * thread, without a lock and without writing a byte.
 *
 * Throws ERR_STOA_LOCKED while another process, worker or store of this process has it; ERR_STOA_NOT_FOUND for a missing
 * folder; ERR_STOA_FORMAT, ERR_STOA_ENDIAN, ERR_STOA_VERSION or ERR_STOA_CORRUPT for a file that cannot be opened, which
 * is then untouched.
 *
 * @example
 * const store = open('market.stoa', { wait: 1000 })
 * const reader = open('market.stoa', { access: 'read' })
 */
export function open(path: string | URL | StoreDescriptor, options?: OpenOptions): Store {
  const checked = checkOptions(isDescriptor(path) ? readingOptions(path, options) : options)
  const file = checkPath(isDescriptor(path) ? path.path : path)
  const waitMs = Math.min(Math.ceil(checked.wait), Number.MAX_SAFE_INTEGER)
  return ready(Native.open(file, { ...checked.native, waitMs }), file, checked)
}

/**
 * The same off the event loop. While it waits for the lock it holds up no thread: a look on the thread pool, then a
 * timer, up to 20 ms. Aborted, before or during, it rejects with an
 * `AbortError` (`code: 'ABORT_ERR'`) and leaves nothing open. Otherwise it rejects with what `open` throws.
 *
 * @example
 * const store = await openAsync('market.stoa', { wait: 5000, signal: AbortSignal.timeout(1000) })
 */
export async function openAsync(
  path: string | URL | StoreDescriptor,
  options?: OpenOptions & { signal?: AbortSignal | undefined },
): Promise<Store> {
  const checked = checkOptions(isDescriptor(path) ? readingOptions(path, options) : options, ['signal'])
  const signal = options?.signal
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`the option 'signal' must be an AbortSignal, found ${found(signal)}`)
  }
  const file = checkPath(isDescriptor(path) ? path.path : path)
  // The thread pool only looks whether the lock is free: whoever slept there would hold up every other user of it.
  const looking = { ...checked.native, triesOnce: true }
  const until = performance.now() + GRACE_MS + checked.wait
  for (let pauseMs = PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS_MAX)) {
    checkAborted(file, signal)
    try {
      const native = await Native.openAsync(file, looking)
      try {
        checkAborted(file, signal)
      } catch (error) {
        native.close(true)
        throw error
      }
      return ready(native, file, checked)
    } catch (error) {
      const isLocked = error instanceof StoaError && error.code === 'ERR_STOA_LOCKED'
      if (!isLocked || performance.now() >= until) throw error
      await pause(Math.min(pauseMs, until - performance.now()), signal)
    }
  }
}

/** What is left after the file is open: the data version, and the commits in the background. */
function ready(native: Native, path: string, options: CheckedOptions): Store {
  let store: StoredStore | undefined
  try {
    store = new StoredStore(native, path, options)
    bringUp(store, options)
    if (options.live) store.goLive()
  } catch (error) {
    if (store === undefined) native.close(true)
    else store.close({ discard: true })
    throw error
  }
  if (options.commitEvery !== undefined) commitInBackground(store, options.commitEvery)
  return store as unknown as Store
}

function bringUp(store: StoredStore, { access, version, migrate }: CheckedOptions): void {
  const from = store.version
  if (from === version) return
  if (from > version) {
    throw versionError(
      store.path,
      `its data has version ${from}, this program reads up to ${version}; use a newer program`,
    )
  }
  if (access !== 'write') return
  if (store.isNew) {
    store.setVersion(version)
    // At once: a rollback would take a pending version back, and the file could not be opened again.
    store.commitSync()
    return
  }
  if (migrate === undefined) {
    throw versionError(store.path, `its data has version ${from}, expected ${version}; give open() a migrate function`)
  }
  store.transactionSync(() => {
    const result: unknown = migrate(store as unknown as Store, from)
    store.setVersion(version)
    return result
  })
}

function versionError(path: string, what: string): StoaError {
  return new StoaError('ERR_STOA_VERSION', `cannot open ${quoted(path)}: ${what}`, { path })
}

function checkAborted(path: string, signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return
  throw abortError(`opening ${quoted(path)}`, signal)
}

/** Waits, or less when the signal says so. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((done) => {
    const finish = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', finish)
      done()
    }
    const timer = setTimeout(finish, ms)
    signal?.addEventListener('abort', finish)
  })
}
