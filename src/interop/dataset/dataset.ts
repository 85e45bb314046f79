import { type Dirent, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { found, quoted, StoaError } from '../../errors.ts'
import { open } from '../../open.ts'
import type { Conditions } from '../../kernels/table-kernels.ts'
import {
  checkColumns,
  type Columns,
  type ColumnsInput,
  type Row,
  type RowInput,
  schemaObject,
} from '../../schema/schema.ts'
import { suggestion } from '../../schema/nearest.ts'
import { StoredType } from '../../schema/types.ts'
import type { Store } from '../../store.ts'
import { isPlainObject } from '../../table/fields.ts'
import type { Table } from '../../table/table.ts'
import { fileError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { checkOptionNames } from '../files/option-names.ts'
import { canName, checkedValue, folderOf, valueOf } from './partition-value.ts'

/** The table in each store of a dataset, unless told. */
const TABLE = 'data'
/** Address space of a column in each store, unless told: a process has room for some thousand columns of the usual 64 GiB. */
const RESERVE_BYTES = 2 ** 32
const SUFFIX = '.stoa'

/** What {@link openDataset} takes. */
export interface DatasetOptions<C extends Columns, P extends keyof C & string> {
  /** All columns, those of the folders too. */
  columns: C
  /** The columns that are in the folders' names and in no file, from the outermost on: text, whole numbers or bool. */
  partitionBy: readonly P[]
  /** The name of the table in each store. Default `'data'`. */
  table?: string | undefined
  /** `'read'` opens the stores beside their writers. Default `'write'`. */
  access?: 'write' | 'read' | undefined
  /** Bytes that a column of one store may grow into, beyond it ERR_STOA_LIMIT. Default 4 GiB. */
  reserve?: number | undefined
}

/** One store of a dataset. */
export interface Partition<C extends Columns, P extends keyof C & string> {
  /** What the names of its folders say. */
  readonly values: { readonly [K in P]: Row<C>[K] }
  /** Of the file. */
  readonly path: string
  /** Open as the dataset is, and closed by it. */
  readonly store: Store
  /** Its rows, without the columns of the folders. */
  readonly table: Table<Omit<C, P>>
}

/**
 * A folder of stores, partitioned as Hive does: `day=2026-11-22/part-0.stoa`. Each store is opened when it is first
 * needed, and has a lock and commits of its own: a commit of the dataset is atomic in each, not over all.
 */
export interface Dataset<
  C extends Columns = Columns,
  P extends keyof C & string = keyof C & string,
> extends Disposable {
  /** Absolute. */
  readonly path: string
  /** All columns, those of the folders too. */
  readonly schema: C
  /** The columns of the folders, from the outermost on. */
  readonly partitionBy: readonly P[]
  /** Rows of all partitions, which opens them all. */
  readonly length: number
  /** The partitions that there are, by path, or those whose folders stand for the values given: none else is opened. */
  partitions(values?: { readonly [K in P]?: Row<C>[K] }): Partition<C, P>[]
  /**
   * Appends rows, or columns, each row to the partition of its values, which is made where there is none; gives the new
   * length of those it went to. What fails is taken back in all of them; a store that was made for it stays, empty. A
   * row goes to the last file of its folder. Labels are given as strings.
   */
  append(source: Iterable<RowInput<C>> | ColumnsInput<C>): number
  /** The rows of all partitions, one at a time, with the columns of the folders. */
  rows(values?: { readonly [K in P]?: Row<C>[K] }): IterableIterator<Row<C>>
  /** Rows that meet all conditions, counted in the core; of the columns of the folders they say which are opened. */
  count(conditions?: Conditions<Omit<C, P>> & { readonly [K in P]?: Row<C>[K] }): number
  /** Commits each store that is open. */
  commit(): Promise<void>
  /** Closes each, which commits; what one fails with is thrown after all are closed. */
  close(): void
}

/**
 * Opens a folder of stores as one table, or makes it. Files that are added by others are seen by the next call.
 *
 * ERR_STOA_SCHEMA where a file has other columns, ERR_STOA_FORMAT for folders that stand for no value, ERR_STOA_LOCKED
 * where another process writes to a partition that is needed.
 *
 * @example
 * using trades = openDataset('trades', { columns, partitionBy: ['day'] })
 * trades.append([{ day: '2026-11-22', sym: 'ACME', price: 10.5 }])
 * for (const { values, table } of trades.partitions()) console.log(values.day, table.mean('price'))
 */
export function openDataset<C extends Columns, const P extends keyof C & string>(
  folder: string | URL,
  options: DatasetOptions<C, P>,
): Dataset<C, P> {
  checkOptionNames(options, ['columns', 'partitionBy', 'table', 'access', 'reserve'], 'openDataset')
  return new StoredDataset(filePath(folder), options as never) as unknown as Dataset<C, P>
}

interface OpenPartition {
  readonly values: Readonly<Record<string, unknown>>
  readonly path: string
  readonly store: Store
  readonly table: Table
}

class StoredDataset {
  readonly path: string
  readonly schema: Columns
  readonly partitionBy: readonly string[]
  readonly #types: ReadonlyMap<string, StoredType>
  readonly #columns: Columns
  readonly #table: string
  readonly #access: 'write' | 'read'
  readonly #reserve: number
  readonly #open = new Map<string, OpenPartition>()
  #isClosed = false

  constructor(path: string, options: DatasetOptions<Columns, string>) {
    const { columns, partitionBy, table = TABLE, access = 'write', reserve = RESERVE_BYTES } = options
    const types = checkColumns(columns, table)
    if (!Array.isArray(partitionBy) || partitionBy.length === 0) {
      throw new TypeError(`the option 'partitionBy' must be a list of columns, found ${found(partitionBy)}`)
    }
    for (const name of partitionBy as readonly unknown[]) {
      const type = typeof name === 'string' ? types.get(name) : undefined
      if (type === undefined) {
        throw new TypeError(
          `'partitionBy' names ${found(name)}, which is no column${suggestion(`${name}`, types.keys())}`,
        )
      }
      if (canName(type)) continue
      throw new TypeError(`the column ${quoted(name as string)} is ${type}, whose values cannot be names of folders`)
    }
    const rest = new Map([...types].filter(([name]) => !partitionBy.includes(name)))
    if (rest.size === 0) throw new TypeError('a dataset needs a column that it is not partitioned by')
    this.path = path
    this.schema = schemaObject(types)
    this.partitionBy = Object.freeze([...partitionBy])
    this.#types = types
    this.#columns = schemaObject(rest)
    this.#table = table
    this.#access = access
    this.#reserve = reserve
  }

  get length(): number {
    return this.partitions().reduce((sum, { table }) => sum + table.length, 0)
  }

  partitions(values: Readonly<Record<string, unknown>> = {}): OpenPartition[] {
    this.#checkOpen()
    for (const name of Object.keys(values)) {
      if (this.partitionBy.includes(name)) continue
      throw new TypeError(`the dataset is not partitioned by ${quoted(name)}${suggestion(name, this.partitionBy)}`)
    }
    return this.#files(values).map(({ path, values: own }) => this.#partition(path, own))
  }

  append(source: object): number {
    this.#checkOpen()
    const groups =
      isPlainObject(source) && !(Symbol.iterator in source) ? this.#byColumns(source) : this.#byRows(source)
    const done: { table: Table; length: number }[] = []
    try {
      for (const { values, rows } of groups.values()) {
        const { table } = this.#partition(this.#lastFile(values), values)
        done.push({ table, length: table.length })
        table.append(rows as never)
      }
    } catch (error) {
      for (const { table, length } of done) table.truncate(length)
      throw error
    }
    return done.reduce((sum, { table }) => sum + table.length, 0)
  }

  *rows(values?: Readonly<Record<string, unknown>>): IterableIterator<object> {
    for (const { values: own, table } of this.partitions(values)) {
      for (const row of table) {
        // In the order of the schema, and no name can reach a prototype.
        const whole = {}
        for (const name of this.#types.keys()) {
          const value = Object.hasOwn(own, name) ? own[name] : (row as Record<string, unknown>)[name]
          Object.defineProperty(whole, name, { value, writable: true, enumerable: true, configurable: true })
        }
        yield whole
      }
    }
  }

  count(conditions: Readonly<Record<string, unknown>> = {}): number {
    const inFolders: Record<string, unknown> = {}
    const inFiles: Record<string, unknown> = {}
    for (const name of Object.keys(conditions)) {
      ;(this.partitionBy.includes(name) ? inFolders : inFiles)[name] = conditions[name]
    }
    const isAll = Object.keys(inFiles).length === 0
    return this.partitions(inFolders).reduce(
      (sum, { table }) => sum + (isAll ? table.length : table.where(inFiles as never).length),
      0,
    )
  }

  async commit(): Promise<void> {
    this.#checkOpen()
    await Promise.all([...this.#open.values()].map(({ store }) => store.commit()))
  }

  close(): void {
    this.#isClosed = true
    const failures: unknown[] = []
    for (const { store } of this.#open.values()) {
      try {
        store.close()
      } catch (error) {
        failures.push(error)
      }
    }
    this.#open.clear()
    if (failures.length > 0) throw failures[0]
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The stores whose folders stand for such values, by path. */
  #files(wanted: Readonly<Record<string, unknown>>): { path: string; values: Record<string, unknown> }[] {
    let folders: { path: string; values: Record<string, unknown> }[] = [{ path: this.path, values: {} }]
    for (const name of this.partitionBy) {
      folders = folders.flatMap(({ path, values }) =>
        entries(path).flatMap((entry) => {
          const value = entry.isDirectory()
            ? valueOf(entry.name, name, this.#type(name), join(path, entry.name))
            : undefined
          if (value === undefined || (Object.hasOwn(wanted, name) && wanted[name] !== value)) return []
          return [{ path: join(path, entry.name), values: { ...values, [name]: value } }]
        }),
      )
    }
    return folders.flatMap(({ path, values }) =>
      entries(path)
        .filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
        .map((entry) => ({ path: join(path, entry.name), values })),
    )
  }

  /** The file that rows of such values go to. */
  #lastFile(values: Readonly<Record<string, unknown>>): string {
    const folder = join(this.path, ...this.partitionBy.map((name) => folderOf(name, values[name])))
    const files = entries(folder).filter((entry) => entry.isFile() && entry.name.endsWith(SUFFIX))
    return join(folder, files.at(-1)?.name ?? `part-0${SUFFIX}`)
  }

  #partition(path: string, values: Readonly<Record<string, unknown>>): OpenPartition {
    const known = this.#open.get(path)
    if (known !== undefined) return known
    if (this.#access === 'write') makeFolder(join(path, '..'))
    const store = open(path, { access: this.#access, reserve: this.#reserve })
    try {
      const partition = Object.freeze({
        values: Object.freeze({ ...values }),
        path,
        store,
        table: store.table(this.#table, this.#columns),
      })
      this.#open.set(path, partition as OpenPartition)
      return partition as OpenPartition
    } catch (error) {
      store.close({ discard: true })
      throw error
    }
  }

  #byRows(source: object): Map<string, { values: Record<string, unknown>; rows: object[] }> {
    if (!(Symbol.iterator in source))
      throw new TypeError(`a dataset takes rows or columns in append, found ${found(source)}`)
    const groups = new Map<string, { values: Record<string, unknown>; rows: object[] }>()
    for (const row of source as Iterable<object>) {
      if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
      const { ...rest } = row as Record<string, unknown>
      const values = this.#values((name) => rest[name])
      for (const name of this.partitionBy) delete rest[name]
      const key = this.#key(values)
      const group = groups.get(key) ?? { values, rows: [] }
      group.rows.push(rest)
      groups.set(key, group)
    }
    return groups
  }

  #byColumns(source: object): Map<string, { values: Record<string, unknown>; rows: object }> {
    const columns = source as Readonly<Record<string, ArrayLike<unknown>>>
    const first = this.partitionBy[0] as string
    const length = columns[first]?.length
    if (length === undefined) {
      throw new TypeError(
        `column ${quoted(first)}, by which the dataset is partitioned, is missing; nothing was appended`,
      )
    }
    for (const [name, column] of Object.entries(columns)) {
      const type = this.#types.get(name)
      if (type !== undefined && StoredType.coding(type) === 'symbol' && ArrayBuffer.isView(column)) {
        // Each store has labels of its own.
        throw new TypeError(`column ${quoted(name)} takes strings in a dataset, found codes; nothing was appended`)
      }
      const lanes = type === undefined ? 1 : StoredType.lanes(type)
      const rows = ArrayBuffer.isView(column) ? column.length / lanes : column.length
      if (rows === length) continue
      throw new RangeError(
        `columns of unequal length: ${quoted(first)} has ${length} rows, ${quoted(name)} has ${rows}; nothing was appended`,
      )
    }
    const places = new Map<string, { values: Record<string, unknown>; rows: number[] }>()
    for (let row = 0; row < length; row++) {
      const values = this.#values((name) => columns[name]?.[row])
      const key = this.#key(values)
      const group = places.get(key) ?? { values, rows: [] }
      group.rows.push(row)
      places.set(key, group)
    }
    const rest = Object.keys(columns).filter((name) => !this.partitionBy.includes(name))
    return new Map(
      [...places].map(([key, { values, rows }]) => [
        key,
        {
          values,
          rows: Object.fromEntries(
            rest.map((name) => [name, picked(columns[name] as ArrayLike<unknown>, rows, length)]),
          ),
        },
      ]),
    )
  }

  #values(valueIn: (name: string) => unknown): Record<string, unknown> {
    return Object.fromEntries(
      this.partitionBy.map((name) => [name, checkedValue(valueIn(name), this.#type(name), name)]),
    )
  }

  #key(values: Readonly<Record<string, unknown>>): string {
    return this.partitionBy.map((name) => folderOf(name, values[name])).join('/')
  }

  #type(name: string): StoredType {
    return this.#types.get(name) as StoredType
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    throw new StoaError('ERR_STOA_CLOSED', `the dataset ${quoted(this.path)} is closed; open it again`, {
      path: this.path,
    })
  }
}

/** Some rows of a column, also of a typed array with several elements a row. */
function picked(column: ArrayLike<unknown>, rows: readonly number[], length: number): unknown {
  if (!ArrayBuffer.isView(column)) return rows.map((row) => column[row])
  const lanes = column.length / length
  const { constructor: Elements } = column as unknown as { constructor: new (length: number) => Uint8Array }
  const elements = new Elements(rows.length * lanes)
  for (const [at, row] of rows.entries()) {
    for (let lane = 0; lane < lanes; lane++) elements[at * lanes + lane] = column[row * lanes + lane] as number
  }
  return elements
}

function entries(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw fileError(error, 'read', folder)
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw fileError(error, 'make', folder)
  }
}
