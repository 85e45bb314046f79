import { inspect } from 'node:util'
import { admit } from './admission.ts'
import { appendValues } from './append.ts'
import { type Column, StoredColumn } from '../column/column.ts'
import { quoted } from '../errors.ts'
import { gone } from './gone.ts'
import { insertRows } from './insertion.ts'
import { checkCount } from './positions.ts'
import { removeRows, shrinkRows, swapRemoveRow } from './removal.ts'
import type { RowKeeper } from './row-keeper.ts'
import type { Input, Value } from '../schema/schema.ts'
import { ScalarStorage } from '../column/scalar-storage.ts'
import { tellRowCount } from '../live.ts'
import type { LengthKeeper, Session } from '../session.ts'
import type { Storage } from '../column/storage.ts'
import type { Type } from '../schema/types.ts'

/**
 * An array in the file: one column that stands alone, with the verbs of a vector. Made by `store.array(name, type)`.
 *
 * It stays usable when it grows and after a rollback to a state in which it exists. Every verb throws ERR_STOA_CLOSED after
 * close, and ERR_STOA_NOT_FOUND once the array was dropped; where a verb throws, nothing was changed.
 *
 * @example
 * const heights = store.array('heights', f64)
 * heights.push(1.5, 2)
 * const { data } = heights // a Float64Array over the file
 */
export interface PersistentArray<T extends Type = Type> extends Column<T> {
  /** Elements that fit without growing. */
  readonly capacity: number
  /**
   * Adds values at the end, all or none, and gives the new length. Amortised O(1) each; existing views stay valid. A value of
   * a wrong type is a TypeError, one out of range a RangeError; ERR_STOA_NO_SPACE on a full disk. Then nothing was added.
   */
  push(...values: Input<T>[]): number
  /** Takes the last value off, or gives undefined when there is none. */
  pop(): Value<T> | undefined
  /**
   * Inserts values before an index, from the end when negative, all or none, and gives the new length. A RangeError
   * outside of −length … length. Every element behind moves: O(elements behind).
   */
  insert(index: number, ...values: Input<T>[]): number
  /**
   * Takes out `count` elements (1 unless told) from an index on, from the end when negative, and moves those behind them
   * up: O(elements behind). A RangeError where there are not so many; then nothing was removed.
   */
  remove(index: number, count?: number): void
  /** Takes out one element and puts the last in its place: O(1), the order is lost. A RangeError outside. */
  swapRemove(index: number): void
  /**
   * Adds many values, all or none, and gives the new length: one memcpy from a typed array of the same kind. Errors as in
   * {@link push}.
   */
  append(source: T['~types']['source'] | Iterable<Input<T>>): number
  /** Shortens to `length`; no change when it is not longer. The memory stays reserved for what comes. */
  truncate(length: number): void
  /** Takes out all elements; the same as `truncate(0)`. */
  clear(): void
  /** Makes room for `elements` more, so that adding them cannot fail for lack of space; not for text or new labels. */
  reserve(elements: number): void
  /**
   * Gives back the capacity behind the elements, in steps of 64 KiB a column, with the next commit: from then on other columns
   * use the space. Elements removed since the last commit still count, for a rollback needs them: commit first. Waits for
   * commits in flight. Views made before show zeros behind the elements.
   */
  shrink(): void
}

/** The array at run time. */
export class StoredArray extends StoredColumn implements LengthKeeper, RowKeeper {
  readonly session: Session
  readonly storage: Storage
  readonly storages: readonly [Storage]
  /** What messages call it. */
  readonly title: string
  /** The length, without the check that the array is still there: 0 when it is not. */
  declare rowCount: number
  #gone = false

  constructor(session: Session, storage: Storage) {
    super(storage)
    this.session = session
    this.storage = storage
    this.storages = [storage]
    this.title = storage.title
    this.takeLength()
    session.owners.add(this)
  }

  override get length(): number {
    return this.rowCount || this.checkUsable()
  }

  get capacity(): number {
    this.checkUsable()
    return this.storage.capacity
  }

  push(...values: unknown[]): number {
    this.checkWritable()
    const { storage } = this
    if (values.length === 1 && storage instanceof ScalarStorage && storage.validity === undefined) {
      // One value that needs no room and no label: the common case.
      const element = storage.encode(values[0])
      const { view } = storage.data
      if (typeof element !== 'string' && this.rowCount < view.length) {
        view[this.rowCount] = element as never
        return ++this.rowCount
      }
    }
    const { epoch } = this.session
    const encoded = values.map((value) => storage.encode(value))
    // Reading the values can run a user's code.
    const start = this.checkUsable()
    this.session.checkEpoch(epoch, storage.title)
    admit([storage], [encoded], start + encoded.length)
    for (const [offset, value] of encoded.entries()) storage.write(start + offset, value)
    this.rowCount = start + encoded.length
    return this.rowCount
  }

  pop(): unknown {
    if (this.checkWritable() === 0) return undefined
    const value = this.storage.copy(this.rowCount - 1)
    this.rowCount--
    return value
  }

  append(source: object): number {
    this.checkWritable()
    this.rowCount = appendValues(this.storage, source, () => this.checkUsable())
    return this.rowCount
  }

  insert(index: number, ...values: unknown[]): number {
    return insertRows(this, index, () => [values.map((value) => this.storage.encode(value))])
  }

  remove(index: number, count = 1): void {
    removeRows(this, index, count)
  }

  swapRemove(index: number): void {
    swapRemoveRow(this, index)
  }

  truncate(length: number): void {
    this.checkWritable()
    checkCount(length, 'the length to truncate to')
    this.rowCount = Math.min(this.rowCount, length)
  }

  clear(): void {
    this.truncate(0)
  }

  reserve(elements: number): void {
    this.checkWritable()
    checkCount(elements, 'the number of elements to reserve')
    this.storage.reserve(this.rowCount + elements)
  }

  shrink(): void {
    shrinkRows(this)
  }

  static {
    Object.defineProperty(this.prototype, inspect.custom, { value: this.prototype.describe })
  }

  /** For `console.log`: what it is, not how. */
  describe(): string {
    return `PersistentArray ${quoted(this.name)} of ${this.rowCount} ${this.storage.type}`
  }

  refreshViews(): void {}

  /** Hands the length to the region, before a commit. */
  publish(): void {
    this.storage.publish(this.rowCount)
  }

  takeLength(): void {
    this.rowCount = this.storage.rows
  }

  /** After a rollback, or on a reader that took up what was created and dropped: the region is that of the last commit. */
  restore(): void {
    this.#gone = false
    this.takeLength()
    this.session.owners.add(this)
  }

  /** After close, drop, or a rollback to before its creation. */
  release(): void {
    this.#gone = true
    this.rowCount = 0
    for (const region of this.storage.regions) region.release()
    this.session.owners.delete(this)
  }

  /** Throws once the store is closed or the array gone; otherwise gives the length. */
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
}

/** That of live stores. */
export class LiveArray extends StoredArray {}
tellRowCount(LiveArray.prototype)
