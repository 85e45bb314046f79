import type { PersistentArray } from './table/array.ts'
import type { StoreDescriptor } from './descriptor.ts'
import type { StoreEvents } from './events.ts'
import type { StoreInfo } from './info.ts'
import type { Columns } from './schema/schema.ts'
import type { Table } from './table/table.ts'
import type { Type } from './schema/types.ts'
import type { VerifyReport } from './verify.ts'

/**
 * One file with tables and arrays in it. Made by `open` or `openAsync`; it has the file's lock until it is closed, and
 * is never closed by the garbage collector. An exit without close loses only what was not committed.
 *
 * One that is open for reading has no lock. It shows the rows of one commit until `refresh()`, `snapshot()`, a follower or a
 * listener of 'commit' goes on to the newest; what the writer changes in place shows by itself, perhaps half-done, but in
 * `snapshot()`. Every verb that would write is ERR_STOA_READONLY.
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
  /** Grows by one with every commit, in every process. A reader's is that of the commit it shows. */
  readonly commitId: number
  /** What another thread or process needs to open the same store for reading: `open(descriptor)`. Plain, and frozen. */
  readonly descriptor: StoreDescriptor
  /**
   * Opens a table, or creates it when there is none of that name. The order of the columns does not matter; any other
   * difference to the table in the file is ERR_STOA_SCHEMA, with each in words. The same table is the same object. A
   * reader creates none: ERR_STOA_NOT_FOUND.
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
  /**
   * Makes a reader show the newest commit: lengths, columns, tables. Gives whether that is another one than before. Typed
   * arrays taken before stay valid, with the length they have. Tables stay the same objects; those that were dropped
   * are ERR_STOA_NOT_FOUND. What was written to the reader's own memory through a typed array is forgotten.
   *
   * Cost: 0.03 to 0.1 ms, and the search for such pages, 2 to 6 ms a GiB that was read. A writer is at its newest always:
   * false.
   * ERR_STOA_BUSY where a writer recovers the file for longer than a second: nothing was changed.
   * ERR_STOA_VERSION where a writer has brought the data to a version that this program cannot read: then nothing of
   * it is shown.
   */
  refresh(): boolean
  /**
   * Runs `fn` over the newest commit, and over nothing else: every value in every table is of that commit. It holds up no
   * writer. When something was committed meanwhile, what `fn` gave or threw is thrown away and it is run again, so it
   * should be short, copy what it needs and have no effect. An async function is a TypeError. One inside another is
   * part of it. On a writer `fn` is just run.
   *
   * Cost: that of `refresh()` and of `fn`, each once a try. ERR_STOA_BUSY when none of up to 100 tries, or of those of two
   * seconds, was whole. Typed arrays taken in it go on to show what the writer does afterwards.
   *
   * @example
   * const total = reader.snapshot(() => accounts.sum('balance'))
   */
  snapshot<R>(fn: () => R): R
  /** Whether a commit would write anything. Cost: the search for changed pages. False on a reader. */
  isDirty(): boolean
  info(): StoreInfo
  /**
   * Checks every committed byte against the checksum that its commit wrote, and every structure that leads to it: finds a
   * bit that a disk, a cable or a foreign program flipped. What is not committed does not matter. It mends nothing: a
   * backup does.
   *
   * Reads all that counts of the file, on the thread pool: the event loop goes on, commits wait for it. On a reader it
   * holds up nobody and is done again when something was committed meanwhile: ERR_STOA_BUSY when each of up to 100 tries,
   * or of those of two seconds, met a commit. Pages that a live store wrote have no checksum until a transactional commit
   * writes them. ERR_STOA_POISONED on a poisoned store, ERR_STOA_IO when the disk does not answer.
   *
   * @example
   * const { ok, problems } = await store.verify()
   * if (!ok) for (const { where, message } of problems) console.error(`${where}: ${message}`)
   */
  verify(): Promise<VerifyReport>
  /**
   * Copies the last commit to a new file, which is a store of its own: whole, durable and of one commit, as of a moment
   * while this runs. What is not committed is not in it. The writer goes on meanwhile, commits wait only at the end; on
   * btrfs and its like the two share their blocks, whatever the size. On a reader it is the newest
   * commit, begun anew when something was committed meanwhile: ERR_STOA_BUSY as in `verify()`.
   *
   * The name appears when the copy is complete: after an error, a kill or a power cut nothing has it. A file that has it
   * already stays as it is: ERR_STOA_IO with the `errno` of EEXIST. ERR_STOA_NO_SPACE when the disk is full, ERR_STOA_NOT_FOUND for
   * a missing folder, ERR_STOA_UNSUPPORTED for a live store; this store goes on in each case.
   *
   * @example
   * await store.backup(`backups/market-${new Date().toISOString().slice(0, 10)}.stoa`)
   */
  backup(path: string | URL): Promise<void>
  /**
   * Gives back what the file holds beside its newest commit: dropped tables and columns, text that no row refers to, room
   * for rows to come, a log that has grown. `info()` tells how much that is. Commits what is pending, also what is changed
   * while it runs; a transaction that throws meanwhile undoes its own as ever.
   *
   * A new file is written beside the store, synced, and takes its path in one step: after a kill or a power cut it is the old
   * file or the new one, with the same newest commit. Readers and followers go over with their next refresh. The copy is
   * made on the thread pool while commits go on; then the event loop waits for what these wrote to be copied again, and for
   * three syncs. Needs room on the disk for the new file beside the old one.
   *
   * Tables and arrays stay the same objects. Typed arrays taken before belong to nothing from then on: they read as they
   * were, what is written there is lost, and the disk space of the old file comes back when they are collected. Take new ones.
   *
   * ERR_STOA_NO_SPACE, ERR_STOA_CORRUPT (a page is not what was committed; see `verify()`) and ERR_STOA_IO: nothing but the
   * commit was done, the store goes on. ERR_STOA_UNSUPPORTED for a live store, inside a transaction, and where the file has
   * several names (hard links) or its path leads to another by now. ERR_STOA_CLOSED when the store is closed meanwhile. Is
   * the store poisoned after an ERR_STOA_IO, its folder could not be synced: both files hold the newest commit, open it again.
   *
   * @example
   * await store.compact()
   * const { price } = trades.arrays // those taken before are of the old file
   */
  compact(): Promise<void>
  on<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this
  off<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this
  /**
   * Commits unless told to discard, after commits under way, then gives the lock and the memory back: every typed array
   * over the file has length 0 from then on. What its own commit fails with is thrown after all that. Again: nothing
   * happens.
   */
  close(options?: { discard?: boolean | undefined }): void
}
