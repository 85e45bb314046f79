// Goal: a writer writes the columns that were asked for, tells how far it is, and keeps what a shell appends to.
// Method: each writer with the same options, read back by its reader; a shell that redirects the standard output.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { f64, symbol, type Table, utf8 } from '../src/index.ts'
import { readArrow, writeArrow } from '../src/interop/arrow.ts'
import { type ExportOptions, type ExportProgress, readCsv, writeCsv } from '../src/interop/csv.ts'
import { readNdjson, writeNdjson } from '../src/interop/ndjson.ts'
import { readParquet, writeParquet } from '../src/interop/parquet.ts'
import { run, typescript } from './support/child.ts'
import { directory } from './support/directory.ts'
import { newStore } from './support/formats.ts'

const ROWS = 20_000
const schema = { a: f64, b: symbol, c: utf8 }
const columns = { c: utf8, a: f64 }

const writers = {
  csv: [writeCsv, readCsv],
  ndjson: [writeNdjson, readNdjson],
  parquet: [writeParquet, readParquet],
  arrow: [writeArrow, readArrow],
} as const

function filled(table: Table<typeof schema>): Table<typeof schema> {
  const rows = Array.from({ length: ROWS }, (_, row) => row)
  table.append({ a: rows, b: rows.map((row) => `s${row % 5}`), c: rows.map((row) => `text ${row}`) })
  return table
}

function fail(): never {
  throw new Error('enough')
}

for (const [format, [write, read]] of Object.entries(writers)) {
  const written = write as (table: Table, path: string, options?: ExportOptions) => Promise<void>

  test(`${format}: only the columns asked for are written, in that order, and progress ends with all rows`, async (t) => {
    const store = newStore(t)
    const table = filled(store.table('t', schema)) as unknown as Table
    const path = join(directory(t), `made.${format}`)
    const told: ExportProgress[] = []
    await written(table, path, { columns: ['c', 'a'], onProgress: (progress) => told.push(progress) })
    const copy = await read(store, 'copy', path, { types: columns })
    t.deepEqual(Object.keys(copy.schema), ['c', 'a'])
    t.deepEqual(copy.at(-1), { c: `text ${ROWS - 1}`, a: ROWS - 1 })
    t.is(copy.length, ROWS)
    t.deepEqual(told.at(-1), { rows: ROWS, totalRows: ROWS })
    const rows = told.map((progress) => progress.rows)
    t.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    )
  })

  test(`${format}: columns that there are not, and progress that throws, leave the file from before`, async (t) => {
    const table = filled(newStore(t).table('t', schema)) as unknown as Table
    const path = join(directory(t), `made.${format}`)
    writeFileSync(path, 'before')
    await t.throwsAsync(written(table, path, { columns: ['A'] }), {
      instanceOf: TypeError,
      message: /no column 'A'; did you mean 'a'/,
    })
    await t.throwsAsync(written(table, path, { columns: ['a', 'a'] }), { instanceOf: TypeError, message: /'a' twice/ })
    await t.throwsAsync(written(table, path, { columns: [] }), { instanceOf: TypeError })
    await t.throwsAsync(written(table, path, { onProgress: fail }), { message: 'enough' })
    t.is(readFileSync(path, 'utf8'), 'before')
  })
}

test('what is written to /dev/stdout stands behind what a file that a shell appends to holds', async (t) => {
  const path = join(directory(t), 'out.csv')
  writeFileSync(path, 'before\n')
  const code = `
    const { open, f64 } = await import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
    const { writeCsv } = await import(${JSON.stringify(new URL('../src/interop/csv.ts', import.meta.url).href)})
    const store = open(process.argv[2])
    const table = store.table('t', { a: f64 })
    table.push({ a: 1 })
    await writeCsv(table, '/dev/stdout')`
  const script = join(directory(t), 'script.mjs')
  writeFileSync(script, code)
  const command = [
    '-c',
    `"$0" "$@" >> '${path}'`,
    process.execPath,
    ...typescript,
    script,
    join(directory(t), 's.stoa'),
  ]
  const { code: exitCode, stderr } = await run('sh', command)
  t.is(exitCode, 0, stderr)
  t.is(readFileSync(path, 'utf8'), 'before\na\n1\n')
})
