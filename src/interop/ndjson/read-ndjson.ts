import type { Storage } from '../../column/storage.ts'
import { found, quoted } from '../../errors.ts'
import type { Columns } from '../../schema/schema.ts'
import { StoredType, type Type } from '../../schema/types.ts'
import type { Store } from '../../store.ts'
import type { Table } from '../../table/table.ts'
import { toBigInt } from '../conversion.ts'
import { chunkOfFile } from '../files/column-chunk.ts'
import { formatError } from '../files/file-error.ts'
import { filePath } from '../files/file-path.ts'
import { Guess } from '../files/guess.ts'
import { checkImportOptions, type ImportOptions } from '../files/import-options.ts'
import { chosenColumns, type FileBatch, type FileColumn, importBatches } from '../files/table-import.ts'
import { TextInput, type TextPiece } from '../files/text-input.ts'
import { textParser } from '../files/text-value.ts'

/** Rows that are looked at to guess types. */
const GUESS_ROWS = 10_000
/** Characters of a line before it is taken for something else than a row. */
const LINE_CHARACTERS_MAX = 2 ** 26
/** A number that a double may not hold, or a string, which is to be passed over. */
const LONG_NUMBERS = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g

type JsonRow = Readonly<Record<string, unknown>>

/** Consecutive rows of a file. */
interface JsonRows {
  readonly rows: readonly JsonRow[]
  /** The line of each, from 1. */
  readonly lines: readonly number[]
  readonly bytes: number
}

/**
 * Appends a file of a JSON object a line to a table, which is created where there is none, and gives the table. A
 * mebibyte of the file is in memory at a time. Columns are the fields of the first 10,000 rows within it, and all can
 * be null: `bool`, `f64` (`i64` where whole numbers are beyond 2^53), `timestamp` for ISO 8601 texts, `symbol` for text
 * that repeats, else `utf8`. A field that holds objects, lists or values of several kinds is ERR_STOA_UNSUPPORTED
 * unless it is left out, or given a type (`vector` for lists of one length).
 *
 * What is no JSON object is ERR_STOA_FORMAT; values that their column does not take, and fields that the first rows do
 * not have, are ERR_STOA_SCHEMA. Both name the line. When it fails, rows that were not committed with `commitEvery` are
 * taken back.
 *
 * @example
 * const events = await readNdjson(store, 'events', 'events.ndjson', { types: { id: i64 } })
 */
export function readNdjson<C extends Columns>(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions<C> & { columns: C },
): Promise<Table<C>>
export function readNdjson(store: Store, name: string, path: string | URL, options?: ImportOptions): Promise<Table>
export async function readNdjson(
  store: Store,
  name: string,
  path: string | URL,
  options: ImportOptions = {},
): Promise<Table> {
  const file = filePath(path)
  checkImportOptions(options, 'readNdjson')
  return TextInput.read(file, async (input) => {
    const pieces = rowsOf(input)
    const { value: first } = (await pieces.next()) as { value: JsonRows }
    const reader = new JsonReader(input, first, options)
    const schema = chosenColumns(store, name, reader, options)
    const table = await importBatches(store, name, reader, schema, options, () => reader.batches(first, pieces))
    return table as unknown as Table
  })
}

async function* rowsOf(input: TextInput): AsyncGenerator<JsonRows> {
  let rest = ''
  let line = 1
  for (let piece: TextPiece | undefined; piece?.isLast !== true;) {
    piece = await input.next()
    const texts = (rest + piece.text).split('\n')
    rest = piece.isLast ? '' : (texts.pop() as string)
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw formatError(input.path, `line ${line + texts.length} has more than ${LINE_CHARACTERS_MAX} characters`)
    }
    const rows: JsonRow[] = []
    const lines: number[] = []
    for (const [at, text] of texts.entries()) {
      if (text.trim() === '') continue
      rows.push(rowOf(text, line + at, input.path))
      lines.push(line + at)
    }
    line += texts.length
    yield { rows, lines, bytes: piece.bytes }
  }
}

function rowOf(text: string, line: number, path: string): JsonRow {
  // Numbers that a double cannot hold go on as text, which a column of 64-bit integers takes.
  const isLong = /\d{16}/.test(text)
  const exact = isLong
    ? text.replaceAll(LONG_NUMBERS, (part) => (part.startsWith('"') ? part : quotedNumber(part)))
    : text
  let row: unknown
  try {
    row = JSON.parse(exact)
  } catch (error) {
    throw formatError(path, `line ${line} is no JSON: ${(error as Error).message}`, error)
  }
  if (typeof row === 'object' && row !== null && !Array.isArray(row)) return row as JsonRow
  throw formatError(path, `line ${line} holds ${found(row)}, expected an object`)
}

