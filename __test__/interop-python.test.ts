// Goal: what a store reads from files, and the files that it writes, hold what pyarrow and numpy find in them, value by
// value and null by null.
// Method: the columns of a table are written down as bytes, as they lie; python/compare.py makes arrays of them and
// compares those with what pyarrow reads from the same file. Files: datasets of vega, files that python/make.py makes
// with every type, and files that the store writes.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tableToIPC } from 'apache-arrow'
import test, { type ExecutionContext } from 'ava'
import {
  type Columns,
  f64,
  i16,
  type OneOf,
  symbol,
  type Table,
  timestamp,
  timestamp64,
  type Timestamp64,
  type Type,
  u16,
  type Vector,
  vector,
} from '../src/index.ts'
import { readArrow, toArrow, writeArrow } from '../src/interop/arrow.ts'
import { readCsv, writeCsv } from '../src/interop/csv.ts'
import { readNdjson, writeNdjson } from '../src/interop/ndjson.ts'
import { readNpy, writeNpy } from '../src/interop/npy.ts'
import { readParquet, writeParquet } from '../src/interop/parquet.ts'
import { run } from './support/child.ts'
import { directory } from './support/directory.ts'
import { dataset, newStore, sampleTable } from './support/formats.ts'
import { isCI, needing } from './support/needs.ts'
import { pythonEnvironment } from './support/python.ts'

const environment = pythonEnvironment()
const reason = 'reason' in environment ? environment.reason : ''
const interpreter = 'python' in environment ? environment.python : ''
const declare = needing(`numpy and pyarrow (${reason})`, reason === '')
// Where they may not be missing, the tests fail with the reason.
if (isCI && reason !== '') test('numpy and pyarrow can be installed', (t) => t.fail(reason))

async function python(t: ExecutionContext, script: string, args: readonly string[]): Promise<string> {
  const path = fileURLToPath(new URL(`python/${script}`, import.meta.url))
  const { code, stdout, stderr } = await run(interpreter, [path, ...args], { PYTHONDONTWRITEBYTECODE: '1' })
  t.is(code, 0, stderr)
  return stdout.trim()
}

/** Writes down the columns of a table as they lie. */
function dump(table: Table, folder: string): void {
  mkdirSync(folder)
  const columns = Object.entries(table.schema).map(([name, type], place) => {
    const column = table.columns[name]
    const inner = type.name === 'nullable' ? (type as unknown as { type: Type }).type : type
    if (type.name === 'nullable') writeFileSync(join(folder, `${place}.validity`), column?.validity as Uint8Array)
    const details = { name, place, type: inner.name }
    if (inner.name === 'utf8') return Object.assign(details, { texts: [...(column ?? [])] })
    const data = column?.data as Uint8Array
    writeFileSync(join(folder, `${place}.data`), Buffer.from(data.buffer, data.byteOffset, data.byteLength))
    return Object.assign(details, {
      labels: inner.name === 'symbol' ? column?.labels : (inner as OneOf).labels,
      unit: (inner as Timestamp64).unit,
      length: (inner as Vector).length,
      lane: inner.name === 'vector' ? (inner as Vector).type.name : undefined,
    })
  })
  writeFileSync(join(folder, 'meta.json'), JSON.stringify({ rows: table.length, columns }))
}

/** A table, and a file that should hold the same. */
type Pair = readonly [table: Table, kind: string, file: string]

/** Compares tables with what pyarrow reads from files. Gives the numbers of values and nulls of each. */
async function compare(t: ExecutionContext, pairs: readonly Pair[]): Promise<(readonly [number, number])[]> {
  const folder = directory(t)
  const args = pairs.flatMap(([table, kind, file], place) => {
    dump(table, join(folder, `${place}`))
    return [join(folder, `${place}`), kind, file]
  })
  const lines = (await python(t, 'compare.py', args)).split('\n')
  t.is(lines.length, pairs.length)
  return lines.map((line, place) => {
    const [values, nulls] = line.split(' ').map(Number) as [number, number]
    t.log(`${pairs[place]?.[2].split('/').at(-1)}: ${values} values and ${nulls} nulls are equal`)
    return [values, nulls]
  })
}

let made: Promise<string> | undefined

/** The folder of the files that Python makes, once. */
function madeFiles(t: ExecutionContext): Promise<string> {
  made ??= (async () => {
    const folder = directory(t)
    await python(t, 'make.py', [folder])
    return folder
  })()
  return made
}

declare('three million flights are those that pyarrow reads from the Parquet file', async (t) => {
  const columns = { date: timestamp, delay: i16, distance: u16, origin: symbol, destination: symbol }
  const file = dataset('flights-3m.parquet')
  const table = await readParquet(newStore(t), 'flights', file, { columns })
  t.deepEqual(await compare(t, [[table as unknown as Table, 'parquet', file]]), [[15_000_000, 0]])
})

declare('the flights of the Arrow file are those that pyarrow reads', async (t) => {
  const file = dataset('flights-200k.arrow')
  const table = await readArrow(newStore(t), 'flights', file)
  t.deepEqual(await compare(t, [[table, 'arrow', file]]), [[600_000, 0]])
  t.is(table.length, 200_000)
})

for (const name of ['zipcodes.csv', 'birdstrikes.csv']) {
  declare(`${name} holds what pyarrow reads`, async (t) => {
    const file = dataset(name)
    const table = await readCsv(newStore(t), 't', file)
    t.log(`${Object.entries(table.schema).map(([column, type]) => `${column} ${type}`)}`)
    const [[values, nulls] = [0, 0]] = await compare(t, [[table, 'csv', file]])
    t.is(values + nulls, table.length * Object.keys(table.schema).length)
    t.true(values > 100_000)
  })
}

