// Goal: toArrow shows the store's memory without a copy where docs/arrow.md says so, and each value and null of every type
// goes there and back; what does not fit is refused, a batch whole or not at all.
// Method: buffers compared by identity; the same random rows of every type in a table, through Arrow's own getters, through
// fromArrow, slices, IPC of the library, and files of both formats, compared value by value.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import * as arrow from 'apache-arrow'
import test from 'ava'
import {
  bool,
  bytes,
  type Columns,
  f32,
  f64,
  i16,
  i32,
  i64,
  nullable,
  oneOf,
  symbol,
  type Table,
  timestamp,
  timestamp64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { columnsFromArrow, fromArrow, readArrow, toArrow, writeArrow } from '../src/interop/arrow.ts'
import { isBun, run, typescript } from './support/child.ts'
import { directory } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'
import { everyType, expectRows, newStore, sampleTable } from './support/formats.ts'
import { expectSame } from './support/model.ts'

const ROWS = 1000

/** One record batch of such columns. */
function batchOf(columns: Record<string, Float64Array | readonly (string | null)[]>): arrow.RecordBatch {
  return (arrow.tableFromArrays(columns as never) as unknown as arrow.Table).batches[0] as arrow.RecordBatch
}

function fieldOf(name: string, type: arrow.DataType, isNullable = false): arrow.Field {
  return new arrow.Field(name, type, isNullable)
}

function textOf(data: Uint8Array, valueOffsets: Int32Array): arrow.Table {
  return new arrow.Table({ text: new arrow.Vector([arrow.makeData({ type: new arrow.Utf8(), data, valueOffsets })]) })
}

test('every type that Arrow lays out alike is the memory of the column', (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, ROWS)
  const shown = toArrow(table, { start: 8 })
  t.true(shown instanceof arrow.Table)
  const converted: string[] = []
  const shared: string[] = []
  for (const field of shown.schema.fields) {
    const data = shown.getChild(field.name)?.data[0] as arrow.Data
    const values = (data.children[0] ?? data).values as Uint8Array
    const column = table.columns[field.name]
    if (!arrow.DataType.isUtf8View(field.type)) {
      const memory = column?.data as Uint8Array
      const stride = memory.length / ROWS
      const isShared =
        values.buffer === memory.buffer &&
        values.byteOffset === memory.byteOffset + 8 * stride * memory.BYTES_PER_ELEMENT
      ;(isShared ? shared : converted).push(field.name)
    }
    if (!field.nullable) t.is(data.nullBitmap.length, 0, field.name)
    else if (!field.name.includes('timestamp') || field.name.includes('64')) {
      t.true(data.nullBitmap.buffer === column?.validity.buffer, field.name)
      t.is(data.nullBitmap.byteOffset, 1, field.name)
    }
  }
  t.deepEqual(converted, ['bool', 'timestamp', 'nullable bool', 'nullable timestamp'])
  t.is(shared.length, 34)
})

test('what is written to the store shows in the Arrow table, text too', (t) => {
  const table = newStore(t).table('t', { price: f64, name: utf8, place: vector(f32, 2) })
  table.append({ price: [1, 2], name: ['short', 'longer than twelve bytes'], place: Float32Array.of(1, 2, 3, 4) })
  const shown = toArrow(table)
  table.set(1, { price: 20, name: 'new', place: [5, 6] })
  table.set(0, { name: 'tiny' })
  t.deepEqual([...(shown.getChild('price') ?? [])], [1, 20])
  t.deepEqual([...(shown.getChild('name') ?? [])], ['tiny', 'new'])
  t.deepEqual([...(shown.getChild('place')?.get(1) ?? [])], [5, 6])
})

test("Arrow's own getters give the values of every type", (t) => {
  const table = sampleTable(t, newStore(t), ROWS)
  const shown = toArrow(table)
  for (const name of Object.keys(everyType)) {
    const vector = shown.getChild(name)
    for (let row = 0; row < ROWS; row++) {
      const found: unknown = vector?.get(row)
      let expected = table.columns[name]?.at(row)
      // The getter gives milliseconds for every unit.
      if (name.includes('timestamp64') && typeof expected === 'bigint') expected = Number(expected) / 1000
      const plain = found instanceof arrow.Vector ? found.toArray() : found
      expectSame(plain, expected, () => `row ${row} of ${name}`)
    }
  }
  t.pass()
})

