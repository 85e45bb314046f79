import { inspect } from 'node:util'
import type { StoredArray } from './table/array.ts'
import { stopBackground } from './background.ts'
import { CommitQueue } from './commits.ts'
import { Contents, type Handle, typesOf } from './schema/contents.ts'
import type { StoreDescriptor } from './descriptor.ts'
import { found, quoted, StoaError } from './errors.ts'
import { Listeners, type StoreEvents } from './events.ts'
import { CommitFeed } from './feed.ts'
import { type StoreInfo, storeInfo } from './info.ts'
import { LiveLengths } from './live.ts'
import { checkName } from './schema/names.ts'
import type { Native } from './native.ts'
import { checkPath } from './path.ts'
import { suggestion } from './schema/nearest.ts'
import { checkColumns, checkSameColumns, checkType, type Columns } from './schema/schema.ts'
import { Reader } from './reader.ts'
import { type Access, Session } from './session.ts'
import type { StoredTable } from './table/stored-table.ts'
import { checkFunction, checkResult } from './transaction.ts'
import { hiddenDifference, sameType } from './schema/type-record.ts'
import type { StoredType } from './schema/types.ts'
import { type VerifyReport, verifyReport } from './verify.ts'

/** Open stores are held here: one that nobody holds any more keeps its lock until it is closed, as the file says. */
const openStores = new Set<StoredStore>()

/** What a store remembers of how it was opened. */
export interface Opening {
  readonly access: Access
  readonly live: boolean
  /** The newest version of the data that the program reads. */
  readonly version: number
  /** Bytes. */
  readonly reserve: number | undefined
}

/** The store at run time. */
export class StoredStore {
  readonly path: string
  readonly access: 'write' | 'read'
  readonly descriptor: StoreDescriptor
  readonly listeners: Listeners
  readonly #session: Session
  readonly #commits: CommitQueue
  readonly #contents: Contents
  #isInTransaction = false
  /** The last compaction that was asked for. */
  #compacted: Promise<void> = Promise.resolve()

  constructor(native: Native, path: string, { access, live, version, reserve }: Opening) {
    this.path = path
    this.access = access === 'read' ? 'read' : 'write'
    this.descriptor = Object.freeze({ path, version, ...(reserve !== undefined && { reserve }) })
    const session = new Session(native, path, access, live)
    this.#session = session
    this.listeners = new Listeners(native.commitId())
    session.feed = new CommitFeed(session, this.listeners)
    this.#contents = new Contents(session)
    const tell = (commitId: number): void => session.feed.tell(commitId)
    this.#commits = new CommitQueue(session, tell)
    if (access !== 'write') {
      const restore = (isOtherMemory: boolean): void =>
        isOtherMemory ? this.#contents.move() : this.#contents.restore()
      session.reader = new Reader(session, version, restore, tell)
    }
    openStores.add(this)
  }

  get closed(): boolean {
    return this.#session.closed
  }

  /** Whether it is live: where it is open for writing, as a reader sees it. */
  get live(): boolean {
    return this.#native().isLive()
  }

  get byteLength(): number {
    return this.#native().byteLength()
  }

  get version(): number {
    return this.#native().dataVersion()
  }

  get commitId(): number {
    return this.#native().commitId()
  }

  get commitsInFlight(): number {
    return this.#commits.inFlight
  }

  table(name: string, columns?: Columns): StoredTable {
    this.#native()
    checkName(name, 'a table')
    const types = columns === undefined ? undefined : checkColumns(columns, name)
    // Reading the schema can run a user's code, which may have closed the store.
    this.#native()
    let definition = this.#contents.get(name)
    if (definition?.isArray === true) {
      throw this.#schema(`${quoted(name)} is an array in ${quoted(this.path)}, not a table`)
    }
    if (definition === undefined) {
      if (types === undefined) throw this.#notFound(`table ${quoted(name)}`, name)
      this.#checkWritable(`table ${quoted(name)}`, name)
      definition = this.#contents.create(name, types, false)
    } else if (types !== undefined) checkSameColumns(typesOf(definition), types, name, this.path)
    return this.#contents.handle(definition) as StoredTable
  }

  /** The table or array of that name, whatever it is; ERR_STOA_NOT_FOUND where there is neither. */
  handle(name: string): Handle {
    this.#native()
    const definition = this.#contents.get(name)
    if (definition === undefined) throw this.#notFound(`table or array ${quoted(name)}`, name)
    return this.#contents.handle(definition)
  }

