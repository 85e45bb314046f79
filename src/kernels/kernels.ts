import { types } from 'node:util'
import { conditionsOn, equalTo } from './condition.ts'
import { KINDS, kindOf, plainView } from '../column/elements.ts'
import { found, quoted } from '../errors.ts'
import { isPlainObject } from '../table/fields.ts'
import { nativeColumn, orderedColumn } from './native-column.ts'
import type { Native, NativeColumn, NativeCondition, NativeSortKey } from '../native.ts'
import { suggestion } from '../schema/nearest.ts'
import type { Storage } from '../column/storage.ts'
import { StoredType } from '../schema/types.ts'

/** Row numbers: of 32 bits, or doubles where a table has more rows than those can tell. */
export type RowIndices = Uint32Array | Float64Array

const ROWS_OF_32_BITS = 2 ** 32

/** Row numbers for a table of so many rows. */
export function rowIndices(count: number, rows: number): RowIndices {
  return rows <= ROWS_OF_32_BITS ? new Uint32Array(count) : new Float64Array(count)
}

/** Sum, least, greatest and mean over a column of numbers, all in the native part. */
export class Aggregates {
  readonly #native: Native
  readonly #column: NativeColumn
  readonly #rows: number
  readonly #selection: RowIndices | undefined

  constructor(native: Native, storage: Storage, rows: number, selection?: RowIndices) {
    checkNumeric(storage)
    this.#native = native
    this.#column = nativeColumn(storage)
    this.#rows = rows
    this.#selection = checkedRows(selection)
  }

  sum(): number | bigint {
    return this.#native.sum(this.#column, this.#rows, this.#selection)
  }

  minMax(): [number, number] | [bigint, bigint] | undefined {
    return (this.#native.extremes(this.#column, this.#rows, this.#selection) ?? undefined) as
      [number, number] | [bigint, bigint] | undefined
  }

  mean(): number | undefined {
    return this.#native.mean(this.#column, this.#rows, this.#selection) ?? undefined
  }
}

/** The sum of the products of two columns. */
export function sumProduct(
  native: Native,
  a: Storage,
  b: Storage,
  rows: number,
  selection?: RowIndices,
): number | bigint {
  checkNumeric(a)
  checkNumeric(b)
  return native.sumProduct(nativeColumn(a), nativeColumn(b), rows, checkedRows(selection))
}

/** How many of the first rows are null. */
export function nullCount(storage: Storage, rows: number): number {
  if (storage.validity === undefined) return 0
  return rows - storage.session.native.countValid(nativeColumn(storage), rows)
}

/** How many rows equal a value. */
export function countEqual(native: Native, storage: Storage, rows: number, value: unknown): number {
  return native.countMatching(equalTo(storage, value), rows)
}

/** The first row that equals a value, or -1. */
export function indexOfEqual(native: Native, storage: Storage, rows: number, value: unknown): number {
  return native.indexOf(equalTo(storage, value), rows)
}

/** The conditions of a user by column. */
export function readConditions(conditions: unknown, storageOf: (name: string) => Storage): NativeCondition[] {
  if (!isPlainObject(conditions)) {
    throw new TypeError(`where takes an object of conditions by column, found ${found(conditions)}`)
  }
  return Object.entries(conditions).flatMap(([name, condition]) => conditionsOn(storageOf(name), condition))
}

/** The rows that meet all conditions, ascending. */
export function filterRows(native: Native, conditions: NativeCondition[], rows: number): RowIndices {
  const indices = rowIndices(native.filter(conditions, rows), rows)
  native.takeFiltered(indices)
  return indices
}

/** The keys of a sort, checked. */
export function sortKeys(
  keys: readonly unknown[],
  title: string,
  storageOf: (name: string) => Storage,
): NativeSortKey[] {
  if (keys.length === 0) throw new TypeError(`sorting ${title} takes at least one column`)
  return keys.map((key) => {
    if (typeof key === 'string') return sortKey(storageOf(key), false, false)
    if (typeof key !== 'object' || key === null) {
      throw new TypeError(`a key to sort ${title} by is a column's name or an object, found ${found(key)}`)
    }
    for (const name of Object.keys(key)) {
      if (KEY_OPTIONS.includes(name)) continue
      throw new TypeError(`a key to sort by has no option ${quoted(name)}${suggestion(name, KEY_OPTIONS)}`)
    }
    const { column, descending = false, nulls = 'last' } = key as Readonly<Record<string, unknown>>
    if (typeof column !== 'string') throw new TypeError(`a key to sort by needs a column, found ${found(column)}`)
    if (typeof descending !== 'boolean')
      throw new TypeError(`descending must be true or false, found ${found(descending)}`)
    if (nulls !== 'first' && nulls !== 'last') {
      throw new TypeError(`nulls must be 'first' or 'last', found ${found(nulls)}`)
    }
    return sortKey(storageOf(column), descending, nulls === 'first')
  })
}

const KEY_OPTIONS: readonly string[] = ['column', 'descending', 'nulls']

function sortKey(storage: Storage, descending: boolean, nullsFirst: boolean): NativeSortKey {
  return { column: orderedColumn(storage), descending, nullsFirst }
}

/** Sorts the rows of all columns. */
export function sortRows(native: Native, storages: readonly Storage[], keys: NativeSortKey[], rows: number): void {
  native.sortRows(
    keys,
    Uint32Array.from(storages, ({ data }) => data.id),
    Uint32Array.from(storages.flatMap(({ validity }) => (validity === undefined ? [] : [validity.region.id]))),
    rows,
  )
}

function checkNumeric(storage: Storage): void {
  const coding = StoredType.coding(storage.type)
  if (coding === 'number' || coding === 'bigint' || coding === 'timestamp') return
  throw new TypeError(`${storage.title} is ${storage.type}: only numbers and times can be added up or compared in size`)
}

/** Row numbers given by a user, as one of our own typed arrays. */
export function checkedRows(rows: RowIndices | undefined): RowIndices | undefined {
  if (rows === undefined) return undefined
  const kind = kindOf(rows)
  if (kind !== KINDS.u32 && kind !== KINDS.f64) {
    throw new TypeError(`rows are given as a Uint32Array or a Float64Array, found ${found(rows)}`)
  }
  const view = plainView(rows, kind) as RowIndices
  // Another thread could write to shared memory after it was checked.
  return types.isSharedArrayBuffer(view.buffer) ? view.slice() : view
}
