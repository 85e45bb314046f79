// Goal: the types of rows, inserts, columns and arrays follow from the schema alone, and wrong uses do not compile.
// Method: `tsc -p __test__` checks this file; it is never run. `expectTypeOf` compares types, `@ts-expect-error` with its
// reason marks what must fail.
import { expectTypeOf } from 'expect-type'
import {
  bool,
  bytes,
  type Column,
  type Cursor,
  f32,
  f64,
  i64,
  nullable,
  oneOf,
  open,
  openAsync,
  type PersistentArray,
  type Row,
  type RowInput,
  type RowRange,
  type Store,
  type StoreDescriptor,
  StoaError,
  type StoaErrorCode,
  type StoreInfo,
  symbol,
  type Table,
  timestamp,
  timestamp64,
  type Type,
  u16,
  u32,
  utf8,
  vector,
  type VerifyReport,
} from '../src/index.ts'

const schema = {
  ts: timestamp,
  at: timestamp64('us'),
  sym: symbol,
  side: oneOf('buy', 'sell'),
  price: f64,
  small: f32,
  qty: u32,
  id: i64,
  ok: bool,
}

const store: Store = open('x.stoa')
const trades = store.table('trades', schema)

interface Read {
  ts: number
  at: bigint
  sym: string
  side: 'buy' | 'sell'
  price: number
  small: number
  qty: number
  id: bigint
  ok: boolean
}

// Rows as they are read, wherever they come from.
expectTypeOf<Row<typeof schema>>().toEqualTypeOf<Read>()
expectTypeOf(trades.at(0)).toEqualTypeOf<Read | undefined>()
expectTypeOf(trades.pop()).toEqualTypeOf<Read | undefined>()
expectTypeOf([...trades]).toEqualTypeOf<Read[]>()
expectTypeOf([...trades.rows(1, 2)]).toEqualTypeOf<Read[]>()
expectTypeOf(trades.cursor()).toEqualTypeOf<Cursor<typeof schema>>()
expectTypeOf(trades.cursor().row).toEqualTypeOf<Read>()
expectTypeOf(trades.cursor().seek(1).row.side).toEqualTypeOf<'buy' | 'sell'>()

// Rows as they are written: a Date too where a moment is meant.
expectTypeOf<RowInput<typeof schema>>().toEqualTypeOf<
  Omit<Read, 'ts'> & { ts: number | Date } extends infer R ? { [K in keyof R]: R[K] } : never
>()
const row = { ts: new Date(), at: 1n, sym: 'A', side: 'buy', price: 1, small: 1, qty: 1, id: 1n, ok: true } as const
expectTypeOf(trades.push(row)).toBeNumber()
trades.set(0, { price: 5 })
trades.set(0, {})

// @ts-expect-error -- a column is missing
trades.push({ ...row, price: undefined })
// @ts-expect-error -- a field is no column
trades.push({ ts: 1, at: 1n, sym: 'A', side: 'buy', price: 1, small: 1, qty: 1, id: 1n, ok: true, volume: 1 })
// @ts-expect-error -- a number is no string
trades.push({ ...row, sym: 5 })
// @ts-expect-error -- not one of the labels
trades.push({ ...row, side: 'hold' })
// @ts-expect-error -- a number where a bigint is stored
trades.push({ ...row, id: 1 })
// @ts-expect-error -- a field is no column
trades.set(0, { volume: 1 })
// @ts-expect-error -- a string is no number
trades.set(0, { price: '5' })

// Memory.
expectTypeOf(trades.arrays.price).toEqualTypeOf<Float64Array>()
expectTypeOf(trades.arrays.small).toEqualTypeOf<Float32Array>()
expectTypeOf(trades.arrays.qty).toEqualTypeOf<Uint32Array>()
expectTypeOf(trades.arrays.at).toEqualTypeOf<BigInt64Array>()
expectTypeOf(trades.arrays.sym).toEqualTypeOf<Uint32Array>()
expectTypeOf(trades.arrays.ok).toEqualTypeOf<Uint8Array>()
expectTypeOf(trades.arrays.side).toEqualTypeOf<Uint8Array | Uint16Array>()
// @ts-expect-error -- there is no such column
void trades.arrays.volume
// @ts-expect-error -- the array of a column cannot be replaced
trades.arrays.price = new Float64Array(1)
// @ts-expect-error -- the length is not assigned, but truncated
trades.length = 0

