// Writes a store of every type for another program to read, commits, and writes the values as JSON beside it. Then closes it, or is
// killed, as the second argument says.
import { writeFileSync } from 'node:fs'
import { type Columns, f64, nullable, open, symbol, vector, f32 } from '../../src/index.ts'
import { samples } from '../support/samples.ts'
import { Random } from '../support/seed.ts'

const [path, ending, seed, rows] = process.argv.slice(2) as [string, 'close' | 'kill', string, string]

/** What JSON has no form for, as text with a letter in front. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return `n${value}`
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) {
    return `f${Object.is(value, -0) ? '-0' : value}`
  }
  if (typeof value === 'string') return `s${value}`
  return ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<unknown>, plain) : value
}

const store = open(path)
const everyType: Columns = Object.fromEntries(Object.entries(samples).map(([name, { type }]) => [name, type]))
const random = new Random(Number(seed))
const table = store.table('samples', everyType)
for (let row = 0; row < Number(rows); row++) {
  const values = Object.entries(samples).map(([name, { value }]) => [name, value(random)])
  table.push(Object.fromEntries(values) as never)
}
const arrays = {
  heights: store.array('heights', f64),
  words: store.array('words', nullable(symbol)),
  places: store.array('places', vector(f32, 2)),
}
for (let row = 0; row < 100; row++) {
  arrays.heights.push(row / 7)
  arrays.words.push(row % 3 === 0 ? null : `word ${row % 5}`)
  arrays.places.push([row, -row])
}
store.table('empty', everyType)
store.commitSync()
const columns = Object.keys(samples).map((name) => [name, [...(table.columns[name] ?? [])].map(plain)])
const told = {
  columns: Object.fromEntries(columns) as object,
  arrays: Object.fromEntries(Object.entries(arrays).map(([name, array]) => [name, [...array].map(plain)])) as object,
}
writeFileSync(`${path}.json`, JSON.stringify(told))
if (ending === 'kill') process.kill(process.pid, 'SIGKILL')
store.close()
