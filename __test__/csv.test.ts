// Goal: CSV goes into a table and back with every value; what is no CSV, or does not fit, is told with its line.
// Method: random rows of every type through files; text written by hand with quotes, line ends and marks of all kinds; a
// file longer than the pieces that it is read in, with rows that cross their borders.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  type Columns,
  f64,
  i64,
  nullable,
  oneOf,
  symbol,
  timestamp,
  timestamp64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { readCsv, writeCsv } from '../src/interop/csv.ts'
import { directory } from './support/directory.ts'
import { rejectsCode } from './support/errors.ts'
import { everyType, expectRows, newStore, sampleTable } from './support/formats.ts'
import { Random } from './support/seed.ts'

function fileOf(t: ExecutionContext, text: string | Uint8Array): string {
  const path = join(directory(t), 'made.csv')
  writeFileSync(path, text)
  return path
}

test('every type goes to CSV and back', async (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, 1000)
  const path = join(directory(t), 'samples.csv')
  for (const delimiter of [',', '\t']) {
    // An empty text would read as null.
    await writeCsv(table, path, { null: 'NULL', delimiter })
    const copy = await readCsv(store, `copy ${delimiter}`, path, { columns: everyType, nulls: ['NULL'] })
    expectRows(copy, table)
  }
  t.pass()
})

test('a delimiter is not guessed from what stands in quotes, over several lines either', async (t) => {
  const path = fileOf(t, '"a;b;c\nd;|",e\n1,2\n')
  const table = await readCsv(newStore(t), 't', path)
  t.deepEqual(Object.keys(table.schema), ['a;b;c\nd;|', 'e'])
})

test('types are guessed from the rows', async (t) => {
  const rows = Array.from(
    { length: 200 },
    (_, row) => `${row},${row / 4},0123,2026-01-02,2026-01-02T03:04:05.5+01:00,true,kind ${row % 3},text ${row},`,
  )
  const path = fileOf(t, `whole,part,zip,day,at,ok,kind,text,none\n${rows.join('\n')}`)
  const table = await readCsv(newStore(t), 't', path)
  t.deepEqual(table.schema, {
    __proto__: null,
    whole: nullable(f64),
    part: nullable(f64),
    zip: nullable(symbol),
    day: nullable(timestamp),
    at: nullable(timestamp),
    ok: nullable(bool),
    kind: nullable(symbol),
    text: nullable(utf8),
    none: nullable(utf8),
  } as unknown as Columns)
  t.deepEqual(table.at(7), {
    whole: 7,
    part: 1.75,
    zip: '0123',
    day: Date.UTC(2026, 0, 2),
    at: Date.UTC(2026, 0, 2, 2, 4, 5, 500),
    ok: true,
    kind: 'kind 1',
    text: 'text 7',
    none: null,
  })
})

test('whole numbers beyond 2^53 are i64', async (t) => {
  const path = fileOf(t, 'id\n9007199254740993\n-5\n')
  t.deepEqual([...(await readCsv(newStore(t), 't', path))], [{ id: 9007199254740993n }, { id: -5n }])
})

for (const [name, newline] of [
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  ['CR', '\r'],
] as const) {
  test(`quotes, marks and line ends are read with ${name}`, async (t) => {
    const lines = ['\ufeffa,"b ""c""",d', '"x, y",1,"two', 'lines"', '"",2,', '', '"é😀", 3 ,"q""q"']
    const path = fileOf(t, lines.join(newline))
    const table = await readCsv(newStore(t), 't', path, { types: { a: nullable(utf8), d: nullable(utf8) } })
    const two = `two${newline}lines`
    t.deepEqual([...table].map(Object.values), [
      ['x, y', '1', two],
      [null, '2', null],
      ['é😀', ' 3 ', 'q"q'],
    ])
    t.deepEqual(Object.keys(table.schema), ['a', 'b "c"', 'd'])
  })
}

