// Goal: insert, remove and swapRemove do to tables and arrays of every type what they do to a list, with the edge cases
// of the documentation; misuse changes nothing.
// Method: a JavaScript array beside each. Run twice: see codegen.test.ts.
import test, { type ExecutionContext } from 'ava'
import { f64, open, type PersistentArray, type Store, symbol, type Table, u32, u8, utf8 } from '../src/index.ts'
import { Region } from '../src/column/region.ts'
import { runScript, withTransfer } from './support/child.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { isSame, samples } from './support/samples.ts'
import { Random } from './support/seed.ts'

function opened(t: ExecutionContext): Store {
  const store = open(storePath(t))
  t.teardown(() => store.close())
  return store
}

function numbers(t: ExecutionContext): { table: Table<{ x: typeof u32 }>; array: PersistentArray<typeof u32> } {
  const store = opened(t)
  const table = store.table('t', { x: u32 })
  const array = store.array('a', u32)
  table.append({ x: [0, 1, 2, 3, 4] })
  array.append([0, 1, 2, 3, 4])
  return { table, array }
}

const valuesOf = (table: Table<{ x: typeof u32 }>): number[] => Array.from(table.arrays.x)

test('insert puts a row before an index, from the end when negative, and gives the new length', (t) => {
  for (const [index, expected] of [
    [0, [9, 0, 1, 2, 3, 4]],
    [2, [0, 1, 9, 2, 3, 4]],
    [5, [0, 1, 2, 3, 4, 9]],
    [-1, [0, 1, 2, 3, 9, 4]],
    [-5, [9, 0, 1, 2, 3, 4]],
  ] as const) {
    const { table, array } = numbers(t)
    t.is(table.insert(index, { x: 9 }), 6)
    t.is(array.insert(index, 9), 6)
    t.deepEqual([valuesOf(table), [...array]], [[...expected], [...expected]], `${index}`)
  }
  const { array } = numbers(t)
  t.is(array.insert(1, 7, 8), 7)
  t.is(array.insert(1), 7)
  t.deepEqual([...array], [0, 7, 8, 1, 2, 3, 4])
})

test('remove takes rows out in order, from the end when negative, and gives nothing', (t) => {
  for (const [args, expected] of [
    [[0], [1, 2, 3, 4]],
    [[4], [0, 1, 2, 3]],
    [[-2], [0, 1, 2, 4]],
    [
      [1, 3],
      [0, 4],
    ],
    [[0, 5], []],
    [
      [-3, 2],
      [0, 1, 4],
    ],
    [
      [2, 0],
      [0, 1, 2, 3, 4],
    ],
    [
      [5, 0],
      [0, 1, 2, 3, 4],
    ],
  ] as [[number, number?], number[]][]) {
    const { table, array } = numbers(t)
    t.is(table.remove(...args) as unknown, undefined)
    t.is(array.remove(...args) as unknown, undefined)
    t.deepEqual([valuesOf(table), [...array]], [expected, expected], `${args}`)
  }
})

test('swapRemove puts the last row in the place of the one taken out, and gives nothing', (t) => {
  for (const [index, expected] of [
    [0, [4, 1, 2, 3]],
    [3, [0, 1, 2, 4]],
    [4, [0, 1, 2, 3]],
    [-1, [0, 1, 2, 3]],
    [-5, [4, 1, 2, 3]],
  ] as const) {
    const { table, array } = numbers(t)
    t.is(table.swapRemove(index) as unknown, undefined)
    t.is(array.swapRemove(index) as unknown, undefined)
    t.deepEqual([valuesOf(table), [...array]], [[...expected], [...expected]], `${index}`)
  }
})

