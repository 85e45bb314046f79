import { endianness } from 'node:os'
import type { StoredArray } from './table/array.ts'
import type { NativeRegion } from './native.ts'
import type { Session } from './session.ts'
import type { Storage } from './column/storage.ts'
import type { StoredTable } from './table/stored-table.ts'
import { TextStorage } from './column/text-storage.ts'

/** A column in `info()`. */
export interface ColumnInfo {
  /** Of the column, or of the array. */
  name: string
  /** As text: `f64`, `oneOf('buy', 'sell')`. */
  type: string
  /** In use, with its labels and its text. */
  bytes: number
  /** Of a text column: bytes of those that no row refers to any more. They go when the column is empty, and with `compact()`. */
  garbageBytes?: number
  /** Pieces of the file that it is made of. */
  extents: number
}

/** A store as `info()` tells it. Cost: one pass over the rows of each text column, else nothing that grows. */
export interface StoreInfo {
  /** Of the file: `docs/format.md`. */
  formatVersion: number
  /** Of your own data. */
  version: number
  /** Of this machine, and so of the file. */
  byteOrder: 'little' | 'big'
  /** As `store.commitId`. */
  commitId: number
  /** Of the file. */
  byteLength: number
  /** Of it, the log that commits are written to first. */
  logBytes: number
  /** Given back by what was dropped, to be used again. The file gets shorter by `compact()` alone. */
  freeBytes: number
  /** In order of creation. */
  tables: {
    /** Given to `store.table`. */
    name: string
    /** Rows. */
    length: number
    /** Rows that fit without growing. */
    capacity: number
    /** In the order of the file. */
    columns: ColumnInfo[]
  }[]
  /** In order of creation. */
  arrays: (ColumnInfo & {
    /** Elements. */
    length: number
    /** Elements that fit without growing. */
    capacity: number
  })[]
}

export function storeInfo(session: Session, tables: readonly StoredTable[], arrays: readonly StoredArray[]): StoreInfo {
  const { native } = session
  session.publishLengths()
  const regions = new Map(native.regions().map((region) => [region.id, region]))
  const { formatVersion, commitId, byteLength, logBytes, freeBytes } = native.info()
  return {
    formatVersion,
    version: native.dataVersion(),
    byteOrder: endianness() === 'LE' ? 'little' : 'big',
    commitId,
    byteLength,
    logBytes,
    freeBytes,
    tables: tables.map(({ name, length, capacity, storages }) => ({
      name,
      length,
      capacity,
      columns: storages.map((storage) => columnInfo(storage, length, regions)),
    })),
    arrays: arrays.map(({ storage, length, capacity }) => ({
      ...columnInfo(storage, length, regions),
      length,
      capacity,
    })),
  }
}

function columnInfo(storage: Storage, rows: number, regions: ReadonlyMap<number, NativeRegion>): ColumnInfo {
  return {
    name: storage.name,
    type: `${storage.type}`,
    bytes: storage.regions.reduce((sum, { kind, lanes, length }) => sum + length * lanes * kind.span * kind.bytes, 0),
    ...(storage instanceof TextStorage && { garbageBytes: storage.garbageBytes(rows) }),
    extents: storage.regions.reduce((sum, { id }) => sum + (regions.get(id)?.extents ?? 0), 0),
  }
}
