import { types } from 'node:util'

const { getTime } = Date.prototype

/** The milliseconds of a Date of any realm, or undefined for everything else. Runs no code of the user's. */
export function dateTime(value: unknown): number | undefined {
  return types.isDate(value) ? getTime.call(value) : undefined
}