// Columns.
expectTypeOf(trades.columns.side).toEqualTypeOf<Column<(typeof schema)['side']>>()
expectTypeOf(trades.columns.side.at(0)).toEqualTypeOf<'buy' | 'sell' | undefined>()
expectTypeOf(trades.columns.ts.at(0)).toEqualTypeOf<number | undefined>()
expectTypeOf([...trades.columns.id]).toEqualTypeOf<bigint[]>()
expectTypeOf(trades.columns.sym.labels).toEqualTypeOf<readonly string[]>()
trades.columns.ts.set(0, new Date())
// @ts-expect-error -- a Date is stored as a moment only
trades.columns.price.set(0, new Date())

// Bulk.
trades.append([row, row])
trades.append(new Set([row]))
trades.append(trades)
trades.append({
  ts: [new Date(), 5],
  at: new BigInt64Array(2),
  sym: ['A', 'B'],
  side: ['buy', 'sell'],
  price: new Float64Array(2),
  small: [1, 2],
  qty: Uint32Array.of(1, 2),
  id: [1n, 2n],
  ok: [true, false],
})
// @ts-expect-error -- columns are missing
trades.append({ price: [1] })
// @ts-expect-error -- rows lack columns
trades.append([{ price: 1 }])
// @ts-expect-error -- another table
trades.append(store.table('other', { x: f64 }))

// Tables have names of their own.
expectTypeOf(trades).toEqualTypeOf<Table<typeof schema>>()
const total = (table: Table<typeof schema>): number => table.arrays.price.reduce((sum, price) => sum + price, 0)
total(trades)
const rowsOf = (any: Table): number => any.length
rowsOf(trades)
const anyTable = (table: Table): number => table.length
expectTypeOf(store.table('trades')).toEqualTypeOf<Table>()
anyTable(store.table('trades'))
// @ts-expect-error -- a type that is not called is none
store.table('t', { x: oneOf })
// @ts-expect-error -- a string is no type
store.table('t', { x: 'f64' })

// Arrays.
const weights = store.array('weights', f32)
expectTypeOf(weights).toEqualTypeOf<PersistentArray<typeof f32>>()
expectTypeOf(weights.data).toEqualTypeOf<Float32Array>()
expectTypeOf(weights.pop()).toEqualTypeOf<number | undefined>()
expectTypeOf(store.array('s', oneOf('a', 'b')).at(0)).toEqualTypeOf<'a' | 'b' | undefined>()
weights.push(1, 2)
weights.append(new Float64Array(1))
// @ts-expect-error -- a string is no number
weights.push('1')
// @ts-expect-error -- no type of an array
store.array('a')

// Types.
expectTypeOf(u16).toExtend<Type<number>>()
// @ts-expect-error -- no such unit
timestamp64('min')
// @ts-expect-error -- labels are strings
oneOf(1, 2)

// Text, pieces of memory, and nulls.
const notes = {
  id: u32,
  title: utf8,
  text: nullable(utf8),
  key: bytes(16),
  place: vector(f32, 3),
  wide: nullable(vector(i64, 2)),
  rating: nullable(f64),
  kind: nullable(oneOf('a', 'b')),
}
const table = store.table('notes', notes)
expectTypeOf<Row<typeof notes>>().toEqualTypeOf<{
  id: number
  title: string
  text: string | null
  key: Uint8Array
  place: Float32Array
  wide: BigInt64Array | null
  rating: number | null
  kind: 'a' | 'b' | null
}>()
// What can be null may be left out, and only that.
table.push({ id: 1, title: 'A', key: Buffer.alloc(16), place: [1, 2, 3] })
table.push({ id: 1, title: 'A', key: new Uint8Array(16), place: new Float32Array(3), wide: [1n, 2n], rating: null })
table.append({ id: [1], title: ['A'], key: new Uint8Array(16), place: [[1, 2, 3]], text: [null], rating: [1, null] })
table.insert(0, { id: 1, title: 'A', key: Buffer.alloc(16), place: [1, 2, 3] })
// @ts-expect-error -- a title is needed
table.push({ id: 1, key: [], place: [] })
// @ts-expect-error -- a title cannot be null
table.push({ id: 1, title: null, key: [], place: [] })
// @ts-expect-error -- a vector of bigints
table.push({ id: 1, title: 'A', key: [], place: [], wide: [1, 2] })
// @ts-expect-error -- text lies in no typed array
void table.arrays.title
expectTypeOf(table.arrays.place).toEqualTypeOf<Float32Array>()
expectTypeOf(table.arrays.rating).toEqualTypeOf<Float64Array>()
expectTypeOf(table.columns.kind.at(0)).toEqualTypeOf<'a' | 'b' | null | undefined>()
expectTypeOf(store.array('texts', utf8).pop()).toEqualTypeOf<string | undefined>()
// @ts-expect-error -- a vector is made of plain numbers
vector(nullable(f32), 3)
// @ts-expect-error -- a vector is made of plain numbers
vector(bool, 3)

