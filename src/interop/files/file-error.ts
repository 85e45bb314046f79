import { quoted, StoaError } from '../../errors.ts'

/** Turns what a file system call failed with into a StoaError; anything else passes. */
export function fileError(error: unknown, attempt: string, path: string): unknown {
  if (error instanceof StoaError || !(error instanceof Error) || !('syscall' in error) || !('code' in error))
    return error
  const { errno, syscall } = error as NodeJS.ErrnoException
  const details = { path, syscall, errno: errno === undefined ? undefined : Math.abs(errno), cause: error }
  switch (error.code) {
    case 'ENOENT':
      return new StoaError(
        'ERR_STOA_NOT_FOUND',
        `cannot ${attempt} ${quoted(path)}: there is no such file or folder`,
        details,
      )
    case 'ENOSPC':
    case 'EDQUOT':
      return new StoaError(
        'ERR_STOA_NO_SPACE',
        `cannot ${attempt} ${quoted(path)}: no space left on the device`,
        details,
      )
    default:
      return new StoaError('ERR_STOA_IO', `cannot ${attempt} ${quoted(path)}: ${error.message}`, details)
  }
}

/** The error of a file that is not what it should be. */
export function formatError(path: string, what: string, cause?: unknown): StoaError {
  return new StoaError(
    'ERR_STOA_FORMAT',
    `cannot read ${quoted(path)}: ${what}`,
    cause === undefined ? { path } : { path, cause },
  )
}

/** What a library threw while it read a file: a failure of the file system as such, anything else as a bad file. */
export function readError(error: unknown, path: string, format: string): unknown {
  if (error instanceof StoaError) return error
  const translated = fileError(error, 'read', path)
  if (translated instanceof StoaError) return translated
  const message = error instanceof Error ? error.message : String(error)
  return formatError(path, `it is no ${format} file that can be read: ${message}`, error)
}
