import { extname } from 'node:path'
import type { Storage } from '../column/storage.ts'
import { quoted } from '../errors.ts'
import type { ExportOptions } from '../interop/files/export-rows.ts'
import type { ImportOptions } from '../interop/files/import-options.ts'
import type { Handle } from '../schema/contents.ts'
import type { Store } from '../store.ts'
import type { Table } from '../table/table.ts'
import { StoredTable } from '../table/stored-table.ts'
import { StoredColumn } from '../column/column.ts'
import type { Arguments } from './arguments.ts'

/** What both directions may be told about text. */
export interface TextOptions {
  readonly delimiter?: string
  readonly header?: readonly string[]
  readonly nulls?: readonly string[]
}

/** A format of files, and how a table comes out of one and goes into one. Libraries are loaded when they are needed. */
interface Format {
  readonly extensions: readonly string[]
  /** Whether it is text, for which there are options. */
  readonly isText?: boolean
  read(store: Store, name: string, file: string, options: ImportOptions, text: TextOptions): Promise<unknown>
  write(table: Handle, file: string, storages: readonly Storage[], options: Told, text: TextOptions): Promise<void>
}

type Told = Required<Pick<ExportOptions, 'onProgress'>>

function csv(extensions: readonly string[], delimiter?: string): Format {
  const own = delimiter === undefined ? {} : { delimiter }
  return {
    extensions,
    isText: true,
    async read(store, name, file, options, text) {
      const { readCsv } = await import('../interop/csv.ts')
      return readCsv(store, name, file, { ...options, ...own, ...text })
    },
    async write(table, file, storages, options, { nulls, ...text }) {
      const { writeCsv } = await import('../interop/csv.ts')
      const header = text.header === undefined
      const written = { ...chosen(storages), ...options, ...own, ...text, header, null: nulls?.[0] }
      await writeCsv(tableOf(table, 'CSV'), file, written)
    },
  }
}

/** The names of the formats. */
export type FormatName = 'csv' | 'tsv' | 'ndjson' | 'parquet' | 'arrow' | 'arrow-stream' | 'npy'

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  csv: csv(['.csv']),
  tsv: csv(['.tsv', '.tab'], '\t'),
  ndjson: {
    extensions: ['.ndjson', '.jsonl'],
    async read(store, name, file, options) {
      const { readNdjson } = await import('../interop/ndjson.ts')
      return readNdjson(store, name, file, options)
    },
    async write(table, file, storages, options) {
      const { writeNdjson } = await import('../interop/ndjson.ts')
      await writeNdjson(tableOf(table, 'NDJSON'), file, { ...chosen(storages), ...options })
    },
  },
  parquet: {
    extensions: ['.parquet', '.pq'],
    async read(store, name, file, options) {
      const { readParquet } = await import('../interop/parquet.ts')
      return readParquet(store, name, file, options)
    },
    async write(table, file, storages, options) {
      const { writeParquet } = await import('../interop/parquet.ts')
      await writeParquet(tableOf(table, 'Parquet'), file, { ...chosen(storages), ...options })
    },
  },
  arrow: arrow(['.arrow', '.feather', '.ipc'], 'file'),
  'arrow-stream': arrow(['.arrows'], 'stream'),
  npy: {
    extensions: ['.npy'],
    async read(store, name, file) {
      const { readNpy } = await import('../interop/npy.ts')
      return readNpy(store, name, file)
    },
    async write(handle, file, storages) {
      const { writeNpy } = await import('../interop/npy.ts')
      await writeNpy(new StoredColumn(storages[0] as Storage, handle) as never, file)
    },
  },
}

function arrow(extensions: readonly string[], format: 'file' | 'stream'): Format {
  return {
    extensions,
    async read(store, name, file, options) {
      const { readArrow } = await import('../interop/arrow.ts')
      return readArrow(store, name, file, options)
    },
    async write(table, file, storages, options) {
      const { writeArrow } = await import('../interop/arrow.ts')
      await writeArrow(tableOf(table, 'Arrow'), file, { ...chosen(storages), ...options, format })
    },
  }
}

/** The format that `--format` names, or that the file's name ends in. */
export function formatOf(file: string, given: Arguments): FormatName {
  const named = given.oneOf('format', Object.keys(FORMATS) as FormatName[])
  if (named !== undefined) return named
  const extension = extname(file).toLowerCase()
  const byEnd = Object.entries(FORMATS).find(([, { extensions }]) => extensions.includes(extension))
  if (byEnd !== undefined) return byEnd[0] as FormatName
  const hint =
    extension === '.json' ? ' (a file of a JSON object a line is ndjson; other JSON cannot be read as a table)' : ''
  throw given.wrong(
    `cannot tell the format of ${quoted(file)} by its name${hint}; say it with --format ${Object.keys(FORMATS).join(', ')}`,
  )
}

function chosen(storages: readonly Storage[]): { columns: string[] } {
  return { columns: storages.map(({ name }) => name) }
}

function tableOf(handle: Handle, format: string): Table {
  if (handle instanceof StoredTable) return handle as unknown as Table
  throw new TypeError(`${handle.title} cannot be written as ${format}: only tables can; export it as npy`)
}

/** What the options say about text: those of `--delimiter`, `--header` and `--null`. */
export function textOptions(format: FormatName, given: Arguments): TextOptions {
  const told = FORMATS[format]
  for (const option of ['delimiter', 'header', 'no-header', 'null']) {
    if (given.has(option) && told.isText !== true) {
      throw given.wrong(`the option --${option} is for csv and tsv, not for ${format}`)
    }
  }
  const delimiter = given.text('delimiter')
  const header = given.has('no-header') ? [] : given.text('header')?.split(',')
  return {
    ...(delimiter !== undefined && { delimiter: delimiter === String.raw`\t` ? '\t' : delimiter }),
    ...(header !== undefined && { header }),
    ...(given.has('null') && { nulls: given.texts('null') }),
  }
}