  array(name: string, type: unknown): StoredArray {
    this.#native()
    checkName(name, 'an array')
    checkType(type, `array ${quoted(name)}`)
    let definition = this.#contents.get(name)
    if (definition?.isArray === false) {
      throw this.#schema(`${quoted(name)} is a table in ${quoted(this.path)}, not an array`)
    }
    if (definition === undefined) {
      this.#checkWritable(`array ${quoted(name)}`, name)
      definition = this.#contents.create(name, new Map([[name, type]]), true)
    }
    const stored = definition.columns[0]?.type as StoredType
    if (sameType(stored, type)) return this.#contents.handle(definition) as StoredArray
    throw this.#schema(
      `array ${quoted(name)} is ${stored} in ${quoted(this.path)} but ${type} was asked for${hiddenDifference(stored, type)}`,
    )
  }

  tables(): string[] {
    this.#native()
    return this.#contents.names(false)
  }

  arrays(): string[] {
    this.#native()
    return this.#contents.names(true)
  }

  drop(name: string): void {
    this.#native()
    this.#session.checkWritable('drop a table')
    checkName(name, 'a table')
    const definition = this.#contents.get(name)
    if (definition === undefined) throw this.#notFound(`table or array ${quoted(name)}`, name)
    this.#contents.drop(definition)
  }

  async commit(): Promise<number> {
    this.#outsideTransaction('commit')
    return this.#begin()
  }

  commitSync(): number {
    this.#outsideTransaction('commit')
    return this.#commitSync()
  }

  rollback(): void {
    this.#outsideTransaction('rollback')
    this.#rollback()
  }

  async transaction<R>(fn: () => R): Promise<R> {
    const result = this.#run(fn)
    try {
      await this.#begin()
    } catch (error) {
      this.#undo()
      throw error
    }
    return result
  }

  transactionSync<R>(fn: () => R): R {
    const result = this.#run(fn)
    try {
      this.#commitSync()
    } catch (error) {
      this.#undo()
      throw error
    }
    return result
  }

  refresh(): boolean {
    this.#native()
    return this.#session.reader?.refresh(false) ?? false
  }

  snapshot<R>(fn: () => R): R {
    this.#native()
    checkFunction(fn, 'snapshot')
    const { reader } = this.#session
    if (reader !== undefined) return reader.snapshot(fn)
    const result = fn()
    checkResult(result, 'snapshot')
    return result
  }

  isDirty(): boolean {
    const native = this.#native()
    if (this.#session.access !== 'write') return false
    this.#session.publishLengths()
    return native.isDirty()
  }

  info(): StoreInfo {
    this.#native()
    return storeInfo(this.#session, this.#contents.tables(), this.#contents.arrays())
  }

  async backup(path: string | URL): Promise<void> {
    await this.#native().backup(checkPath(path))
  }

  async compact(): Promise<void> {
    this.#outsideTransaction('compact')
    // One after the other: the second gives back what came since the first.
    const compacted = this.#compacted.then(
      () => this.#compact(),
      () => this.#compact(),
    )
    this.#compacted = compacted
    return compacted
  }

  async verify(): Promise<VerifyReport> {
    const report = await this.#native().verify()
    return verifyReport(report, this.#contents)
  }

  on<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this {
    this.listeners.add(event, listener)
    this.#session.feed.update()
    return this
  }

  off<E extends keyof StoreEvents>(event: E, listener: StoreEvents[E]): this {
    this.listeners.remove(event, listener)
    this.#session.feed.update()
    return this
  }

  close(options: { discard?: boolean | undefined } = {}): void {
    if (this.closed) return
    if (this.#isInTransaction) throw this.#unsupported('close', 'transaction')
    if (this.#session.reader?.isInSnapshot === true) throw this.#unsupported('close', 'snapshot')
    const discard = checkCloseOptions(options) || this.#session.access !== 'write'
    stopBackground(this)
    let durableId = 0
    try {
      if (!discard) this.#session.publishLengths()
      durableId = this.#commits.complete(discard)
    } finally {
      this.#session.closed = true
      this.#session.live = undefined
      openStores.delete(this)
      this.#session.feed.close()
      this.#contents.release()
      try {
        this.#session.native.close(discard)
      } finally {
        this.listeners.commit(durableId)
        this.listeners.close()
      }
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.closed) return
    if (this.#session.access !== 'write') return this.close()
    try {
      // Off the event loop, so that little is left for close to do.
      await this.commit()
    } finally {
      this.close()
    }
  }

  static {
    Object.defineProperty(this.prototype, inspect.custom, { value: this.prototype.describe })
  }

  /** For `console.log`: what it is, not how. */
  describe(): string {
    return `Store ${quoted(this.path)}${this.closed ? ' (closed)' : ''}`
  }

  /** Sets the version of the user's data: durable with the next commit. */
  setVersion(version: number): void {
    this.#native().setDataVersion(version)
  }

  /** Makes it live, once its data is of the right version: from then on nothing is taken back. */
  goLive(): void {
    const native = this.#native()
    this.#session.publishLengths()
    native.goLive()
    this.#session.live = new LiveLengths(native)
  }

  /** Whether nothing was ever created in it. */
  get isNew(): boolean {
    return this.#native().metadata().length === 0
  }

  #native(): Native {
    this.#session.checkOpen()
    return this.#session.native
  }

  #outsideTransaction(verb: string): void {
    this.#session.checkOpen()
    this.#session.checkWritable(verb === 'rollback' ? 'roll back' : verb)
    if (this.#isInTransaction) throw this.#unsupported(verb, 'transaction')
    if (this.#session.live !== undefined && verb !== 'commit') {
      throw new StoaError(
        'ERR_STOA_UNSUPPORTED',
        `${verb} cannot be called on ${quoted(this.path)}: it is live, what was written is in the file${verb === 'compact' ? '; close it and open it without the option live' : ''}`,
        { path: this.path },
      )
    }
  }

  #unsupported(verb: string, inside: string): StoaError {
    return new StoaError(
      'ERR_STOA_UNSUPPORTED',
      `${verb} cannot be called inside a ${inside} of ${quoted(this.path)}`,
      { path: this.path },
    )
  }

  #run<R>(fn: () => R): R {
    this.#outsideTransaction('transaction')
    checkFunction(fn, 'transaction')
    this.#isInTransaction = true
    try {
      const result = fn()
      checkResult(result, 'transaction')
      return result
    } catch (error) {
      this.#undo()
      throw error
    } finally {
      this.#isInTransaction = false
    }
  }

  /** Rolls back after a failure that is worth more than one of the rollback. */
  #undo(): void {
    try {
      if (!this.closed) this.#rollback()
    } catch {
      // A poisoned store cannot roll back: the error being thrown says so, or the next call will.
    }
  }

  async #begin(): Promise<number> {
    const performed = this.#commits.begin()
    const dropped = this.#contents.dropped()
    const commitId = await performed
    this.#contents.forget(dropped)
    return commitId
  }

  #commitSync(): number {
    const commitId = this.#commits.commitSync()
    this.#contents.forget(this.#contents.dropped())
    return commitId
  }

  async #compact(): Promise<void> {
    // So that little is left to be done while the event loop waits.
    await this.#begin()
    const contents = this.#contents
    await this.#native().copyAhead(contents.textRegions())
    this.#native()
    // What was changed meanwhile; its listeners may change more, or close.
    this.#commitSync()
    const native = this.#native()
    this.#session.publishLengths()
    native.compact(contents.textRegions())
    contents.forget(contents.dropped())
    contents.move()
    this.#session.feed.tell(native.commitId())
  }

  #rollback(): void {
    this.#session.native.rollback()
    this.#session.epoch++
    this.#contents.restore()
  }

  /** What is to be created is missing on a reader. */
  #checkWritable(what: string, name: string): void {
    if (this.#session.access !== 'write') throw this.#notFound(what, name)
  }

  #schema(message: string): StoaError {
    return new StoaError('ERR_STOA_SCHEMA', message, { path: this.path })
  }

  #notFound(what: string, name: string): StoaError {
    const near = suggestion(name, [...this.#contents.names(false), ...this.#contents.names(true)])
    const newer = this.#session.access !== 'write' ? ' at the commit it shows; refresh() goes on to the newest' : ''
    return new StoaError('ERR_STOA_NOT_FOUND', `there is no ${what} in ${quoted(this.path)}${newer}${near}`, {
      path: this.path,
    })
  }
}

function checkCloseOptions(options: unknown): boolean {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`close takes an object of options, found ${found(options)}`)
  }
  for (const name of Object.keys(options)) {
    if (name !== 'discard') throw new TypeError(`there is no option ${quoted(name)}${suggestion(name, ['discard'])}`)
  }
  const discard: unknown = 'discard' in options ? options.discard : undefined
  if (discard === undefined || typeof discard === 'boolean') return discard ?? false
  throw new TypeError(`the option 'discard' must be true or false, found ${found(discard)}`)
}
