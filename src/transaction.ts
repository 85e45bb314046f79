import { found } from './errors.ts'

const AsyncFunction = (async () => {}).constructor as unknown as new () => unknown

/** Refuses what cannot be run as a transaction, before it runs: anything but a function, and an async one. */
export function checkTransaction(fn: unknown): void {
  if (typeof fn !== 'function') throw new TypeError(`a transaction takes a function, found ${found(fn)}`)
  if (fn instanceof AsyncFunction) throw asyncRefused('it is an async function, which was not called')
}

/** Refuses the promise that a function gave after all. Its changes must be rolled back. */
export function checkResult(result: unknown): void {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return
  if ('then' in result && typeof result.then === 'function')
    throw asyncRefused('it returned a promise; its changes were rolled back')
}

function asyncRefused(what: string): TypeError {
  return new TypeError(`a transaction takes a function that is done when it returns: ${what}. Wait first, then change`)
}
