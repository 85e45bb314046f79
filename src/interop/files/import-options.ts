import { found, quoted } from '../../errors.ts'
import { checkType, type Columns } from '../../schema/schema.ts'
import { StoredType } from '../../schema/types.ts'
import { checkFunction, checkOptionNames, checkPositive } from './option-names.ts'

/** How far an import is. */
export interface ImportProgress {
  /** Rows in the table that this import brought. */
  readonly rows: number
  /** Rows of the file, where it tells. */
  readonly totalRows?: number
  /** Bytes of the file that were read. */
  readonly bytes: number
  /** Bytes of the file. */
  readonly totalBytes: number
}

/** What every reader of files takes. Each member may be left out. */
export interface ImportOptions<C extends Columns = Columns> {
  /**
   * Which columns, by name in the file: a list of names takes their types from the file, an object of types is the
   * schema of the table. Default: all columns of the file, or of the table where it exists.
   *
   * @example
   * { columns: { date: timestamp, delay: i16, origin: symbol } }
   */
  columns?: C | readonly string[] | undefined
  /** Types of some columns, in place of those that the file tells or that are guessed. */
  types?: Columns | undefined
  /** Called after each batch, with rows and bytes so far. What it throws ends the import. */
  onProgress?: ((progress: ImportProgress) => void) | undefined
  /**
   * Rows after which to commit, and at the end. Rows of a commit stay when the import fails later. Default: no commit;
   * the import is part of whatever the caller commits or rolls back.
   */
  commitEvery?: number | undefined
}

const NAMES = ['columns', 'types', 'onProgress', 'commitEvery'] as const

/** Checks the options that all readers have; `also` are those of one. */
export function checkImportOptions(options: ImportOptions, call: string, also: readonly string[] = []): void {
  checkOptionNames(options, [...NAMES, ...also], call)
  checkPositive(options.commitEvery, 'commitEvery')
  checkFunction(options.onProgress, 'onProgress')
  const { columns, types } = options
  if (columns !== undefined && !Array.isArray(columns)) checkTypes(columns as Columns, 'columns')
  if (types !== undefined) checkTypes(types, 'types')
  if (Array.isArray(columns)) {
    for (const name of columns as readonly unknown[]) {
      if (typeof name !== 'string') throw new TypeError(`the option 'columns' must hold names, found ${found(name)}`)
    }
  }
}

function checkTypes(types: Columns, option: string): void {
  const given: unknown = types
  if (typeof given !== 'object' || given === null || given instanceof StoredType || Array.isArray(given)) {
    throw new TypeError(`the option ${quoted(option)} must be an object of types, found ${found(given)}`)
  }
  for (const [name, type] of Object.entries(types))
    checkType(type, `column ${quoted(name)} of the option ${quoted(option)}`)
}
