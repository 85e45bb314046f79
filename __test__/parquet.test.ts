// Goal: a Parquet file goes into a table and back with every value, null and type, in bounded memory; what a table cannot
// hold is told by name, and a failed import leaves nothing behind.
// Method: random rows of every type through files of several row groups; files of other shapes made with the library;
// three million flights imported in a process of their own, whose memory is asked of the kernel.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SchemaElement } from 'hyparquet'
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer'
import test, { type ExecutionContext } from 'ava'
import {
  bytes,
  type Columns,
  f32,
  f64,
  i16,
  i32,
  i64,
  nullable,
  symbol,
  timestamp,
  timestamp64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { readParquet, writeParquet } from '../src/interop/parquet.ts'
import { runScript } from './support/child.ts'
import { directory, storePath } from './support/directory.ts'
import { rejectsCode } from './support/errors.ts'
import { dataset, expectRows, newStore, sampleTable } from './support/formats.ts'
import { needing } from './support/needs.ts'

/** A file made by the library. */
function fileOf(t: ExecutionContext, columnData: ColumnSource[], schema?: SchemaElement[]): string {
  const path = join(directory(t), 'made.parquet')
  writeFileSync(path, Buffer.from(parquetWriteBuffer({ columnData, ...(schema && { schema }) })))
  return path
}

/** The schema of a list of numbers. */
function listOf(name: string): SchemaElement[] {
  return [
    { name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    { name: 'element', type: 'FLOAT', repetition_type: 'OPTIONAL' },
  ]
}

test('every type goes to Parquet and back, over several row groups', async (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, 1000)
  for (const compression of ['snappy', 'none'] as const) {
    const path = join(directory(t), `${compression}.parquet`)
    await writeParquet(table, path, { groupRows: 300, compression })
    const rows: (number | undefined)[] = []
    const copy = await readParquet(store, compression, path, {
      onProgress: (progress) => {
        t.is(progress.totalRows, 1000)
        rows.push(progress.rows)
      },
    })
    t.deepEqual(copy.schema, table.schema)
    expectRows(copy, table)
    t.deepEqual(rows, [300, 600, 900, 1000])
  }
})

test('a table of no rows makes a file that makes one', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { price: f64, sym: nullable(symbol), place: vector(f32, 2) })
  const path = join(directory(t), 'empty.parquet')
  await writeParquet(table, path)
  const copy = await readParquet(store, 'copy', path)
  t.is(copy.length, 0)
  t.deepEqual(copy.schema, table.schema)
})

test('types of other programs become columns', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, [
    { name: 'flag', data: [true, null], type: 'BOOLEAN' },
    { name: 'count', data: Int32Array.of(1, 2), type: 'INT32', nullable: false },
    { name: 'big', data: [5n, null], type: 'INT64' },
    { name: 'at', data: [new Date(5), null], type: 'TIMESTAMP' },
    { name: 'id', data: [new Uint8Array(16).fill(7), null], type: 'UUID' },
    { name: 'half', data: [1.5, null], type: 'FLOAT16' },
    { name: 'json', data: [{ a: 1 }, null], type: 'JSON' },
  ])
  const table = await readParquet(store, 't', path)
  t.deepEqual(`${Object.entries(table.schema).map(([name, type]) => `${name} ${type}`)}`.split(','), [
    'flag nullable(bool)',
    'count i32',
    'big nullable(i64)',
    "at nullable(timestamp64('ms'))",
    'id nullable(bytes(16))',
    'half nullable(f32)',
    'json nullable(utf8)',
  ])
  t.deepEqual(table.at(0), {
    flag: true,
    count: 1,
    big: 5n,
    at: 5n,
    id: new Uint8Array(16).fill(7),
    half: 1.5,
    json: '{"a":1}',
  })
  t.deepEqual(table.at(1), { flag: null, count: 2, big: null, at: null, id: null, half: null, json: null })
})

