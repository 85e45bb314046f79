import { inspect } from 'node:util'
import { admit } from './admission.ts'
import { appendTo, type AppendSource } from './append.ts'
import { bound } from '../kernels/bound.ts'
import type { Column } from '../column/column.ts'
import { ColumnSet } from './column-set.ts'
import { type Cursor, StoredCursor } from './cursor.ts'
import type { TypedArray } from '../column/elements.ts'
import { quoted } from '../errors.ts'
import { Follower, type FollowOptions, type RowRange } from '../follow.ts'
import { gone } from './gone.ts'
import { insertRows } from './insertion.ts'
import {
  Aggregates,
  checkedRows,
  filterRows,
  readConditions,
  rowIndices,
  type RowIndices,
  sortKeys,
  sortRows,
  sumProduct,
} from '../kernels/kernels.ts'
import type { NativeSortKey } from '../native.ts'
import { checkCount, existingPosition, relativePosition, slicePosition } from './positions.ts'
import { removeRows, shrinkRows, swapRemoveRow } from './removal.ts'
import type { RowKeeper } from './row-keeper.ts'
import type { Columns } from '../schema/schema.ts'
import type { SchemaChange } from '../schema/schema-change.ts'
import type { Session } from '../session.ts'
import type { Encoded, Storage } from '../column/storage.ts'

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
  declare rowCount: number
  readonly columnSet: ColumnSet
  readonly #changer: SchemaChange
  #gone = false

  constructor(session: Session, name: string, changer: SchemaChange, storages: readonly Storage[]) {
    this.session = session
    this.name = name
    this.title = `table ${quoted(name)}`
    this.#changer = changer
    this.columnSet = new ColumnSet(this, this.title, storages)
    this.takeLength()
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
    this.checkWritable()
    const encoded = this.#settled(() => this.columnSet.encodeRow(row))
    this.#admit(encoded, this.rowCount + 1)
    this.#write(this.rowCount, encoded)
    return ++this.rowCount
  }

  append(source: AppendSource): number {
    this.checkWritable()
    this.rowCount = appendTo(this, source)
    return this.rowCount
  }

  at(index: number): object | undefined {
    const position = relativePosition(index, this.length)
    return position < 0 ? undefined : this.#row((storage) => storage.read(position))
  }

  set(index: number, row: object): void {
    existingPosition(index, this.checkElements(), this.title)
    const encoded = this.#settled(() => this.columnSet.encodePart(row))
    const position = existingPosition(index, this.length, this.title)
    this.#admit(encoded, this.rowCount)
    this.#write(position, encoded)
  }

  pop(): object | undefined {
    if (this.checkWritable() === 0) return undefined
    const row = this.#row((storage) => storage.copy(this.rowCount - 1))
    this.rowCount--
    return row
  }

  insert(index: number, row: object): number {
    return insertRows(this, index, () => this.columnSet.encodeRow(row).map((value) => [value]))
  }

  remove(index: number, count = 1): void {
    removeRows(this, index, count)
  }

  swapRemove(index: number): void {
    swapRemoveRow(this, index)
  }

  lowerBound(column: string, value: unknown): number {
    this.checkUsable()
    return bound(this.columnSet.named(column), () => this.checkUsable(), value, false)
  }

  upperBound(column: string, value: unknown): number {
    this.checkUsable()
    return bound(this.columnSet.named(column), () => this.checkUsable(), value, true)
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
    this.checkWritable()
    checkCount(length, 'the length to truncate to')
    this.rowCount = Math.min(this.rowCount, length)
  }

  clear(): void {
    this.truncate(0)
  }

  reserve(rows: number): void {
    this.checkWritable()
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

  follow(options?: FollowOptions): AsyncIterableIterator<RowRange> {
    this.checkUsable()
    return new Follower(this, options)
  }

  shrink(): void {
    shrinkRows(this)
  }

  where(conditions: unknown): RowIndices {
    const read = this.#settled(() => readConditions(conditions, (name) => this.columnSet.named(name)))
    return filterRows(this.session.native, read, this.rowCount)
  }

  count(rows?: RowIndices): number {
    const length = this.checkUsable()
    return checkedRows(rows)?.length ?? length
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
    return sumProduct(this.session.native, this.columnSet.named(a), this.columnSet.named(b), length, rows)
  }

  argsort(...keys: unknown[]): RowIndices {
    const read = this.#sortKeys(keys)
    const indices = rowIndices(this.rowCount, this.rowCount)
    this.session.native.argsort(read, this.rowCount, indices)
    return indices
  }

  sortBy(...keys: unknown[]): void {
    this.checkWritable()
    const read = this.#sortKeys(keys)
    sortRows(this.session.native, this.storages, read, this.rowCount)
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
    const value = this.columnSet.inSlot(slot).read(position)
    this.refreshViews()
    return value
  }

  writeValue(slot: number, position: number, value: unknown): void {
    this.checkElements()
    const storage = this.columnSet.inSlot(slot)
    const encoded = this.#settled(() => storage.encode(value))
    admit([storage], [[encoded]], this.rowCount)
    this.refreshViews()
    // The code may have removed the row.
    if (position < this.rowCount) storage.write(position, encoded)
  }

  /** Throws once the store is closed or the table gone; otherwise gives the length. */
  checkUsable(): number {
    this.session.checkOpen()
    if (!this.#gone) return this.rowCount
    throw gone(this.session, this.title)
  }

  /** The same, and throws ERR_STOA_READONLY on a reader. */
  checkWritable(): number {
    const length = this.checkUsable()
    this.session.checkWritable('change', this.title)
    return length
  }

  /** The same, but others may change elements of a live store in place. */
  checkElements(): number {
    const length = this.checkUsable()
    this.session.checkElements('change', this.title)
    return length
  }

  /** The subclass made for a schema keeps the views as fields of its own. */
  refreshViews(): void {}

  /** And what finds them. */
  declareFields(): void {}

  /** Whether a row has no fields but columns. */
  hasOnlyColumns(row: object): boolean {
    return this.columnSet.hasOnly(row)
  }

  tableOf(source: object): StoredTable | undefined {
    // No object that merely looks like a table has the field.
    return #changer in source ? source : undefined
  }

  /** Hands the length to the regions, before a commit. */
  publish(): void {
    for (const storage of this.storages) storage.publish(this.rowCount)
  }

  takeLength(): void {
    // After a kill of a live store its columns may end at different rows: the shortest counts.
    this.rowCount = Math.min(...this.storages.map(({ rows }) => rows))
  }

  /** After a rollback, or on a reader that took up other columns: the regions are those of the last commit. */
  restore(): void {
    this.#gone = false
    this.takeLength()
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

  #aggregates(column: string, rows: RowIndices | undefined): Aggregates {
    const length = this.checkUsable()
    return new Aggregates(this.session.native, this.columnSet.named(column), length, rows)
  }

  #sortKeys(keys: readonly unknown[]): NativeSortKey[] {
    return this.#settled(() => sortKeys(keys, this.title, (name) => this.columnSet.named(name)))
  }

  /** What `read` makes of what the user gave, which may run code: rows may come and go, but not columns. */
  #settled<R>(read: () => R): R {
    this.checkUsable()
    const { epoch } = this.session
    const result = read()
    this.checkUsable()
    this.session.checkEpoch(epoch, this.title)
    return result
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

  #row(read: (storage: Storage) => unknown): object {
    const row = this.columnSet.row(read)
    this.refreshViews()
    return row
  }

  #write(position: number, encoded: readonly (Encoded | undefined)[]): void {
    for (const [place, value] of encoded.entries()) {
      if (value !== undefined) (this.storages[place] as Storage).write(position, value)
    }
  }
}
