import { StoredArray } from './array.ts'
import {
  type Catalog,
  type ColumnDefinition,
  createDefinition,
  type Definition,
  dropColumn,
  readCatalog,
  type Role,
  writeCatalog,
} from './catalog.ts'
import { tableClass } from './codegen.ts'
import { type ElementKind, KINDS } from './elements.ts'
import { quoted } from './errors.ts'
import { LanesStorage } from './lanes-storage.ts'
import { Region } from './region.ts'
import type { Session } from './session.ts'
import { ScalarStorage } from './scalar-storage.ts'
import { checkReadable, type ColumnTypes } from './schema.ts'
import type { Storage } from './storage.ts'
import { StoredTable } from './stored-table.ts'
import { TextStorage } from './text-storage.ts'
import { StoredType } from './types.ts'

/** A table or an array in JavaScript's hands. */
export type Handle = StoredTable | StoredArray

/** What stands in a store, by name, and the tables and arrays that were asked for. */
export class Contents {
  readonly #session: Session
  #catalog: Catalog
  readonly #handles = new Map<string, Handle>()
  /** Those whose drop is not known to be durable: a rollback can bring them back. */
  readonly #dropped = new Set<Handle>()

  constructor(session: Session) {
    this.#session = session
    this.#catalog = readCatalog(session.native.metadata(), session.native.regions(), session.path)
  }

  get(name: string): Definition | undefined {
    return this.#catalog.get(name)
  }

  /** In order of creation. */
  names(isArray: boolean): string[] {
    return this.#definitions(isArray).map(({ name }) => name)
  }

  tables(): StoredTable[] {
    return this.#definitions(false).map((definition) => this.handle(definition) as StoredTable)
  }

  arrays(): StoredArray[] {
    return this.#definitions(true).map((definition) => this.handle(definition) as StoredArray)
  }

  create(name: string, types: ColumnTypes, isArray: boolean): Definition {
    for (const [column, type] of types) checkReadable(type, `${quoted(column)} in ${quoted(name)}`, this.#session.path)
    const definition = createDefinition(this.#session, name, types, isArray)
    this.#write(new Map(this.#catalog).set(name, definition))
    return definition
  }

  drop(definition: Definition): void {
    const { name, columns } = definition
    const rest = new Map(this.#catalog)
    rest.delete(name)
    this.#write(rest)
    for (const column of columns) dropColumn(this.#session, column)
    const handle = this.#handles.get(name)
    if (handle === undefined) return
    handle.release()
    this.#handles.delete(name)
    this.#dropped.add(handle)
  }

  /** The table or array of a definition: always the same object. */
  handle(definition: Definition): Handle {
    const { name, isArray, columns } = definition
    let handle = this.#handles.get(name)
    if (handle !== undefined) return handle
    const session = this.#session
    const storages = columns.map((column, slot) => createStorage(session, definition, column, slot))
    handle = isArray
      ? new StoredArray(session, storages[0] as Storage)
      : new (tableClass(storages))(session, name, typesOf(definition), storages)
    this.#handles.set(name, handle)
    return handle
  }

  /** What was dropped up to now: for {@link forget}, once that is durable. */
  dropped(): readonly Handle[] {
    return [...this.#dropped]
  }

  forget(dropped: readonly Handle[]): void {
    for (const handle of dropped) this.#dropped.delete(handle)
  }

  /** After a rollback: what exists at the last commit is usable again, all else is gone. */
  restore(): void {
    const { native, path } = this.#session
    const regions = native.regions()
    const byId = new Map(regions.map((region) => [region.id, region]))
    this.#catalog = readCatalog(native.metadata(), regions, path)
    const handles = [...this.#handles.values(), ...this.#dropped]
    this.#handles.clear()
    this.#dropped.clear()
    // No step of this can fail, so that no table is left with the length it had before.
    for (const handle of handles) {
      const storages = handle instanceof StoredTable ? handle.storages : [handle.storage]
      const definition = this.#catalog.get(handle.name)
      // The same name can stand for another table, made after a drop: the regions tell.
      if (definition === undefined || definition.columns[0]?.regions.data.id !== storages[0]?.data.id) handle.release()
      else {
        for (const storage of storages) storage.restore(byId)
        handle.restore()
        this.#handles.set(definition.name, handle)
      }
    }
  }

  /** After close. */
  release(): void {
    for (const handle of this.#handles.values()) handle.release()
    this.#handles.clear()
    this.#dropped.clear()
  }

  #definitions(isArray: boolean): Definition[] {
    return [...this.#catalog.values()].filter((definition) => definition.isArray === isArray)
  }

  #write(catalog: Catalog): void {
    this.#session.native.setMetadata(writeCatalog(catalog))
    this.#catalog = catalog
  }
}

/** The storage of a column, over its regions. */
export function createStorage(
  session: Session,
  { name: owner, isArray }: Definition,
  { name, type, regions }: ColumnDefinition,
  slot: number,
): Storage {
  const title = isArray ? `array ${quoted(owner)}` : `column ${quoted(name)} of table ${quoted(owner)}`
  checkReadable(type, title, session.path)
  const open = (role: Role, kind: ElementKind, what: string): Region | undefined => {
    const region = regions[role]
    return region && new Region(session, kind, what, region)
  }
  const data = new Region(session, StoredType.kind(type), title, regions.data)
  const parts = {
    session,
    name,
    type,
    title,
    slot,
    data,
    validity: open('validity', KINDS.bits, `the validity of ${title}`),
  }
  switch (StoredType.coding(type)) {
    case 'lanes':
      return new LanesStorage(parts)
    case 'utf8':
      return new TextStorage(parts, open('heap', KINDS.u8, `the text of ${title}`) as Region)
    default:
      return new ScalarStorage(parts, open('labels', KINDS.u8, `the labels of ${title}`))
  }
}

export function typesOf(definition: Definition): ColumnTypes {
  return new Map(definition.columns.map(({ name, type }) => [name, type]))
}
