import { writeSync } from 'node:fs'
import type { StoredStore } from './stored-store.ts'

/** Stores that commit by themselves, while they are open. */
const stores = new Map<StoredStore, NodeJS.Timeout>()
let isCrashing = false
let isListening = false

/** Commits every `ms` milliseconds when something changed, and at a normal exit. The timer keeps no process alive. */
export function commitInBackground(store: StoredStore, ms: number): void {
  const timer = setInterval(() => {
    // One at a time: a slow disk must not gather commits.
    if (store.commitsInFlight > 0) return
    store.commit().catch((error: unknown) => report(store, error as Error))
  }, ms)
  stores.set(store, timer.unref())
  if (isListening) return
  isListening = true
  process.on('uncaughtExceptionMonitor', () => {
    isCrashing = true
    // Nobody deals with it. Bun still runs what is due before it ends.
    if (process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback()) return
    // This runs only when a handler of the user's keeps the process alive.
    process.nextTick(() => {
      isCrashing = false
    })
  })
  process.on('exit', commitAtExit)
}

export function stopBackground(store: StoredStore): void {
  clearInterval(stores.get(store))
  stores.delete(store)
}

function commitAtExit(): void {
  // What a crashing program has half done is not a state that it wanted to keep.
  if (isCrashing) return
  for (const store of stores.keys()) {
    try {
      store.commitSync()
    } catch (error) {
      // No more events come after this one, so a warning would never be printed.
      if (!store.listeners.error(error as Error)) writeSync(2, `${String(error)}\n`)
    }
  }
}

function report(store: StoredStore, error: Error): void {
  // Poisoned or closed: it cannot get better.
  if (store.closed || ('code' in error && error.code === 'ERR_STOA_POISONED')) stopBackground(store)
  if (!store.listeners.error(error)) process.emitWarning(error)
}
