/**
 * Every code a {@link StoaError} can carry.
 *
 * - `ERR_STOA_LOCKED`: another process, worker or store of this process writes to the file.
 * - `ERR_STOA_NOT_FOUND`: there is no such file, folder, table, array or column, or no more.
 * - `ERR_STOA_CORRUPT`: a store whose checks fail.
 * - `ERR_STOA_FORMAT`: not a store at all, or not a file of the format that is read.
 * - `ERR_STOA_ENDIAN`: a store of a machine of the other byte order.
 * - `ERR_STOA_VERSION`: a newer format, or another version of the data.
 * - `ERR_STOA_SCHEMA`: columns or types are others than in the file, or a name is taken.
 * - `ERR_STOA_NO_SPACE`: the disk, or a quota on it, is full.
 * - `ERR_STOA_CLOSED`: the store was closed.
 * - `ERR_STOA_READONLY`: a verb that writes, on a store that is open for reading.
 * - `ERR_STOA_POISONED`: a sync or the file failed before; close the store and open it again.
 * - `ERR_STOA_BUSY`: no consistent look could be had within the tries.
 * - `ERR_STOA_LIMIT`: past what a column, a sum or the memory holds.
 * - `ERR_STOA_IO`: the system refused; `syscall` and `errno` tell what.
 * - `ERR_STOA_UNSUPPORTED`: not to be had here: on this runtime, on a live store, without an optional package.
 * - `ERR_STOA_INTERNAL`: a mistake of this package; please report it.
 */
export type StoaErrorCode =
  | 'ERR_STOA_LOCKED'
  | 'ERR_STOA_NOT_FOUND'
  | 'ERR_STOA_CORRUPT'
  | 'ERR_STOA_FORMAT'
  | 'ERR_STOA_ENDIAN'
  | 'ERR_STOA_VERSION'
  | 'ERR_STOA_SCHEMA'
  | 'ERR_STOA_NO_SPACE'
  | 'ERR_STOA_CLOSED'
  | 'ERR_STOA_READONLY'
  | 'ERR_STOA_POISONED'
  | 'ERR_STOA_BUSY'
  | 'ERR_STOA_LIMIT'
  | 'ERR_STOA_IO'
  | 'ERR_STOA_UNSUPPORTED'
  | 'ERR_STOA_INTERNAL'

/** What an error may tell beside its message: each only where it applies. */
export interface StoaErrorDetails {
  /** The store's file. */
  path?: string | undefined
  /** The system call that failed. */
  syscall?: string | undefined
  /** Its error number, positive, as in errno(3). */
  errno?: number | undefined
  /** The error below this one. */
  cause?: unknown
}

/**
 * The world's failures: a lock, a disk, a file. Match on `code`.
 * Unless a verb's documentation says otherwise, nothing was changed when it is thrown.
 * Misuse (a wrong type, an index out of range) is a plain `TypeError` or `RangeError` instead.
 *
 * @example
 * try {
 *   open('market.stoa')
 * } catch (error) {
 *   if (error instanceof StoaError && error.code === 'ERR_STOA_LOCKED') console.error('another process has it')
 * }
 */
export class StoaError extends Error {
  /** Stable across versions, unlike the message. */
  readonly code: StoaErrorCode
  /** The store's file, where the error is about one. */
  declare readonly path?: string
  /** The system call that failed, where one did. */
  declare readonly syscall?: string
  /** Its error number, positive, as in errno(3). */
  declare readonly errno?: number

  /** Made by this package; yours to make in tests. */
  constructor(code: StoaErrorCode, message: string, details: StoaErrorDetails = {}) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    if (details.path !== undefined) this.path = details.path
    if (details.syscall !== undefined) this.syscall = details.syscall
    if (details.errno !== undefined) this.errno = details.errno
  }

  static {
    // On the prototype, as with the built-in errors, so that it is not one more own property to print.
    Object.defineProperty(this.prototype, 'name', { value: 'StoaError', writable: true, configurable: true })
  }
}

/** Characters of a user's text in a message. */
const TEXT_SHOWN = 40
/** Labels of a type in a message. */
const LABELS_SHOWN = 10

/** What was found in place of what was expected, in few words: `'1' (a string)`, `1.5`, `null`, `a Date`. */
export function found(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `${excerpt(value)} (a string)`
    case 'bigint':
      // The digits of a huge one take minutes.
      return BigInt.asIntN(128, value) === value ? `${value}n (a bigint)` : 'a bigint of more than 128 bits'
    case 'number':
      return Object.is(value, -0) ? '-0' : `${value}`
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'object':
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'an array'
      return `an object (${Object.prototype.toString.call(value).slice(8, -1)})`
    default:
      return `${value as boolean | undefined}`
  }
}

/** Text in a message, quoted, and cut where it is long. */
export function excerpt(text: string, charactersMax: number = TEXT_SHOWN): string {
  return quoted(text.length > charactersMax ? `${text.slice(0, charactersMax)}…` : text)
}

/** Labels in a message: the first few. */
export function someLabels(labels: readonly string[]): string {
  const shown = labels.slice(0, LABELS_SHOWN).map((label) => excerpt(label))
  return labels.length > LABELS_SHOWN ? `${shown.join(', ')}, … (${labels.length} in all)` : shown.join(', ')
}

/** A name in a message: in single quotes, control characters and lone surrogates escaped. */
export function quoted(name: string): string {
  return `'${JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"')}'`
}