test('every type goes to Arrow and back, in slices of both sides too', (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, ROWS)
  const shown = toArrow(table)
  t.deepEqual(columnsFromArrow(shown.schema), table.schema)
  const copy = store.table('copy', columnsFromArrow(shown.schema))
  t.is(fromArrow(copy, shown), ROWS)
  expectRows(copy, table)
  for (const [start, end] of [
    [0, 0],
    [8, 20],
    [13, 999],
  ] as const) {
    for (const part of [toArrow(table, { start, end }), shown.slice(start, end)]) {
      copy.clear()
      t.is(fromArrow(copy, part), end - start)
      expectRows(copy, table, start, end)
    }
  }
})

test('a table appended to itself through Arrow is there twice', (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, 100)
  const before = [...table]
  fromArrow(table, toArrow(table))
  t.is(table.length, 200)
  for (const [row, values] of [...before, ...before].entries()) {
    for (const [name, value] of Object.entries(values)) {
      expectSame(table.columns[name]?.at(row), value, () => `row ${row} of ${name}`)
    }
  }
})

test("the library's own IPC of a slice holds the same rows", (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, ROWS)
  const copy = store.table('copy', everyType)
  for (const type of ['file', 'stream'] as const) {
    copy.clear()
    fromArrow(copy, arrow.tableFromIPC(arrow.tableToIPC(toArrow(table, { start: 3 }), type)))
    expectRows(copy, table, 3)
  }
  t.pass()
})

for (const format of ['file', 'stream'] as const) {
  test(`a written ${format} reads back the same, with types and nulls`, async (t) => {
    const store = newStore(t)
    const table = sampleTable(t, store, ROWS)
    const path = join(directory(t), 'samples.arrow')
    await writeArrow(table, path, { format, batchRows: 104 })
    const progress: number[] = []
    const copy = await readArrow(store, 'copy', path, {
      onProgress: ({ rows, bytes, totalBytes }) => {
        t.true(bytes <= totalBytes)
        progress.push(rows)
      },
    })
    t.deepEqual(copy.schema, table.schema)
    expectRows(copy, table)
    t.deepEqual(progress, [104, 208, 312, 416, 520, 624, 728, 832, 936, 1000, 1000])
    const isFile = readFileSync(path).subarray(0, 6).toString() === 'ARROW1'
    t.is(isFile, format === 'file')
  })
}

test('a file of no rows makes a table of no rows', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { price: f64, sym: nullable(symbol) })
  const path = join(directory(t), 'empty.arrow')
  await writeArrow(table, path)
  const copy = await readArrow(store, 'copy', path)
  t.is(copy.length, 0)
  t.deepEqual(copy.schema, table.schema)
})

test('dictionaries that differ from batch to batch end in one', (t) => {
  const table = newStore(t).table('t', { sym: symbol, side: nullable(oneOf('buy', 'sell')) })
  table.push({ sym: 'known', side: 'sell' })
  fromArrow(table, [
    batchOf({ sym: ['b', 'known', 'b'], side: ['buy', null, 'sell'] }),
    batchOf({ sym: ['c', 'b', 'a'], side: ['sell', 'buy', null] }),
  ])
  t.deepEqual([...table.columns.sym], ['known', 'b', 'known', 'b', 'c', 'b', 'a'])
  t.deepEqual(table.columns.sym.labels, ['known', 'b', 'c', 'a'])
  t.deepEqual([...table.columns.side], ['sell', 'buy', null, 'sell', 'sell', 'buy', null])
})

