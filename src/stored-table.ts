import { inspect } from 'node:util'
import { admit } from './admission.ts'
import { appendTo, type AppendSource } from './append.ts'
import { type Column, StoredColumn } from './column.ts'
import { type Cursor, CURSOR, type RowUnderCursor, StoredCursor } from './cursor.ts'
import type { TypedArray } from './elements.ts'
import { excerpt, found, quoted, StoaError } from './errors.ts'
import { fieldOf, isField } from './fields.ts'
import { Aggregates, filterRows, rowIndices, type RowIndices, sortKeys, sortRows, sumProduct } from './kernels.ts'
import { NAME_BYTES_MAX } from './names.ts'
import type { NativeSortKey } from './native.ts'
import { suggestion } from './nearest.ts'
import { checkCount, existingPosition, relativePosition, slicePosition } from './positions.ts'
import { type Columns, type ColumnTypes, schemaObject } from './schema.ts'
import type { Session } from './session.ts'
import type { Encoded, Storage } from './storage.ts'

/** Nothing to inherit, but with a hidden class of its own: faster to read than a bare null prototype. */
const NO_NAMES = Object.freeze(Object.create(null) as object)

/**
 * The table at run time, in the plain way: loops over the columns. Where code may be generated, a subclass made for
 * the schema takes over the common cases of push, at, set and the cursor, and comes back here for all others.
 */
export class StoredTable {
  readonly name: string
  readonly session: Session
  readonly storages: readonly Storage[]
  /** What messages call it. */
  readonly title: string
  /** The length, without the check that the table is still there: 0 when it is not. */
  rowCount: number
  readonly schema: Columns
  readonly columns: Readonly<Record<string, Column>>
  readonly arrays: Readonly<Record<string, TypedArray>>
  readonly #places: ReadonlyMap<string, number>
  #gone = false
  #accessors: PropertyDescriptorMap | undefined

