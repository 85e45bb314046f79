// Goal: a file of a JSON object a line goes into a table and back with every value; what is none is told with its line.
// Method: random rows of every type through files; lines written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bool, type Columns, f64, i64, nullable, timestamp, u8, utf8, vector } from '../src/index.ts'
import { readNdjson, writeNdjson } from '../src/interop/ndjson.ts'
import { directory } from './support/directory.ts'
import { rejectsCode } from './support/errors.ts'
import { everyType, expectRows, newStore, sampleTable } from './support/formats.ts'

function fileOf(t: ExecutionContext, text: string): string {
  const path = join(directory(t), 'made.ndjson')
  writeFileSync(path, text)
  return path
}

test('every type goes to JSON and back', async (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, 1000)
  const path = join(directory(t), 'samples.ndjson')
  await writeNdjson(table, path)
  for (const line of readFileSync(path, 'utf8').trim().split('\n')) t.notThrows(() => JSON.parse(line))
  expectRows(await readNdjson(store, 'copy', path, { columns: everyType }), table)
})

test('columns are the fields of the first rows, and any can be missing', async (t) => {
  const path = fileOf(
    t,
    '\ufeff{"a":1,"at":"2026-01-02T03:04:05Z","ok":true}\r\n\n{"s":"007","a":null}\n{"big":9007199254740993,"a":2.5}',
  )
  const table = await readNdjson(newStore(t), 't', path)
  t.deepEqual(table.schema, {
    __proto__: null,
    a: nullable(f64),
    at: nullable(timestamp),
    ok: nullable(bool),
    s: nullable(utf8),
    big: nullable(i64),
  } as unknown as Columns)
  const none = { a: null, at: null, ok: null, s: null, big: null }
  t.deepEqual(
    [...table],
    [
      { ...none, a: 1, at: Date.UTC(2026, 0, 2, 3, 4, 5), ok: true },
      { ...none, s: '007' },
      { ...none, big: 9007199254740993n, a: 2.5 },
    ],
  )
})

test('long digits are exact in integers, and numbers in all else', async (t) => {
  const columns = { n: i64, f: f64, v: vector(i64, 2), s: utf8 }
  const line =
    '{"n":-9223372036854775808,"f":0.12345678901234567890,"v":[9007199254740993,1],"s":"12345678901234567890"}'
  const path = fileOf(t, `${line}\n{"n":1,"f":100000000000000000000,"v":["2",3],"s":"x"}\n`)
  const table = await readNdjson(newStore(t), 't', path, { columns })
  t.deepEqual(
    [...table],
    [
      {
        n: -(2n ** 63n),
        f: 0.12345678901234568,
        v: BigInt64Array.of(9007199254740993n, 1n),
        s: '12345678901234567890',
      },
      { n: 1n, f: 1e20, v: BigInt64Array.of(2n, 3n), s: 'x' },
    ],
  )
})

test('what is no row, or does not fit, is told with its line', async (t) => {
  const store = newStore(t)
  const format: [text: string, message: RegExp][] = [
    ['{"a":1}\n\n{"a":\n', /line 3 is no JSON: /],
    ['{"a":1}\n[1]\n', /line 2 holds an array, expected an object/],
    ['\n', /it holds no row that would tell its columns/],
  ]
  for (const [text, message] of format) {
    const error = await rejectsCode(t, () => readNdjson(store, 't', fileOf(t, text)), 'ERR_STOA_FORMAT')
    t.regex(error.message, message)
  }
  const path = fileOf(t, '{"a":1,"b":"x"}\n{"a":300,"b":5}\n')
  const attempt = (columns: Columns) => () => readNdjson(store, 't', path, { columns })
  const range = await rejectsCode(t, attempt({ a: u8 }), 'ERR_STOA_SCHEMA')
  t.regex(range.message, /line 2, field 'a': column 'a' of table 't' is u8 .* found 300/)
  const type = await rejectsCode(t, attempt({ b: utf8 }), 'ERR_STOA_SCHEMA')
  t.regex(type.message, /line 2, field 'b': column 'b' of table 't' is utf8 and takes a string, found 5/)
  t.deepEqual(store.tables(), [])
})

test('fields of several kinds, objects and lists are refused, and lists taken as vectors', async (t) => {
  const store = newStore(t)
  const path = fileOf(t, '{"mix":1,"place":[1,2],"deep":{"x":1}}\n{"mix":"a","place":[3,4],"deep":null}\n')
  const { message } = await rejectsCode(t, () => readNdjson(store, 't', path), 'ERR_STOA_UNSUPPORTED')
  t.regex(message, /field 'mix' holds number and string; field 'place' holds objects or lists; field 'deep' holds obj/)
  const table = await readNdjson(store, 't', path, { columns: { place: vector(f64, 2) } })
  t.deepEqual([...table], [{ place: Float64Array.of(1, 2) }, { place: Float64Array.of(3, 4) }])
})

test('a field that the first rows do not have is told, unless columns are chosen', async (t) => {
  const store = newStore(t)
  const rows = Array.from({ length: 12_000 }, (_, row) => `{"a":${row}}`)
  const path = fileOf(t, `${rows.join('\n')}\n{"a":1,"late":2}\n`)
  const { message } = await rejectsCode(t, () => readNdjson(store, 't', path), 'ERR_STOA_FORMAT')
  t.regex(message, /line 12001 has a field 'late', which none of the first rows has/)
  t.is((await readNdjson(store, 't', path, { columns: ['a'] })).length, 12_001)
})
