// Goal: what `stoa` tells of a store is what is in it, for people and as JSON.
// Method: a store of every type; numbers that were worked out by hand; files that are damaged on purpose.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  f32,
  f64,
  i64,
  nullable,
  oneOf,
  open,
  type Store,
  symbol,
  timestamp,
  timestamp64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { library, run, startScript, typescript } from './support/child.ts'
import { done, failing, json, stoa } from './support/cli.ts'
import { directory } from './support/directory.ts'

const schema = {
  ts: timestamp,
  at: timestamp64('us'),
  sym: symbol,
  side: nullable(oneOf('buy', 'sell')),
  price: nullable(f64),
  part: f32,
  id: i64,
  small: u8,
  ok: bool,
  name: utf8,
  hash: bytes(2),
  place: vector(f32, 2),
}

function filled(store: Store): void {
  const table = store.table('all', schema)
  const start = Date.UTC(2026, 0, 1)
  for (let row = 0; row < 100; row++) {
    table.push({
      ts: start + row * 1000,
      at: BigInt(start + row) * 1000n,
      sym: row < 75 ? 'ACME' : 'STOA',
      side: row % 4 === 0 ? null : row % 2 === 0 ? 'buy' : 'sell',
      price: row % 10 === 0 ? null : row,
      part: 0.1,
      id: 9_007_199_254_740_993n + BigInt(row),
      small: row % 4,
      ok: row % 2 === 0,
      name: `näme ${row}`,
      hash: [row, 255],
      place: [row, 0.5],
    })
  }
}

function folderWith(t: ExecutionContext, fill: (store: Store) => void): string {
  const folder = directory(t)
  const store = open(join(folder, 'a.stoa'))
  fill(store)
  store.close()
  return folder
}

test('head shows every type in aligned columns: whole numbers, short floats, ISO times, cut vectors', async (t) => {
  const folder = folderWith(t, filled)
  const [header = '', first = '', second = '', ...rest] = (await done(t, folder, 'head', 'a.stoa', '-n', '2')).split(
    '\n',
  )
  t.deepEqual(rest, [''])
  t.regex(
    first,
    /^2026-01-01T00:00:00\.000Z +2026-01-01T00:00:00\.000000Z +ACME +null +null +0\.1 +9007199254740993 +0 +true +näme 0 +00ff +\[0, 0\.5\]$/,
  )
  for (const name of ['sym', 'name', 'place']) {
    const column = header.indexOf(name)
    t.is(first[column - 1], ' ')
    t.not(second[column], ' ')
  }
})

test('head gives the rows asked for, in the columns asked for, from the end when negative', async (t) => {
  const folder = folderWith(t, filled)
  const rows = await done(t, folder, 'head', 'a.stoa', '--from', '-2', '-c', 'small,price')
  t.deepEqual(rows, 'small  price\n    2     98\n    3     99\n')
  t.is(await done(t, folder, 'head', 'a.stoa', '--from', '500', '-c', 'small'), 'small\n')
  const lines = (await done(t, folder, 'head', 'a.stoa', '--from=-1', '--json')).trim().split('\n')
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /"id":9007199254741092/)
  t.like(JSON.parse(lines[0] ?? ''), { ts: '2026-01-01T00:01:39.000Z', side: 'sell', hash: '63ff', place: [99, 0.5] })
})

test('wide characters stand under one another, long text is cut, a missing value is not an empty one', async (t) => {
  const folder = folderWith(t, (store) => {
    const table = store.table('t', { a: nullable(utf8), b: utf8 })
    table.append({ a: ['日本', 'e\u0301', '👩‍👩‍👧', '', null], b: ['1', '2', '3', '4', 'x'.repeat(5000)] })
  })
  const lines = (await done(t, folder, 'head', 'a.stoa')).split('\n')
  t.deepEqual(lines, ['a     b', '日本  1', 'e\u0301     2', '👩‍👩‍👧    3', '      4', `null  ${'x'.repeat(39)}…`, ''])
})

test('info tells tables, arrays, columns and bytes', async (t) => {
  const folder = folderWith(t, (store) => {
    filled(store)
    store.array('heights', f64).push(1, 2)
  })
  const text = await done(t, folder, 'info', 'a.stoa')
  t.regex(text, /^table all: 100 rows, room for /m)
  t.regex(text, /^ {2}side +nullable\(oneOf\('buy', 'sell'\)\) +113 bytes$/m)
  t.regex(text, /^array heights: f64, 2 elements/m)
  const told = await json(t, folder, 'info', 'a.stoa')
  t.like(told, { path: join(folder, 'a.stoa'), commitId: 1, live: false })
  t.is(told.tables[0].columns.length, Object.keys(schema).length)
})