test('a batch that does not fit is not appended, those before it are', (t) => {
  const table = newStore(t).table('t', { sym: symbol, price: f64 })
  const price = new Float64Array(2)
  const error = t.throws(
    () => fromArrow(table, [batchOf({ sym: ['a', 'b'], price }), batchOf({ sym: ['c', null], price })]),
    { instanceOf: TypeError },
  )
  t.regex(error?.message ?? '', /column 'sym' of table 't' is symbol, but Arrow column 'sym' holds 1 nulls/)
  t.is(table.length, 2)
  t.deepEqual(table.columns.sym.labels, ['a', 'b'])
})

test('Arrow types of other programs become columns', (t) => {
  const columns = columnsFromArrow(
    new arrow.Schema([
      fieldOf('day', new arrow.DateDay(), true),
      fieldOf('at', new arrow.TimestampNanosecond()),
      fieldOf('time', new arrow.TimeMillisecond()),
      fieldOf('took', new arrow.DurationMicrosecond()),
      fieldOf('text', new arrow.LargeUtf8()),
      fieldOf('sym', new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32())),
      fieldOf('id', new arrow.FixedSizeBinary(16)),
      fieldOf('place', new arrow.FixedSizeList(3, fieldOf('item', new arrow.Float32()))),
    ]),
  )
  t.deepEqual(columns, {
    __proto__: null,
    day: nullable(timestamp),
    at: timestamp64('ns'),
    time: i32,
    took: i64,
    text: utf8,
    sym: symbol,
    id: bytes(16),
    place: vector(f32, 3),
  } as unknown as Columns)
})

test('a schema that no table can hold is refused with every reason', (t) => {
  const { Field, Float64, List, Schema, Struct } = arrow
  const schema = new Schema([
    new Field('list', new List(new Field('item', new Float64()))),
    new Field('ok', new Float64()),
    new Field('struct', new Struct([new Field('x', new Float64())])),
    new Field('wide', new arrow.FixedSizeBinary(0)),
    new Field('odd', new arrow.Int(true, 24 as 8)),
  ])
  const { message } = throwsCode(t, () => columnsFromArrow(schema), 'ERR_STOA_UNSUPPORTED')
  t.regex(message, /column 'list' is List<.*>: a store has no such type.*column 'struct' is Struct/)
  t.regex(
    message,
    /column 'wide' is .*: the length of bytes must be .* found 0; column 'odd' is .*: a number is of 8, 16/,
  )
})

test('numbers and times of another type are converted where that is exact', (t) => {
  const table = newStore(t).table('t', { small: u8, big: i64, at: timestamp64('ns'), ms: timestamp })
  const source = new arrow.Table({
    small: arrow.vectorFromArray([1n, 255n], new arrow.Int64()),
    big: arrow.vectorFromArray([-1, 2], new arrow.Int32()),
    at: arrow.makeVector(BigInt64Array.of(-1n, 5n)),
    ms: arrow.vectorFromArray([new Date(5), new Date(86_400_000)], new arrow.DateMillisecond()),
  })
  const seconds = arrow.makeData({ type: new arrow.TimestampSecond(), data: BigInt64Array.of(-1n, 5n) })
  fromArrow(table, source.setChild('at', new arrow.Vector([seconds])))
  t.deepEqual(
    [...table],
    [
      { small: 1, big: -1n, at: -1_000_000_000n, ms: 5 },
      { small: 255, big: 2n, at: 5_000_000_000n, ms: 86_400_000 },
    ],
  )
  const tooBig = source.setChild('small', arrow.vectorFromArray([1n, 256n], new arrow.Int64()))
  t.throws(() => fromArrow(table, tooBig.setChild('at', new arrow.Vector([seconds]))), {
    instanceOf: RangeError,
    message: /column 'small' of table 't' is u8 and takes whole numbers from 0 to 255, found 256/,
  })
  t.is(table.length, 2)
})

test('a timestamp without a time in it is null in Arrow', (t) => {
  const table = newStore(t).table('t', { at: timestamp })
  table.append({ at: [1.75, -1.25, Number.NaN, Number.POSITIVE_INFINITY] })
  const shown = toArrow(table).getChild('at')
  t.deepEqual([...(shown ?? [])], [1, -2, null, null])
})

