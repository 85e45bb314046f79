import type Papa from 'papaparse'
import { formatError } from '../files/file-error.ts'
import type { TextInput } from '../files/text-input.ts'

/** Characters of a row before it is taken for a quote that nobody closed. */
const ROW_CHARACTERS_MAX = 2 ** 24

/** What the library's parser gives. */
interface Parsed {
  readonly data: string[][]
  readonly errors: readonly { readonly row?: number; readonly message: string }[]
  readonly meta: { readonly cursor: number }
}

/** Consecutive rows of a file. */
export interface CsvRows {
  readonly rows: readonly (readonly string[])[]
  /** Bytes of the file up to here. */
  readonly bytes: number
  /** The line in which a row begins, from 1. */
  lineOf(row: number): number
}

/** The rows of a file, piece by piece. */
export async function* rowsOf(
  library: typeof Papa,
  input: TextInput,
  delimiter: string | undefined,
): AsyncGenerator<CsvRows> {
  let rest = ''
  let line = 1
  let newline: string | undefined
  let parser: { parse(text: string, start: number, ignoreLastRow: boolean): Parsed } | undefined
  for (let isLast = false; !isLast;) {
    const piece = await input.next()
    isLast = piece.isLast
    const text = rest + piece.text
    newline ??= newlineOf(text)
    parser ??= new library.Parser({
      delimiter: delimiter ?? delimiterOf(text),
      newline,
      quoteChar: '"',
    } as never) as never
    const { data, errors, meta } = parser.parse(text, 0, !isLast)
    const start = line
    const lineOf = (row: number): number => start + linesIn(data.slice(0, row), newline as string)
    for (const { row = 0, message } of errors) {
      // The last row of a piece may be cut within its quotes.
      if (isLast || row < data.length) throw formatError(input.path, `line ${lineOf(row)}: ${told(message)}`)
    }
    rest = isLast ? '' : text.slice(meta.cursor)
    if (rest.length > ROW_CHARACTERS_MAX) {
      throw formatError(
        input.path,
        `the row that begins in line ${lineOf(data.length)} has more than ${ROW_CHARACTERS_MAX} characters; is a quote not closed?`,
      )
    }
    line += occurrences(text, newline, meta.cursor)
    // Behind the line end of the last row there is none.
    if (isLast && data.at(-1)?.length === 1 && data.at(-1)?.[0] === '') data.pop()
    if (newline === '\n' && !text.includes('"')) checkLineEnds(data, input.path, lineOf)
    yield { rows: data, bytes: piece.bytes, lineOf }
  }
}

/** The line end of the first row. */
function newlineOf(text: string): string {
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && character === '\n') return '\n'
    else if (!isQuoted && character === '\r') return text[at + 1] === '\n' ? '\r\n' : '\r'
  }
  return '\n'
}

/** What separates the fields of the first row: of the usual characters the one that is there most often. */
function delimiterOf(text: string): string {
  const counts = new Map([',', '\t', ';', '|'].map((delimiter) => [delimiter, 0]))
  let isQuoted = false
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted
    if (isQuoted) continue
    // A name may hold line ends between its quotes.
    if (character === '\n' || character === '\r') break
    const count = counts.get(character)
    if (count !== undefined) counts.set(character, count + 1)
  }
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? ','
}

/** Lines that rows take: line ends within quotes count. */
function linesIn(rows: readonly (readonly string[])[], newline: string): number {
  let lines = rows.length
  for (const row of rows) for (const field of row) lines += occurrences(field, newline, field.length)
  return lines
}

function occurrences(text: string, part: string, end: number): number {
  let count = 0
  for (let at = text.indexOf(part); at >= 0 && at < end; at = text.indexOf(part, at + part.length)) count++
  return count
}

/** In a file of LF a row that ends with CRLF would have a CR in its last field. */
function checkLineEnds(rows: readonly (readonly string[])[], path: string, lineOf: (row: number) => number): void {
  const row = rows.findIndex((fields) => fields.at(-1)?.endsWith('\r'))
  if (row < 0) return
  throw formatError(path, `line ${lineOf(row)} ends with CR and LF, the first one with LF alone`)
}

function told(message: string): string {
  if (message.includes('unterminated')) return 'a quote is not closed'
  return message.includes('malformed')
    ? 'something stands behind a closing quote; quotes within quotes are doubled'
    : message
}
