// Goal: a plot shows the rows that are there: no peak is lost however many they are, and gaps are gaps.
// Method: columns whose pictures can be told by hand; the numbers behind the picture as JSON; SVG read as XML.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Columns, f64, nullable, open, symbol, timestamp, timestamp64, u8, utf8 } from '../src/index.ts'
import { done, failing, json } from './support/cli.ts'
import { directory } from './support/directory.ts'

function folderWith(t: ExecutionContext, columns: Columns, values: Readonly<Record<string, unknown>>): string {
  const folder = directory(t)
  const store = open(join(folder, 'a.stoa'))
  store.table('t', columns).append(values)
  store.close()
  return folder
}

const DOT = /[\u2801-\u28ff]/
const size = ['--width', '40', '--height', '8']

test('a line of a million rows shows the one peak and the one dip', async (t) => {
  const y = new Float64Array(1_000_000)
  y[123_456] = 100
  y[876_543] = -100
  const folder = folderWith(t, { y: f64 }, { y })
  const { lines, x, steps } = await json(t, folder, 'plot', 'a.stoa', '-y', 'y', ...size)
  t.deepEqual([x.name, x.min, x.max], ['row', 0, 999_999])
  const peak = lines[0].steps.filter(({ high }: any) => high === 100)
  const dip = lines[0].steps.filter(({ low }: any) => low === -100)
  t.deepEqual(
    [peak, dip].map(([{ step }]) => step),
    [123_456, 876_543].map((row) => Math.floor((row / 999_999) * steps)),
  )
  const drawn = (await done(t, folder, 'plot', 'a.stoa', '-y', 'y', ...size)).split('\n')
  t.is(drawn[0], 'y over row')
  t.regex(drawn[1] ?? '', /[\u2801-\u28ff]/)
  t.regex(drawn[8] ?? '', /[\u2801-\u28ff]/)
  for (const line of drawn) t.true(line.length <= 40, line)
})

test('a rising line goes from the lower left to the upper right', async (t) => {
  const folder = folderWith(t, { y: f64 }, { y: [0, 1, 2, 3] })
  const [, first = '', ...rest] = (await done(t, folder, 'plot', 'a.stoa', '-y', 'y', ...size)).split('\n')
  const last = rest[6] ?? ''
  t.true(last.search(DOT) < 8 && first.search(DOT) > 20, `${last}\n${first}`)
})

test('rows without a value are a gap, and a line between rows is straight', async (t) => {
  const folder = folderWith(t, { y: nullable(f64) }, { y: [1, 1, null, 1, 1] })
  const [, line = ''] = (
    await done(t, folder, 'plot', 'a.stoa', '-y', 'y', '--width', '34', '--height', '4', '--json')
  ).split('"lines":')
  t.regex(line, /"step":0,.*"step":10,.*"step":30,/)
  const drawn = await done(t, folder, 'plot', 'a.stoa', '-y', 'y', '--width', '34', '--height', '4')
  t.regex(drawn, /[\u2801-\u28ff]{5,} +[\u2801-\u28ff]{5,}/)
})

test('times along the axis are dates, whatever their unit', async (t) => {
  const start = Date.UTC(2026, 0, 1)
  const days = Array.from({ length: 60 }, (_, day) => start + day * 86_400_000)
  const at = BigInt64Array.from(days, (ms) => BigInt(ms) * 1_000_000n)
  const folder = folderWith(
    t,
    { ts: timestamp, at: timestamp64('ns'), y: f64 },
    { ts: days, at, y: days.map((_, day) => day) },
  )
  for (const x of ['ts', 'at']) {
    const told = await json(t, folder, 'plot', 'a.stoa', '-x', x, '-y', 'y')
    t.deepEqual([told.x.min, told.x.max, told.x.isTime], [start, days.at(-1), true])
    t.regex(await done(t, folder, 'plot', 'a.stoa', '-x', x, '-y', 'y', '--width', '80'), /2026-01-\d\d .*2026-02-\d\d/)
  }
})

test('a histogram of whole numbers has a bar each, one of labels the most frequent, one of numbers equal bins', async (t) => {
  const folder = folderWith(
    t,
    { n: u8, s: symbol, x: nullable(f64) },
    { n: [1, 1, 2, 3], s: ['b', 'a', 'b', 'c'], x: [0, 0.5, 10, null] },
  )
  t.is(
    await done(t, folder, 'plot', 'a.stoa', '-x', 'n', '--width', '20'),
    'n\n1  2  ██████████████\n2  1  ███████\n3  1  ███████\n',
  )
  t.is(
    await done(t, folder, 'plot', 'a.stoa', '-x', 's', '--bins', '2', '--width', '20'),
    's\nb  2  ██████████████\na  1  ███████\n',
  )
  const { bars } = await json(t, folder, 'plot', 'a.stoa', '-x', 'x', '--bins', '2')
  t.deepEqual(bars, [
    { label: '0 to 5', from: 0, to: 5, count: 2 },
    { label: '5 to 10', from: 5, to: 10, count: 1 },
  ])
})

