import { found, quoted } from './errors.ts'
import type { NativeOptions } from './native.ts'
import { suggestion } from './schema/nearest.ts'
import type { Access } from './session.ts'
import type { Store } from './store.ts'
import { checkFunction } from './transaction.ts'

/** How a store is opened. Each member may be left out. */
export interface OpenOptions {
  /**
   * `'write'` takes the exclusive lock; `'read'` needs none, opens beside a writer and every other reader, and never
   * writes a byte: every verb that would is ERR_STOA_READONLY. Default `'write'`. A reader creates nothing and commits
   * nothing, so `create: true` and `commitEvery` with it are TypeErrors; `wait`, `mode` and `migrate` have no effect.
   */
  access?: 'write' | 'read' | undefined
  /** Whether a file that does not exist is made. Default true; false, and for a reader: ERR_STOA_NOT_FOUND. */
  create?: boolean | undefined
  /** Permissions of a new file. Default 0o600. */
  mode?: number | undefined
  /**
   * Milliseconds to wait for the lock before ERR_STOA_LOCKED. Default 0. `open` blocks the thread meanwhile,
   * `openAsync` does not.
   */
  wait?: number | undefined
  /**
   * Milliseconds between commits in the background, made when something changed, and on a normal exit too. What they
   * fail with goes to `on('error')`. Default: none. The timer does not keep the process alive.
   */
  commitEvery?: number | undefined
  /**
   * A live store: memory is shared, so writes are in the file as you make them, other processes see them at once, and a
   * killed process loses nothing. `commit` makes it all durable; nothing can be rolled back; after a power cut the rows
   * of the last commit are there, and what was changed in place since may be or not, page by page. Default false.
   */
  live?: boolean | undefined
  /**
   * `'none'`, with `live` only: opens a store that another worker or process has open live, to change elements in place,
   * through typed arrays, `set` and `Atomics`. What adds or removes rows is the owner's: ERR_STOA_READONLY.
   * ERR_STOA_UNSUPPORTED where nobody has it open live. Default `'exclusive'`.
   */
  lock?: 'exclusive' | 'none' | undefined
  /** Bytes of address space a column may grow into, beyond it ERR_STOA_LIMIT. Default 64 GiB. It costs no memory. */
  reserve?: number | undefined
  /**
   * The version of your own data, 0 to 2^32 - 1. Default 0. A new store has it from its creation on; a file with a newer
   * one: ERR_STOA_VERSION. A reader opens an older one as it is: `store.version` tells which.
   */
  version?: number | undefined
  /**
   * Brings an older file up to `version`, in one transaction: it is called with the store and the version of the file.
   * When it throws, the file stays as it was. Without it an older file is ERR_STOA_VERSION.
   *
   * @example
   * open('market.stoa', { version: 2, migrate(store, from) { if (from < 2) store.drop('cache') } })
   */
  migrate?: ((store: Store, from: number) => void) | undefined
}

/** The options that count after opening, and those of the native store. */
export interface CheckedOptions {
  readonly native: NativeOptions
  readonly access: Access
  readonly live: boolean
  /** Milliseconds. */
  readonly wait: number
  readonly commitEvery: number | undefined
  /** Bytes. */
  readonly reserve: number | undefined
  readonly version: number
  readonly migrate: ((store: Store, from: number) => void) | undefined
}

const NAMES = [
  'access',
  'create',
  'mode',
  'wait',
  'commitEvery',
  'live',
  'lock',
  'reserve',
  'version',
  'migrate',
] as const

/** Longer delays fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1

/** Checks every option, so that a misspelled one is told and not ignored. `also` are those of the caller. */
export function checkOptions(options: OpenOptions = {}, also: readonly string[] = []): CheckedOptions {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError(`the options of a store must be an object, found ${found(options)}`)
  }
  const names = [...NAMES, ...also]
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new TypeError(`there is no option ${quoted(name)}${suggestion(name, names)}`)
  }
  oneOfValues('access', options.access, ['write', 'read'])
  oneOfValues('lock', options.lock, ['exclusive', 'none'])
  const create = boolean('create', options.create)
  const live = boolean('live', options.live) ?? false
  const access = checkAccess(options, live)
  if (access !== 'write') {
    const how = access === 'read' ? "access 'read'" : "lock 'none'"
    if (create === true) throw notWith(how, 'create: true', 'it creates nothing')
    if (options.commitEvery !== undefined) throw notWith(how, 'commitEvery', 'it has nothing to commit')
  }
  if (options.migrate !== undefined) checkFunction(options.migrate, 'transaction')
  const mode = whole('mode', options.mode, 0, 0o7777)
  const reserveBytes = whole('reserve', options.reserve, 1, Number.MAX_SAFE_INTEGER)
  const wait = number('wait', options.wait, 0, Number.POSITIVE_INFINITY) ?? 0
  return {
    native: {
      ...(access === 'read' && { reads: true }),
      ...(access === 'share' && { shares: true }),
      ...(create !== undefined && { create }),
      ...(mode !== undefined && { mode }),
      ...(reserveBytes !== undefined && { reserveBytes }),
    },
    access,
    live: live && access === 'write',
    wait,
    commitEvery: number('commitEvery', options.commitEvery, 1, TIMER_MS_MAX),
    reserve: reserveBytes,
    version: whole('version', options.version, 0, 2 ** 32 - 1) ?? 0,
    migrate: options.migrate,
  }
}

function checkAccess({ access = 'write', lock = 'exclusive' }: OpenOptions, isLive: boolean): Access {
  if (lock === 'exclusive') return access
  if (!isLive || access === 'read') {
    throw new TypeError("the option lock 'none' goes with live: true and access 'write' only; leave it out")
  }
  return 'share'
}

function notWith(how: string, option: string, why: string): TypeError {
  return new TypeError(`the option ${option} does not go with ${how}: ${why}; leave it out`)
}

function boolean(name: string, value: unknown): boolean | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  throw new TypeError(`the option ${quoted(name)} must be true or false, found ${found(value)}`)
}

function oneOfValues(name: string, value: unknown, values: readonly string[]): void {
  if (value === undefined || values.includes(value as string)) return
  throw new TypeError(
    `the option ${quoted(name)} must be one of ${values.map((each) => quoted(each)).join(', ')}, found ${found(value)}`,
  )
}

function number(name: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'number')
    throw new TypeError(`the option ${quoted(name)} must be a number, found ${found(value)}`)
  if (value >= min && value <= max) return value
  throw new RangeError(`the option ${quoted(name)} must be from ${min} to ${max}, found ${value}`)
}

function whole(name: string, value: unknown, min: number, max: number): number | undefined {
  const checked = number(name, value, min, max)
  if (checked === undefined || Number.isInteger(checked)) return checked
  throw new RangeError(`the option ${quoted(name)} must be a whole number, found ${checked}`)
}
