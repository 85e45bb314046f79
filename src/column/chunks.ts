import type { TypedArray } from './elements.ts'
import { checkCount } from '../table/positions.ts'
import type { Storage } from './storage.ts'

/** Rows of a chunk unless told. */
const ROWS = 2 ** 20

/** Rows of a column, as they lie in memory. */
export interface ColumnPiece {
  readonly start: number
  readonly data: TypedArray
}

/** The rows of a column in pieces. `length` is asked before each, and fails once there is nothing to read. */
export function chunksOf(storage: Storage, length: () => number, rows: number = ROWS): IterableIterator<ColumnPiece> {
  checkCount(rows, 'the elements of a chunk')
  if (rows === 0) throw new RangeError('the elements of a chunk must be at least 1, found 0')
  length()
  return pieces(storage, length, Math.min(rows, storage.data.rowsShown))
}

function* pieces(storage: Storage, length: () => number, rows: number): IterableIterator<ColumnPiece> {
  for (let start = 0; start < length(); start += rows) {
    yield { start, data: storage.data.part(start, Math.min(rows, length() - start)) }
  }
}
