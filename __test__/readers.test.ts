// Goal: a reader shows what is committed and nothing else, goes on when it is told to, and cannot change a byte.
// Method: a writer and readers in one process; every verb on a reader; the bytes of the file before and after.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import test, { type ExecutionContext } from 'ava'
import {
  bytes,
  f32,
  f64,
  nullable,
  open,
  openAsync,
  type Store,
  StoaError,
  symbol,
  type Table,
  u32,
  utf8,
  vector,
} from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'

const columns = { x: f64, n: nullable(u32), sym: symbol, text: utf8, v: vector(f32, 2), b: bytes(2) }
const row = (x: number) => ({ x, n: x, sym: `S${x}`, text: `a text of some length, ${x}`, v: [x, x], b: [x, x] })

function opened(t: ExecutionContext, rows = 3) {
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', columns)
  for (let x = 0; x < rows; x++) table.push(row(x))
  writer.array('a', f64).push(1, 2)
  writer.commitSync()
  const reader = open(path, { access: 'read' })
  t.teardown(() => (reader.close(), writer.close()))
  return { path, writer, table, reader, shown: reader.table('t', columns) }
}

function hash(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex')
}

test('a reader opens beside the writer, and shows what was committed', (t) => {
  const { writer, table, reader, shown } = opened(t)
  t.is(reader.access, 'read')
  t.is(reader.commitId, 1)
  t.deepEqual([reader.tables(), reader.arrays()], [['t'], ['a']])
  t.deepEqual([...shown], [...table])
  t.deepEqual([...reader.array('a', f64)], [1, 2])
  table.push(row(3))
  table.set(0, { x: 100 })
  t.false(reader.refresh())
  t.is(shown.length, 3)
  t.is(shown.at(0)?.x, 0)
  t.false(reader.isDirty())
  t.true(writer.isDirty())
})

test('refresh shows the newest commit: rows, labels, text, nulls, columns and tables', (t) => {
  const { writer, table, reader, shown } = opened(t)
  const before = shown.arrays.x
  table.push(row(7))
  table.set(0, { n: null, sym: 'new label', text: 'another text of some length' })
  writer.commitSync()
  t.is(shown.length, 3)
  t.true(reader.refresh())
  t.is(reader.commitId, 2)
  t.false(reader.refresh())
  t.deepEqual([...shown], [...table])
  t.is(before.length, 3)
  t.deepEqual(shown.columns.sym.labels, table.columns.sym.labels)
  t.is(shown.columns.sym.codeOf('new label'), 4)

  table.addColumn('y', f64, 5)
  table.dropColumn('v')
  table.renameColumn('n', 'm')
  writer.table('other', { z: f64 }).push({ z: 1 })
  writer.commitSync()
  throwsCode(t, () => reader.table('other'), 'ERR_STOA_NOT_FOUND')
  t.true(reader.refresh())
  t.deepEqual([...shown], [...table] as never)
  t.deepEqual(Object.keys(shown.schema), ['x', 'm', 'sym', 'text', 'b', 'y'])
  t.is(reader.table('t'), shown as unknown as Table)
  t.is(reader.table('other').length, 1)
})

test('a table that is first used after a refresh shows the commit of that refresh', (t) => {
  const path = storePath(t)
  const writer = open(path)
  const table = writer.table('t', columns)
  const array = writer.array('a', utf8)
  table.push(row(0))
  array.push('a first text of some length')
  writer.commitSync()
  const reader = open(path, { access: 'read' })
  t.teardown(() => (reader.close(), writer.close()))
  for (let x = 1; x < 100; x++) table.push(row(x))
  array.push('a second text of some length')
  writer.commitSync()
  t.true(reader.refresh())
  // Nor does it show what was committed since.
  table.push(row(100))
  writer.commitSync()
  const shown = reader.table('t', columns)
  t.is(shown.length, 100)
  t.deepEqual(
    [...shown].map(({ x, n, sym, text, v, b }) => ({ x, n, sym, text, v: [...v], b: [...b] })),
    Array.from({ length: 100 }, (_, x) => row(x)),
  )
  t.deepEqual([...reader.array('a', utf8)], ['a first text of some length', 'a second text of some length'])
  t.true(reader.refresh())
  t.is(shown.length, 101)
})

test('tables that the writer dropped are NOT_FOUND after refresh, and one of the same name is another', (t) => {
  const { writer, reader, shown } = opened(t)
  const view = shown.arrays.x
  writer.drop('t')
  writer.table('t', { y: f64 }).push({ y: 5 })
  writer.commitSync()
  t.is(shown.length, 3)
  t.true(reader.refresh())
  throwsCode(t, () => shown.length, 'ERR_STOA_NOT_FOUND')
  t.is(view.length, 3)
  t.deepEqual([...reader.table('t')] as unknown[], [{ y: 5 }])
})