test('a ragged row is told with its line, also behind quoted line ends', async (t) => {
  const store = newStore(t)
  const attempt = (text: string) => () => readCsv(store, 't', fileOf(t, text))
  const few = await rejectsCode(t, attempt('a,b\n1,"two\nlines"\n\n3\n'), 'ERR_STOA_FORMAT')
  t.regex(few.message, /made.csv': line 5 has 1 fields, expected 2 \(a, b, …\)/)
  const many = await rejectsCode(t, attempt('a,b\n1,2,3\n'), 'ERR_STOA_FORMAT')
  t.regex(many.message, /line 2 has 3 fields, expected 2/)
  t.deepEqual(store.tables(), [])
})

test('what is no CSV is told with its line', async (t) => {
  const store = newStore(t)
  const cases: [text: string | Uint8Array, message: RegExp][] = [
    ['a,b\n1,2\n3,"open\n4,5\n', /line 3: a quote is not closed/],
    ['a,b\n1,"x"y\n', /line 2: something stands behind a closing quote/],
    ['', /it is empty, and has no row of names/],
    ['a,a\n1,2\n', /two columns of the name 'a'/],
    ['a,\n1,2\n', /column 2 has no name; give names with 'header'/],
    ['a,b\n1,2\n3,4\r\n', /line 3 ends with CR and LF, the first one with LF alone/],
    [Buffer.from('a,b\n1,\xff\n', 'latin1'), /bytes 0 to 8 hold what is not UTF-8/],
  ]
  for (const [text, message] of cases) {
    const error = await rejectsCode(t, () => readCsv(store, 't', fileOf(t, text)), 'ERR_STOA_FORMAT')
    t.regex(error.message, message)
  }
  await rejectsCode(t, () => readCsv(store, 't', join(directory(t), 'missing.csv')), 'ERR_STOA_NOT_FOUND')
  t.deepEqual(store.tables(), [])
})

test('a field that its column does not take is told with its line and column', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, 'n,side,id,at,v\n5,buy,ff00,2026-01-01,"[1,2]"\n300,hold,xyz,2026-02-30,[1]\n')
  const cases: [columns: Columns, message: RegExp][] = [
    [{ n: u8 }, /line 3, column 'n': column 'n' of table 't' is u8 and takes whole numbers from 0 to 255, found 300/],
    [{ side: oneOf('buy', 'sell') }, /line 3, column 'side': .* takes one of 'buy', 'sell', found 'hold'/],
    [{ id: bytes(2) }, /line 3, column 'id': found 'xyz' where 2 bytes in hexadecimal was expected/],
    [{ at: timestamp64('ms') }, /line 3, column 'at': found '2026-02-30' where a time was expected/],
    [{ v: vector(f64, 2) }, /line 3, column 'v': .* takes 2 elements, found 1/],
    [{ side: f64 }, /line 2, column 'side': found 'buy' where a number was expected/],
    [{ n: bool }, /line 2, column 'n': found '5' where true or false was expected/],
  ]
  for (const [columns, message] of cases) {
    const error = await rejectsCode(t, () => readCsv(store, 't', path, { columns }), 'ERR_STOA_SCHEMA')
    t.regex(error.message, message)
  }
  const none = fileOf(t, 'n,m\n1,2\n,2\n')
  const error = await rejectsCode(t, () => readCsv(store, 't', none, { columns: { n: i64 } }), 'ERR_STOA_SCHEMA')
  t.regex(error.message, /line 3, column 'n': column 'n' of table 't' is i64 and takes a bigint, found null/)
  t.deepEqual(store.tables(), [])
})

test('a file without names, other nulls and another delimiter are read when told', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, '1;NA\n-;x\n')
  const table = await readCsv(store, 't', path, { header: ['n', 's'], nulls: ['NA', '-'] })
  t.deepEqual(
    [...table],
    [
      { n: 1, s: null },
      { n: null, s: 'x' },
    ],
  )
  await writeCsv(table, path, { header: false, delimiter: '|', null: 'NA' })
  t.is(readFileSync(path, 'utf8'), '1|NA\nNA|x\n')
})

