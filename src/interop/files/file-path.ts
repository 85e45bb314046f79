import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { found } from '../../errors.ts'

/** The path of a file given by a user, absolute. */
export function filePath(path: unknown): string {
  const file = path instanceof URL ? fileURLToPath(path) : path
  if (typeof file === 'string' && file !== '') return resolve(file)
  throw new TypeError(`the path of a file must be a string or a URL, found ${found(path)}`)
}
