import { types } from 'node:util'
import { found } from './errors.ts'

/** Refuses what cannot be run as a transaction, before it runs: anything but a function, and one that is not done when it returns. */
export function checkTransaction(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`a transaction takes a function, found ${found(fn)}`)
  // Both hold for an async generator.
  if (types.isGeneratorFunction(fn)) throw refused('it is a generator function, which was not called')
  if (types.isAsyncFunction(fn)) throw refused('it is an async function, which was not called')
}

/** Refuses the promise that a function gave after all. Its changes must be rolled back. */
export function checkResult(result: unknown): void {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return
  if ('then' in result && typeof result.then === 'function')
    throw refused('it returned a promise; its changes were rolled back')
}

function refused(what: string): TypeError {
  return new TypeError(`a transaction takes a function that is done when it returns: ${what}. Wait first, then change`)
}