test('an index or a count outside is a RangeError, one that is no number a TypeError, and nothing changes', (t) => {
  const { table, array } = numbers(t)
  for (const index of [6, -6, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => table.insert(index, { x: 1 }), { instanceOf: RangeError, message: /it has 5 rows/ })
    t.throws(() => array.insert(index, 1), { instanceOf: RangeError })
  }
  for (const index of [5, -6, 0.5, Number.NaN]) {
    t.throws(() => table.remove(index), { instanceOf: RangeError })
    t.throws(() => array.remove(index), { instanceOf: RangeError })
    t.throws(() => table.swapRemove(index), { instanceOf: RangeError })
    t.throws(() => array.swapRemove(index), { instanceOf: RangeError })
  }
  for (const count of [6, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => table.remove(0, count), { instanceOf: RangeError })
    t.throws(() => array.remove(-5, count), { instanceOf: RangeError })
  }
  t.throws(() => table.remove(3, 3), {
    instanceOf: RangeError,
    message: "there are no 3 rows at 3 in table 't': it has 5 rows; nothing was changed",
  })
  for (const wrong of ['0', null, undefined, 0n, {}] as never[]) {
    t.throws(() => table.insert(wrong, { x: 1 }), { instanceOf: TypeError })
    t.throws(() => table.remove(wrong), { instanceOf: TypeError })
    t.throws(() => table.swapRemove(wrong), { instanceOf: TypeError })
    t.throws(() => array.insert(wrong, 1), { instanceOf: TypeError })
  }
  t.throws(() => table.remove(0, '1' as never), { instanceOf: TypeError })
  t.throws(() => table.insert(0, { x: -1 }), { instanceOf: RangeError })
  t.throws(() => table.insert(0, { x: 1, y: 2 } as never), { instanceOf: TypeError, message: /no column 'y'/ })
  t.throws(() => table.insert(0, {} as never), { instanceOf: TypeError, message: /'x'.* is missing/ })
  t.throws(() => array.insert(0, 1, '2' as never), { instanceOf: TypeError })
  t.deepEqual(
    [valuesOf(table), [...array]],
    [
      [0, 1, 2, 3, 4],
      [0, 1, 2, 3, 4],
    ],
  )
})

test('the verbs work on an empty table and down to it', (t) => {
  const store = opened(t)
  const table = store.table('t', { x: u32, s: utf8 })
  t.throws(() => table.remove(0), { instanceOf: RangeError })
  t.throws(() => table.swapRemove(-1), { instanceOf: RangeError })
  table.remove(0, 0)
  t.is(table.insert(0, { x: 1, s: 'one' }), 1)
  table.swapRemove(0)
  t.is(table.insert(-0, { x: 2, s: 'two' }), 1)
  table.remove(-1)
  t.is(table.length, 0)
  t.is(table.push({ x: 3, s: 'three, which is longer' }), 1)
  t.deepEqual([...table], [{ x: 3, s: 'three, which is longer' }])
})

const rowThat = (act: () => void): { x: number; s: string } => ({
  x: 9,
  get s() {
    act()
    return 'fresh'
  },
})

test('a getter that changes the length is seen, one that rolls back is refused', (t) => {
  const store = opened(t)
  const table = store.table('t', { x: f64, s: symbol })
  table.append({ x: [0, 1, 2], s: ['a', 'b', 'c'] })
  store.commitSync()
  table.insert(
    -1,
    rowThat(() => void table.push({ x: 3, s: 'd' })),
  )
  t.deepEqual(Array.from(table.arrays.x), [0, 1, 2, 9, 3])
  t.throws(
    () =>
      table.insert(
        5,
        rowThat(() => table.truncate(2)),
      ),
    { instanceOf: RangeError },
  )
  t.is(table.length, 2)
  throwsCode(
    t,
    () =>
      table.insert(
        0,
        rowThat(() => store.rollback()),
      ),
    'ERR_STOA_UNSUPPORTED',
  )
  t.deepEqual(Array.from(table.arrays.x), [0, 1, 2])
  t.deepEqual(table.columns.s.labels, ['a', 'b', 'c'])
  throwsCode(
    t,
    () =>
      table.insert(
        0,
        rowThat(() => store.drop('t')),
      ),
    'ERR_STOA_NOT_FOUND',
  )
})

test('views taken before see the rows move', (t) => {
  const { table } = numbers(t)
  const { x } = table.arrays
  table.remove(0)
  t.deepEqual(Array.from(x.subarray(0, 4)), [1, 2, 3, 4])
  table.insert(0, { x: 7 })
  t.deepEqual(Array.from(x), [7, 1, 2, 3, 4])
})

test('every type keeps its values in a table through insert, remove, swapRemove, rollback and reopening', (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  let store = open(path)
  const columns = Object.fromEntries(Object.entries(samples).map(([name, { type }]) => [name, type]))
  const row = (): Record<string, unknown> =>
    Object.fromEntries(Object.entries(samples).map(([name, { value }]) => [name, value(random)]))
  let table = store.table('t', columns)
  let model: Record<string, unknown>[] = []
  const change = (): void => {
    for (let step = 0; step < 150; step++) {
      const index = random.below(model.length + 1)
      if (random.below(5) < 3 || index === model.length) {
        const added = row()
        table.insert(index, added)
        model.splice(index, 0, added)
      } else if (random.below(2) === 0) {
        const count = random.below(Math.min(4, model.length - index)) + 1
        table.remove(index, count)
        model.splice(index, count)
      } else {
        table.swapRemove(index)
        const last = model.pop() as Record<string, unknown>
        if (index < model.length) model[index] = last
      }
    }
  }
  const check = (when: string): void => {
    t.is(table.length, model.length, when)
    for (const [index, expected] of model.entries()) {
      const found = table.at(index) as Record<string, unknown>
      for (const name in columns) {
        if (!isSame(found[name], expected[name])) t.fail(`${when}: row ${index} of '${name}' is ${found[name]}`)
      }
    }
  }
  change()
  check('after the first changes')
  store.commitSync()
  const committed = [...model]
  change()
  check('after the second changes')
  store.rollback()
  model = committed
  check('after the rollback')
  change()
  store.close()
  store = open(path)
  table = store.table('t', columns)
  check('after reopening')
  store.close()
})

