import { inspect } from 'node:util'
import { admit } from './admission.ts'
import { appendTo, type AppendSource } from './append.ts'
import { bound } from './bound.ts'
import type { Column } from './column.ts'
import { ColumnSet } from './column-set.ts'
import { type Cursor, StoredCursor } from './cursor.ts'
import type { TypedArray } from './elements.ts'
import { found, quoted, StoaError } from './errors.ts'
import { insertRows } from './insertion.ts'
import { suggestion } from './nearest.ts'
import { checkCount, existingPosition, relativePosition, slicePosition } from './positions.ts'
import { removeRows, shrinkRows, swapRemoveRow } from './removal.ts'
import type { RowKeeper } from './row-keeper.ts'
import type { Columns } from './schema.ts'
import type { SchemaChange } from './schema-change.ts'
import type { Session } from './session.ts'
import type { Encoded, Storage } from './storage.ts'

/**
 * The table at run time, in the plain way: loops over the columns. Where code may be generated, a subclass made for
 * the schema takes over the common cases of push, at, set and the cursor, and comes back here for all others.
 */
export class StoredTable implements RowKeeper {
  readonly name: string
  readonly session: Session
  /** What messages call it. */
  readonly title: string
  /** The length, without the check that the table is still there: 0 when it is not. */
  rowCount: number
  readonly columnSet: ColumnSet
  readonly #changer: SchemaChange
  #gone = false

  constructor(session: Session, name: string, changer: SchemaChange, storages: readonly Storage[]) {
    this.session = session
    this.name = name
    this.title = `table ${quoted(name)}`
    this.#changer = changer
    this.rowCount = storages[0]?.data.length ?? 0
    this.columnSet = new ColumnSet(this, storages)
    session.owners.add(this)
  }

  get storages(): readonly Storage[] {
    return this.columnSet.storages
  }

  get schema(): Columns {
    return this.columnSet.schema
  }

  get columns(): Readonly<Record<string, Column>> {
    return this.columnSet.columns
  }

  get arrays(): Readonly<Record<string, TypedArray>> {
    return this.columnSet.arrays
  }

  get length(): number {
    return this.rowCount || this.checkUsable()
  }

  get capacity(): number {
    this.checkUsable()
    return Math.min(...this.storages.map(({ capacity }) => capacity))
  }

  push(row: object): number {
    this.checkUsable()
    const encoded = this.#encode(row)
    this.#admit(encoded, this.rowCount + 1)
    this.#write(this.rowCount, encoded)
    return ++this.rowCount
  }

  append(source: AppendSource): number {
    this.checkUsable()
    this.rowCount = appendTo(this, source)
    return this.rowCount
  }

  at(index: number): object | undefined {
    const position = relativePosition(index, this.length)
    return position < 0 ? undefined : this.#row((storage) => storage.read(position))
  }

  set(index: number, row: object): void {
    existingPosition(index, this.length, this.title)
    const encoded = this.#encodePart(row)
    // Reading the row can run a user's code, which may have removed rows.
    const position = existingPosition(index, this.length, this.title)
    this.#admit(encoded, this.rowCount)
    this.#write(position, encoded)
  }

  pop(): object | undefined {
    if (this.length === 0) return undefined
    const row = this.#row((storage) => storage.copy(this.rowCount - 1))
    this.rowCount--
    return row
  }

