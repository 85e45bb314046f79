import { found, quoted } from '../../errors.ts'
import { suggestion } from '../../schema/nearest.ts'

/** Refuses options that there are not, so that a misspelled one is told and not ignored. */
export function checkOptionNames(options: object, names: readonly string[], call: string): void {
  const given: unknown = options
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new TypeError(`the options of ${call} must be an object, found ${found(given)}`)
  }
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) throw new TypeError(`${call} has no option ${quoted(name)}${suggestion(name, names)}`)
  }
}

/** Checks a number of rows or the like: whole, and at least 1. */
export function checkPositive(value: unknown, name: string): void {
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 1)) return
  const message = `the option ${quoted(name)} must be a whole number from 1, found ${found(value)}`
  throw typeof value === 'number' ? new RangeError(message) : new TypeError(message)
}

/** Checks a callback. */
export function checkFunction(value: unknown, name: string): void {
  if (value === undefined || typeof value === 'function') return
  throw new TypeError(`the option ${quoted(name)} must be a function, found ${found(value)}`)
}