  constructor(session: Session, name: string, types: ColumnTypes, storages: readonly Storage[]) {
    this.session = session
    this.name = name
    this.title = `table ${quoted(name)}`
    this.storages = storages
    this.rowCount = storages[0]?.data.length ?? 0
    this.schema = schemaObject(types)
    this.#places = new Map(storages.map((storage, place) => [storage.name, place]))
    this.columns = Object.freeze(
      named(storages, (storage) => ({ value: new StoredColumn(storage, this), enumerable: true })),
    ) as Record<string, Column>
    this.arrays = Object.freeze(
      named(
        storages.filter(({ coding }) => coding !== 'utf8'),
        (storage) => ({ get: () => storage.data.slice(this.length), enumerable: true }),
      ),
    ) as Record<string, TypedArray>
    session.owners.add(this)
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
    const { epoch } = this.session
    const encoded = this.encodeRow(row)
    this.#checkUnchanged(epoch)
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
    const { epoch } = this.session
    const encoded = this.#encodePart(row)
    this.#checkUnchanged(epoch)
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

  rows(start?: number, end?: number): IterableIterator<object> {
    const { length } = this
    return this.#rowsFrom(slicePosition(start, length, 0), slicePosition(end, length, Number.POSITIVE_INFINITY))
  }

  [Symbol.iterator](): IterableIterator<object> {
    return this.rows()
  }

  cursor(start?: number, end?: number): Cursor {
    return new StoredCursor(this, start, end)
  }

  where(conditions: unknown): RowIndices {
    this.checkUsable()
    return filterRows(this.session.native, conditions, this.rowCount, (name) => this.#storageOf(name))
  }

  count(rows?: RowIndices): number {
    const length = this.checkUsable()
    return rows === undefined ? length : rows.length
  }

  sum(column: string, rows?: RowIndices): number | bigint {
    return this.#aggregates(column, rows).sum()
  }

  min(column: string, rows?: RowIndices): number | bigint | undefined {
    return this.#aggregates(column, rows).minMax()?.[0]
  }

  max(column: string, rows?: RowIndices): number | bigint | undefined {
    return this.#aggregates(column, rows).minMax()?.[1]
  }

  mean(column: string, rows?: RowIndices): number | undefined {
    return this.#aggregates(column, rows).mean()
  }

  sumProduct(a: string, b: string, rows?: RowIndices): number | bigint {
    const length = this.checkUsable()
    return sumProduct(this.session.native, this.#storageOf(a), this.#storageOf(b), length, rows)
  }

  argsort(...keys: unknown[]): RowIndices {
    const length = this.checkUsable()
    const indices = rowIndices(length, length)
    this.session.native.argsort(this.#sortKeys(keys), length, indices)
    return indices
  }

  sortBy(...keys: unknown[]): void {
    const length = this.checkUsable()
    sortRows(this.session.native, this.storages, this.#sortKeys(keys), length)
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
    this.#accessors ??= named(this.storages, (_, place) => ({
      enumerable: true,
      value: {
        enumerable: true,
        get(this: RowUnderCursor): unknown {
          return this[CURSOR].read(place)
        },
        set(this: RowUnderCursor, value: unknown): void {
          this[CURSOR].write(place, value)
        },
      },
    })) as PropertyDescriptorMap
    return this.#accessors
  }

  readValue(place: number, position: number): unknown {
    const value = (this.storages[place] as Storage).read(position)
    this.refreshViews()
    return value
  }

  writeValue(place: number, position: number, value: unknown): void {
    const storage = this.storages[place] as Storage
    const { epoch } = this.session
    const encoded = storage.encode(value)
    this.#checkUnchanged(epoch)
    admit([storage], [[encoded]], this.rowCount)
    this.refreshViews()
    // The code may have removed the row.
    if (position < this.rowCount) storage.write(position, encoded)
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

  /** Where a column stands, or undefined. */
  placeOf(name: string): number | undefined {
    return this.#places.get(name)
  }

  /** Whether a row has no fields but columns. */
  hasOnlyColumns(row: object): boolean {
    for (const name in row) if (!this.#places.has(name) && isField(row, name)) return false
    return true
  }

  tableOf(source: object): StoredTable | undefined {
    // No object that merely looks like a table has the field.
    return #places in source ? source : undefined
  }

  unknownField(name: string): TypeError {
    return new TypeError(
      `${this.title} has no column ${excerpt(name, NAME_BYTES_MAX)}${suggestion(name, this.#places.keys())}`,
    )
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

  /** The elements of a whole row, or why it cannot be one. */
  encodeRow(row: object): Encoded[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    for (const name in row) if (!this.#places.has(name) && isField(row, name)) throw this.unknownField(name)
    return this.storages.map((storage) => {
      const value = fieldOf(row, storage.name)
      if (value !== undefined) return storage.encode(value)
      if (storage.isOptional) return null
      throw this.missingColumn(storage.name)
    })
  }

  #storageOf(name: string): Storage {
    const place = this.#places.get(name)
    if (place === undefined) throw this.unknownField(name)
    return this.storages[place] as Storage
  }

  #aggregates(column: string, rows: RowIndices | undefined): Aggregates {
    const length = this.checkUsable()
    return new Aggregates(this.session.native, this.#storageOf(column), length, rows)
  }

  #sortKeys(keys: readonly unknown[]): NativeSortKey[] {
    return sortKeys(keys, this.title, (name) => this.#storageOf(name))
  }

  #encodePart(row: object): (Encoded | undefined)[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    const encoded: (Encoded | undefined)[] = this.storages.map(() => undefined)
    for (const name in row) {
      if (!isField(row, name)) continue
      const place = this.#places.get(name)
      if (place === undefined) throw this.unknownField(name)
      encoded[place] = (this.storages[place] as Storage).encode((row as Record<string, unknown>)[name])
    }
    return encoded
  }

  /** After reading what was given, which can run a user's code. */
  #checkUnchanged(epoch: number): void {
    this.checkUsable()
    this.session.checkEpoch(epoch, this.title)
  }

  *#rowsFrom(start: number, end: number): IterableIterator<object> {
    for (let position = start; position < end; position++) {
      const row = this.at(position)
      if (row === undefined) return
      yield row
    }
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

/** An object of the columns' names, each described by `describe`. */
function named(
  storages: readonly Storage[],
  describe: (storage: Storage, place: number) => PropertyDescriptor,
): Record<string, unknown> {
  const object = Object.create(NO_NAMES) as Record<string, unknown>
  for (const [place, storage] of storages.entries())
    Object.defineProperty(object, storage.name, describe(storage, place))
  return object
}
