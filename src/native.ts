import type {
  NativeColumn,
  NativeCondition,
  NativeInfo,
  NativeOptions,
  NativeProblem,
  NativeRegion,
  NativeReport,
  NativeSortKey,
} from '../index.cjs'
import { NativeStore as Binding } from './binding.ts'
import { StoaError, type StoaErrorCode } from './errors.ts'

export type {
  NativeColumn,
  NativeCondition,
  NativeInfo,
  NativeOptions,
  NativeProblem,
  NativeRegion,
  NativeReport,
  NativeSortKey,
}

/** Row numbers. */
type RowIndices = Uint32Array | Float64Array

/** The parts of a region's name are separated by NUL: no column or table name can hold one. */
const REGION_NAME = /([^\0']*)\0([^\0']*)\0(?:data|labels|heap|validity)(?:\0\d+)?/g

/** Turns what the binding throws (a code, and a message in JSON) into a StoaError; anything else passes. */
export function translated(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error
  if (error.code === 'GenericFailure') {
    return new StoaError(
      'ERR_STOA_INTERNAL',
      `the native part failed, which is a bug: ${error.message}; please report it with this message`,
      { cause: error },
    )
  }
  if (!error.code.startsWith('ERR_STOA_')) return error
  let details: { message?: unknown; path?: string; syscall?: string; errno?: number }
  try {
    details = JSON.parse(error.message) as typeof details
  } catch {
    details = { message: error.message }
  }
  const message = String(details.message).replace(REGION_NAME, (_, owner: string, column: string) =>
    column === '' ? owner : `${owner}.${column}`,
  )
  const { path, syscall, errno } = details
  return new StoaError(error.code as StoaErrorCode, message, { path, syscall, errno })
}

function attempt<R>(call: () => R): R {
  try {
    return call()
  } catch (error) {
    throw translated(error)
  }
}

async function attempted<R>(call: () => Promise<R>): Promise<R> {
  try {
    return await call()
  } catch (error) {
    throw translated(error)
  }
}

/** The native store with its errors translated; otherwise method by method what `../index.d.cts` says. */
export class Native {
  readonly #binding: Binding

  private constructor(binding: Binding) {
    this.#binding = binding
  }

  static open(path: string, options: NativeOptions): Native {
    return attempt(() => new Native(Binding.open(path, options)))
  }

  static async openAsync(path: string, options: NativeOptions): Promise<Native> {
    return new Native(await attempted(() => Binding.openAsync(path, options)))
  }

