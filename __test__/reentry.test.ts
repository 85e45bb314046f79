// Goal: code of the user's that runs inside a verb (getters, proxies, valueOf) cannot make it store what it looked up
// before that code ran.
// Method: roll back, add other labels, shorten, drop or close from inside, then read. Run twice: see codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import { f64, nullable, open, symbol, timestamp, u8, utf8, vector } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const schema = { sym: symbol, x: f64 }

function opened(t: ExecutionContext) {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('t', schema)
  // Room, and views in place: the way that is generated.
  for (let x = 0; x < 3; x++) table.push({ sym: 'base', x })
  store.commitSync()
  return { store, table, rows: () => [...table].map(({ sym, x }) => `${sym} ${x}`) }
}

/** An object whose field runs code when it is read, before or after the symbol is. */
const fields: Record<string, (run: () => void) => { sym: string; x: number }> = {
  'a field after it': (run) => ({
    sym: 'A',
    get x() {
      run()
      return 5
    },
  }),
  'a class with a getter': (run) =>
    new (class {
      sym = 'A'
      get x(): number {
        run()
        return 5
      }
    })(),
  'a proxy that is asked for its keys': (run) =>
    new Proxy(
      { sym: 'A', x: 5 },
      {
        ownKeys(target) {
          run()
          return Reflect.ownKeys(target)
        },
      },
    ),
  'a proxy that is asked for its prototype': (run) =>
    new Proxy(
      { sym: 'A', x: 5 },
      {
        getPrototypeOf() {
          run()
          return Object.prototype
        },
      },
    ),
}

const row = fields['a field after it'] as (run: () => void) => { sym: string; x: number }

for (const [what, make] of Object.entries(fields)) {
  test(`a rollback from ${what} stores no label that it took back`, (t) => {
    const { store, table, rows } = opened(t)
    for (const write of [
      (given: { sym: string; x: number }) => table.push(given),
      (given: object) => table.set(0, given),
    ]) {
      table.push({ sym: 'A', x: 1 })
      const turning = make(() => {
        store.rollback()
        table.push({ sym: 'OTHER', x: 9 })
      })
      try {
        write(turning)
      } catch (error) {
        t.is((error as { code?: string }).code, 'ERR_STOA_UNSUPPORTED', String(error))
      }
      // A row that got in all the same has the label it was given.
      for (const told of rows()) t.regex(told, /^(base [0-2]|OTHER 9|A \d)$/)
      store.rollback()
    }
    t.deepEqual(rows(), ['base 0', 'base 1', 'base 2'])
  })
}

test('a rollback from a value of set, fill, push or append of a column or an array is refused', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const pairs = store.array('pairs', nullable(vector(f64, 2)))
  const names = store.array('names', symbol)
  pairs.push([0, 0])
  names.push('base')
  store.commitSync()
  const turning = (): number[] => {
    const pair = [1, 2]
    Object.defineProperty(pair, 1, {
      get() {
        store.rollback()
        return 2
      },
    })
    return pair
  }
  throwsCode(t, () => pairs.push(turning()), 'ERR_STOA_UNSUPPORTED')
  throwsCode(t, () => pairs.push([1, 1], turning()), 'ERR_STOA_UNSUPPORTED')
  throwsCode(t, () => pairs.set(0, turning()), 'ERR_STOA_UNSUPPORTED')
  throwsCode(t, () => pairs.fill(turning()), 'ERR_STOA_UNSUPPORTED')
  throwsCode(t, () => pairs.append([turning()]), 'ERR_STOA_UNSUPPORTED')
  t.deepEqual(
    Array.from(pairs, (pair) => Array.from(pair as Float64Array)),
    [[0, 0]],
  )
  names.push('A')
  const source = ['A', 'C']
  Object.defineProperty(source, 1, {
    get() {
      store.rollback()
      return 'C'
    },
  })
  throwsCode(t, () => names.append(source), 'ERR_STOA_UNSUPPORTED')
  names.push('Z')
  t.deepEqual([...names], ['base', 'Z'])
  const from = {
    valueOf() {
      store.rollback()
      return 0
    },
  }
  names.fill('Y', from as never)
  t.deepEqual([...names], ['Y'])
})

test('rows that are removed, dropped or closed from inside a row are not written', (t) => {
  const { store, table, rows } = opened(t)
  t.is(table.push(row(() => table.clear())), 1)
  t.deepEqual(rows(), ['A 5'])
  t.throws(
    () =>
      table.set(
        0,
        row(() => table.clear()),
      ),
    { instanceOf: RangeError },
  )
  t.is(table.length, 0)
  throwsCode(t, () => table.push(row(() => store.drop('t'))), 'ERR_STOA_NOT_FOUND')
  const again = store.table('t', schema)
  again.push({ sym: 'A', x: 1 })
  throwsCode(t, () => again.push(row(() => store.close({ discard: true }))), 'ERR_STOA_CLOSED')
})

