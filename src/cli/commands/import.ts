import { existsSync, statSync, unlinkSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import type { Arguments } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COLUMNS } from '../command.ts'
import { quoted, StoaError } from '../../errors.ts'
import { FORMATS, formatOf, textOptions } from '../formats.ts'
import { fileError } from '../../interop/files/file-error.ts'
import type { ImportProgress } from '../../interop/files/import-options.ts'
import { interruptible } from '../interrupt.ts'
import { count, counted, durationText } from '../number-text.ts'
import { open } from '../../open.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import type { Columns } from '../../schema/schema.ts'
import type { Type } from '../../schema/types.ts'
import { namesIn, reading } from '../source.ts'
import { typeOf } from '../type-text.ts'

/** The file that stands for the standard input. */
const STANDARD = '-'

export const importFile: Command = {
  name: 'import',
  summary: 'appends a file to a table of a store, which is made where there is none',
  positionals: ['FILE', 'STORE'],
  options: {
    table: { value: 'NAME', short: 't', help: 'the table (of npy the array); default: the name of the file' },
    format: { value: 'FORMAT', short: 'f', help: `${Object.keys(FORMATS).join(', ')}; default: by the name` },
    columns: COLUMNS,
    type: { value: 'COLUMN=TYPE', isRepeated: true, help: 'the type of a column, in place of the one guessed' },
    delimiter: { value: 'C', help: 'csv: what separates fields; default: guessed' },
    header: { value: 'A,B', help: 'csv: names for a file whose first row is data' },
    null: { value: 'TEXT', isRepeated: true, help: 'csv: fields that are null; default: the empty ones' },
    'commit-every': { value: 'ROWS', help: 'commits on the way; default: once, at the end' },
  },
  details: [
    'All of the file is imported, or nothing: when a row cannot be read, and on Ctrl-C, the store stays at its last commit. With --commit-every the rows committed by then stay.',
    "Types are guessed from the first 10,000 rows, or told by the file. Types are f64 f32 i64 i32 i16 i8 u64 u32 u16 u8 bool timestamp symbol utf8, timestamp64('us'), bytes(16), vector(f32, 3), oneOf(buy, sell), and nullable(…) of any.",
    'FILE is - for the standard input, with --format and --table: csv, tsv and ndjson can be read from there.',
    'Formats other than ndjson and npy need a library, which the error names: papaparse, hyparquet, apache-arrow.',
  ],
  examples: [
    'stoa import trades.csv market.stoa',
    'stoa import flights.parquet air.stoa --columns date,delay,origin --commit-every 500000',
    'zcat events.ndjson.gz | stoa import - events.stoa --format ndjson --table events',
    "stoa import places.csv places.stoa --type zip=symbol --type 'height=nullable(f32)' --null NA",
  ],
  async run(given, output) {
    const isStandard = given.positional(0) === STANDARD
    const file = isStandard ? '/dev/stdin' : resolve(given.positional(0))
    const path = resolve(given.positional(1))
    const format = formatOf(file, given)
    const name = given.text('table') ?? basename(file, extname(file))
    if (isStandard && !given.has('table')) throw given.wrong('name the table for the standard input with --table')
    const text = textOptions(format, given)
    const commitEvery = given.whole('commit-every', 1)
    const types = typesIn(given)
    checkFile(file)
    const target = new Target(path, name, await versionOf(path))
    const progress = new Progress(`importing ${basename(file)}`)
    const start = performance.now()
    const onProgress = (told: ImportProgress): void => progress.tell(shareOf(told), told.rows)
    const stop = (): string => {
      progress.end()
      return `${quoted(path)} stays at its last commit; ${target.giveUp(file)}`
    }
    await interruptible(output.isJson, stop, async () => {
      try {
        const columns = namesIn(given.texts('columns'), () => false)
        const options = {
          onProgress,
          ...(columns.length > 0 && { columns }),
          ...(types !== undefined && { types }),
          ...(commitEvery !== undefined && { commitEvery }),
        }
        await FORMATS[format].read(target.store, name, file, options, text)
        await target.store.commit()
      } catch (error) {
        const kept = target.giveUp(file)
        throw commitEvery === undefined ? error : withNote(error, kept)
      } finally {
        progress.end()
      }
    })
    target.store.close()
    const ms = performance.now() - start
    const { rows, total } = target.committed()
    if (output.isJson) return output.json({ path, table: name, format, rows, totalRows: total, ms: Math.round(ms) })
    const rate = rows > 0 && ms > 1000 ? `, ${count(Math.round((rows / ms) * 1000))} a second` : ''
    await output.lines([
      `${counted(rows, 'row')} in ${durationText(ms)}${rate}: ${printable(quoted(name))} of ${printable(path)} has ${count(total)}`,
    ])
  },
}