  commitId(): number {
    return attempt(() => this.#binding.commitId())
  }

  refresh(keepsCopies: boolean): number {
    return attempt(() => this.#binding.refresh(keepsCopies))
  }

  reach(): number {
    return attempt(() => this.#binding.reach())
  }

  isLive(): boolean {
    return attempt(() => this.#binding.isLive())
  }

  goLive(): void {
    attempt(() => this.#binding.goLive())
  }

  liveLengths(): ArrayBuffer {
    return attempt(() => this.#binding.liveLengths())
  }

  lengths(): Float64Array {
    return attempt(() => this.#binding.lengths())
  }

  beginSnapshot(): number {
    return attempt(() => this.#binding.beginSnapshot())
  }

  isWhole(): boolean {
    return attempt(() => this.#binding.isWhole())
  }

  committedLength(id: number): number {
    return attempt(() => this.#binding.committedLength(id))
  }

  byteLength(): number {
    return attempt(() => this.#binding.byteLength())
  }

  dataVersion(): number {
    return attempt(() => this.#binding.dataVersion())
  }

  setDataVersion(version: number): void {
    attempt(() => this.#binding.setDataVersion(version))
  }

  metadata(): Uint8Array {
    return attempt(() => this.#binding.metadata())
  }

  setMetadata(bytes: Uint8Array): void {
    attempt(() => this.#binding.setMetadata(bytes))
  }

  regions(): NativeRegion[] {
    return attempt(() => this.#binding.regions())
  }

  createRegion(name: string, kind: number, lanes: number): number {
    return attempt(() => this.#binding.createRegion(name, kind, lanes))
  }

  regionId(name: string): number | null {
    return attempt(() => this.#binding.regionId(name))
  }

  dropRegion(id: number): void {
    attempt(() => this.#binding.dropRegion(id))
  }

  grow(id: number, elements: number, exact: boolean): number {
    return attempt(() => this.#binding.grow(id, elements, exact))
  }

  window(id: number, maxBytes: number): ArrayBuffer {
    return attempt(() => this.#binding.window(id, maxBytes))
  }

  writeThrough(id: number, byteOffset: number, bytes: Uint8Array): void {
    attempt(() => this.#binding.writeThrough(id, byteOffset, bytes))
  }

  shrink(id: number): number {
    return attempt(() => this.#binding.shrink(id))
  }

  windowAt(id: number, byteOffset: number, bytes: number): ArrayBuffer {
    return attempt(() => this.#binding.windowAt(id, byteOffset, bytes))
  }

  setLengths(changes: Float64Array): void {
    attempt(() => this.#binding.setLengths(changes))
  }

  isDirty(): boolean {
    return attempt(() => this.#binding.isDirty())
  }

  commitSync(changes: Float64Array): number {
    return attempt(() => this.#binding.commitSync(changes))
  }

  capture(): number | null {
    return attempt(() => this.#binding.capture())
  }

  capturedCommitId(): number {
    return attempt(() => this.#binding.capturedCommitId())
  }

  perform(id: number): Promise<void> {
    return attempted(() => this.#binding.perform(id))
  }

  settle(): void {
    attempt(() => this.#binding.settle())
  }

  rollback(): void {
    attempt(() => this.#binding.rollback())
  }

  sum(column: NativeColumn, rows: number, selection?: RowIndices): number | bigint {
    return attempt(() => this.#binding.sum(column, rows, selection))
  }

  extremes(column: NativeColumn, rows: number, selection?: RowIndices): [number, number] | [bigint, bigint] | null {
    return attempt(() => this.#binding.extremes(column, rows, selection))
  }

  mean(column: NativeColumn, rows: number, selection?: RowIndices): number | null {
    return attempt(() => this.#binding.mean(column, rows, selection))
  }

  countValid(column: NativeColumn, rows: number): number {
    return attempt(() => this.#binding.countValid(column, rows, undefined))
  }

  sumProduct(a: NativeColumn, b: NativeColumn, rows: number, selection?: RowIndices): number | bigint {
    return attempt(() => this.#binding.sumProduct(a, b, rows, selection))
  }

  filter(conditions: NativeCondition[], rows: number): number {
    return attempt(() => this.#binding.filter(conditions, rows))
  }

  takeFiltered(into: RowIndices): void {
    attempt(() => this.#binding.takeFiltered(into))
  }

  indexOf(condition: NativeCondition, rows: number): number {
    return attempt(() => this.#binding.indexOf(condition, rows))
  }

  countMatching(condition: NativeCondition, rows: number): number {
    return attempt(() => this.#binding.countMatching(condition, rows))
  }

  argsort(keys: NativeSortKey[], rows: number, into: RowIndices): void {
    attempt(() => this.#binding.argsort(keys, rows, into))
  }

  sortRows(keys: NativeSortKey[], regions: Uint32Array, bitRegions: Uint32Array, rows: number): void {
    attempt(() => this.#binding.sortRows(keys, regions, bitRegions, rows))
  }

  heapGarbage(views: number, heap: number, rows: number, heapBytes: number): number {
    return attempt(() => this.#binding.heapGarbage(views, heap, rows, heapBytes))
  }

  backup(path: string): Promise<void> {
    return attempted(() => this.#binding.backup(path))
  }

  copyAhead(texts: Uint32Array): Promise<void> {
    return attempted(() => this.#binding.copyAhead(texts))
  }

  compact(texts: Uint32Array): void {
    attempt(() => this.#binding.compact(texts))
  }

  verify(): Promise<NativeReport> {
    return attempted(() => this.#binding.verify())
  }

  info(): NativeInfo {
    return attempt(() => this.#binding.info())
  }

  close(discard: boolean): void {
    attempt(() => this.#binding.close(discard))
  }
}
