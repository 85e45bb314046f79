import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { found, quoted } from './errors.ts'
import { isWellFormed } from './schema/names.ts'

/** A path as users give it, absolute. */
export function checkPath(path: unknown): string {
  const file = path instanceof URL ? fileURLToPath(path) : path
  if (typeof file !== 'string')
    throw new TypeError(`the path of a store must be a string or a URL, found ${found(path)}`)
  if (file === '') throw new TypeError('the path of a store must not be empty')
  if (file.includes('\0'))
    throw new TypeError(`the path of a store must not hold a NUL character, found ${quoted(file)}`)
  if (!isWellFormed(file))
    throw new TypeError(`the path of a store must not hold a lone surrogate, found ${quoted(file)}`)
  return resolve(file)
}