test('growth, truncation and a rollback of the writer: the reader shows the commit', (t) => {
  const { writer, table, reader, shown } = opened(t)
  for (const rows of [2000, 200_000]) {
    table.append(Array.from({ length: rows }, (_, at) => row(at % 250)))
    writer.commitSync()
    t.true(reader.refresh())
    t.is(shown.length, table.length)
    t.deepEqual(shown.at(-1), table.at(-1))
    t.is(shown.sum('x'), table.sum('x'))
  }
  table.truncate(5)
  table.shrink()
  writer.commitSync()
  table.clear()
  writer.rollback()
  t.true(reader.refresh())
  t.deepEqual([...shown], [...table])
  t.true(shown.capacity >= 5)
})

test('a row that was changed in place shows its new label and text before refresh', (t) => {
  const { writer, table, shown } = opened(t)
  t.deepEqual(shown.at(1), table.at(1))
  for (let count = 0; count < 5; count++) {
    table.set(1, { sym: `label ${count}`, text: `text behind all the text there was, ${count}` })
    writer.commitSync()
    t.is(shown.at(1)?.sym, `label ${count}`)
    t.is(shown.columns.text.at(1), `text behind all the text there was, ${count}`)
    t.is(shown.length, 3)
  }
})

test('where a row that was changed in place needs a commit that dropped tables, all of that commit is shown', (t) => {
  const { writer, table, reader, shown } = opened(t)
  const other = writer.table('other', { z: f64 })
  other.push({ z: 1 })
  writer.commitSync()
  reader.refresh()
  const gone = reader.table('other')
  t.is(gone.length, 1)
  t.deepEqual(shown.at(0), table.at(0))
  writer.drop('other')
  table.push(row(3))
  table.set(0, { sym: 'a new label' })
  writer.commitSync()
  t.is(gone.length, 1)
  t.is(shown.at(0)?.sym, 'a new label')
  throwsCode(t, () => gone.length, 'ERR_STOA_NOT_FOUND')
  t.is(shown.length, 4)
  t.true(reader.refresh())
  t.false(reader.refresh())
})

test('every verb that writes is READONLY, and changes nothing', async (t) => {
  const { path, table, reader, shown } = opened(t)
  const before = hash(path)
  const array = reader.array('a', f64)
  const cursor = shown.cursor().seek(0)
  const wide = reader.table('t')
  const calls: Record<string, () => unknown> = {
    push: () => shown.push(row(9)),
    'push of nonsense': () => shown.push(5 as never),
    append: () => shown.append([row(9)]),
    set: () => shown.set(0, { x: 1 }),
    'set outside': () => shown.set(99, { x: 1 }),
    pop: () => shown.pop(),
    insert: () => shown.insert(0, row(9)),
    remove: () => shown.remove(0),
    swapRemove: () => shown.swapRemove(0),
    truncate: () => shown.truncate(1),
    clear: () => shown.clear(),
    reserve: () => shown.reserve(10),
    shrink: () => shown.shrink(),
    sortBy: () => shown.sortBy('x'),
    addColumn: () => wide.addColumn('z', f64),
    dropColumn: () => wide.dropColumn('x'),
    renameColumn: () => wide.renameColumn('x', 'z'),
    ...Object.fromEntries(
      Object.entries(row(9)).flatMap(([name, value]) => [
        [`cursor ${name}`, () => Object.assign(cursor.row, { [name]: value })],
        [`Column.set ${name}`, () => shown.columns[name as 'x'].set(0, value as never)],
        [`Column.fill ${name}`, () => shown.columns[name as 'x'].fill(value as never)],
      ]),
    ),
    'array push': () => array.push(1),
    'array append': () => array.append([1]),
    'array set': () => array.set(0, 1),
    'array fill': () => array.fill(1),
    'array pop': () => array.pop(),
    'array insert': () => array.insert(0, 1),
    'array remove': () => array.remove(0),
    'array swapRemove': () => array.swapRemove(0),
    'array truncate': () => array.truncate(0),
    'array clear': () => array.clear(),
    'array reserve': () => array.reserve(10),
    'array shrink': () => array.shrink(),
    drop: () => reader.drop('t'),
    'drop of nothing': () => reader.drop('nothing'),
    commitSync: () => reader.commitSync(),
    rollback: () => reader.rollback(),
    transactionSync: () => reader.transactionSync(() => t.fail()),
  }
  for (const [name, call] of Object.entries(calls)) {
    const error = t.throws(call, { instanceOf: StoaError }, name)
    t.is(error?.code, 'ERR_STOA_READONLY', name)
    t.true(error?.message.includes(path), name)
    t.is(error?.path, path)
  }
  await rejectsCode(t, () => reader.commit(), 'ERR_STOA_READONLY')
  await rejectsCode(t, () => reader.transaction(() => t.fail()), 'ERR_STOA_READONLY')
  for (const create of [() => reader.table('new', { x: f64 }), () => reader.array('new', f64)]) {
    t.regex(throwsCode(t, create, 'ERR_STOA_NOT_FOUND').message, /at the commit it shows; refresh\(\)/)
  }
  throwsCode(t, () => reader.table('t', { x: f64 }), 'ERR_STOA_SCHEMA')
  t.deepEqual([...shown], [...table])
  t.deepEqual([...array], [1, 2])
  t.is(hash(path), before)
})