  insert(index: number, row: object): number {
    return insertRows(this, index, () => this.#encode(row).map((value) => [value]))
  }

  remove(index: number, count = 1): void {
    removeRows(this, index, count)
  }

  swapRemove(index: number): void {
    swapRemoveRow(this, index)
  }

  lowerBound(column: string, value: unknown): number {
    return bound(this.#storageNamed(column), () => this.checkUsable(), value, false)
  }

  upperBound(column: string, value: unknown): number {
    return bound(this.#storageNamed(column), () => this.checkUsable(), value, true)
  }

  addColumn(name: string, type: unknown, fill?: unknown): void {
    this.#changer.addColumn(this, name, type, fill)
  }

  dropColumn(name: string): void {
    this.#changer.dropColumn(this, name)
  }

  renameColumn(from: string, to: string): void {
    this.#changer.renameColumn(this, from, to)
  }

  truncate(length: number): void {
    this.checkUsable()
    checkCount(length, 'the length to truncate to')
    this.rowCount = Math.min(this.rowCount, length)
  }

  clear(): void {
    this.truncate(0)
  }

  reserve(rows: number): void {
    this.checkUsable()
    checkCount(rows, 'the number of rows to reserve')
    for (const storage of this.storages) storage.reserve(this.rowCount + rows)
  }

  *rows(start?: number, end?: number): IterableIterator<object> {
    const length = this.length
    const to = slicePosition(end, length, Number.POSITIVE_INFINITY)
    for (let position = slicePosition(start, length, 0); position < to; position++) {
      const row = this.at(position)
      if (row === undefined) return
      yield row
    }
  }

  [Symbol.iterator](): IterableIterator<object> {
    return this.rows()
  }

  cursor(start?: number, end?: number): Cursor {
    return new StoredCursor(this, start, end)
  }

  shrink(): void {
    shrinkRows(this)
  }

  static {
    Object.defineProperty(this.prototype, inspect.custom, { value: this.prototype.describe })
  }

  /** For `console.log`: what it is, not how. */
  describe(): string {
    const types = this.storages.map(({ name, type }) => `${quoted(name)}: ${type}`)
    return `Table ${quoted(this.name)} of ${this.rowCount} rows { ${types.join(', ')} }`
  }

  /** The accessors of a row under a cursor. */
  rowAccessors(): PropertyDescriptorMap {
    return this.columnSet.accessors()
  }

  readValue(slot: number, position: number): unknown {
    const value = this.#existing(slot).read(position)
    this.refreshViews()
    return value
  }

  writeValue(slot: number, position: number, value: unknown): void {
    const storage = this.#existing(slot)
    const encoded = storage.encode(value)
    admit([storage], [[encoded]], this.rowCount)
    this.refreshViews()
    // Reading the value can run a user's code, which may have removed rows.
    if (position < this.rowCount) storage.write(position, encoded)
  }

  /** The length, once more for a column, which may be gone by itself. */
  lengthOf(storage: Storage): number {
    const { length } = this
    if (!storage.isDropped) return length
    throw new StoaError(
      'ERR_STOA_NOT_FOUND',
      `${storage.title} is no longer in ${quoted(this.session.path)}: it was dropped, or a rollback undid its creation`,
      { path: this.session.path },
    )
  }

  /** Throws once the store is closed or the table gone; otherwise gives the length. */
  checkUsable(): number {
    this.session.checkOpen()
    if (!this.#gone) return this.rowCount
    throw new StoaError(
      'ERR_STOA_NOT_FOUND',
      `${this.title} is no longer in ${quoted(this.session.path)}: it was dropped, or a rollback undid its creation`,
      { path: this.session.path },
    )
  }

  /** The subclass made for a schema keeps the views as fields of its own. */
  refreshViews(): void {}

  /** And what finds them. */
  declareFields(): void {}

  /** Where a column stands, or undefined. */
  placeOf(name: string): number | undefined {
    return this.columnSet.places.get(name)
  }

  /** Whether a row has no fields but columns. */
  hasOnlyColumns(row: object): boolean {
    for (const name in row) if (!this.columnSet.places.has(name)) return false
    return true
  }

  unknownField(name: string): TypeError {
    return new TypeError(`${this.title} has no column ${quoted(name)}${suggestion(name, this.columnSet.places.keys())}`)
  }

  missingColumn(name: string): TypeError {
    return new TypeError(`column ${quoted(name)} of ${this.title} is missing in what was given; nothing was changed`)
  }

  /** Hands the length to the regions, before a commit. */
  publish(): void {
    for (const storage of this.storages) storage.publish(this.rowCount)
  }

  /** After a rollback, when the regions are as they were at the last commit. */
  restore(): void {
    this.#gone = false
    this.rowCount = this.storages[0]?.data.length ?? 0
    this.refreshViews()
    this.session.owners.add(this)
  }

  /** After close, drop, or a rollback to before its creation. */
  release(): void {
    this.#gone = true
    this.rowCount = 0
    for (const storage of this.storages) for (const region of storage.regions) region.release()
    this.refreshViews()
    this.session.owners.delete(this)
  }

  #existing(slot: number): Storage {
    const storage = this.columnSet.inSlot(slot)
    this.lengthOf(storage)
    return storage
  }

  /** The column of that name, or a TypeError. */
  #storageNamed(name: string): Storage {
    this.checkUsable()
    const storage = this.columnSet.named(name)
    if (storage === undefined) throw this.unknownField(name)
    return storage
  }

  /** The elements of a whole row, or why it cannot be one. */
  encodeRow(row: object): Encoded[] {
    return this.#encode(row)
  }

  #encode(row: object): Encoded[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    for (const name in row) if (!this.columnSet.places.has(name)) throw this.unknownField(name)
    return this.storages.map((storage) => {
      const value = fieldOf(row, storage.name)
      if (value !== undefined) return storage.encode(value)
      if (storage.isOptional) return null
      throw this.missingColumn(storage.name)
    })
  }

  #encodePart(row: object): (Encoded | undefined)[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    const encoded: (Encoded | undefined)[] = this.storages.map(() => undefined)
    for (const name in row) {
      const place = this.columnSet.places.get(name)
      if (place === undefined) throw this.unknownField(name)
      encoded[place] = (this.storages[place] as Storage).encode((row as Record<string, unknown>)[name])
    }
    return encoded
  }

  #admit(encoded: readonly (Encoded | undefined)[], rows: number): void {
    admit(
      this.storages,
      encoded.map((value) => (value === undefined ? [] : [value])),
      rows,
    )
    for (const storage of this.storages) storage.bind()
    this.refreshViews()
  }

  /** A row of values, as an object. */
  #row(read: (storage: Storage) => unknown): object {
    const row = {}
    for (const storage of this.storages) {
      // An assignment to __proto__ would set the prototype.
      Object.defineProperty(row, storage.name, {
        value: read(storage),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    this.refreshViews()
    return row
  }

  #write(position: number, encoded: readonly (Encoded | undefined)[]): void {
    for (const [place, value] of encoded.entries()) {
      if (value !== undefined) (this.storages[place] as Storage).write(position, value)
    }
  }
}

/** A row's value: what every object inherits (`constructor`, `__proto__`, …) does not count. */
function fieldOf(row: object, name: string): unknown {
  if (name in Object.prototype && !Object.hasOwn(row, name)) return undefined
  return (row as Record<string, unknown>)[name]
}