test('every type moves across the borders of 64 KiB extents', (t) => {
  const random = Random.of(t)
  const store = opened(t)
  // A byte a row needs this many to lie in two extents; three bytes a row straddle the border.
  const rows = 66_000
  for (const [name, { type, value }] of Object.entries(samples)) {
    const pool = Array.from({ length: 97 }, () => value(random))
    const model: unknown[] = Array.from({ length: rows }, (_, row) => pool[row % pool.length])
    const array = store.array(name, type)
    array.append(model)
    const added = [value(random), value(random), value(random)]
    for (const index of [21_845, 0, 65_535, 33, rows]) {
      array.insert(index, ...added)
      model.splice(index, 0, ...added)
    }
    for (const [index, count] of [
      [21_840, 9],
      [65_530, 13],
      [0, 1],
      [1000, 2500],
    ] as const) {
      array.remove(index, count)
      model.splice(index, count)
    }
    for (const index of [21_845, 0, 40_000]) {
      array.swapRemove(index)
      model[index] = model.pop()
    }
    t.is(array.length, model.length, name)
    const wrong = model.findIndex((expected, index) => !isSame(array.at(index), expected))
    t.is(wrong, -1, `element ${wrong} of ${name}`)
    store.drop(name)
  }
})

test('rows can be taken out after the buffer was transferred away', async (t) => {
  const code = `
    const store = stoa.open(argv[0])
    const table = store.table('t', { x: stoa.u8, s: stoa.utf8 })
    table.append({ x: [1, 2, 3], s: ['one', 'two', 'three three three'] })
    const { buffer } = table.arrays.x
    buffer.transfer()
    if (buffer.byteLength !== 0) throw new Error('nothing was transferred')
    table.remove(0)
    table.insert(1, { x: 9, s: 'nine nine nine nine' })
    console.log(JSON.stringify([...table]))
    store.close()`
  const { stdout, stderr } = await runScript(code, [storePath(t)], withTransfer)
  t.deepEqual(JSON.parse(stdout || `"${stderr}"`), [
    { x: 2, s: 'two' },
    { x: 9, s: 'nine nine nine nine' },
    { x: 3, s: 'three three three' },
  ])
})

test('rows stay whole where the memory of one column cannot be shown', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.table('t', { a: u8, b: u8 }).append({ a: [0, 1, 2, 3], b: [0, 1, 2, 3] })
  store.close()
  for (const verb of ['remove', 'swapRemove'] as const) {
    store = open(path)
    const table = store.table('t', { a: u8, b: u8 })
    t.is(table.arrays.a.length, 4)
    const { bind } = Region.prototype
    Region.prototype.bind = function (this: Region): ReturnType<typeof bind> {
      if (this.title.includes("'b'")) throw new Error('no memory to show')
      return bind.call(this)
    }
    try {
      t.throws(() => table[verb](0), { message: 'no memory to show' })
    } finally {
      Region.prototype.bind = bind
    }
    t.deepEqual(
      [...table],
      [0, 1, 2, 3].map((n) => ({ a: n, b: n })),
    )
    table[verb](0)
    t.is(table.length, 3)
    store.close({ discard: true })
  }
})

test('the verbs of a dropped table and of a closed store are refused', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: u32 })
  const array = store.array('a', u32)
  const calls = [
    () => table.insert(0, { x: 1 }),
    () => table.remove(0, 0),
    () => table.swapRemove(0),
    () => table.lowerBound('x', 1),
    () => array.insert(0, 1),
    () => array.remove(0, 0),
    () => array.swapRemove(0),
  ]
  store.drop('t')
  store.drop('a')
  for (const call of calls) throwsCode(t, call, 'ERR_STOA_NOT_FOUND')
  store.close()
  for (const call of calls) throwsCode(t, call, 'ERR_STOA_CLOSED')
})
