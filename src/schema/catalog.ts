import { type ElementKind, KINDS } from '../column/elements.ts'
import { found, quoted, StoaError } from '../errors.ts'
import { checkName } from './names.ts'
import type { NativeRegion } from '../native.ts'
import type { ColumnTypes } from './schema.ts'
import type { Session } from '../session.ts'
import { typeFromRecord, type TypeRecord, typeToRecord } from './type-record.ts'
import { StoredType } from './types.ts'

/*
 * The store's metadata: what the regions mean. JSON in UTF-8:
 *   {"format": 1,
 *    "tables": [{"name": "trades", "columns": [{"name": "sym", "type": "symbol", "regions": {"data": …, "labels": …}}]}],
 *    "arrays": [{"name": "weights", "type": "f64", "regions": {"data": …}}]}
 * A region's name is `table NUL column NUL role`, for an array `name NUL NUL role`. Names are in lists, never keys.
 */
const FORMAT = 1

/** What a region is for. */
export type Role = 'data' | 'labels' | 'heap' | 'validity'

/** The regions of a column of a type: what each holds. */
function rolesOf(type: StoredType): { role: Role; kind: ElementKind; lanes: number }[] {
  const roles: { role: Role; kind: ElementKind; lanes: number }[] = [
    { role: 'data', kind: StoredType.kind(type), lanes: StoredType.lanes(type) },
  ]
  const coding = StoredType.coding(type)
  if (coding === 'symbol') roles.push({ role: 'labels', kind: KINDS.u8, lanes: 1 })
  if (coding === 'utf8') roles.push({ role: 'heap', kind: KINDS.u8, lanes: 1 })
  if (StoredType.isNullable(type)) roles.push({ role: 'validity', kind: KINDS.bits, lanes: 1 })
  return roles
}

interface ColumnRecord {
  name: string
  type: TypeRecord
  regions: Partial<Record<Role, string>>
}

/** A column, or an array, and its regions. */
export interface ColumnDefinition {
  readonly name: string
  readonly type: StoredType
  readonly regions: ColumnRegions
}

type ColumnRegions = { readonly data: NativeRegion } & { readonly [R in Role]?: NativeRegion }

/** What stands under one name: a table's columns, or an array as the only one. */
export interface Definition {
  readonly name: string
  readonly isArray: boolean
  readonly columns: readonly ColumnDefinition[]
}

export type Catalog = Map<string, Definition>

/** Reads the metadata against the regions that exist; anything that does not fit is ERR_STOA_CORRUPT. */
export function readCatalog(metadata: Uint8Array, regions: readonly NativeRegion[], path: string): Catalog {
  const catalog: Catalog = new Map()
  // A store in which nothing was ever created.
  if (metadata.length === 0) return catalog
  try {
    const record: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(metadata))
    const format = member(record, 'format')
    if (typeof format === 'number' && Number.isInteger(format) && format > FORMAT) {
      throw new StoaError(
        'ERR_STOA_VERSION',
        `${quoted(path)} describes its tables in version ${format}, this build reads up to ${FORMAT}; upgrade to a newer one`,
        { path },
      )
    }
    if (format !== FORMAT) throw new TypeError(`its format is ${found(format)}, expected ${FORMAT}`)
    const reader = new DefinitionReader(regions)
    for (const table of list(record, 'tables')) {
      const columns = list(table, 'columns').map((column) => reader.column(column, member(column, 'name')))
      if (columns.length === 0) throw new TypeError(`table ${found(member(table, 'name'))} has no columns`)
      add(catalog, { name: nameOf(table), isArray: false, columns })
    }
    for (const array of list(record, 'arrays')) {
      add(catalog, { name: nameOf(array), isArray: true, columns: [reader.column(array, member(array, 'name'))] })
    }
  } catch (error) {
    if (error instanceof StoaError) throw error
    throw new StoaError(
      'ERR_STOA_CORRUPT',
      `the metadata of ${quoted(path)} cannot be read: ${(error as Error).message}`,
      {
        path,
        cause: error,
      },
    )
  }
  return catalog
}

export function writeCatalog(catalog: Catalog): Uint8Array {
  const definitions = [...catalog.values()]
  const record = {
    format: FORMAT,
    tables: definitions
      .filter(({ isArray }) => !isArray)
      .map(({ name, columns }) => ({ name, columns: columns.map((column) => columnRecord(column)) })),
    arrays: definitions
      .filter(({ isArray }) => isArray)
      .map(({ columns }) => columnRecord(columns[0] as ColumnDefinition)),
  }
  return new TextEncoder().encode(JSON.stringify(record))
}

