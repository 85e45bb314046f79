import type { Storage } from '../column/storage.ts'
import { TextStorage } from '../column/text-storage.ts'
import { numbers } from './numbers.ts'

/** Different values that are told apart, and characters of text that are kept for it. */
export const DISTINCT_MAX = 100_000
const CHARACTERS_MAX = 2 ** 25

/** How many different values there are: exactly so many, or more than that. */
export interface Distinct {
  readonly count: number
  readonly isExact: boolean
}

/**
 * Different values of a column, without null and NaN: exact up to {@link DISTINCT_MAX}, then how many there are at least.
 * Undefined for columns of vectors and bytes.
 */
export function distinctOf(storage: Storage, rows: number): Distinct | undefined {
  if (storage instanceof TextStorage) return counted(texts(storage, rows))
  switch (storage.coding) {
    case 'bigint':
      // Doubles would make neighbours one.
      return counted(bigints(storage, rows))
    case 'number':
    case 'timestamp':
      return counted(numbers(storage, rows))
    case 'lanes':
      return undefined
    default: {
      const { counts } = labelCounts(storage, rows)
      return { count: counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0), isExact: true }
    }
  }
}

/** How often each label occurs, by code: of symbol and oneOf columns, and of bool. */
export function labelCounts(storage: Storage, rows: number): { labels: readonly string[]; counts: Float64Array } {
  const labels = storage.coding === 'bool' ? ['false', 'true'] : storage.labelSet().list
  const counts = new Float64Array(labels.length)
  for (let start = 0; start < rows; start += 65_536) {
    const codes = storage.data.part(start, Math.min(65_536, rows - start))
    for (let at = 0; at < codes.length; at++) {
      const code = codes[at] as number
      if (storage.validity === undefined || !storage.isNull(start + at)) counts[code] = (counts[code] as number) + 1
    }
  }
  return { labels, counts }
}

function counted(pieces: Iterable<Iterable<number | bigint | string>>): Distinct {
  const seen = new Set<number | bigint | string>()
  let characters = 0
  for (const piece of pieces) {
    for (const value of piece) {
      // The one value that is not itself.
      if (Number.isNaN(value)) continue
      const before = seen.size
      seen.add(value)
      if (typeof value === 'string' && seen.size > before) characters += value.length
      if (seen.size > DISTINCT_MAX || characters > CHARACTERS_MAX) return { count: seen.size - 1, isExact: false }
    }
  }
  return { count: seen.size, isExact: true }
}

function* bigints(storage: Storage, rows: number): Generator<bigint[]> {
  for (let start = 0; start < rows; start += 65_536) {
    const elements = storage.data.part(start, Math.min(65_536, rows - start)) as BigInt64Array
    yield [...elements].filter((_, at) => !storage.isNull(start + at))
  }
}

function* texts(storage: TextStorage, rows: number): Generator<string[]> {
  for (let row = 0; row < rows; row++) {
    const text = storage.read(row)
    if (text !== null) yield [text as string]
  }
}
