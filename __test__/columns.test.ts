// Goal: a column shows its memory, its values and its labels.
// Method: compare with what was pushed. Run twice: see codegen.test.ts.
import test from 'ava'
import { bool, f64, oneOf, open, symbol, timestamp64, u16 } from '../src/index.ts'
import { storePath } from './support/directory.ts'

test('a column tells its name, type, length and data', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, at: timestamp64('us') })
  table.push({ x: 1.5, at: 7n })
  const { x, at } = table.columns
  t.is(x.name, 'x')
  t.is(x.type, f64)
  t.is(x.length, 1)
  t.deepEqual(x.data, Float64Array.of(1.5))
  t.deepEqual(at.data, BigInt64Array.of(7n))
  t.is(x.data, table.arrays.x)
  t.is(String(at.type), "timestamp64('us')")
  t.is(at.type.unit, 'us')
  t.deepEqual(Object.keys(table.columns), ['x', 'at'])
  store.close()
})

test('a column is read, written, filled and iterated by decoded values', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { ok: bool, sym: symbol })
  for (let i = 0; i < 5; i++) table.push({ ok: i % 2 === 0, sym: `S${i % 2}` })
  const { ok, sym } = table.columns
  t.deepEqual([...ok], [true, false, true, false, true])
  t.deepEqual([...sym], ['S0', 'S1', 'S0', 'S1', 'S0'])
  t.is(sym.at(-1), 'S0')
  t.is(sym.at(5), undefined)
  sym.set(-1, 'NEW')
  ok.set(0, false)
  t.deepEqual(table.at(4), { ok: true, sym: 'NEW' })
  t.is(ok.fill(true, 1, -1), ok)
  t.deepEqual([...ok], [false, true, true, true, true])
  sym.fill('ALL', -2)
  t.deepEqual([...sym], ['S0', 'S1', 'S0', 'ALL', 'ALL'])
  sym.fill('NONE', 3, 3)
  for (const index of [5, -6, 0.5]) t.throws(() => ok.set(index, true), { instanceOf: RangeError })
  store.close()
})

test('filling an empty column changes nothing', (t) => {
  const store = open(storePath(t))
  const { x } = store.table('t', { x: f64 }).columns
  x.fill(5)
  t.is(x.length, 0)
  store.close()
})

test('labels and codes belong to symbol and oneOf only', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { sym: symbol, side: oneOf('buy', 'sell'), n: u16 })
  table.append({ sym: ['B', 'A', 'B'], side: ['sell', 'buy', 'sell'], n: [1, 2, 3] })
  const { sym, side, n } = table.columns
  t.deepEqual(sym.labels, ['B', 'A'])
  t.is(sym.codeOf('A'), 1)
  t.is(sym.codeOf('C'), undefined)
  t.deepEqual(side.labels, ['buy', 'sell'])
  t.is(side.codeOf('sell'), 1)
  t.is(side.codeOf('toString'), undefined)
  t.deepEqual([...sym.data], [0, 1, 0])
  const message = "column 'n' of table 't' is u16: only symbol and oneOf have labels"
  t.throws(() => n.labels, { instanceOf: TypeError, message })
  t.throws(() => n.codeOf('1'), { instanceOf: TypeError, message })
  ;(sym.labels as string[]).push('not added')
  t.deepEqual(sym.labels, ['B', 'A'])
  store.close()
})

test('a hundred thousand symbols keep their codes over reopening', (t) => {
  const path = storePath(t)
  let store = open(path)
  const names = Array.from({ length: 100_000 }, (_, code) => `name ${code} ${'é'.repeat(code % 70)}`)
  store.table('t', { sym: symbol }).append({ sym: names })
  store.close()
  store = open(path)
  const { sym } = store.table('t', { sym: symbol }).columns
  t.is(sym.codeOf('name 99999 ' + 'é'.repeat(99_999 % 70)), 99_999)
  t.deepEqual([...sym], names)
  store.close()
})
