// Goal: columns are added, dropped and renamed as part of a commit, a rollback undoes it, and what was made before
// (cursors, columns, views) never shows another column.
// Method: small tables, by hand and at random; compared after rollback and reopening. Run twice: see codegen.test.ts.
import test from 'ava'
import {
  type Columns,
  f32,
  f64,
  nullable,
  oneOf,
  open,
  symbol,
  type Table,
  timestamp,
  u32,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { isSame, samples } from './support/samples.ts'
import { Random } from './support/seed.ts'

/** A table as code without its schema sees it. */
type Loose = Omit<Table, 'push' | 'columns' | 'arrays'> & {
  push(row: object): number
  columns: Record<string, { at(index: number): unknown; set(index: number, value: never): void; length: number }>
  arrays: Record<string, { length: number }>
}
const loose = (table: unknown): Loose => table as Loose
const plainRows = (table: Iterable<object>): object[] => Array.from(table, (row) => ({ ...row }))

test('addColumn fills the rows there are, and the table stays the same object', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { x: u8 })
  table.append({ x: [1, 2, 3] })
  const { x } = table.arrays
  table.addColumn('y', f64, 1.5)
  const wide = store.table('t', { x: u8, y: f64 })
  t.is(wide as unknown, table)
  t.deepEqual(plainRows(wide), [
    { x: 1, y: 1.5 },
    { x: 2, y: 1.5 },
    { x: 3, y: 1.5 },
  ])
  t.is(wide.arrays.x, x)
  t.deepEqual(wide.arrays.y, Float64Array.of(1.5, 1.5, 1.5))
  t.deepEqual(Object.keys(wide.columns), ['x', 'y'])
  t.deepEqual(Object.keys(wide.schema), ['x', 'y'])
  t.is(wide.push({ x: 4, y: 9 }), 4)
  t.throws(() => table.push({ x: 5 }), { instanceOf: TypeError, message: /'y'.* is missing/ })
  t.is(wide.length, 4)
  store.close()
  store = open(path)
  t.deepEqual(store.table('t', { x: u8, y: f64 }).at(-1), { x: 4, y: 9 })
  store.close()
})

test('every type can be added: with a fill, and with its default', (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  let store = open(path)
  store.table('t', { key: u32 }).append({ key: Uint32Array.from({ length: 70_000 }, (_, key) => key) })
  const fills = new Map<string, unknown>()
  const defaults = new Map<string, unknown>()
  for (const [name, { type, value }] of Object.entries(samples)) {
    const fill = value(random)
    fills.set(name, fill)
    loose(store.table('t')).addColumn(name, type, fill)
    loose(store.table('t')).addColumn(`default ${name}`, type)
    defaults.set(`default ${name}`, name.startsWith('nullable') ? null : undefined)
  }
  const expected: Record<string, unknown> = {
    bool: false,
    oneOf: 'buy',
    'oneOf of many': 'label 0',
    symbol: '',
    utf8: '',
    i64: 0n,
    u64: 0n,
    timestamp64: 0n,
    'bytes(3)': new Uint8Array(3),
    'vector(f32, 3)': new Float32Array(3),
    'vector(i64, 5)': new BigInt64Array(5),
  }
  const check = (): void => {
    const table = loose(store.table('t'))
    for (const index of [0, 8191, 65_535, 65_536, 69_999]) {
      const row = table.at(index) as Record<string, unknown>
      for (const [name, fill] of fills) t.true(isSame(row[name], fill), `${name} of row ${index}`)
      for (const [name, value] of defaults) {
        const zero = value === null ? null : (expected[name.slice('default '.length)] ?? 0)
        t.true(isSame(row[name], zero), `${name} of row ${index}`)
      }
    }
  }
  check()
  store.close()
  store = open(path)
  check()
  store.close()
})

test('dropColumn takes a column out, and what held it says so', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { a: f64, b: symbol, c: nullable(utf8) })
  table.append({ a: [1, 2], b: ['x', 'y'], c: ['text that is longer than a row', null] })
  const { b, c } = table.columns
  const { arrays } = table
  const view = arrays.b
  table.dropColumn('b')
  t.deepEqual(plainRows(table), [
    { a: 1, c: 'text that is longer than a row' },
    { a: 2, c: null },
  ] as never)
  for (const call of [
    () => b.at(0),
    () => b.length,
    () => b.data,
    () => b.set(0, 'z'),
    () => b.fill('z'),
    () => b.labels,
    () => [...b],
    () => arrays.b,
  ]) {
    const { message } = throwsCode(t, call, 'ERR_STOA_NOT_FOUND')
    t.regex(message, /^column 'b' of table 't' is no longer in '/)
  }
  t.is(c.at(0), 'text that is longer than a row')
  t.is(view.length, 2)
  t.is('b' in table.columns, false)
  t.throws(() => table.push({ a: 1, b: 'x', c: null }), { instanceOf: TypeError, message: /no column 'b'/ })
  t.is(loose(table).push({ a: 3, c: 'three' }), 3)
  store.close()
  store = open(path)
  t.deepEqual(store.table('t', { a: f64, c: nullable(utf8) }).at(2), { a: 3, c: 'three' })
  store.close()
})