test('schema prints TypeScript that opens the same tables, whatever their names', async (t) => {
  const folder = folderWith(t, (store) => {
    filled(store)
    store.table('a "b"\n', { ['__proto__']: f64, "it's": oneOf('x"', "y'", '\u001b'), class: u8 })
    store.table('store', { a: f64 })
    store.array('class', nullable(vector(f32, 3)))
  })
  const source = await done(t, folder, 'schema', join(folder, 'a.stoa'))
  t.false(source.includes('\u001b'))
  const script = join(folder, 'opens.ts')
  writeFileSync(script, `${source.replace("from 'stoa'", `from ${JSON.stringify(library)}`)}store.close()\n`)
  const { code, stderr } = await run(process.execPath, [...typescript, script])
  t.is(code, 0, stderr)
  const told = await json(t, folder, 'schema', 'a.stoa', '-t', 'store')
  t.deepEqual(told, [{ table: 'store', columns: [{ name: 'a', type: 'f64', definition: 'f64' }] }])
})

test('stats are those of the values, without nulls', async (t) => {
  const folder = folderWith(t, filled)
  const told = await json(t, folder, 'stats', 'a.stoa', '--bins', '10')
  const by = Object.fromEntries(told.columns.map((column: any) => [column.name, column])) as Record<
    keyof typeof schema,
    any
  >
  t.like(by.price, { nulls: 10, distinct: 90, distinctIsExact: true, min: 1, max: 99, mean: 50 })
  t.is(
    by.price.histogram.counts.reduce((a: number, b: number) => a + b),
    90,
  )
  t.deepEqual(by.small.histogram, { min: 0, max: 3, binWidth: 1, isWhole: true, counts: [25, 25, 25, 25] })
  t.like(by.ts, { min: '2026-01-01T00:00:00.000Z', max: '2026-01-01T00:01:39.000Z', mean: '2026-01-01T00:00:49.500Z' })
  t.like(by.at, { max: '2026-01-01T00:00:00.099000Z', mean: '2026-01-01T00:00:00.049500Z', distinct: 100 })
  t.like(by.id, { distinct: 100 })
  t.is(by.at.histogram.counts.length, 10)
  t.deepEqual(by.sym.labels, [
    { label: 'ACME', count: 75 },
    { label: 'STOA', count: 25 },
  ])
  t.like(by.side, { nulls: 25, distinct: 2 })
  t.deepEqual(
    by.ok.labels.map(({ count }: { count: number }) => count),
    [50, 50],
  )
  t.deepEqual(by.name.textBytes, { min: 7, max: 8 })
  t.like(by.place, { nulls: 0, distinct: undefined })
  const text = await done(t, folder, 'stats', 'a.stoa')
  t.regex(text, /^price +nullable\(f64\) +10 +90 +1 +50 +99 +[▁▂▃▄▅▆▇█]{16}$/m)
  t.regex(text, /^sym +symbol +0 +2 +ACME 75 %, STOA 25 %$/m)
})

test('stats say when there are more different values than they count, and tell NaN apart', async (t) => {
  const folder = folderWith(t, (store) => {
    const rows = Array.from({ length: 100_001 }, (_, row) => row)
    store.table('t', { many: f64, some: f64, odd: nullable(f64), none: f64 }).append({
      many: rows,
      some: rows.map((row) => row % 100_000),
      odd: rows.map((row) => (row === 0 ? null : row === 1 ? Number.NaN : row === 2 ? Infinity : row % 7)),
      none: rows.map(() => Number.NaN),
    })
  })
  const { columns } = await json(t, folder, 'stats', 'a.stoa')
  t.like(columns[0], { distinct: 100_000, distinctIsExact: false })
  t.like(columns[1], { distinct: 100_000, distinctIsExact: true })
  t.like(columns[2], { nulls: 1, nans: 1, distinct: 8, min: 0, max: 'Infinity' })
  t.is(
    columns[2].histogram.counts.reduce((a: number, b: number) => a + b),
    99_998,
  )
  t.like(columns[3], { nans: 100_001, distinct: 0, min: undefined, histogram: undefined })
  const text = await done(t, folder, 'stats', 'a.stoa')
  t.regex(text, /^many .* > 100,000 /m)
  t.regex(text, /^odd .* 1 \+ 1 NaN /m)
})

test('empty tables and stores are told as such', async (t) => {
  const folder = folderWith(t, (store) => void store.table('t', schema))
  t.regex(await done(t, folder, 'head', 'a.stoa'), /^ts +at +sym/)
  t.regex(await done(t, folder, 'stats', 'a.stoa'), /^t: 0 rows/)
  t.regex(await failing(t, 1, folder, 'plot', 'a.stoa', '-x', 'price'), /no number to draw/)
  const empty = folderWith(t, () => {})
  t.regex(await done(t, empty, 'info', 'a.stoa'), /no tables and no arrays/)
  t.regex(await failing(t, 1, empty, 'head', 'a.stoa'), /holds no table/)
})

