// Goal: growth moves nothing, loses nothing, and costs the garbage collector next to nothing.
// Method: take views before growth; count major collections by perf_hooks in a process of its own.
import test from 'ava'
import { f64, i64, open, symbol, u32, u8 } from '../src/index.ts'
import { runScript } from './support/child.ts'
import { storePath } from './support/directory.ts'

test('a view taken before growth still reads and writes its rows after many growths', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { x: f64, n: u32, b: i64, c: u8 })
  table.push({ x: 0, n: 0, b: 0n, c: 0 })
  const first = table.arrays
  const views = { x: first.x, n: first.n, b: first.b, c: first.c }
  const capacities = new Set<number>()
  for (let i = 1; i < 300_000; i++) {
    table.push({ x: i, n: i, b: BigInt(i), c: i & 255 })
    capacities.add(table.capacity)
  }
  t.true(capacities.size >= 5, `${capacities.size} capacities`)
  t.deepEqual([views.x.length, views.n.length, views.b.length, views.c.length], [1, 1, 1, 1])
  views.x[0] = 1.5
  views.n[0] = 7
  views.b[0] = -1n
  views.c[0] = 9
  t.deepEqual(table.at(0), { x: 1.5, n: 7, b: -1n, c: 9 })
  table.set(0, { x: 2.5 })
  t.is(views.x[0], 2.5)
  const { x, n, b, c } = table.arrays
  for (let i = 1; i < 300_000; i++) {
    if (x[i] !== i || n[i] !== i || b[i] !== BigInt(i) || c[i] !== (i & 255)) t.fail(`row ${i}`)
  }
  store.close()
})

test('views of every size stay valid over commits and growths', (t) => {
  const path = storePath(t)
  let store = open(path)
  let array = store.array('a', f64)
  const views: Float64Array[] = []
  for (let round = 0; round < 40; round++) {
    array.append(new Float64Array(3000).fill(round))
    views.push(array.data)
    if (round % 3 === 0) store.commitSync()
  }
  for (const [round, view] of views.entries()) {
    t.is(view.length, 3000 * (round + 1))
    t.is(view[view.length - 1], round)
    view[view.length - 1] = -round
  }
  const expected = Float64Array.from(array.data)
  store.close()
  store = open(path)
  array = store.array('a', f64)
  t.true(
    Buffer.from(array.data.buffer, array.data.byteOffset, array.data.byteLength).equals(Buffer.from(expected.buffer)),
  )
  store.close()
})

test('a symbol dictionary grows with its column', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { sym: symbol })
  for (let i = 0; i < 50_000; i++) table.push({ sym: `symbol number ${i % 20_000}` })
  t.is(table.columns.sym.labels.length, 20_000)
  t.is(table.at(49_999)?.sym, 'symbol number 9999')
  store.close()
})

test('a thousand growths cause no more than a handful of major collections', async (t) => {
  const code = `
    import { PerformanceObserver, constants } from 'node:perf_hooks'
    let majors = 0
    new PerformanceObserver((list) => {
      for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) majors++
    }).observe({ entryTypes: ['gc'] })
    const live = Array.from({ length: 500_000 }, (_, i) => ({ i }))
    const store = stoa.open(argv[0])
    const table = store.table('t', { x: stoa.f64, y: stoa.f64 })
    let growths = 0
    let capacity = table.capacity
    // Steps of 64 KiB, so that each is a growth: reserve asks for no more than it says.
    for (let step = 1; growths < 1000; step++) {
      table.reserve(8192)
      table.append({ x: new Float64Array(8192), y: new Float64Array(8192) })
      if (table.capacity > capacity) growths++
      capacity = table.capacity
    }
    await new Promise((done) => setTimeout(done, 50))
    console.log(JSON.stringify({ growths, majors, length: table.length, live: live.length }))
    store.close({ discard: true })`
  const { stdout, stderr } = await runScript(code, [storePath(t)])
  t.is(stderr, '')
  const { growths, majors } = JSON.parse(stdout) as { growths: number; majors: number }
  t.log(`${growths} growths, ${majors} major collections`)
  t.true(growths >= 1000)
  // "A handful", as the README says: a few of the doublings of the window, and none of the growths between them.
  t.true(majors <= 5, `${majors} major collections`)
})

test('a large column of a file is first shown without room to grow, and then needs one more buffer', async (t) => {
  const path = storePath(t)
  const large = 65 * 2 ** 20
  const store = open(path)
  store.array('a', u8).reserve(large)
  store.array('a', u8).push(1)
  store.close()
  const code = `
    const store = stoa.open(argv[0])
    const array = store.array('a', stoa.u8)
    const first = array.data
    const bytes = [first.buffer.byteLength - array.capacity]
    array.append(new Uint8Array(array.capacity).fill(2))
    first[0] = 3
    if (array.at(0) !== 3 || array.at(-1) !== 2) throw new Error('not the column')
    // Where the buffers before are collected, too.
    for (let i = 0; i < 20; i++) {
      bytes.push(array.data.buffer.byteLength)
      for (let turn = 0; turn < 3; turn++) { gc(); await new Promise(setImmediate) }
      array.append(new Uint8Array(2 ** 20))
    }
    console.log(JSON.stringify(bytes))
    store.close({ discard: true })`
  const { stdout, stderr } = await runScript(code, [path], ['--expose-gc'])
  t.deepEqual(JSON.parse(stdout || `"${stderr}"`), [0, ...Array.from({ length: 20 }, () => 128 * 2 ** 20)])
})
