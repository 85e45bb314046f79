import { admit } from '../table/admission.ts'
import { type ColumnDefinition, createColumn, type Definition, dropColumn, placeholder } from './catalog.ts'
import { reclass } from '../table/codegen.ts'
import { columnTitle, createStorage } from '../column/column-storage.ts'
import { quoted, StoaError } from '../errors.ts'
import { retireField } from '../table/field-code.ts'
import { checkName } from './names.ts'
import { suggestion } from './nearest.ts'
import { checkType } from './schema.ts'
import type { Session } from '../session.ts'
import type { Encoded, Storage } from '../column/storage.ts'
import type { StoredTable } from '../table/stored-table.ts'
import { StoredType } from './types.ts'

/** Where the definitions of tables stand. */
export interface DefinitionKeeper {
  get(name: string): Definition | undefined
  /** Puts a definition in the place of the one of that name. */
  redefine(definition: Definition): void
}

/** Adds, drops and renames columns. Each is part of the next commit, and undone by a rollback. */
export class SchemaChange {
  readonly #session: Session
  readonly #definitions: DefinitionKeeper

  constructor(session: Session, definitions: DefinitionKeeper) {
    this.#session = session
    this.#definitions = definitions
  }

  addColumn(table: StoredTable, name: string, type: unknown, fill: unknown): void {
    const session = this.#session
    table.checkWritable()
    checkName(name, `a column of ${table.title}`)
    const title = columnTitle(table.name, name)
    checkType(type, title)
    this.#checkFree(table, name)
    const { epoch } = session
    const value = this.#encodedFill(title, name, type, fill)
    const rows = table.checkUsable()
    session.checkEpoch(epoch, title)
    const definition = this.#definition(table)
    const column = createColumn(session, table.name, name, name, type)
    let storage: Storage | undefined
    try {
      storage = createStorage(session, title, column, table.columnSet.nextSlot)
      if (rows > 0) {
        admit([storage], [[value]], rows)
        storage.fill(value, 0, rows)
        // Told before the table has the column: it must not seem shorter meanwhile.
        storage.publish(rows)
        session.live?.tellRows([storage], true)
      }
      this.#definitions.redefine({ ...definition, columns: [...definition.columns, column] })
    } catch (error) {
      release(storage)
      dropColumn(session, column)
      throw error
    }
    this.#adopt(table, [...table.storages, storage])
  }

  dropColumn(table: StoredTable, name: string): void {
    table.checkWritable()
    const storage = this.#existing(table, name)
    if (table.storages.length === 1) {
      throw this.#schema(
        `cannot drop ${storage.title}: it is the only one; drop the table with store.drop(${quoted(table.name)})`,
      )
    }
    const definition = this.#definition(table)
    const column = columnOver(definition, storage)
    this.#definitions.redefine({ ...definition, columns: definition.columns.filter((other) => other !== column) })
    dropColumn(this.#session, column)
    release(storage)
    this.#adopt(
      table,
      table.storages.filter((other) => other !== storage),
    )
  }

  renameColumn(table: StoredTable, from: string, to: string): void {
    table.checkWritable()
    const storage = this.#existing(table, from)
    checkName(to, `a column of ${table.title}`)
    if (to === from) return
    this.#checkFree(table, to)
    const definition = this.#definition(table)
    const column = columnOver(definition, storage)
    const columns = definition.columns.map((other) => (other === column ? { ...column, name: to } : other))
    this.#definitions.redefine({ ...definition, columns })
    storage.rename(to, columnTitle(table.name, to))
    this.#adopt(table, table.storages)
  }

  /** After a rollback: the table takes the columns that it has again. */
  restore(table: StoredTable, { columns }: Definition): void {
    const session = this.#session
    let slot = table.columnSet.nextSlot
    const storages = columns.map((column) => {
      const title = columnTitle(table.name, column.name)
      const storage = table.columnSet.over(column.regions.data.id) ?? createStorage(session, title, column, slot++)
      if (storage.name !== column.name) storage.rename(column.name, title)
      return storage
    })
    const isSame = ({ name }: Storage, place: number): boolean =>
      storages[place] === table.storages[place] && table.columnSet.places.get(name) === place
    if (storages.length === table.storages.length && storages.every(isSame)) return
    for (const storage of table.storages) if (!storages.includes(storage)) release(storage)
    this.#adopt(table, storages)
  }

  #adopt(table: StoredTable, storages: readonly Storage[]): void {
    // Code made for the columns there were, which may be running now, must find no row in its fields.
    for (const storage of table.storages) for (const region of storage.regions) region.unbind()
    table.refreshViews()
    for (const storage of table.storages) if (!storages.includes(storage)) retireField(table, storage)
    table.columnSet.take(storages)
    reclass(table)
    this.#session.epoch++
  }

  /** What existing rows get, checked before anything is changed. */
  #encodedFill(title: string, name: string, type: StoredType, fill: unknown): Encoded {
    const column = createStorage(this.#session, title, placeholder(name, type), 0)
    try {
      return column.encode(fill === undefined ? defaultOf(type) : fill)
    } finally {
      release(column)
    }
  }

  #definition(table: StoredTable): Definition {
    return this.#definitions.get(table.name) as Definition
  }

  #existing(table: StoredTable, name: string): Storage {
    const place = table.columnSet.places.get(name)
    if (place !== undefined) return table.storages[place] as Storage
    const near = typeof name === 'string' ? suggestion(name, Object.keys(table.columns)) : ''
    throw new StoaError(
      'ERR_STOA_NOT_FOUND',
      `there is no column ${quoted(String(name))} in ${table.title} of ${quoted(this.#session.path)}${near}`,
      { path: this.#session.path },
    )
  }

  #checkFree(table: StoredTable, name: string): void {
    const place = table.columnSet.places.get(name)
    if (place === undefined) return
    throw this.#schema(
      `${table.title} of ${quoted(this.#session.path)} has a column ${quoted(name)} already, of type ${(table.storages[place] as Storage).type}`,
    )
  }

  #schema(message: string): StoaError {
    return new StoaError('ERR_STOA_SCHEMA', `${message}; nothing was changed`, { path: this.#session.path })
  }
}

/** What a column holds in rows that were there before it: null, 0, false, '', the first label, zeros. */
function defaultOf(type: StoredType): unknown {
  if (StoredType.isNullable(type)) return null
  const { zero, Array: Elements } = StoredType.kind(type)
  switch (StoredType.coding(type)) {
    case 'bool':
      return false
    case 'labels':
      return type.labels?.[0]
    case 'symbol':
    case 'utf8':
      return ''
    case 'lanes':
      return new Elements(StoredType.lanes(type))
    default:
      return zero
  }
}

function columnOver(definition: Definition, storage: Storage): ColumnDefinition {
  const over = ({ regions }: ColumnDefinition): boolean => regions.data.id === storage.data.id
  return definition.columns.find(over) as ColumnDefinition
}

function release(storage: Storage | undefined): void {
  for (const region of storage?.regions ?? []) region.release()
}