test('columns that change from inside a row, and are read there, refuse the row', (t) => {
  const changes: Record<
    string,
    (table: {
      addColumn: (name: string, type: typeof u8, fill: number) => void
      renameColumn: (from: string, to: string) => void
      at: (index: number) => unknown
    }) => void
  > = {
    added: (table) => table.addColumn('z', u8, 5),
    renamed: (table) => table.renameColumn('x', 'y'),
  }
  for (const [name, change] of Object.entries(changes)) {
    for (const verb of ['push', 'set', 'append', 'insert'] as const) {
      const { store, table } = opened(t)
      const changing = {
        sym: 'base',
        get x(): number {
          change(table)
          table.at(0)
          return 5
        },
      }
      const given = { push: [changing], set: [0, changing], append: [[changing]], insert: [0, changing] }[verb]
      const call = table[verb] as (...given: unknown[]) => unknown
      throwsCode(t, () => call.apply(table, given), 'ERR_STOA_UNSUPPORTED')
      t.is(table.length, 3, `${verb} ${name}`)
      store.rollback()
      t.deepEqual(
        [...table].map(({ x }) => x),
        [0, 1, 2],
      )
      t.true(store.commitSync() > 0)
    }
  }
  const { table } = opened(t)
  throwsCode(
    t,
    () =>
      table.append(
        (function* () {
          yield { sym: 'A', x: 1 }
          table.addColumn('z', u8, 5)
          yield { sym: 'A', x: 2 }
        })(),
      ),
    'ERR_STOA_UNSUPPORTED',
  )
  t.is(table.length, 3)
})

test('the index of set is a number, so that it runs no code', (t) => {
  const { store, table, rows } = opened(t)
  table.push({ sym: 'A', x: 1 })
  const index = {
    valueOf() {
      store.rollback()
      return -1
    },
  }
  t.throws(() => table.set(index as never, { sym: 'A' }), { instanceOf: TypeError })
  t.deepEqual(rows(), ['base 0', 'base 1', 'base 2', 'A 1'])
})

test('a push from inside the elements of a vector leaves both rows whole', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('v', { a: vector(f64, 2), b: vector(f64, 2), name: utf8 })
  for (let x = 0; x < 3; x++) table.push({ a: [x, x], b: [x, x], name: `a longer name ${x}` })
  const nesting = (first: number): number[] => {
    let isNested = false
    const pair = [first, first]
    Object.defineProperty(pair, 1, {
      get() {
        if (!isNested) table.push({ a: [7, 7], b: [8, 8], name: 'the inner name of this row' })
        isNested = true
        return first
      },
    })
    return pair
  }
  const told = (): string[] => [...table].slice(3).map(({ a, b, name }) => `${[...a]} ${[...b]} ${name}`)
  const inner = '7,7 8,8 the inner name of this row'
  table.push({ a: nesting(1), b: [2, 2], name: 'the first outer name' })
  t.deepEqual(told(), [inner, '1,1 2,2 the first outer name'])
  table.push({ a: [3, 3], b: nesting(4), name: 'the second outer name' })
  t.deepEqual(told().slice(2), [inner, '3,3 4,4 the second outer name'])
  const cursor = table.cursor()
  cursor.seek(0).row.a = nesting(5) as never
  t.deepEqual([...(table.at(0)?.a ?? [])], [5, 5])
})

test('a vector that lies about its length is taken by its elements', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('v', { a: vector(f64, 3) })
  for (let x = 0; x < 3; x++) table.push({ a: [x, x, x] })
  class Long extends Float64Array {
    override get length(): number {
      return 3
    }
  }
  t.throws(() => table.push({ a: new Long(2) }), { instanceOf: RangeError, message: /takes 3 elements, found 2/ })
  t.throws(() => table.push({ a: new Long(4) }), { instanceOf: RangeError, message: /takes 3 elements, found 4/ })
  t.is(table.length, 3)
})

test('the time of a Date is its own, whatever its getTime says', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('d', { x: f64, at: timestamp, maybe: nullable(timestamp) })
  for (const lie of ['abc', 5n, undefined, {}]) {
    class Liar extends Date {
      override getTime(): number {
        return lie as never
      }
    }
    for (let round = 0; round < 3; round++) {
      table.push({ x: 0, at: new Liar(86_400_000), maybe: new Liar(5) })
      table.set(-1, { x: 1, at: new Liar(86_400_001) })
      t.deepEqual(table.at(-1), { x: 1, at: 86_400_001, maybe: 5 })
    }
  }
  for (const wrong of [new Date(Number.NaN), {}, new Proxy(new Date(1), {}), Object.create(Date.prototype) as Date]) {
    t.throws(() => table.push({ x: 0, at: wrong as Date, maybe: null }), { message: /column 'at'/ })
  }
  t.is(table.length, 12)
})

test('only objects are rows', (t) => {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  const table = store.table('t', { length: f64 })
  for (let length = 0; length < 3; length++) table.push({ length })
  const described = store.table('d', { description: symbol })
  for (let round = 0; round < 3; round++) described.push({ description: 'x' })
  for (const wrong of ['', 'abc', 5, 5n, true, Symbol('x'), () => {}, Object.assign(() => {}, { description: 'x' })]) {
    t.throws(() => table.push(wrong as never), { instanceOf: TypeError, message: /^a row must be an object/ })
    t.throws(() => described.push(wrong as never), { instanceOf: TypeError, message: /^a row must be an object/ })
    t.throws(() => table.set(0, wrong as never), { instanceOf: TypeError, message: /^a row must be an object/ })
  }
  t.deepEqual([table.length, described.length], [3, 3])
})

test('what is on Object.prototype is no field', (t) => {
  const { table, rows } = opened(t)
  const polluted = Object.prototype as { polluted?: number }
  polluted.polluted = 1
  try {
    table.push({ sym: 'A', x: 1 })
    table.set(0, { x: 7 })
    table.append({ sym: ['B'], x: [2] })
    table.append([{ sym: 'C', x: 3 }])
  } finally {
    delete polluted.polluted
  }
  t.deepEqual(rows(), ['base 7', 'base 1', 'base 2', 'A 1', 'B 2', 'C 3'])
})
