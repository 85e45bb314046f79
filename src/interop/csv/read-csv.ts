import type { Storage } from '../../column/storage.ts'
import { found, quoted } from '../../errors.ts'
import type { Columns } from '../../schema/schema.ts'
import type { Type } from '../../schema/types.ts'
import type { Store } from '../../store.ts'
import type { Chunk } from '../../table/chunk.ts'
import type { Table } from '../../table/table.ts'
import { chunkOfFile } from '../files/column-chunk.ts'
import { formatError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { Guess } from '../files/guess.ts'
import { checkImportOptions, type ImportOptions } from '../files/import-options.ts'
import { chosenColumns, type FileBatch, type FileColumns, importBatches } from '../files/table-import.ts'
import { TextInput } from '../files/text-input.ts'
import { textParser } from '../files/text-value.ts'
import { importPeer } from '../peer.ts'
import { type CsvRows, rowsOf } from './csv-rows.ts'

/** Rows that are looked at to guess types. */
const GUESS_ROWS = 10_000

/** What {@link readCsv} takes beside the options of all readers. Each member may be left out. */
export interface ReadCsvOptions<C extends Columns = Columns> extends ImportOptions<C> {
  /** What separates fields, one character. Default: the one of comma, tab, semicolon and bar that the first row has. */
  delimiter?: string | undefined
  /** The columns' names, for a file whose first row is data. Default: the first row. */
  header?: readonly string[] | undefined
  /** Fields that are null. Default: the empty one. */
  nulls?: readonly string[] | undefined
}

/**
 * Appends a CSV file, in UTF-8, to a table, which is created where there is none, and gives the table. A mebibyte of the
 * file is in memory at a time. Types are guessed from the first 10,000 rows within it, and all can be null: `bool`,
 * `f64` (`i64` where whole numbers are beyond 2^53), `timestamp` for ISO 8601 dates and times, `symbol` for text that
 * repeats, else `utf8`; digits after a zero in front are text.
 *
 * Rows of more or fewer fields than the first, quotes that are not closed, and bytes that are not UTF-8 are
 * ERR_STOA_FORMAT; fields that their column does not take are ERR_STOA_SCHEMA. Both name the line. When it fails, rows
 * that were not committed with `commitEvery` are taken back. ERR_STOA_UNSUPPORTED where `papaparse` is not installed.
 *
 * @example
 * const types = { zip_code: symbol }
 * const zipcodes = await readCsv(store, 'zipcodes', 'zipcodes.csv', { types })
 */
export function readCsv<C extends Columns>(
  store: Store,
  name: string,
  path: string | URL,
  options: ReadCsvOptions<C> & { columns: C },
): Promise<Table<C>>
export function readCsv(store: Store, name: string, path: string | URL, options?: ReadCsvOptions): Promise<Table>
export async function readCsv(
  store: Store,
  name: string,
  path: string | URL,
  options: ReadCsvOptions = {},
): Promise<Table> {
  const file = filePath(path)
  checkCsvOptions(options)
  const { default: library } = await importPeer('papaparse', () => import('papaparse'))
  return TextInput.read(file, async (input) => {
    const pieces = rowsOf(library, input, options.delimiter)
    const { value: first } = (await pieces.next()) as { value: CsvRows }
    const reader = new CsvReader(input, first, options)
    const schema = chosenColumns(store, name, reader, options)
    const table = await importBatches(store, name, reader, schema, options, () => reader.batches(first, pieces))
    return table as unknown as Table
  })
}

function checkCsvOptions(options: ReadCsvOptions): void {
  checkImportOptions(options, 'readCsv', ['delimiter', 'header', 'nulls'])
  checkDelimiter(options.delimiter)
  for (const option of ['header', 'nulls'] as const) {
    const value: unknown = options[option]
    if (value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string'))) continue
    throw new TypeError(`the option ${quoted(option)} must be a list of strings, found ${found(value)}`)
  }
}

/** Checks what separates fields. */
export function checkDelimiter(delimiter: unknown): void {
  if (delimiter === undefined) return
  if (typeof delimiter === 'string' && delimiter.length === 1 && !'"\r\n'.includes(delimiter)) return
  throw new TypeError(`the option 'delimiter' must be one character, no quote or line end, found ${found(delimiter)}`)
}

class CsvReader {
  readonly path: string
  readonly totalBytes: number
  readonly columns: FileColumns
  readonly #names: readonly string[]
  readonly #nulls: ReadonlySet<string>
  /** Rows of the first piece that are no data. */
  readonly #headerRows: number

  constructor({ path, totalBytes }: TextInput, first: CsvRows, options: ReadCsvOptions) {
    this.path = path
    this.totalBytes = totalBytes
    this.#nulls = new Set(options.nulls ?? [''])
    this.#headerRows = options.header === undefined ? 1 : 0
    const names = options.header ?? first.rows[0]
    if (names === undefined) throw formatError(path, 'it is empty, and has no row of names')
    this.#names = names
    const twice = names.find((name, at) => names.indexOf(name) !== at)
    if (twice !== undefined) throw formatError(path, `it has two columns of the name ${quoted(twice)}`)
    const nameless = names.indexOf('')
    if (nameless >= 0) throw formatError(path, `its column ${nameless + 1} has no name; give names with 'header'`)
    this.columns = this.#guessed(first, options)
  }

  /** The rows of the file but for the names. */
  async *batches(first: CsvRows, pieces: AsyncIterable<CsvRows>): AsyncGenerator<FileBatch> {
    yield this.#batch(first, this.#headerRows)
    for await (const piece of pieces) yield this.#batch(piece, 0)
  }

  #batch({ rows, bytes, lineOf }: CsvRows, from: number): FileBatch {
    const places = this.#checked(rows, from, lineOf)
    return {
      rows: places.length,
      bytes,
      chunkOf: (storage) => this.#chunk(storage, rows, places, lineOf),
    }
  }

  /** The places of the rows; lines of nothing are passed over where a row has several fields. */
  #checked(rows: CsvRows['rows'], from: number, lineOf: CsvRows['lineOf']): number[] {
    const expected = this.#names.length
    const places: number[] = []
    for (let row = from; row < rows.length; row++) {
      const fields = rows[row] as readonly string[]
      if (fields.length === expected) places.push(row)
      else if (fields.length !== 1 || fields[0] !== '') {
        throw formatError(
          this.path,
          `line ${lineOf(row)} has ${fields.length} fields, expected ${expected} (${this.#names.slice(0, 3).join(', ')}, …)`,
        )
      }
    }
    return places
  }

  #chunk(storage: Storage, rows: CsvRows['rows'], places: readonly number[], lineOf: CsvRows['lineOf']): Chunk {
    const column = this.#names.indexOf(storage.name)
    const nulls = this.#nulls
    // An empty text is a text where there can be no null.
    const isText = storage.coding === 'utf8' || storage.coding === 'symbol' || storage.coding === 'labels'
    const hasNull = !isText || storage.validity !== undefined
    const values = places.map((row) => {
      const field = (rows[row] as readonly string[])[column] as string
      return hasNull && nulls.has(field) ? null : field
    })
    const parse = textParser(storage.type)
    const source = {
      path: this.path,
      values,
      convert: parse as (value: unknown) => unknown,
      place: (at: number) => `line ${lineOf(places[at] as number)}, column ${quoted(storage.name)}`,
    }
    return chunkOfFile(storage, source, 0, values.length)
  }

  #guessed({ rows }: CsvRows, { columns, types }: ReadCsvOptions): FileColumns {
    const given = { ...(columns !== undefined && !Array.isArray(columns) ? (columns as Columns) : {}), ...types }
    const seen = rows.slice(this.#headerRows, this.#headerRows + GUESS_ROWS)
    return new Map(
      this.#names.map((name, column) => {
        if (Object.hasOwn(given, name)) return [name, { type: given[name] as Type }]
        const guess = new Guess()
        for (const fields of seen) {
          const field = fields[column]
          if (field !== undefined && !this.#nulls.has(field)) guess.see(field)
        }
        return [name, { type: guess.type() }]
      }),
    )
  }
}
