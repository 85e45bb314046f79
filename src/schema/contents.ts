import { LiveArray, StoredArray } from '../table/array.ts'
import { type Catalog, createDefinition, type Definition, dropColumn, readCatalog, writeCatalog } from './catalog.ts'
import { tableClass } from '../table/codegen.ts'
import { arrayTitle, columnTitle, createStorage } from '../column/column-storage.ts'
import { quoted } from '../errors.ts'
import type { Session } from '../session.ts'
import { checkReadable, type ColumnTypes, isReadable } from './schema.ts'
import { type DefinitionKeeper, SchemaChange } from './schema-change.ts'
import type { Storage } from '../column/storage.ts'
import { StoredTable } from '../table/stored-table.ts'

/** A table or an array in JavaScript's hands. */
export type Handle = StoredTable | StoredArray

/** What stands in a store, by name, and the tables and arrays that were asked for. */
export class Contents implements DefinitionKeeper {
  readonly #session: Session
  readonly #schemaChange: SchemaChange
  #catalog: Catalog
  readonly #handles = new Map<string, Handle>()
  /** Those whose drop is not known to be durable: a rollback can bring them back. */
  readonly #dropped = new Set<Handle>()

  constructor(session: Session) {
    this.#session = session
    this.#schemaChange = new SchemaChange(session, this)
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

  definitions(): Iterable<Definition> {
    return this.#catalog.values()
  }

  create(name: string, types: ColumnTypes, isArray: boolean): Definition {
    for (const [column, type] of types) checkReadable(type, `${quoted(column)} in ${quoted(name)}`, this.#session.path)
    const definition = createDefinition(this.#session, name, types, isArray)
    this.#write(new Map(this.#catalog).set(name, definition))
    return definition
  }

  redefine(definition: Definition): void {
    this.#write(new Map(this.#catalog).set(definition.name, definition))
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
    const storages = columns.map((column, slot) => {
      const title = isArray ? arrayTitle(name) : columnTitle(name, column.name)
      return createStorage(session, title, column, slot)
    })
    // A reader may have gone on since the catalog was read.
    session.reader?.takeLengths(storages.flatMap(({ regions }) => regions))
    handle = isArray
      ? new (session.isLive ? LiveArray : StoredArray)(session, storages[0] as Storage)
      : new (tableClass(session, storages))(session, name, this.#schemaChange, storages)
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

  /**
   * After a rollback, and on a reader after a commit that changed what there is: what exists at the last commit is usable
   * again, all else is gone.
   */
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
      const definition = this.#catalog.get(handle.name)
      // The same name can stand for another table, made after a drop: the regions tell.
      if (definition === undefined || !isOver(handle, definition) || !hasReadableColumns(definition)) handle.release()
      else {
        if (handle instanceof StoredTable) this.#schemaChange.restore(handle, definition)
        for (const storage of handle.storages) storage.restore(byId)
        handle.restore()
        this.#handles.set(definition.name, handle)
      }
    }
  }

  /** After the store went over to another file, its own compaction or another's: all memory is another. */
  move(): void {
    for (const region of this.#session.regions) region.leave()
    this.restore()
  }

  /** The regions of text columns, the rows and the heap of each by turns: the native store does not know them. */
  textRegions(): Uint32Array {
    const columns = [...this.#catalog.values()].flatMap((definition) => definition.columns)
    return Uint32Array.from(
      columns.flatMap(({ regions: { data, heap } }) => (heap === undefined ? [] : [data.id, heap.id])),
    )
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

/** Whether a handle is of that table or array. Of a table's columns some may have come or gone since. */
function isOver(handle: Handle, { columns }: Definition): boolean {
  const isKnown = (region: number): boolean =>
    handle instanceof StoredTable ? handle.columnSet.over(region) !== undefined : handle.storage.data.id === region
  return columns.some(({ regions: { data } }) => isKnown(data.id))
}

/** Another program may have added a column of a type that this runtime has not: asking for the table again says so. */
function hasReadableColumns({ columns }: Definition): boolean {
  return columns.every(({ type }) => isReadable(type))
}

export function typesOf(definition: Definition): ColumnTypes {
  return new Map(definition.columns.map(({ name, type }) => [name, type]))
}
