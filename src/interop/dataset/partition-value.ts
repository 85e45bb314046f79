import { found, quoted, StoaError } from '../../errors.ts'
import { StoredType } from '../../schema/types.ts'
import { textParser } from '../files/text-value.ts'

/** What Hive calls the partition of null. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__'

/** Whether values of a type can name folders: text, whole numbers and truth values. */
export function canName(type: StoredType): boolean {
  const inner = StoredType.inner(type)
  switch (StoredType.coding(inner)) {
    case 'lanes':
    case 'timestamp':
      return false
    case 'number':
      return StoredType.kind(inner).range !== undefined
    case 'bigint':
      return inner.unit === undefined
    default:
      return true
  }
}

/** The folder of a value: `day=2026-11-22`. What a path cannot hold is escaped as in a URL. */
export function folderOf(name: string, value: unknown): string {
  return `${escaped(name)}=${value === null ? NULL_FOLDER : escaped(`${value as string}`)}`
}

/** The value that a folder stands for; undefined where it is of no such column. */
export function valueOf(folder: string, name: string, type: StoredType, path: string): unknown {
  const start = `${escaped(name)}=`
  if (!folder.startsWith(start)) return undefined
  const text = folder.slice(start.length)
  if (text === NULL_FOLDER) return null
  try {
    return textParser(type)(decodeURIComponent(text))
  } catch (error) {
    throw new StoaError(
      'ERR_STOA_FORMAT',
      `the folder ${quoted(path)} stands for no ${type}, the type of the column ${quoted(name)}`,
      { path, cause: error },
    )
  }
}

function escaped(text: string): string {
  const safe = encodeURIComponent(text).replaceAll(/[!'()*~]/g, (each) => `%${each.charCodeAt(0).toString(16)}`)
  // Neither this folder nor the one above.
  return /^\.+$/.test(safe) ? safe.replaceAll('.', '%2E') : safe
}

/** Checks a value that goes into the name of a folder, and gives it as a partition holds it. */
export function checkedValue(value: unknown, type: StoredType, name: string): unknown {
  if (value === undefined || value === null) {
    if (StoredType.isNullable(type)) return null
    throw new TypeError(`a row has no ${quoted(name)}, by which the dataset is partitioned; nothing was appended`)
  }
  if (isValue(value, StoredType.inner(type))) return value
  throw new TypeError(`column ${quoted(name)} of the dataset is ${type}, found ${found(value)}; nothing was appended`)
}

function isValue(value: unknown, type: StoredType): boolean {
  const { range } = StoredType.kind(type)
  switch (StoredType.coding(type)) {
    case 'bool':
      return typeof value === 'boolean'
    case 'number':
      return typeof value === 'number' && Number.isInteger(value) && isWithin(value, range)
    case 'bigint':
      return typeof value === 'bigint' && isWithin(value, range)
    default:
      return typeof value === 'string' && value.isWellFormed() && (type.labels?.includes(value) ?? true)
  }
}

function isWithin(
  value: number | bigint,
  range: readonly [number, number] | readonly [bigint, bigint] | undefined,
): boolean {
  return range !== undefined && value >= range[0] && value <= range[1]
}
