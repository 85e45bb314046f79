import { found, quoted } from '../errors.ts'

export const NAME_BYTES_MAX = 255
const LONE_SURROGATE = /\p{Surrogate}/u

/** Whether `text` can be written as UTF-8 and read back the same: no lone surrogate. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text)
}

/**
 * Checks the name of a table, an array or a column: 1 to 255 bytes of UTF-8, no NUL (it separates the parts of a
 * region's name), no lone surrogate.
 */
export function checkName(name: unknown, what: string): asserts name is string {
  if (typeof name !== 'string') throw new TypeError(`the name of ${what} must be a string, found ${found(name)}`)
  if (name === '') throw new RangeError(`the name of ${what} must not be empty`)
  if (!isWellFormed(name)) throw new TypeError(`the name ${quoted(name)} of ${what} holds a lone surrogate`)
  if (name.includes('\0')) throw new RangeError(`the name ${quoted(name)} of ${what} holds a NUL character`)
  const bytes = Buffer.byteLength(name)
  if (bytes > NAME_BYTES_MAX) {
    throw new RangeError(`the name of ${what} takes ${bytes} bytes of UTF-8, at most ${NAME_BYTES_MAX} are allowed`)
  }
}