test('empty text and null are two things in what is written', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { a: utf8, b: nullable(utf8), c: nullable(f64) })
  table.append({ a: ['', 'x "y", z'], b: ['', null], c: [null, -0] })
  const path = join(directory(t), 'out.csv')
  await writeCsv(table, path)
  t.is(readFileSync(path, 'utf8'), 'a,b,c\n"","",\n"x ""y"", z",,-0\n')
})

test('moments keep all digits of their unit', async (t) => {
  const store = newStore(t)
  const columns = { s: timestamp64('s'), us: timestamp64('us'), ns: timestamp64('ns'), ms: timestamp }
  const table = store.table('t', columns)
  table.push({ s: -1n, us: -1n, ns: 1_700_000_000_123_456_789n, ms: 1.5 })
  table.push({ s: 2n ** 62n, us: 0n, ns: -(2n ** 63n), ms: -62_135_596_800_000 })
  const path = join(directory(t), 'out.csv')
  await writeCsv(table, path)
  t.is(
    readFileSync(path, 'utf8').split('\n')[1],
    '1969-12-31T23:59:59Z,1969-12-31T23:59:59.999999Z,2023-11-14T22:13:20.123456789Z,1.5',
  )
  expectRows(await readCsv(store, 'copy', path, { columns }), table as never)
})

test('rows that cross the pieces of a long file are whole', async (t) => {
  const random = Random.of(t)
  const store = newStore(t)
  const table = store.table('t', { id: f64, text: utf8 })
  const rows = 3000
  const texts = Array.from({ length: rows }, (_, row) => {
    const part = `é "quoted", ${row}\n`
    return part.repeat(random.below(120))
  })
  table.append({ id: Float64Array.from({ length: rows }, (_, row) => row), text: texts })
  const path = join(directory(t), 'long.csv')
  await writeCsv(table, path)
  t.true(readFileSync(path).length > 3 * 2 ** 20)
  const bytesRead: number[] = []
  const copy = await readCsv(store, 'copy', path, {
    columns: { id: f64, text: utf8 },
    onProgress: ({ bytes: read, totalBytes }) => {
      bytesRead.push(read)
      t.true(read <= totalBytes)
    },
  })
  expectRows(copy as never, table as never)
  t.true(bytesRead.length > 3)
  const lines = texts.slice(0, rows).reduce((sum, text) => sum + text.split('\n').length, 0)
  writeFileSync(path, `${readFileSync(path, 'utf8')}1,2,3\n`)
  const error = await rejectsCode(t, () => readCsv(store, 'x', path), 'ERR_STOA_FORMAT')
  t.regex(error.message, new RegExp(`line ${lines + 2} has 3 fields`))
})

test('names that no column can have are told', async (t) => {
  const path = fileOf(t, `a,${'x'.repeat(256)}\n1,2\n`)
  const { message } = await rejectsCode(t, () => readCsv(newStore(t), 't', path), 'ERR_STOA_SCHEMA')
  t.regex(message, /made.csv' into a table: the name of a column takes 256 bytes of UTF-8, at most 255/)
})

test('options that are wrong are told', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, 'a\n1\n')
  await t.throwsAsync(readCsv(store, 't', path, { delimiter: '""' }), { message: /'delimiter' must be one character/ })
  await t.throwsAsync(readCsv(store, 't', path, { header: 'a' } as never), { message: /'header' must be a list/ })
  await t.throwsAsync(readCsv(store, 't', path, { commitEvery: 0 }), {
    message: /must be a whole number from 1, found 0/,
  })
  await t.throwsAsync(readCsv(store, 't', path, { types: { b: f64 } }), {
    message: /'types' names 'b', which is no col/,
  })
  t.deepEqual(store.tables(), [])
})
