import type { Storage } from '../column/storage.ts'
import { compareText } from '../column/text-order.ts'

/** What rows are ordered by: their value, NaN, and last null. */
type Key = number | bigint | string | null

/**
 * In a column sorted upwards, the first row whose value is not before `value`, or, for the upper bound, is behind it:
 * the length where there is none. O(log rows). Numbers, times and truth values go by their value, labels of oneOf by
 * their place among the labels, text by code point, which is the order of its UTF-8 bytes.
 */
export function bound(storage: Storage, length: () => number, value: unknown, isUpper: boolean): number {
  const target = targetKey(storage, value)
  // Reading the value can run a user's code, which may have added or removed rows.
  let to = length()
  if (to > 0) storage.bind()
  let from = 0
  while (from < to) {
    const middle = Math.floor((from + to) / 2)
    const order = compare(rowKey(storage, middle), target)
    if (order < 0 || (isUpper && order === 0)) from = middle + 1
    else to = middle
  }
  return from
}

/** The key of a value given by the user, which need not fit into the column: 2.5 has its place among integers. */
function targetKey(storage: Storage, value: unknown): Key {
  const { coding } = storage
  if (coding === 'lanes') throw new TypeError(`${storage.title} is ${storage.type}: its values have no order`)
  if (value !== null && (coding === 'number' || coding === 'bigint')) {
    if (typeof value === coding) return value as number | bigint
    throw storage.wrongType(`a ${coding}`, value)
  }
  const encoded = storage.encode(value)
  return typeof value === 'string' && coding !== 'labels' ? value : (encoded as Key)
}

function rowKey(storage: Storage, row: number): Key {
  const { coding } = storage
  if (coding === 'utf8' || coding === 'symbol') return storage.read(row) as string | null
  if (storage.isNull(row)) return null
  const element = storage.data.view[row] as number | bigint
  // Read, every byte but 0 is true.
  return coding === 'bool' ? Number(element !== 0) : element
}

/** Values, then NaN, then null, as `sortBy` has them. */
function rank(key: Key): number {
  if (key === null) return 2
  return Number.isNaN(key) ? 1 : 0
}

function compare(a: Key, b: Key): number {
  const ranks = rank(a) - rank(b)
  if (ranks !== 0 || a === null || b === null) return ranks
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  return a < b ? -1 : Number(a > b)
}
