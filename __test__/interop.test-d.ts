// Goal: the types of what is read from and shown to other formats follow from the schema.
// Method: `tsc -p __test__` checks this file; it is never run.
import type * as Arrow from 'apache-arrow'
import { expectTypeOf } from 'expect-type'
import {
  bool,
  f32,
  f64,
  i16,
  nullable,
  oneOf,
  open,
  type PersistentArray,
  symbol,
  type Table,
  timestamp,
  timestamp64,
  utf8,
  vector,
} from '../src/index.ts'
import { columnsFromArrow, fromArrow, readArrow, toArrow, writeArrow } from '../src/interop/arrow.ts'
import { readCsv, writeCsv } from '../src/interop/csv.ts'
import { openDataset } from '../src/interop/dataset.ts'
import { readNdjson, writeNdjson } from '../src/interop/ndjson.ts'
import { readNpy, writeNpy } from '../src/interop/npy.ts'
import { readParquet, writeParquet } from '../src/interop/parquet.ts'

const schema = {
  ts: timestamp,
  at: timestamp64('us'),
  sym: symbol,
  side: nullable(oneOf('buy', 'sell')),
  price: nullable(f64),
  ok: bool,
  name: utf8,
  place: vector(f32, 3),
}
const store = open('types.stoa')
const table = store.table('t', schema)

const shown = toArrow(table, { start: -10 })
expectTypeOf(shown.getChild('price')).toEqualTypeOf<Arrow.Vector<Arrow.Float64> | null>()
expectTypeOf(shown.getChild('sym')).toEqualTypeOf<Arrow.Vector<Arrow.Dictionary<Arrow.Utf8, Arrow.Uint32>> | null>()
expectTypeOf(shown.getChild('name')).toEqualTypeOf<Arrow.Vector<Arrow.Utf8View> | null>()
expectTypeOf(shown.getChild('place')).toEqualTypeOf<Arrow.Vector<Arrow.FixedSizeList<Arrow.Float32>> | null>()
expectTypeOf(shown.getChild('ok')).toEqualTypeOf<Arrow.Vector<Arrow.Bool> | null>()
expectTypeOf(shown.getChild('ts')).toEqualTypeOf<Arrow.Vector<Arrow.TimestampMillisecond> | null>()
// @ts-expect-error there is no such column
shown.getChild('pice')

expectTypeOf(fromArrow(table, shown)).toEqualTypeOf<number>()
expectTypeOf(store.table('u', columnsFromArrow(shown.schema))).toEqualTypeOf<Table>()
// @ts-expect-error rows are no Arrow table
fromArrow(table, [{ price: 1 }])

const columns = { delay: i16, origin: symbol }
expectTypeOf(readArrow(store, 'f', 'f.arrow', { columns })).toEqualTypeOf<Promise<Table<typeof columns>>>()
expectTypeOf(readArrow(store, 'f', 'f.arrow', { columns: ['delay'] })).toEqualTypeOf<Promise<Table>>()
expectTypeOf(readArrow(store, 'f', new URL('file:///f.arrow'))).toEqualTypeOf<Promise<Table>>()
expectTypeOf(writeArrow(table, 'f.arrow', { format: 'stream' })).toEqualTypeOf<Promise<void>>()
// @ts-expect-error a format is 'file' or 'stream'
void writeArrow(table, 'f.arrow', { format: 'feather' })

expectTypeOf(readParquet(store, 'f', 'f.parquet', { columns })).toEqualTypeOf<Promise<Table<typeof columns>>>()
expectTypeOf(readParquet(store, 'f', 'f.parquet', { types: columns })).toEqualTypeOf<Promise<Table>>()
expectTypeOf(writeParquet(table, 'f.parquet', { groupRows: 10 })).toEqualTypeOf<Promise<void>>()

expectTypeOf(readCsv(store, 'f', 'f.csv', { columns, delimiter: ';' })).toEqualTypeOf<Promise<Table<typeof columns>>>()
expectTypeOf(readCsv(store, 'f', 'f.csv', { nulls: ['NA'] })).toEqualTypeOf<Promise<Table>>()
expectTypeOf(writeCsv(table, 'f.csv', { header: false })).toEqualTypeOf<Promise<void>>()
expectTypeOf(readNdjson(store, 'f', 'f.ndjson', { columns })).toEqualTypeOf<Promise<Table<typeof columns>>>()
expectTypeOf(writeNdjson(table, 'f.ndjson')).toEqualTypeOf<Promise<void>>()

void writeCsv(table, 'f.csv', { columns: ['price', 'ts'], onProgress: ({ rows }) => rows })
// @ts-expect-error there is no such column
void writeCsv(table, 'f.csv', { columns: ['pice'] })
// @ts-expect-error there is no such column
void writeParquet(table, 'f.parquet', { columns: ['pice'] })

expectTypeOf(readNpy(store, 'a', 'a.npy')).toEqualTypeOf<Promise<PersistentArray>>()
expectTypeOf(writeNpy(table.columns.price, 'a.npy')).toEqualTypeOf<Promise<void>>()
expectTypeOf(writeNpy(store.array('a', f32), 'a.npy')).toEqualTypeOf<Promise<void>>()
// @ts-expect-error a table has many columns
void writeNpy(table, 'a.npy')

const dataset = openDataset('trades', { columns: { day: utf8, sym: symbol, price: f64 }, partitionBy: ['day'] })
const [partition] = dataset.partitions({ day: '2026-11-22' })
expectTypeOf(partition?.values).toEqualTypeOf<{ readonly day: string } | undefined>()
expectTypeOf(partition?.table.arrays.price).toEqualTypeOf<Float64Array | undefined>()
// @ts-expect-error the column is in the folder's name, not in the file
void partition?.table.columns.day
for (const row of dataset.rows()) expectTypeOf(row).toEqualTypeOf<{ day: string; sym: string; price: number }>()
expectTypeOf(dataset.count({ day: '2026-11-22', price: { gt: 1 } })).toEqualTypeOf<number>()
dataset.append([{ day: '2026-11-22', sym: 'ACME', price: 1 }])
// @ts-expect-error the column is missing
dataset.append([{ sym: 'ACME', price: 1 }])
// @ts-expect-error the dataset is not partitioned by it
dataset.partitions({ sym: 'ACME' })
// @ts-expect-error there is no such column
openDataset('trades', { columns: { day: utf8, price: f64 }, partitionBy: ['dya'] })