/** Creates the regions of a new table or array, all or none. */
export function createDefinition(session: Session, name: string, types: ColumnTypes, isArray: boolean): Definition {
  const columns: ColumnDefinition[] = []
  try {
    for (const [column, type] of types) columns.push(createColumn(session, name, isArray ? '' : column, column, type))
    return { name, isArray, columns }
  } catch (error) {
    for (const column of columns) dropColumn(session, column)
    throw error
  }
}

/** Creates the regions of one column, all or none. `part` stands for the column in their names. */
export function createColumn(
  session: Session,
  owner: string,
  part: string,
  name: string,
  type: StoredType,
): ColumnDefinition {
  const { native } = session
  const created: [Role, NativeRegion][] = []
  try {
    for (const { role, kind, lanes } of rolesOf(type)) {
      const regionName = freeName(session, `${owner}\0${part}\0${role}`)
      const id = native.createRegion(regionName, kind.code, lanes)
      session.live?.admit(id)
      created.push([role, { id, name: regionName, kind: kind.code, lanes, length: 0, capacity: 0, extents: 0 }])
    }
    return { name, type, regions: Object.fromEntries(created) as ColumnRegions }
  } catch (error) {
    for (const [, { id }] of created) native.dropRegion(id)
    throw error
  }
}

/** A column that is in no file: for checking values before there is one. */
export function placeholder(name: string, type: StoredType): ColumnDefinition {
  const empty = { id: -1, name: '', length: 0, capacity: 0, extents: 0 }
  const regions = rolesOf(type).map(({ role, kind, lanes }) => [role, { ...empty, kind: kind.code, lanes }] as const)
  return { name, type, regions: Object.fromEntries(regions) as unknown as ColumnRegions }
}

export function dropColumn(session: Session, { regions }: ColumnDefinition): void {
  for (const { id } of Object.values(regions)) session.native.dropRegion(id)
}

/** A column that was renamed keeps its regions' names: one that comes after it under the old name needs others. */
function freeName(session: Session, name: string): string {
  let free = name
  for (let count = 2; session.native.regionId(free) !== null; count++) free = `${name}\0${count}`
  return free
}

function columnRecord({ name, type, regions }: ColumnDefinition): ColumnRecord {
  const names = Object.entries(regions).map(([role, region]) => [role, region.name])
  return { name, type: typeToRecord(type), regions: Object.fromEntries(names) as ColumnRecord['regions'] }
}

/** Checks columns against the regions; each region may be used once. */
class DefinitionReader {
  readonly #regions: Map<string, NativeRegion>

  constructor(regions: readonly NativeRegion[]) {
    this.#regions = new Map(regions.map((region) => [region.name, region]))
  }

  column(record: unknown, name: unknown): ColumnDefinition {
    checkName(name, 'a column')
    const type = typeFromRecord(member(record, 'type'))
    const names = member(record, 'regions')
    const regions = Object.fromEntries(
      rolesOf(type).map(({ role, kind, lanes }) => [role, this.#region(member(names, role), kind, lanes)]),
    ) as ColumnRegions
    return { name, type, regions }
  }

  #region(name: unknown, kind: ElementKind, lanes: number): NativeRegion {
    const region = typeof name === 'string' ? this.#regions.get(name) : undefined
    if (region === undefined) throw new TypeError(`there is no region ${found(name)}, or it is used twice`)
    if (region.kind !== kind.code || region.lanes !== lanes) {
      throw new TypeError(
        `region ${quoted(region.name)} has elements of kind ${region.kind} × ${region.lanes}, expected ${kind.code} × ${lanes}`,
      )
    }
    this.#regions.delete(region.name)
    return region
  }
}

function add(catalog: Catalog, definition: Definition): void {
  const { name, columns } = definition
  if (catalog.has(name)) throw new TypeError(`the name ${quoted(name)} is there twice`)
  if (new Set(columns.map((column) => column.name)).size < columns.length) {
    throw new TypeError(`table ${quoted(name)} has two columns of one name`)
  }
  catalog.set(name, definition)
}

function nameOf(record: unknown): string {
  const name = member(record, 'name')
  checkName(name, 'a table')
  return name
}

function list(record: unknown, name: string): readonly unknown[] {
  const value = member(record, name)
  if (!Array.isArray(value)) throw new TypeError(`${quoted(name)} must be a list, found ${found(value)}`)
  return value
}

function member(record: unknown, name: string): unknown {
  if (typeof record !== 'object' || record === null || !Object.hasOwn(record, name)) return undefined
  return (record as Record<string, unknown>)[name]
}
