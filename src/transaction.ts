import { types } from 'node:util'
import { found } from './errors.ts'

/** What runs a function of the user, as messages call it, and what to do instead of waiting in it. */
type Runner = 'transaction' | 'snapshot'
const ADVICE: Readonly<Record<Runner, string>> = {
  transaction: 'Wait first, then change',
  snapshot: 'Copy what you need in it, and wait afterwards',
}

/** Refuses what cannot be run at a stroke, before it runs: anything but a function, and one that is not done when it returns. */
export function checkFunction(fn: unknown, runner: Runner): void {
  if (typeof fn !== 'function') throw new TypeError(`a ${runner} takes a function, found ${found(fn)}`)
  // Both hold for an async generator.
  if (types.isGeneratorFunction(fn)) throw refused(runner, 'it is a generator function, which was not called')
  if (types.isAsyncFunction(fn)) throw refused(runner, 'it is an async function, which was not called')
}

/** Refuses the promise that a function gave after all. What a transaction changed must be rolled back. */
export function checkResult(result: unknown, runner: Runner): void {
  if ((typeof result !== 'object' && typeof result !== 'function') || result === null) return
  if (!('then' in result && typeof result.then === 'function')) return
  const undone = runner === 'transaction' ? '; its changes were rolled back' : ''
  throw refused(runner, `it returned a promise${undone}`)
}

function refused(runner: Runner, what: string): TypeError {
  return new TypeError(`a ${runner} takes a function that is done when it returns: ${what}. ${ADVICE[runner]}`)
}