function quotedNumber(digits: string): string {
  return Number.isSafeInteger(Number(digits)) ? digits : `"${digits}"`
}

class JsonReader {
  readonly path: string
  readonly totalBytes: number
  readonly columns: ReadonlyMap<string, FileColumn>
  readonly #isChosen: boolean

  constructor({ path, totalBytes }: TextInput, { rows }: JsonRows, options: ImportOptions) {
    this.path = path
    this.totalBytes = totalBytes
    // Who names columns does not want the others.
    this.#isChosen = options.columns !== undefined
    this.columns = guessed(rows.slice(0, GUESS_ROWS), options)
    if (this.columns.size === 0) throw formatError(path, 'it holds no row that would tell its columns; give them')
  }

  async *batches(first: JsonRows, pieces: AsyncIterable<JsonRows>): AsyncGenerator<FileBatch> {
    yield this.#batch(first)
    for await (const piece of pieces) yield this.#batch(piece)
  }

  #batch({ rows, lines, bytes }: JsonRows): FileBatch {
    if (!this.#isChosen) this.#checkFields(rows, lines)
    return {
      rows: rows.length,
      bytes,
      chunkOf: (storage) => {
        const { name } = storage
        const source = {
          path: this.path,
          values: rows.map((row) => (Object.hasOwn(row, name) ? row[name] : null)),
          convert: converter(storage),
          place: (at: number) => `line ${lines[at]}, field ${quoted(name)}`,
        }
        return chunkOfFile(storage, source, 0, rows.length)
      },
    }
  }

  #checkFields(rows: readonly JsonRow[], lines: readonly number[]): void {
    for (const [at, row] of rows.entries()) {
      for (const name of Object.keys(row)) {
        if (this.columns.has(name)) continue
        throw formatError(
          this.path,
          `line ${lines[at]} has a field ${quoted(name)}, which none of the first rows has; name the columns you want with 'columns'`,
        )
      }
    }
  }
}

/** What makes a value of JSON one of the column: text is read as in CSV, the rest is the column's to check. */
function converter({ type, coding }: Storage): (value: unknown) => unknown {
  const parse = textParser(type)
  const inner = StoredType.inner(type)
  const isBig = coding === 'bigint' || (inner.type !== undefined && StoredType.coding(inner.type) === 'bigint')
  const lane = inner.type === undefined ? undefined : textParser(inner.type)
  return (value) => {
    if (typeof value === 'string') return parse(value)
    if (lane !== undefined && Array.isArray(value)) {
      return value.map((each: unknown) => (typeof each === 'string' ? lane(each) : isBig ? toBigInt(each) : each))
    }
    return isBig ? toBigInt(value) : value
  }
}

function guessed(rows: readonly JsonRow[], { columns, types }: ImportOptions): Map<string, FileColumn> {
  const given = { ...(columns !== undefined && !Array.isArray(columns) ? (columns as Columns) : {}), ...types }
  const guesses = new Map<string, JsonGuess>()
  for (const row of rows) {
    for (const name of Object.keys(row)) {
      let guess = guesses.get(name)
      if (guess === undefined) guesses.set(name, (guess = new JsonGuess(name)))
      guess.see(row[name])
    }
  }
  const told = new Map([...guesses].map(([name, guess]) => [name, guess.column()] as const))
  for (const name of Object.keys(given)) told.set(name, { type: given[name] as Type })
  return told
}

/** Guesses the type of a field of JSON. */
class JsonGuess {
  readonly #name: string
  readonly #kinds = new Set<string>()
  readonly #guess = new Guess()

  constructor(name: string) {
    this.#name = name
  }

  see(value: unknown): void {
    if (value === null) return
    const isLong = typeof value === 'string' && /^-?\d{16,}$/.test(value)
    this.#kinds.add(isLong ? 'number' : typeof value)
    if (typeof value !== 'object') this.#guess.see(`${value as string}`)
  }

  column(): FileColumn {
    const title = `field ${quoted(this.#name)}`
    if (this.#kinds.has('object')) return { refusal: `${title} holds objects or lists`, takes: () => true }
    if (this.#kinds.size > 1) return { refusal: `${title} holds ${[...this.#kinds].join(' and ')}`, takes: () => true }
    // Digits in quotes are a text to who wrote them.
    return { type: this.#guess.type(this.#kinds.has('string')) }
  }
}