test('dates, decimals and moments of nanoseconds keep their values', async (t) => {
  const nanos = { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } as const
  const path = fileOf(
    t,
    [
      { name: 'day', data: [new Date(86_400_000 * 3)] },
      { name: 'price', data: [12.34] },
      { name: 'at', data: [1_700_000_000_123_456_789n] },
    ],
    [
      { name: 'root', num_children: 3 },
      { name: 'day', type: 'INT32', converted_type: 'DATE', repetition_type: 'REQUIRED' },
      { name: 'price', type: 'INT32', converted_type: 'DECIMAL', scale: 2, precision: 5, repetition_type: 'REQUIRED' },
      { name: 'at', type: 'INT64', logical_type: nanos, repetition_type: 'REQUIRED' },
    ],
  )
  const store = newStore(t)
  const table = await readParquet(store, 't', path)
  t.deepEqual(table.schema, {
    __proto__: null,
    day: timestamp,
    price: f64,
    at: timestamp64('ns'),
  } as unknown as Columns)
  t.deepEqual([...table], [{ day: 86_400_000 * 3, price: 12.34, at: 1_700_000_000_123_456_789n }])
  const columns = { day: timestamp64('s'), at: timestamp }
  const other = await readParquet(store, 'other', path, { columns })
  t.deepEqual([...other], [{ day: 3n * 86_400n, at: 1_700_000_000_123.4568 }])
})

test('text that repeats is a symbol, other text is utf8', async (t) => {
  const rows = Array.from({ length: 2000 }, (_, row) => row)
  const path = fileOf(t, [
    { name: 'repeats', data: rows.map((row) => `label ${row % 7}`), type: 'STRING' },
    { name: 'differs', data: rows.map((row) => `label ${row}`), type: 'STRING' },
  ])
  const table = await readParquet(newStore(t), 't', path)
  t.deepEqual(table.schema, {
    __proto__: null,
    repeats: nullable(symbol),
    differs: nullable(utf8),
  } as unknown as Columns)
  t.deepEqual(
    table.columns['repeats']?.labels,
    rows.slice(0, 7).map((row) => `label ${row}`),
  )
})

test('nested columns are refused by name, and read past when left out', async (t) => {
  const store = newStore(t)
  const path = fileOf(
    t,
    [
      { name: 'id', data: Int32Array.of(1, 2) },
      {
        name: 'place',
        data: [
          [1, 2, 3],
          [4, 5, 6],
        ],
      },
      { name: 'tags', data: [[1], null] },
    ],
    [
      { name: 'root', num_children: 3 },
      { name: 'id', type: 'INT32', repetition_type: 'REQUIRED' },
      ...listOf('place'),
      ...listOf('tags'),
    ],
  )
  const { message } = await rejectsCode(t, () => readParquet(store, 't', path), 'ERR_STOA_UNSUPPORTED')
  t.regex(message, /column 'place' is nested.*column 'tags' is nested.*name the columns you want/)
  t.deepEqual([...(await readParquet(store, 'ids', path, { columns: ['id'] }))], [{ id: 1 }, { id: 2 }])
  const columns = { id: i32, place: vector(f32, 3) }
  const table = await readParquet(store, 'places', path, { columns })
  t.deepEqual([...(table.at(1)?.place ?? [])], [4, 5, 6])
  const short = { tags: nullable(vector(f32, 2)) }
  const wrong = await rejectsCode(t, () => readParquet(store, 'x', path, { columns: short }), 'ERR_STOA_SCHEMA')
  t.regex(wrong.message, /row 0: column 'tags' .* takes 2 elements, found 1/)
  t.deepEqual(store.tables(), ['ids', 'places'])
})

test('a value or null that does not fit is told with its row, and nothing stays', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, [
    { name: 'a', data: [1, 300], type: 'INT32' },
    { name: 'b', data: ['x', null], type: 'STRING' },
  ])
  const attempt = (columns: Columns) => () => readParquet(store, 't', path, { columns })
  const range = await rejectsCode(t, attempt({ a: u8 }), 'ERR_STOA_SCHEMA')
  t.regex(range.message, /made.parquet' into a table, row 1: column 'a' of table 't' is u8 .* found 300/)
  const none = await rejectsCode(t, attempt({ b: utf8 }), 'ERR_STOA_SCHEMA')
  t.regex(none.message, /row 1: column 'b' of table 't' is utf8 and takes a string, found null/)
  const type = await rejectsCode(t, attempt({ b: f64 }), 'ERR_STOA_SCHEMA')
  t.regex(type.message, /row 0: column 'b' of table 't' is f64 and takes a number, found 'x'/)
  t.deepEqual(store.tables(), [])
})

