import type { Storage } from '../../column/storage.ts'
import { found, quoted, StoaError } from '../../errors.ts'
import { suggestion } from '../../schema/nearest.ts'
import type { Columns } from '../../schema/schema.ts'
import type { StoredTable } from '../../table/stored-table.ts'
import { checkFunction, checkOptionNames } from './option-names.ts'

/** How far an export is. */
export interface ExportProgress {
  /** Rows that the file has taken. */
  readonly rows: number
  /** Rows that it will take. */
  readonly totalRows: number
}

/** What every writer of files takes. Each member may be left out. */
export interface ExportOptions<C extends Columns = Columns> {
  /** Which columns, in the order of the file. Default: all. A TypeError for a name that is no column, or given twice. */
  columns?: readonly (keyof C & string)[] | undefined
  /** Called after each batch, with rows so far. What it throws ends the export, and no file is made. */
  onProgress?: ((progress: ExportProgress) => void) | undefined
}

/** The same whatever the columns. */
type ChosenRows = { readonly columns?: readonly string[] | undefined } & Pick<ExportOptions, 'onProgress'>

/** What a writer writes of a table: the columns chosen, and as many rows as there were at the call. */
export class ExportRows {
  readonly length: number
  readonly storages: readonly Storage[]
  readonly #table: StoredTable
  readonly #onProgress: ExportOptions['onProgress']

  /** Checks the options that all writers have; `also` are those of one. */
  constructor(table: StoredTable, options: ChosenRows, call: string, also: readonly string[] = []) {
    checkOptionNames(options, ['columns', 'onProgress', ...also], call)
    checkFunction(options.onProgress, 'onProgress')
    this.length = table.length
    this.storages = chosenStorages(table, options.columns)
    this.#table = table
    this.#onProgress = options.onProgress
  }

  /** Refuses to go on with a table that lost rows while it was written: a file of fewer rows would look complete. */
  checkNotShortened(): void {
    const { length, title, session } = this.#table
    if (length >= this.length) return
    throw new StoaError(
      'ERR_STOA_UNSUPPORTED',
      `${title} was shortened from ${this.length} to ${length} rows while it was written; no file was made`,
      { path: session.path },
    )
  }

  /** The file has taken the rows up to here. */
  tell(rows: number): void {
    this.#onProgress?.({ rows, totalRows: this.length })
  }
}

function chosenStorages({ storages, title }: StoredTable, columns: unknown): readonly Storage[] {
  if (columns === undefined) return storages
  if (!Array.isArray(columns))
    throw new TypeError(`the option 'columns' must be a list of names, found ${found(columns)}`)
  if (columns.length === 0) throw new TypeError("the option 'columns' must name a column at least")
  const byName = new Map(storages.map((storage) => [storage.name, storage]))
  return columns.map((name: unknown, place) => {
    if (typeof name !== 'string') throw new TypeError(`the option 'columns' must hold names, found ${found(name)}`)
    const storage = byName.get(name)
    if (storage === undefined) {
      throw new TypeError(`${title} has no column ${quoted(name)}${suggestion(name, byName.keys())}`)
    }
    if (columns.indexOf(name) < place) throw new TypeError(`the option 'columns' names ${quoted(name)} twice`)
    return storage
  })
}