test('columns that are missing, left over or of another type are told by name', (t) => {
  const table = newStore(t).table('t', { price: f64, note: nullable(utf8) })
  const price = Float64Array.of(1)
  fromArrow(table, arrow.tableFromArrays({ price }))
  t.deepEqual([...table], [{ price: 1, note: null }])
  const attempt = (columns: Record<string, Float64Array | string[]>) => () =>
    fromArrow(table, arrow.tableFromArrays(columns) as arrow.Table)
  t.throws(attempt({ note: ['a'] }), { message: /column 'price' of table 't' is missing/ })
  t.throws(attempt({ price, pice: price }), { message: /has no column 'pice'; did you mean 'price'\?/ })
  t.throws(attempt({ price, note: price }), { message: /is nullable\(utf8\), but Arrow column 'note' is Float64/ })
  t.throws(() => fromArrow({} as Table, arrow.tableFromArrays({ price })), { message: /takes a table of this package/ })
  t.throws(() => fromArrow(table, 5 as never), { message: /takes an Arrow table or record batches, found 5/ })
  t.is(table.length, 1)
})

test('text that is not UTF-8, or lies outside of its buffer, is refused', (t) => {
  const table = newStore(t).table('t', { text: utf8 })
  const valid = Buffer.from('aé')
  fromArrow(table, textOf(valid, Int32Array.of(0, 1, 3)))
  t.throws(() => fromArrow(table, textOf(valid, Int32Array.of(0, 2, 3))), { message: /row 0 .* is not UTF-8/ })
  t.throws(() => fromArrow(table, textOf(valid, Int32Array.of(0, 1, 9))), {
    message: /row 1 .* refers to 8 bytes at 1 of 3/,
  })
  t.deepEqual([...table.columns.text], ['a', 'é'])
})

test('columns and types are chosen, and the table that is there sets them', async (t) => {
  const store = newStore(t)
  const source = store.table('source', { a: i32, b: f64, c: nullable(symbol) })
  source.append({ a: [1, 2], b: [0.5, 1.5], c: ['x', null] })
  const path = join(directory(t), 'source.arrow')
  await writeArrow(source, path)
  const some = await readArrow(store, 'some', path, { columns: ['b', 'a'], types: { a: f64 } })
  t.deepEqual(some.schema, { __proto__: null, b: f64, a: f64 } as unknown as Columns)
  const typed = await readArrow(store, 'typed', path, { columns: { a: i16 } })
  t.deepEqual([...typed.columns.a], [1, 2])
  await readArrow(store, 'typed', path, { columns: ['a'] })
  t.deepEqual([...typed.columns.a], [1, 2, 1, 2])
  const { message } = await rejectsCode(t, () => readArrow(store, 'x', path, { columns: ['cc'] }), 'ERR_STOA_SCHEMA')
  t.regex(message, /there is no column 'cc' in '.*source.arrow'/)
  await t.throwsAsync(readArrow(store, 'x', path, { colums: [] } as never), {
    message: "readArrow has no option 'colums'; did you mean 'columns'?",
  })
  t.deepEqual(store.tables(), ['source', 'some', 'typed'])
})

test('a failed import leaves the table as it was, but for what it committed', async (t) => {
  const store = newStore(t)
  const source = store.table('source', { a: i32 })
  source.append({ a: Int32Array.from({ length: 80 }, (_, row) => row * 10) })
  const path = join(directory(t), 'source.arrow')
  await writeArrow(source, path, { batchRows: 8 })
  const types = { a: u8 }
  const { message } = await rejectsCode(t, () => readArrow(store, 'copy', path, { types }), 'ERR_STOA_SCHEMA')
  t.regex(message, /cannot read '.*source.arrow' into a table: column 'a' .* is u8 and takes .* found 260/)
  t.deepEqual(store.tables(), ['source'])
  await rejectsCode(t, () => readArrow(store, 'copy', path, { types, commitEvery: 16 }), 'ERR_STOA_SCHEMA')
  t.is(store.table('copy').length, 16)
  store.rollback()
  t.is(store.table('copy').length, 16)
})