test('renameColumn keeps values and place, and the old name is free', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { a: u8, b: symbol, c: utf8 })
  table.push({ a: 1, b: 'one', c: 'a text that is longer than a row' })
  const column = table.columns.b
  table.renameColumn('b', 'label')
  t.deepEqual(Object.keys(table.schema), ['a', 'label', 'c'])
  t.is(loose(table).columns['label'] as unknown, column)
  t.is(column.name, 'label')
  t.throws(() => column.set(0, 1 as never), { message: /^column 'label' of table 't'/ })
  table.addColumn('b', f64, 2)
  table.renameColumn('label', 'label')
  for (let round = 0; round < 2; round++) {
    t.deepEqual(Object.entries(store.table('t').at(0) as object), [
      ['a', 1],
      ['label', 'one'],
      ['c', 'a text that is longer than a row'],
      ['b', 2],
    ])
    store.close()
    store = open(path)
  }
  store.close()
})

test('rollback undoes every change of columns, in order and with the same Column objects', (t) => {
  const path = storePath(t)
  let store = open(path)
  const table = store.table('t', { a: f64, b: symbol, c: nullable(u32) })
  table.append({ a: [1, 2, 3], b: ['x', 'y', 'x'], c: [1, null, 3] })
  store.commitSync()
  const before = plainRows(table)
  const { a, b, c } = table.columns
  for (let round = 0; round < 3; round++) {
    table.dropColumn('a')
    table.renameColumn('b', 'a')
    table.addColumn('b', vector(f32, 2), [1, 2])
    const added = loose(table).columns['b']
    table.dropColumn('c')
    table.addColumn('c', utf8, 'a text that is longer than a row')
    loose(table).push({ a: 'z', b: [3, 4], c: 'c' })
    t.deepEqual(Object.keys(table.schema), ['a', 'b', 'c'])
    t.deepEqual(Object.values(table.at(0) as object), ['x', Float32Array.of(1, 2), 'a text that is longer than a row'])
    store.rollback()
    t.deepEqual(plainRows(table), before)
    t.deepEqual(Object.keys(table.schema), ['a', 'b', 'c'])
    t.deepEqual([table.columns.a, table.columns.b, table.columns.c] as unknown[], [a, b, c] as unknown[])
    t.true(table.columns.a === a && table.columns.b === b && table.columns.c === c)
    t.is(b.name, 'b')
    t.deepEqual([a.at(1), b.at(1), c.at(1)], [2, 'y', null])
    throwsCode(t, () => added?.length, 'ERR_STOA_NOT_FOUND')
    t.is(loose(table).push({ a: 4, b: 'w' }), 4)
    t.deepEqual(b.labels, ['x', 'y', 'w'])
    store.rollback()
  }
  table.dropColumn('a')
  store.commitSync()
  store.rollback()
  t.deepEqual(Object.keys(table.schema), ['b', 'c'])
  throwsCode(t, () => a.length, 'ERR_STOA_NOT_FOUND')
  store.close()
  store = open(path)
  t.deepEqual(plainRows(store.table('t')), [
    { b: 'x', c: 1 },
    { b: 'y', c: null },
    { b: 'x', c: 3 },
  ] as object[])
  store.close()
})

test('a change of columns in flight stays, one that follows is undone', async (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: u8 })
  table.append({ a: [1, 2], b: [1, 2] })
  store.commitSync()
  table.dropColumn('b')
  table.addColumn('c', u8, 7)
  const commit = store.commit()
  table.dropColumn('a')
  table.renameColumn('c', 'd')
  store.rollback()
  await commit
  t.deepEqual(plainRows(table), [
    { a: 1, c: 7 },
    { a: 2, c: 7 },
  ] as object[])
  store.close()
})

test('a table dropped after a change of columns comes back with those of the last commit', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: u8 })
  table.append({ a: [1], b: [2] })
  store.commitSync()
  table.dropColumn('a')
  store.drop('t')
  const impostor = store.table('t', { a: f64 })
  impostor.push({ a: 5 })
  store.rollback()
  t.deepEqual(plainRows(table), [{ a: 1, b: 2 }])
  t.is(store.table('t') as unknown, table)
  throwsCode(t, () => impostor.length, 'ERR_STOA_NOT_FOUND')
  store.close()
})