test('an array is looked at as a column', async (t) => {
  const folder = folderWith(t, (store) => void store.array('heights', f64).push(1, 3))
  t.is(await done(t, folder, 'head', 'a.stoa'), 'heights\n      1\n      3\n')
  t.like(await json(t, folder, 'stats', 'a.stoa'), { table: 'heights', rows: 2 })
  t.regex(await failing(t, 2, folder, 'follow', 'a.stoa'), /only tables can/)
})

test('verify ends with 0 for a whole store, and with 1 and the place for one with a flipped bit', async (t) => {
  const folder = folderWith(t, (store) => {
    store.table('prices', { price: f64 }).append({ price: Array.from({ length: 5000 }, (_, row) => row + 0.123456) })
  })
  t.regex(await done(t, folder, 'verify', 'a.stoa'), /: ok, [\d.]+ KiB checked$/m)
  t.like(await json(t, folder, 'verify', 'a.stoa'), { ok: true, problems: [] })
  const file = readFileSync(join(folder, 'a.stoa'))
  const at = file.indexOf(Buffer.from(Float64Array.of(600.123456).buffer))
  file[at] = (file[at] as number) ^ 1
  writeFileSync(join(folder, 'a.stoa'), file)
  const { code, stdout, stderr } = await stoa(folder, 'verify', 'a.stoa')
  t.deepEqual([code, stderr], [1, ''])
  t.regex(stdout, /1 fault, .*; restore a backup\n {2}column 'price' of table 'prices', rows \d+ to \d+: /)
  const told = JSON.parse((await stoa(folder, 'verify', 'a.stoa', '--json')).stdout)
  t.is(told.ok, false)
  t.is(told.problems.length, 1)
})

test('backup makes a store of the last commit, and leaves a file that has the name', async (t) => {
  const folder = folderWith(t, filled)
  t.regex(await done(t, folder, 'backup', 'a.stoa', 'b.stoa'), /b\.stoa: [\d.]+ [KM]iB\n$/)
  t.is(await done(t, folder, 'head', 'b.stoa', '--json'), await done(t, folder, 'head', 'a.stoa', '--json'))
  const before = readFileSync(join(folder, 'b.stoa'))
  t.regex(await failing(t, 1, folder, 'backup', 'a.stoa', 'b.stoa'), /b\.stoa/)
  t.deepEqual(readFileSync(join(folder, 'b.stoa')), before)
})

test('compact gives space back, and keeps every row', async (t) => {
  const folder = folderWith(t, filled)
  const store = open(join(folder, 'a.stoa'))
  store.table('large', { a: f64 }).append({ a: new Float64Array(1_000_000) })
  store.commitSync()
  store.drop('large')
  store.close()
  const rows = await done(t, folder, 'head', 'a.stoa', '-n', '100', '--json')
  const { bytesBefore, bytes } = await json(t, folder, 'compact', 'a.stoa')
  t.true(bytesBefore > 8_000_000)
  t.true(bytes < 2_000_000, `${bytes}`)
  t.is(await done(t, folder, 'head', 'a.stoa', '-n', '100', '--json'), rows)
  t.regex(await done(t, folder, 'compact', 'a.stoa'), / before, .* now$/m)
  t.regex(await failing(t, 1, folder, 'compact', 'no.stoa'), /no\.stoa/)
})

test('follow shows the last rows, then what a writer commits, and ends after as many as were asked for', async (t) => {
  const folder = folderWith(t, (store) => {
    store.table('t', { a: f64 }).append({ a: Array.from({ length: 20 }, (_, row) => row) })
  })
  const followed = stoa(folder, 'follow', 'a.stoa', '-n', '13', '--json')
  const writer = startScript(
    `const store = stoa.open(argv[0])
    const table = store.table('t')
    for (let row = 20; row < 23; row++) {
      table.push({ a: row })
      store.commitSync()
    }
    console.log('written')
    process.stdin.once('data', () => store.close())`,
    [join(folder, 'a.stoa')],
  )
  t.teardown(() => writer.kill())
  await writer.until('written')
  const { code, stdout } = await followed
  t.is(code, 0)
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).a)
  // Where it began depends on who was first.
  t.is(rows.length, 13)
  t.deepEqual(
    rows,
    rows.map((_, place) => rows[0] + place),
  )
  t.true(rows[0] >= 10 && rows[0] <= 13)
})