test('missing, cut and foreign files are told apart', async (t) => {
  const store = newStore(t)
  const folder = directory(t)
  const read = (name: string) => () => readParquet(store, 't', join(folder, name))
  await rejectsCode(t, read('missing'), 'ERR_STOA_NOT_FOUND')
  const whole = readFileSync(
    fileOf(t, [{ name: 'a', data: Float64Array.from({ length: 5000 }, (_, row) => Math.sqrt(row)) }]),
  )
  const torn = Buffer.from(whole)
  torn.fill(0xff, 4, 3000)
  writeFileSync(join(folder, 'cut'), whole.subarray(0, 3000))
  writeFileSync(join(folder, 'torn'), torn)
  writeFileSync(join(folder, 'text'), 'a,b\n1,2\n')
  writeFileSync(join(folder, 'empty'), '')
  for (const name of ['cut', 'torn', 'text', 'empty']) await rejectsCode(t, read(name), 'ERR_STOA_FORMAT')
  t.deepEqual(store.tables(), [])
})

test('an import ends when the store is rolled back under it', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { a: f64, sym: symbol })
  table.append({ a: new Float64Array(100), sym: Array.from({ length: 100 }, (_, row) => `s${row}`) })
  store.commitSync()
  const path = join(directory(t), 't.parquet')
  await writeParquet(table, path, { groupRows: 10 })
  const onProgress = ({ rows }: { rows: number }): void => {
    if (rows === 30) store.rollback()
  }
  await rejectsCode(t, () => readParquet(store, 'copy', path, { onProgress }), 'ERR_STOA_UNSUPPORTED')
  t.deepEqual(store.tables(), ['t'])
})

test('NaN and seconds survive, as null and as milliseconds', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { at: nullable(timestamp), second: timestamp64('s'), id: bytes(2), n: i64, i: i16 })
  table.push({ at: Number.NaN, second: -5n, id: [1, 2], n: -(2n ** 63n), i: -32_768 })
  const path = join(directory(t), 't.parquet')
  await writeParquet(table, path)
  const copy = await readParquet(store, 'copy', path)
  t.deepEqual([...copy], [{ at: null, second: -5n, id: Uint8Array.of(1, 2), n: -(2n ** 63n), i: -32_768 }])
  const types = { second: timestamp64('ms') }
  t.is((await readParquet(store, 'ms', path, { types })).at(0)?.['second'], -5000n)
})

needing('/proc/self/smaps_rollup, which tells what memory is', existsSync('/proc/self/smaps_rollup'))(
  'importing three million flights takes less than 200 MB beside the pages of the file',
  async (t) => {
    const code = `
      const { readFileSync } = await import('node:fs')
      const { readParquet } = await import(new URL('interop/parquet.ts', ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)}))
      const own = () => Number(/^(?:Anonymous|Pss_Anon): +(\\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))[1]) / 1000
      const store = stoa.open(argv[0])
      const { timestamp, i16, u16, symbol } = stoa
      const columns = { date: timestamp, delay: i16, distance: u16, origin: symbol, destination: symbol }
      let most = 0
      const before = own()
      const table = await readParquet(store, 'flights', argv[1], {
        columns, commitEvery: 500_000, onProgress: () => { most = Math.max(most, own()) },
      })
      console.log(table.length, Math.ceil(most - before))
      store.close()`
    const { code: exit, stdout, stderr } = await runScript(code, [storePath(t), dataset('flights-3m.parquet')])
    t.is(exit, 0, stderr)
    const [rows, growth] = stdout.split(' ').map(Number) as [number, number]
    t.log(`${growth} MB`)
    t.is(rows, 3_000_000)
    t.true(growth <= 200, `${growth} MB`)
  },
)

test('commits go on while rows are read, and what was committed stays when reading fails', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { n: i32 })
  table.append({ n: Int32Array.from({ length: 100 }, (_, row) => row) })
  const path = join(directory(t), 't.parquet')
  await writeParquet(table, path, { groupRows: 10 })
  const commits: number[] = []
  store.on('commit', (commitId) => commits.push(commitId))
  const whole = await readParquet(store, 'whole', path, { commitEvery: 25 })
  t.is(whole.length, 100)
  // After 30, 60, 90 rows, and at the end.
  t.is(commits.length, 4)
  t.false(store.isDirty())
  const failing = readParquet(store, 'part', path, {
    commitEvery: 25,
    onProgress: ({ rows }) => {
      if (rows === 80) throw new Error('enough')
    },
  })
  await t.throwsAsync(failing, { message: 'enough' })
  t.deepEqual(
    [...(store.table('part').columns['n'] as Iterable<number>)],
    Array.from({ length: 60 }, (_, row) => row),
  )
  store.rollback()
  t.is(store.table('part').length, 60)
})