test('a cursor made before reads its own columns, by their old names, and never another', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: f64, b: symbol, s: utf8, n: nullable(u8), at: timestamp })
  table.append({ a: [1, 2], b: ['x', 'y'], s: ['s', 'text that is longer than a row'], n: [null, 7], at: [1, 2] })
  const cursor = table.cursor().seek(1)
  const { row } = cursor
  t.deepEqual({ ...row }, { a: 2, b: 'y', s: 'text that is longer than a row', n: 7, at: 2 })
  table.dropColumn('b')
  table.dropColumn('s')
  table.dropColumn('n')
  table.renameColumn('a', 'b')
  table.addColumn('a', u8, 9)
  table.addColumn('s', utf8, 'another')
  table.addColumn('n', nullable(u8), 3)
  t.is(row.a, 2)
  t.is(row.at, 2)
  row.a = 5
  t.is(loose(table).columns['b']?.at(1), 5)
  for (const name of ['b', 's', 'n'] as const) {
    throwsCode(t, () => row[name], 'ERR_STOA_NOT_FOUND')
    throwsCode(t, () => (row[name] = (name === 'n' ? 1 : 'y') as never), 'ERR_STOA_NOT_FOUND')
  }
  t.deepEqual(Object.values(table.at(1) as object), [5, 2, 9, 'another', 3])
  t.deepEqual({ ...table.cursor().seek(0).row }, { b: 1, at: 1, a: 9, s: 'another', n: 3 } as never)
  store.close()
})

test('misuse is refused, and changes nothing', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { price: f64, b: u8 })
  table.append({ price: [1], b: [2] })
  store.commitSync()
  const refused = [
    [() => table.addColumn('price', f64), 'ERR_STOA_SCHEMA', /has a column 'price' already, of type f64/],
    [() => table.renameColumn('b', 'price'), 'ERR_STOA_SCHEMA', /has a column 'price' already/],
    [() => table.renameColumn('prise', 'x'), 'ERR_STOA_NOT_FOUND', /no column 'prise' .*did you mean 'price'/],
    [() => table.dropColumn('prise'), 'ERR_STOA_NOT_FOUND', /did you mean 'price'/],
    [() => table.dropColumn('constructor'), 'ERR_STOA_NOT_FOUND', /no column 'constructor'/],
  ] as const
  for (const [call, code, message] of refused) t.regex(throwsCode(t, call, code).message, message)
  for (const call of [
    () => table.addColumn('x', u8, 300),
    () => table.addColumn('', u8),
    () => table.renameColumn('b', ''),
    () => table.renameColumn('b', 'a\0b'),
    () => table.addColumn('x', vector(f32, 2), [1]),
  ]) {
    t.throws(call, { instanceOf: RangeError })
  }
  for (const call of [
    () => table.addColumn('x', u8, '1' as never),
    () => table.addColumn('x', u8, null as never),
    () => table.addColumn('x', 'u8' as never),
    () => table.addColumn('x', oneOf('a'), 'b' as never),
    () => table.addColumn('x', utf8, '\ud800'),
    () => table.addColumn(1 as never, u8),
    () => table.renameColumn('b', '\ud800'),
  ]) {
    t.throws(call, { instanceOf: TypeError })
  }
  t.false(store.isDirty())
  t.deepEqual(plainRows(table), [{ price: 1, b: 2 }])
  table.dropColumn('b')
  const { message } = throwsCode(t, () => table.dropColumn('price'), 'ERR_STOA_SCHEMA')
  t.regex(message, /it is the only one; drop the table with store.drop\('t'\)/)
  store.drop('t')
  throwsCode(t, () => table.addColumn('x', u8), 'ERR_STOA_NOT_FOUND')
  throwsCode(t, () => table.dropColumn('price'), 'ERR_STOA_NOT_FOUND')
  throwsCode(t, () => table.renameColumn('price', 'x'), 'ERR_STOA_NOT_FOUND')
  store.close()
  throwsCode(t, () => table.addColumn('x', u8), 'ERR_STOA_CLOSED')
})

test('names of columns are data, whatever they look like', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u8 })
  table.push({ x: 1 })
  const names = ['__proto__', 'constructor', 'length', '"', "'", '`${1}`', '\u2028', 'x y', 'toString', '😀', '0']
  for (const name of names) table.addColumn(name, u8, 2)
  const row = table.at(0) as object
  t.is(Object.getPrototypeOf(row), Object.prototype)
  for (const name of names) t.is(Object.getOwnPropertyDescriptor(row, name)?.value, 2, name)
  for (const [index, name] of names.entries()) table.renameColumn(name, `renamed ${index}`)
  table.renameColumn('renamed 0', '__proto__')
  t.is(loose(table).push(table.at(0) as object), 2)
  t.deepEqual(Object.keys(table.at(1) as object).length, names.length + 1)
  store.close()
})