test('what is written through a typed array of a reader stays in it, and refresh forgets it', (t) => {
  const { path, writer, table, reader, shown } = opened(t)
  const before = hash(path)
  shown.arrays.x.fill(-1)
  shown.columns.b.data.fill(255)
  t.is(shown.at(0)?.x, -1)
  t.is(hash(path), before)
  t.is(open(path, { access: 'read' }).table('t', columns).at(0)?.x, 0)
  t.false(reader.refresh())
  t.deepEqual([...shown], [...table])
  shown.arrays.x.fill(-1)
  table.push(row(3))
  writer.commitSync()
  t.true(reader.refresh())
  t.deepEqual([...shown], [...table])
})

test('kernels, cursors and reports work on a reader', (t) => {
  const { writer, table, reader, shown } = opened(t, 100)
  t.deepEqual(
    [...shown.where({ x: { gte: 50 }, sym: { gt: 'S7' } })],
    [...table.where({ x: { gte: 50 }, sym: { gt: 'S7' } })],
  )
  t.deepEqual([...shown.argsort('sym', 'text')], [...table.argsort('sym', 'text')])
  t.is(shown.columns.n.nullCount, 0)
  t.is(shown.lowerBound('x', 50), 50)
  t.is(Array.from(shown.cursor(), ({ x }) => x).length, 100)
  t.deepEqual({ ...reader.info(), byteLength: 0 }, { ...writer.info(), byteLength: 0 })
  t.is(reader.byteLength, writer.byteLength)
})

test('a reader needs a store, and takes no option that would change one', (t) => {
  const path = storePath(t)
  throwsCode(t, () => open(path, { access: 'read' }), 'ERR_STOA_NOT_FOUND')
  open(path, { version: 2 }).close()
  t.throws(() => open(path, { access: 'read', create: true }), { instanceOf: TypeError, message: /creates nothing/ })
  t.throws(() => open(path, { access: 'read', commitEvery: 5 }), {
    instanceOf: TypeError,
    message: /nothing to commit/,
  })
  throwsCode(t, () => open(path, { access: 'read', version: 1 }), 'ERR_STOA_VERSION')
  const options = { create: false, version: 3, migrate: () => t.fail(), wait: 5, mode: 0o600, reserve: 2 ** 32 }
  const reader = open(path, { access: 'read', ...options })
  t.is(reader.version, 2)
  reader.close()
})

test('a reader does not follow a migration that its program does not know', (t) => {
  const { path, writer, table, reader, shown } = opened(t)
  writer.close()
  open(path, { version: 1, migrate: (store) => store.table('t').truncate(1) }).close()
  for (let count = 0; count < 2; count++) throwsCode(t, () => reader.refresh(), 'ERR_STOA_VERSION')
  t.is(shown.length, 3)
  t.true(writer.closed)
  throwsCode(t, () => table.length, 'ERR_STOA_CLOSED')
})

test('many readers close in any order and leave no trace', async (t) => {
  const { path, writer } = opened(t)
  const before = hash(path)
  const readers: Store[] = await Promise.all(Array.from({ length: 20 }, () => openAsync(path, { access: 'read' })))
  const views = readers.map((reader) => reader.table('t', columns).arrays.x)
  for (const reader of readers.toSpliced(7, 1)) reader.close()
  t.deepEqual([...(views[7] as Float64Array)], [0, 1, 2])
  t.is(views[3]?.length, 0)
  throwsCode(t, () => readers[3]?.refresh(), 'ERR_STOA_CLOSED')
  await readers[7]?.[Symbol.asyncDispose]()
  t.true(readers[7]?.closed)
  t.is(hash(path), before)
  t.is(writer.commitId, 1)
})
