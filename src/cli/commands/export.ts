import { resolve } from 'node:path'
import type { Arguments } from '../arguments.ts'
import type { Command } from '../command.ts'
import { COLUMNS, TABLE } from '../command.ts'
import { quoted } from '../../errors.ts'
import { type FormatName, FORMATS, formatOf, textOptions } from '../formats.ts'
import type { ExportProgress } from '../../interop/files/export-rows.ts'
import { OutputFile } from '../../interop/files/output-file.ts'
import { interruptible } from '../interrupt.ts'
import { counted, durationText } from '../number-text.ts'
import type { Output } from '../output.ts'
import { printable } from '../printable.ts'
import { Progress } from '../progress.ts'
import { chosenHandle, chosenStorages, reading } from '../source.ts'

/** The file that stands for the standard output. */
const STANDARD = '-'

export const exportFile: Command = {
  name: 'export',
  summary: 'writes a table to a file',
  positionals: ['STORE', 'FILE'],
  options: {
    table: TABLE,
    columns: COLUMNS,
    format: { value: 'FORMAT', short: 'f', help: `${Object.keys(FORMATS).join(', ')}; default: by the name` },
    delimiter: { value: 'C', help: 'csv: what separates fields; default: a comma' },
    'no-header': { help: 'csv: no row of names' },
    null: { value: 'TEXT', help: 'csv: what stands for null; default: nothing' },
  },
  details: [
    'The file appears under its name when it is complete. FILE is - for the standard output, with --format; not for a terminal: `stoa head` shows rows. npy takes one column, or an array.',
    'Formats other than ndjson and npy need a library, which the error names: papaparse, hyparquet-writer, apache-arrow.',
  ],
  examples: [
    'stoa export market.stoa trades.parquet',
    'stoa export market.stoa trades.csv --table trades --columns ts,price',
    'stoa export market.stoa - --format ndjson | gzip > trades.ndjson.gz',
  ],
  run: (given, output) =>
    reading(given.positional(0), async (store) => {
      const isStandard = given.positional(1) === STANDARD
      const format = formatFor(given, isStandard, output)
      const file = isStandard ? '/dev/stdout' : resolve(given.positional(1))
      const text = textOptions(format, given)
      const handle = chosenHandle(store, given)
      const storages = chosenStorages(handle, given)
      if (format === 'npy' && storages.length !== 1) {
        throw given.wrong(`npy takes one column, found ${storages.length}; name it with --columns NAME`)
      }
      const progress = new Progress(`exporting ${handle.name}`)
      const start = performance.now()
      let rows = handle.length
      const onProgress = (told: ExportProgress): void => {
        rows = told.totalRows
        progress.tell(told.rows / told.totalRows, told.rows)
      }
      const stop = (): string => {
        progress.end()
        OutputFile.discardAll()
        return `${quoted(file)} is as it was`
      }
      try {
        await interruptible(output.isJson, stop, () =>
          FORMATS[format].write(handle, file, storages, { onProgress }, text),
        )
      } finally {
        progress.end()
      }
      const ms = performance.now() - start
      if (isStandard) return
      if (output.isJson) {
        return output.json({ path: store.path, table: handle.name, file, format, rows, ms: Math.round(ms) })
      }
      await output.lines([`${counted(rows, 'row')} in ${durationText(ms)}: ${printable(file)}`])
    }),
}

function formatFor(given: Arguments, isStandard: boolean, output: Output): FormatName {
  if (!isStandard) return formatOf(given.positional(1), given)
  if (!given.has('format')) throw given.wrong('say the format of the standard output with --format')
  if (output.isTerminal) {
    throw given.wrong('the standard output is a terminal; write to a file or a pipe, or look at rows with stoa head')
  }
  return formatOf(STANDARD, given)
}