/** A pipe tells neither rows nor bytes. */
function shareOf({ rows, totalRows, bytes, totalBytes }: ImportProgress): number | undefined {
  if (totalRows !== undefined && totalRows > 0) return rows / totalRows
  return totalBytes > 0 ? bytes / totalBytes : undefined
}

/** The store that an import writes to. */
class Target {
  readonly store: ReturnType<typeof open>
  readonly #path: string
  readonly #name: string
  readonly #isNew: boolean
  readonly #rowsBefore: number

  constructor(path: string, name: string, version: number) {
    this.#isNew = !existsSync(path)
    this.#path = path
    this.#name = name
    this.store = open(path, { version })
    this.#rowsBefore = this.#length()
  }

  /** Rows in the file: those that this import brought, and all. */
  committed(): { rows: number; total: number } {
    const total = this.#length()
    return { rows: total - this.#rowsBefore, total }
  }

  /** Goes back to the last commit, and tells what of the file is in it. A store made for nothing goes. */
  giveUp(file: string): string {
    this.store.close({ discard: true })
    const { rows } = this.committed()
    if (rows > 0) return `the first ${counted(rows, 'row')} of ${quoted(file)} were committed and stay`
    if (this.#isNew) removeEmpty(this.#path)
    return `nothing of ${quoted(file)} is in it`
  }

  #length(): number {
    const reader = open(this.#path, { access: 'read', version: 2 ** 32 - 1 })
    try {
      if (reader.tables().includes(this.#name)) return reader.table(this.#name).length
      return reader.info().arrays.find(({ name }) => name === this.#name)?.length ?? 0
    } finally {
      reader.close()
    }
  }
}

/** With the lock in hand: nobody can have begun to write to it. */
function removeEmpty(path: string): void {
  try {
    const store = open(path, { create: false })
    if (store.tables().length + store.arrays().length === 0) unlinkSync(path)
    store.close({ discard: true })
  } catch {
    // Somebody else has it by now.
  }
}

/** Before a store is made for a file that there is not. */
function checkFile(file: string): void {
  try {
    statSync(file)
  } catch (error) {
    throw fileError(error, 'read', file)
  }
}

/** A store keeps the version of its data. */
async function versionOf(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  return reading(path, async (store) => store.version)
}

function typesIn(given: Arguments): Columns | undefined {
  const types = new Map<string, Type>()
  for (const text of given.texts('type')) {
    const at = text.lastIndexOf('=')
    if (at <= 0) throw given.wrong(`the option --type takes COLUMN=TYPE, found ${quoted(text)}`)
    try {
      types.set(text.slice(0, at), typeOf(text.slice(at + 1)))
    } catch (error) {
      throw given.wrong(`the option --type: ${(error as Error).message}`)
    }
  }
  if (types.size === 0) return undefined
  return Object.assign(Object.create(null) as Columns, Object.fromEntries(types))
}

function withNote(error: unknown, note: string): unknown {
  if (!(error instanceof StoaError)) return error
  return new StoaError(error.code, `${error.message}; ${note}`, { path: error.path, cause: error })
}
