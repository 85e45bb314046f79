import { types } from 'node:util'
import { found, quoted } from '../errors.ts'
import { isPlainObject } from '../table/fields.ts'
import { nativeColumn } from './native-column.ts'
import type { NativeCondition } from '../native.ts'
import { suggestion } from '../schema/nearest.ts'
import type { Storage } from '../column/storage.ts'
import { compareText } from '../column/text-order.ts'

/** What a value must be; all that are given must hold. A null meets only `isNull: true`. */
export interface Condition<V> {
  /** Equal. NaN is equal to nothing. */
  eq?: V
  /** Not equal, and not null. */
  ne?: V
  /** Less: numbers and times by value, text and symbols by code points, oneOf in the order of its labels. */
  lt?: V
  /** Less or equal. */
  lte?: V
  /** Greater. */
  gt?: V
  /** Greater or equal. */
  gte?: V
  /** Equal to one of these. */
  in?: readonly V[]
  /** Null where true, not null where false. */
  isNull?: boolean
}

const COMPARISONS = ['eq', 'ne', 'lt', 'lte', 'gt', 'gte'] as const
type Comparison = (typeof COMPARISONS)[number]
const NAMES: readonly string[] = [...COMPARISONS, 'in', 'isNull']

/** The conditions on one column, as the native part takes them: a value alone is `eq`, null alone is `isNull`. */
export function conditionsOn(storage: Storage, given: unknown): NativeCondition[] {
  if (given === null) return [nullness(storage, true)]
  if (typeof given !== 'object' || types.isDate(given)) return [comparison(storage, 'eq', given)]
  if (!isPlainObject(given)) {
    throw new TypeError(`${storage.title} takes a value or an object of comparisons in where, found ${found(given)}`)
  }
  const conditions: NativeCondition[] = []
  for (const [name, value] of Object.entries(given)) {
    if (!NAMES.includes(name)) {
      throw new TypeError(
        `there is no condition ${quoted(name)} for ${storage.title}: expected ${NAMES.join(', ')}${suggestion(name, NAMES)}`,
      )
    }
    // Left open by mistake, it would let every row through.
    if (value === undefined) throw new TypeError(`the condition ${quoted(name)} on ${storage.title} is undefined`)
    if (name === 'isNull') {
      if (typeof value !== 'boolean') throw new TypeError(`isNull must be true or false, found ${found(value)}`)
      conditions.push(nullness(storage, value))
    } else if (name === 'in') {
      if (!Array.isArray(value)) throw new TypeError(`in takes an array of values, found ${found(value)}`)
      conditions.push(membership(storage, value))
    } else conditions.push(comparison(storage, name as Comparison, value))
  }
  return conditions
}

/** A condition that holds for the rows equal to a value. */
export function equalTo(storage: Storage, value: unknown): NativeCondition {
  return value === null ? nullness(storage, true) : comparison(storage, 'eq', value)
}

function nullness(storage: Storage, isNull: boolean): NativeCondition {
  return { column: nativeColumn(storage), op: isNull ? 'null' : 'notNull' }
}

function membership(storage: Storage, values: readonly unknown[]): NativeCondition {
  if (storage.labels !== undefined) return amongCodes(storage, values)
  return { column: nativeColumn(storage), op: 'in', ...operands(storage, values) }
}

function comparison(storage: Storage, op: Comparison, value: unknown): NativeCondition {
  if (storage.labels === undefined) return { column: nativeColumn(storage), op, ...operands(storage, [value]) }
  if (op === 'eq') return amongCodes(storage, [value])
  checkLabel(storage, value)
  // The labels of oneOf are in the order they were given, those of a symbol column in that of their text.
  const isOrdered = storage.coding === 'labels'
  const { codes, list } = storage.labelSet()
  const holds = (label: string, code: number): boolean =>
    HOLDS[op](isOrdered ? code - (codes.get(value as string) as number) : compareText(label, value as string))
  const matching = Uint8Array.from(list, (label, code) => (holds(label, code) ? 1 : 0))
  return { column: nativeColumn(storage), op: 'codes', codes: matching }
}

const HOLDS: Readonly<Record<Comparison, (order: number) => boolean>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
}

/** A condition that holds for some labels. */
function amongCodes(storage: Storage, labels: readonly unknown[]): NativeCondition {
  const { codes, list } = storage.labelSet()
  const matching = new Uint8Array(list.length)
  for (const label of labels) {
    checkLabel(storage, label)
    const code = codes.get(label as string)
    if (code !== undefined) matching[code] = 1
  }
  return { column: nativeColumn(storage), op: 'codes', codes: matching }
}

/** A label that no row has is no mistake in a symbol column; in a oneOf column it is. */
function checkLabel(storage: Storage, label: unknown): void {
  if (storage.coding === 'labels' || typeof label !== 'string') storage.check(label)
}

/** Values to compare with: of the column's type, but of any size. */
function operands(storage: Storage, values: readonly unknown[]): Partial<NativeCondition> {
  switch (storage.coding) {
    case 'utf8':
      for (const value of values) storage.check(value)
      return { texts: values as string[] }
    case 'bigint':
      for (const value of values) if (typeof value !== 'bigint') throw storage.wrongType('a bigint', value)
      return { bigints: values as bigint[] }
    case 'lanes':
      throw new TypeError(`${storage.title} is ${storage.type}: it can be compared with null only`)
    case 'number':
      for (const value of values) if (typeof value !== 'number') throw storage.wrongType('a number', value)
      return { numbers: Float64Array.from(values as number[]) }
    default:
      return { numbers: Float64Array.from(values, (value) => storage.check(value) as number) }
  }
}