declare('files that pyarrow and numpy made are read as they are', async (t) => {
  const folder = await madeFiles(t)
  const store = newStore(t)
  const pairs: Pair[] = []
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.parquet'))) {
    pairs.push([await readParquet(store, name, join(folder, name)), 'parquet', join(folder, name)])
  }
  for (const [name, kind] of [
    ['made.arrow', 'arrow'],
    ['made.stream', 'stream'],
    ['replaced.stream', 'stream'],
  ] as const) {
    pairs.push([await readArrow(store, name, join(folder, name)), kind, join(folder, name)])
  }
  pairs.push([await readCsv(store, 'csv', join(folder, 'made.csv')), 'csv', join(folder, 'made.csv')])
  const counts = await compare(t, pairs)
  t.is(counts.length, 12)
  for (const [place, [values, nulls]] of counts.entries()) {
    const table = pairs[place]?.[0] as Table
    t.is(values + nulls, table.length * Object.keys(table.schema).length)
  }
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.npy'))) {
    const { data } = await readNpy(store, name, join(folder, name))
    const raw = readFileSync(join(folder, name.replace('.npy', '.raw')))
    t.true(Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(raw), name)
  }
})

declare('files that a store wrote hold every value and null to pyarrow', async (t) => {
  const store = newStore(t)
  const table = sampleTable(t, store, 1500)
  const folder = directory(t)
  const pairs: Pair[] = []
  const written = async (name: string, kind: string, write: (path: string) => unknown): Promise<void> => {
    const path = join(folder, name)
    await write(path)
    pairs.push([table, kind, path])
  }
  await written('file.arrow', 'arrow', (path) => writeArrow(table, path, { batchRows: 400 }))
  await written('stream.arrow', 'stream', (path) => writeArrow(table, path, { format: 'stream' }))
  await written('views.arrow', 'arrow', (path) => writeFileSync(path, tableToIPC(toArrow(table), 'file')))
  await written('groups.parquet', 'parquet', (path) => writeParquet(table, path, { groupRows: 700 }))
  await written('plain.parquet', 'parquet', (path) => writeParquet(table, path, { compression: 'none' }))
  for (const [values, nulls] of await compare(t, pairs)) {
    t.is(values + nulls, 1500 * Object.keys(table.schema).length)
    t.true(nulls > 9000)
  }
})

declare('text that a store wrote reads back in pyarrow, and the other way round', async (t) => {
  const store = newStore(t)
  const source = await readArrow(store, 'made', join(await madeFiles(t), 'made.arrow'), {
    columns: ['i32', 'some i64', 'f64', 'some f64', 'bool', 'some bool', 'at us', 'day', 'some text', 'some symbol'],
  })
  const folder = directory(t)
  await writeCsv(source, join(folder, 'out.csv'), { null: 'NULL' })
  const columns = source.schema
  const csv = await readCsv(store, 'csv', join(folder, 'out.csv'), { columns, nulls: ['NULL'] })
  await writeNdjson(source, join(folder, 'out.ndjson'))
  const json = await readNdjson(store, 'json', join(folder, 'out.ndjson'), { columns })
  const pairs: Pair[] = []
  for (const [place, table] of [source, csv, json].entries()) {
    const path = join(folder, `${place}.arrow`)
    await writeArrow(table, path)
    pairs.push([source, 'arrow', path])
  }
  for (const [values, nulls] of await compare(t, pairs)) t.is(values + nulls, 50_000)
  // What JSON has a form for, pyarrow reads with the same types.
  const plain: Columns = { i32: columns['i32'] as Type, 'some i64': columns['some i64'] as Type }
  const path = join(folder, 'plain.ndjson')
  await writeNdjson(await readNdjson(store, 'plain', join(folder, 'out.ndjson'), { columns: plain }), path)
  t.deepEqual(await compare(t, [[store.table('plain'), 'json', path]]), [[8333, 1667]])
})

declare('numpy reads the arrays that a store wrote', async (t) => {
  const store = newStore(t)
  const folder = directory(t)
  const types: Record<string, Type> = { f64, i16, at: timestamp64('ms'), place: vector(f64, 3) }
  for (const [name, type] of Object.entries(types)) {
    const array = store.array(name, type)
    for (let row = 0; row < 100; row++) {
      array.push(name === 'place' ? [row, 1 / row, -row] : name === 'at' ? BigInt(row) * 10n ** 10n : row)
    }
    await writeNpy(array, join(folder, `${name}.npy`))
  }
  const code = `
import sys, numpy as np
f64, i16, at, place = (np.load(f"{sys.argv[1]}/{name}.npy") for name in ("f64", "i16", "at", "place"))
rows = np.arange(100)
assert f64.dtype == np.float64 and (f64 == rows).all()
assert i16.dtype == np.int16 and (i16 == rows).all()
assert at.dtype == "M8[ms]" and (at == (rows * 10**10).astype("M8[ms]")).all()
assert place.shape == (100, 3) and (place[:, 2] == -rows).all() and place[4, 1] == 0.25
print("equal")`
  const script = join(folder, 'check.py')
  writeFileSync(script, code)
  const { stdout, stderr } = await run(interpreter, [script, folder])
  t.is(stdout.trim(), 'equal', stderr)
})
