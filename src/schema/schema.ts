import { HAS_HALVES } from '../column/elements.ts'
import { found, quoted, StoaError } from '../errors.ts'
import { checkName } from './names.ts'
import { hiddenDifference, sameType } from './type-record.ts'
import { type Nullable, StoredType, type Type } from './types.ts'

/** A schema: the columns of a table by name. */
export interface Columns {
  readonly [name: string]: Type
}

/** What a value of this type is when it is read. */
export type Value<T extends Type> = T['~types']['value']
/** What is accepted where a value of this type is written. */
export type Input<T extends Type> = T['~types']['input']
/** The typed array over this type's memory. */
export type TypedArrayOf<T extends Type> = T['~types']['data']
/** A row as it is read: `Row<typeof schema>`. */
export type Row<C extends Columns> = { -readonly [K in keyof C]: Value<C[K]> }
/**
 * A row as `push` takes it: columns that can be null may be left out.
 *
 * @example
 * const row: RowInput<typeof columns> = { day: '2026-11-22', sym: 'ACME', price: 10.5 }
 */
export type RowInput<C extends Columns> = Flat<
  { -readonly [K in Exclude<keyof C, OptionalColumn<C>>]: Input<C[K]> } & {
    -readonly [K in OptionalColumn<C>]?: Input<C[K]> | undefined
  }
>
/** What `append` takes for all columns together: typed arrays or plain arrays of equal length. */
export type ColumnsInput<C extends Columns> = Flat<
  { readonly [K in Exclude<keyof C, OptionalColumn<C>>]: Source<C[K]> } & {
    readonly [K in OptionalColumn<C>]?: Source<C[K]> | undefined
  }
>
/** What is appended to one column. */
export type Source<T extends Type> = T['~types']['source']
/** The columns that can be null. */
export type OptionalColumn<C extends Columns> = { [K in keyof C]: C[K] extends Nullable ? K : never }[keyof C]
/** One object type, so that a hover shows the fields. */
type Flat<T> = { [K in keyof T]: T[K] }
/** The columns that lie in typed arrays: all but text. */
export type FixedWidth<C extends Columns> = {
  [K in keyof C]: [TypedArrayOf<C[K]>] extends [never] ? never : K
}[keyof C]

/** A table's columns as the library keeps them: in order, with no prototype in reach of a name. */
export type ColumnTypes = ReadonlyMap<string, StoredType>

/** Checks a type given by a user. */
export function checkType(type: unknown, where: string): asserts type is StoredType {
  if (type instanceof StoredType) return
  const hint = typeof type === 'function' ? '; did you forget to call it?' : ''
  throw new TypeError(`${where} needs a type of this package such as f64 or symbol, found ${found(type)}${hint}`)
}

/** Whether this runtime has a typed array for a type. */
export function isReadable(type: StoredType): boolean {
  return HAS_HALVES || StoredType.kind(type).name !== 'f16'
}

/** Refuses a type that it has none for. */
export function checkReadable(type: StoredType, where: string, path: string): void {
  if (isReadable(type)) return
  throw new StoaError(
    'ERR_STOA_UNSUPPORTED',
    `${where} is ${type}, and this runtime has no Float16Array; use Node.js 24 or newer, or f32`,
    { path },
  )
}

/** Checks a schema given by a user: its own enumerable properties, names to types. */
export function checkColumns(columns: unknown, table: string): ColumnTypes {
  if (typeof columns !== 'object' || columns === null || columns instanceof StoredType || Array.isArray(columns)) {
    throw new TypeError(`the schema of table ${quoted(table)} must be an object of types, found ${found(columns)}`)
  }
  const types = new Map<string, StoredType>()
  for (const [name, type] of Object.entries(columns)) {
    checkName(name, `a column of table ${quoted(table)}`)
    checkType(type, `column ${quoted(name)} of table ${quoted(table)}`)
    types.set(name, type)
  }
  if (types.size === 0) throw new TypeError(`the schema of table ${quoted(table)} has no columns`)
  return types
}

/** The schema object of `table.schema`: a null prototype, so that a column may have any name. */
export function schemaObject(types: ColumnTypes): Columns {
  const schema = Object.create(null) as Record<string, unknown>
  for (const [name, type] of types) schema[name] = type
  return Object.freeze(schema) as Columns
}

/**
 * Compares a schema given with the one in the file, whatever the order of the columns, and throws ERR_STOA_SCHEMA with
 * every difference in words.
 */
export function checkSameColumns(stored: ColumnTypes, given: ColumnTypes, table: string, path: string): void {
  const differences: string[] = []
  for (const [name, type] of given) {
    const other = stored.get(name)
    if (other === undefined)
      differences.push(`column ${quoted(name)} (${type}) is in the schema given but not in the file`)
    else if (!sameType(type, other)) {
      differences.push(
        `column ${quoted(name)} is ${other} in the file but ${type} in the schema given${hiddenDifference(other, type)}`,
      )
    }
  }
  for (const [name, type] of stored) {
    if (!given.has(name))
      differences.push(`column ${quoted(name)} (${type}) is in the file but not in the schema given`)
  }
  if (differences.length === 0) return
  throw new StoaError(
    'ERR_STOA_SCHEMA',
    `cannot open table ${quoted(table)} of ${quoted(path)} with this schema: ${differences.join('; ')}; change the schema, or the table with addColumn, dropColumn and renameColumn in the migrate function of open`,
    { path },
  )
}