test('a missing and a broken file are told apart, and make no table', async (t) => {
  const store = newStore(t)
  const folder = directory(t)
  const missing = await rejectsCode(t, () => readArrow(store, 'x', join(folder, 'no.arrow')), 'ERR_STOA_NOT_FOUND')
  t.is(missing.syscall, 'open')
  const table = store.table('t', { a: f64, s: utf8 })
  table.append({ a: new Float64Array(1000), s: Array.from({ length: 1000 }, (_, row) => `text ${row}`) })
  const whole = join(folder, 'whole.arrow')
  await writeArrow(table, whole, { format: 'stream', batchRows: 104 })
  writeFileSync(join(folder, 'cut.arrow'), readFileSync(whole).subarray(0, 5000))
  writeFileSync(join(folder, 'csv.arrow'), 'a,b\n1,2\n')
  writeFileSync(join(folder, 'empty.arrow'), '')
  for (const name of ['cut', 'csv', 'empty']) {
    const path = join(folder, `${name}.arrow`)
    const { message } = await rejectsCode(t, () => readArrow(store, 'x', path), 'ERR_STOA_FORMAT')
    t.true(message.includes(path), message)
  }
  t.deepEqual(store.tables(), ['t'])
})

test('a file that cannot be completed leaves the one from before', async (t) => {
  const store = newStore(t)
  const folder = directory(t)
  const path = join(folder, 'out.arrow')
  writeFileSync(path, 'before')
  const table = store.table('t', { sym: symbol })
  table.append({ sym: Array.from({ length: 100 }, (_, row) => `s${row}`) })
  const writing = writeArrow(table, path, { batchRows: 8 })
  table.truncate(10)
  const { message } = await rejectsCode(t, () => writing, 'ERR_STOA_UNSUPPORTED')
  t.regex(message, /was shortened from 100 to 10 rows while it was written/)
  t.is(readFileSync(path, 'utf8'), 'before')
  t.deepEqual(readdirSync(folder), ['out.arrow'])
  await rejectsCode(t, () => writeArrow(table, join(folder, 'no', 'out.arrow')), 'ERR_STOA_NOT_FOUND')
})

test('without the library the error says what to install', async (t) => {
  const root = fileURLToPath(new URL('../', import.meta.url))
  const folder = directory(t)
  mkdirSync(join(folder, 'src'))
  cpSync(join(root, 'src'), join(folder, 'src'), { recursive: true })
  for (const name of readdirSync(root)) {
    if (name === 'index.cjs' || name === 'package.json' || name.endsWith('.node'))
      cpSync(join(root, name), join(folder, name))
  }
  t.false(existsSync(join(folder, 'node_modules')))
  const code = `
    import { open, f64 } from './src/index.ts'
    import { readArrow, toArrow } from './src/interop/arrow.ts'
    const store = open('test.stoa')
    const table = store.table('t', { a: f64 })
    try { toArrow(table) } catch (error) { console.log(error.code, error.message) }
    await readArrow(store, 'x', 'x.arrow').catch((error) => console.log(error.code, error.message))
    store.close()`
  writeFileSync(join(folder, 'main.ts'), code)
  const flags = typescript.map((flag) =>
    flag.replace('@oxc-node/core/register', pathToFileURL(join(root, 'node_modules/@oxc-node/core/register.mjs')).href),
  )
  // Bun would install it.
  if (isBun) flags.push('--no-install')
  const { stdout, stderr } = await run(process.execPath, [...flags, join(folder, 'main.ts')], {}, folder)
  const message = "this needs the package 'apache-arrow', which is not installed; run: npm install apache-arrow@^21.2.0"
  t.is(stdout, `ERR_STOA_UNSUPPORTED ${message}\n`.repeat(2), stderr)
})

test('columns of bool keep their nulls where the first row is within a byte', (t) => {
  const store = newStore(t)
  const table = store.table('t', { ok: nullable(bool) })
  table.append({ ok: [true, null, false, null, true, true, false, null, null, true, false] })
  for (let start = 0; start < 11; start++) {
    t.deepEqual([...(toArrow(table, { start }).getChild('ok') ?? [])], [...table.columns.ok].slice(start))
  }
})