const rowThat = (act: () => void): { a: number; b: string } => ({
  a: 9,
  get b() {
    act()
    return 'fresh'
  },
})

test('a row whose getter changes the columns is refused', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: u8, b: utf8 })
  table.push({ a: 1, b: 'one' })
  let count = 0
  const change = (): void => table.addColumn(`c${count++}`, u8, 1)
  t.throws(() => table.push(rowThat(change)))
  t.throws(() => table.insert(0, rowThat(change)))
  t.throws(() => table.append([rowThat(change)]))
  t.throws(() => table.push(rowThat(() => table.renameColumn('a', `a${count++}`))))
  t.is(table.length, 1)
  const lengths = Object.values(loose(table).columns).map(({ length }) => length)
  t.deepEqual(new Set(lengths), new Set([1]))
  t.is(Object.values(table.at(0) as object).length, Object.keys(table.schema).length)
  store.close()
})

const fillThat = (act: () => void): ArrayLike<number> => ({
  length: 2,
  0: 1,
  get 1() {
    act()
    return 2
  },
})

test('a fill that changes the store while it is read is refused or seen', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { a: u8 })
  table.append({ a: [1, 2, 3] })
  store.commitSync()
  throwsCode(
    t,
    () =>
      table.addColumn(
        'v',
        vector(f32, 2),
        fillThat(() => store.rollback()),
      ),
    'ERR_STOA_UNSUPPORTED',
  )
  t.deepEqual(Object.keys(table.schema), ['a'])
  table.addColumn(
    'v',
    vector(f32, 2),
    fillThat(() => void table.push({ a: 4 })),
  )
  t.is(loose(table).columns['v']?.length, 4)
  t.deepEqual(loose(table).columns['v']?.at(3), Float32Array.of(1, 2))
  store.close()
})

test('a random history of changes of columns ends as its model does', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  const types = Object.values(samples)
  let store = open(path)
  let table = loose(store.table('t', { key: u32 } as Columns))
  type Model = { names: string[]; types: number[]; rows: unknown[][] }
  let model: Model = { names: ['key'], types: [5], rows: [] }
  const copy = ({ names, types: numbers, rows }: Model): Model => ({
    names: [...names],
    types: [...numbers],
    rows: rows.map((row) => [...row]),
  })
  store.commitSync()
  let committed = copy(model)
  const value = (number: number): unknown => (types[number] as (typeof types)[0]).value(random)
  const commits: Promise<unknown>[] = []
  for (let step = 0; step < 1500; step++) {
    const place = random.below(model.names.length)
    const name = `c${random.below(40)}`
    switch (random.below(12)) {
      case 0: {
        if (model.names.includes(name) || model.names.length > 12) break
        const number = random.below(types.length)
        const fill = value(number)
        table.addColumn(name, (types[number] as (typeof types)[0]).type, fill)
        model.names.push(name)
        model.types.push(number)
        for (const row of model.rows) row.push(fill)
        break
      }
      case 1:
        if (model.names.length === 1) break
        table.dropColumn(model.names[place] as string)
        for (const list of [model.names, model.types, ...model.rows]) list.splice(place, 1)
        break
      case 2:
        if (model.names.includes(name)) break
        table.renameColumn(model.names[place] as string, name)
        model.names[place] = name
        break
      case 3:
        if (random.below(3) > 0) break
        store.rollback()
        model = copy(committed)
        break
      case 4:
        store.commitSync()
        committed = copy(model)
        break
      case 5:
        commits.push(store.commit())
        committed = copy(model)
        break
      case 6:
        if (random.below(8) > 0) break
        store.close()
        store = open(path)
        table = loose(store.table('t'))
        committed = copy(model)
        break
      case 7:
        if (model.rows.length === 0) break
        {
          const index = random.below(model.rows.length)
          table.remove(index)
          model.rows.splice(index, 1)
        }
        break
      default: {
        const row = model.types.map(value)
        table.push(Object.fromEntries(model.names.map((column, at) => [column, row[at]])))
        model.rows.push(row)
      }
    }
    if (step % 50 !== 49) continue
    t.deepEqual(Object.keys(table.schema), model.names, `step ${step}`)
    t.is(table.length, model.rows.length, `step ${step}`)
    for (const [index, row] of model.rows.entries()) {
      const found = Object.values(table.at(index) as object)
      if (!found.every((item, at) => isSame(item, row[at]))) t.fail(`row ${index} at step ${step}`)
    }
  }
  await Promise.all(commits)
  store.close()
})
