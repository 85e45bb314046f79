import { quoted, StoaError } from '../errors.ts'
import type { Session } from '../session.ts'

/** The error of a table, an array or a column that is not in the store any more. */
export function gone({ path }: Session, title: string): StoaError {
  return new StoaError(
    'ERR_STOA_NOT_FOUND',
    `${title} is no longer in ${quoted(path)}: it was dropped, or a rollback undid its creation`,
    { path },
  )
}