test('bins of whole numbers hold equally many of them, and bins of times are as many as asked for', async (t) => {
  const rows = Array.from({ length: 100 }, (_, row) => row)
  const at = BigInt64Array.from(rows, (row) => BigInt(row))
  const folder = folderWith(t, { n: u8, at: timestamp64('us') }, { n: rows, at })
  const whole = await json(t, folder, 'plot', 'a.stoa', '-x', 'n', '--bins', '7')
  t.deepEqual(whole.bars[0], { label: '0 to 14', from: 0, to: 14, count: 15 })
  t.deepEqual(
    whole.bars.map(({ count }: any) => count),
    [15, 15, 15, 15, 15, 15, 10],
  )
  const times = await json(t, folder, 'plot', 'a.stoa', '-x', 'at', '--bins', '4')
  t.deepEqual(
    times.bars.map(({ count }: any) => count),
    [25, 25, 25, 25],
  )
})

test('a scatter counts every point once, as dots or as shades', async (t) => {
  const rows = Array.from({ length: 5000 }, (_, row) => row)
  const folder = folderWith(
    t,
    { x: f64, y: nullable(f64) },
    { x: rows, y: rows.map((row) => (row === 0 ? null : row)) },
  )
  const told = await json(t, folder, 'plot', 'a.stoa', '-k', 'scatter', '-x', 'x', '-y', 'y', ...size)
  t.is(told.points, 4999)
  t.is(
    told.cells.reduce((sum: number, { count }: any) => sum + count, 0),
    4999,
  )
  t.regex(await done(t, folder, 'plot', 'a.stoa', '-k', 'scatter', '-x', 'x', '-y', 'y', ...size), /[░▒▓█]/)
  const few = folderWith(t, { x: f64, y: f64 }, { x: [0, 1], y: [0, 1] })
  const dots = await done(t, few, 'plot', 'a.stoa', '-k', 'scatter', '-x', 'x', '-y', 'y', ...size)
  t.is([...dots].filter((character) => character >= '\u2801' && character <= '\u28ff').length, 2)
})

test('an SVG is well-formed, has colors for light and dark, and stays small for many rows', async (t) => {
  const rows = Array.from({ length: 100_000 }, (_, row) => Math.sin(row))
  const folder = folderWith(t, { x: f64, '<y & "z">': f64 }, { x: rows, '<y & "z">': rows })
  const y = ['-y', '<y & "z">']
  for (const args of [
    ['-x', 'x'],
    ['-x', 'x', ...y],
    [...y, '-y', 'x'],
    ['-k', 'scatter', '-x', 'x', ...y],
  ]) {
    const told = await done(t, folder, 'plot', 'a.stoa', ...args, '--svg', 'out.svg')
    t.regex(told, /out\.svg\n$/)
    const svg = readFileSync(join(folder, 'out.svg'), 'utf8')
    t.true(svg.length < 300_000, `${svg.length}`)
    t.regex(svg, /prefers-color-scheme:dark/)
    t.notRegex(svg, /NaN|Infinity|undefined/)
    const open: string[] = []
    for (const [, close, name = '', self] of svg.matchAll(/<(\/?)(\w+)(?:\s[^<>]*?)?(\/?)>/g)) {
      if (close === '/') t.is(open.pop(), name)
      else if (self !== '/') open.push(name)
    }
    t.deepEqual(open, [])
    t.is(svg.replaceAll(/<[^<>]*>/g, '').includes('<'), false)
  }
})

test('numbers without a range, and the greatest there are, are drawn all the same', async (t) => {
  const folder = folderWith(t, { one: f64, wide: f64 }, { one: [5, 5, 5], wide: [-1.7e308, 0, 1.7e308] })
  for (const name of ['one', 'wide']) {
    t.regex(await done(t, folder, 'plot', 'a.stoa', '-y', name, ...size), /[\u2801-\u28ff]/)
    t.regex(await done(t, folder, 'plot', 'a.stoa', '-x', name), /█/)
    t.notRegex(await done(t, folder, 'plot', 'a.stoa', '-y', name, '--svg', '-'), /NaN|Infinity/)
  }
})

test('what cannot be drawn is told with what can be', async (t) => {
  const folder = folderWith(t, { a: f64, b: utf8 }, { a: [1], b: ['x'] })
  t.regex(await failing(t, 2, folder, 'plot', 'a.stoa'), /a histogram takes a column: -x COLUMN/)
  t.regex(await failing(t, 2, folder, 'plot', 'a.stoa', '-k', 'line', '-x', 'a'), /-y COLUMN/)
  t.regex(await failing(t, 2, folder, 'plot', 'a.stoa', '-k', 'scatter', '-y', 'a'), /takes two columns/)
  t.regex(await failing(t, 2, folder, 'plot', 'a.stoa', '-k', 'pie'), /one of line, histogram, scatter/)
  t.regex(
    await failing(t, 1, folder, 'plot', 'a.stoa', '-y', 'b'),
    /column 'b' of table 't' is utf8, which has no place/,
  )
})