// Kernels.
expectTypeOf(table.sum('rating')).toEqualTypeOf<number>()
expectTypeOf(table.min('rating')).toEqualTypeOf<number | undefined>()
expectTypeOf(trades.sum('id')).toEqualTypeOf<bigint>()
expectTypeOf(trades.mean('id')).toEqualTypeOf<number | undefined>()
expectTypeOf(trades.columns.price.sum()).toEqualTypeOf<number>()
expectTypeOf(trades.columns.id.minMax()).toEqualTypeOf<[min: bigint, max: bigint] | undefined>()
trades.sum('price', trades.where({ sym: 'A', price: { gte: 1, lt: 2 }, side: { in: ['buy'] }, ts: { gt: new Date() } }))
table.where({ text: null, rating: { isNull: false }, title: { gt: 'a' } })
table.sortBy('title', { column: 'rating', descending: true, nulls: 'first' })
// @ts-expect-error -- text cannot be added up
table.sum('title')
// @ts-expect-error -- a number where text is stored
table.where({ title: 5 })
// @ts-expect-error -- not one of the labels
trades.where({ side: { eq: 'hold' } })
// @ts-expect-error -- a misspelled condition
trades.where({ price: { greater: 1 } })
// @ts-expect-error -- there is no such column
trades.sortBy('volume')

// The store.
expectTypeOf(store.transactionSync(() => 5)).toBeNumber()
expectTypeOf(store.transaction(() => 'a')).toEqualTypeOf<Promise<string>>()
expectTypeOf(store.commit()).toEqualTypeOf<Promise<number>>()
expectTypeOf(store.info()).toEqualTypeOf<StoreInfo>()
expectTypeOf(openAsync('x', { signal: AbortSignal.timeout(5) })).toEqualTypeOf<Promise<Store>>()
expectTypeOf<StoaError['code']>().toEqualTypeOf<StoaErrorCode>()
expectTypeOf(store.refresh()).toBeBoolean()
expectTypeOf(store.snapshot(() => 5)).toBeNumber()
expectTypeOf(store.access).toEqualTypeOf<'write' | 'read'>()
expectTypeOf(store.descriptor).toEqualTypeOf<StoreDescriptor>()
expectTypeOf(open(store.descriptor)).toEqualTypeOf<Store>()
expectTypeOf(openAsync(store.descriptor)).toEqualTypeOf<Promise<Store>>()
for await (const range of trades.follow({ from: 0, signal: AbortSignal.timeout(5) })) {
  expectTypeOf(range).toEqualTypeOf<RowRange>()
}
expectTypeOf(trades.follow().next()).toEqualTypeOf<Promise<IteratorResult<RowRange, undefined>>>()
// @ts-expect-error -- a misspelled option
trades.follow({ form: 0 })
// @ts-expect-error -- neither a path nor a descriptor
open({})
// @ts-expect-error -- a descriptor is not changed
store.descriptor.path = 'x'
store.on('commit', (commitId) => expectTypeOf(commitId).toBeNumber())
store.on('error', (error) => expectTypeOf(error).toEqualTypeOf<Error>())
// @ts-expect-error -- no such event
store.on('change', () => {})
// @ts-expect-error -- a misspelled option
open('x', { acces: 'write' })
// @ts-expect-error -- only openAsync can be aborted
open('x', { signal: AbortSignal.timeout(5) })
// @ts-expect-error -- the path cannot be assigned
store.path = 'y'

// A check of a store, and a copy.
expectTypeOf(store.backup('b.stoa')).resolves.toBeVoid()
expectTypeOf(store.backup(new URL('file:///b.stoa'))).resolves.toBeVoid()
// @ts-expect-error: a path is text or a URL
void store.backup(1)
expectTypeOf(store.verify()).resolves.toEqualTypeOf<VerifyReport>()
expectTypeOf<VerifyReport['problems'][number]>().toEqualTypeOf<{ where: string; message: string }>()
