import type { PersistentArray } from './table/array.ts'
import type { StoreEvents } from './events.ts'
import type { StoreInfo } from './info.ts'
import type { Columns } from './schema/schema.ts'
import type { Table } from './table/table.ts'
import type { Type } from './schema/types.ts'

/**
 * One file with tables and arrays in it. Made by `open` or `openAsync`; it has the file's lock until it is closed, and
 * is never closed by the garbage collector. An exit without close loses only what was not committed.
 *
 * @example
 * using store = open('market.stoa')
 * const trades = store.table('trades', { ts: timestamp, sym: symbol, price: f64 })
 * trades.push({ ts: Date.now(), sym: 'ACME', price: 10.5 })
 * await store.commit()
 */
export interface Store extends Disposable, AsyncDisposable {
  /** Absolute. */
  readonly path: string
  readonly access: 'write' | 'read'
  readonly live: boolean
  readonly closed: boolean
  /** Of the file. */
  readonly byteLength: number
  /** The version of your own data. */
  readonly version: number
  /** Grows by one with every commit, in every process. */
  readonly commitId: number
  /**
   * Opens a table, or creates it when there is none of that name. The order of the columns does not matter; any other
   * difference to the table in the file is ERR_STOA_SCHEMA, with each in words. The same table is the same object.
   */
  table<C extends Columns>(name: string, columns: C): Table<C>
  /** Opens a table with the schema in the file; ERR_STOA_NOT_FOUND when there is none. */
  table(name: string): Table
  /** Opens an array, or creates it; ERR_STOA_SCHEMA when it has another type. */
  array<T extends Type>(name: string, type: T): PersistentArray<T>
  /** The names, in order of creation. */
  tables(): string[]
  arrays(): string[]
  /** Removes a table or an array: ERR_STOA_NOT_FOUND when there is none. A rollback brings it back. */
  drop(name: string): void
  /**
   * Makes everything since the last commit durable and atomic, without blocking: what is changed after the call is part
   * of the next commit. Gives the commit's id; when nothing changed, the id of the newest. Several may be under way.
   * ERR_STOA_NO_SPACE: the changes are still pending. ERR_STOA_IO: the store is poisoned, reopen it.
   */
  commit(): Promise<number>
  /** The same at once, after those under way. */
  commitSync(): number
  /**
   * Goes back to the last commit, after those under way: values, lengths, symbols, tables. Views taken before stay
   * readable; take new ones for the rows that were restored.
   */
  rollback(): void
  /**
   * Runs `fn`, which must be done when it returns, then commits; resolves with what `fn` gave once that is durable.
   * When `fn` throws, or the commit fails before the disk was asked to sync, everything since the last commit is rolled
   * back, changes from before the transaction included.
   */
  transaction<R>(fn: () => R): Promise<R>
  /** The same with a commit at once. */
  transactionSync<R>(fn: () => R): R
  /** Whether a commit would write anything. Cost: the search for changed pages. */
  isDirty(): boolean
  info(): StoreInfo
  on<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this
  off<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this
  /**
   * Commits unless told to discard, after commits under way, then gives the lock and the memory back: every typed array
   * over the file has length 0 from then on. What its own commit fails with is thrown after all that. Again: nothing
   * happens.
   */
  close(options?: { discard?: boolean | undefined }): void
}
