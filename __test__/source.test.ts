// Goal: append stores what it checked, whatever its source says or does meanwhile.
// Method: sources that change, lie or look like something else. Run twice: see codegen.test.ts.
import { Worker } from 'node:worker_threads'
import test, { type ExecutionContext } from 'ava'
import { bool, f64, oneOf, open, symbol, u8, vector } from '../src/index.ts'
import { storePath } from './support/directory.ts'

function opened(t: ExecutionContext): ReturnType<typeof open> {
  const store = open(storePath(t))
  t.teardown(() => store.close({ discard: true }))
  return store
}

/** An array whose first element runs code when it is read. */
function running(values: number[], run: () => void): number[] {
  const [first] = values
  Object.defineProperty(values, 0, {
    get() {
      run()
      return first
    },
  })
  return values
}

test('a source that is shortened while another is read is refused', (t) => {
  const table = opened(t).table('t', { a: f64, b: f64 })
  table.append({ a: [1, 1], b: [111, 222] })
  table.clear()
  const plain = [5, 6]
  const changed = { instanceOf: TypeError, message: /changed while it was read; nothing was appended/ }
  t.throws(() => table.append({ a: running([1, 2], () => (plain.length = 1)), b: plain }), changed)
  const Resizable = ArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => ArrayBuffer & { resize(bytes: number): void }
  for (const isTracking of [true, false]) {
    const buffer = new Resizable(16, { maxByteLength: 32 })
    const elements = isTracking ? new Float64Array(buffer) : new Float64Array(buffer, 0, 2)
    t.throws(() => table.append({ a: running([1, 2], () => buffer.resize(8)), b: elements }), changed)
  }
  const moved = new Float64Array(2)
  const move = (): unknown => structuredClone(moved, { transfer: [moved.buffer] })
  t.throws(() => table.append({ a: running([1, 2], move), b: moved }), changed)
  t.is(table.length, 0)
  const grown = new Resizable(16, { maxByteLength: 32 })
  t.is(table.append({ a: running([1, 2], () => grown.resize(32)), b: new Float64Array(grown) }), 2)
  t.deepEqual(
    [...table],
    [
      { a: 1, b: 0 },
      { a: 2, b: 0 },
    ],
  )
})

test('a class of typed arrays that lies about its length is taken by its elements', (t) => {
  const store = opened(t)
  const table = store.table('t', { x: f64, y: f64 })
  table.append({ x: new Float64Array(2000).fill(7), y: new Float64Array(2000).fill(8) })
  table.clear()
  class Liar extends Float64Array {
    override get length(): number {
      return 4
    }
    override get byteOffset(): number {
      return 8
    }
    static get [Symbol.species](): never {
      throw new Error('species')
    }
  }
  t.throws(() => table.append({ x: new Liar([1, 2]), y: [1, 2, 3, 4] }), { instanceOf: RangeError })
  t.throws(() => table.append({ x: [1, 2, 3, 4], y: new Liar([1, 2]) }), { instanceOf: RangeError })
  t.is(table.append({ x: new Liar([1, 2]), y: [3, 4] }), 2)
  t.deepEqual(
    [...table],
    [
      { x: 1, y: 3 },
      { x: 2, y: 4 },
    ],
  )
  const array = store.array('a', f64)
  t.is(array.append(new Liar([5])), 1)
  const pairs = store.array('p', vector(f64, 2))
  t.is(pairs.append(new Liar([5, 6])), 1)
  t.throws(() => pairs.append(new Liar([5, 6, 7])), { instanceOf: TypeError })
})

test('codes are checked by nobody but the store', (t) => {
  const table = opened(t).table('t', { ok: bool, side: oneOf('a', 'b'), sym: symbol })
  table.append({ ok: [true], side: ['a'], sym: ['A'] })
  class Sure extends Uint8Array {
    override findIndex(): number {
      return -1
    }
  }
  class SureCodes extends Uint32Array {
    override findIndex(): number {
      return -1
    }
  }
  const good = { ok: [true], side: ['a'], sym: ['A'] } as const
  t.throws(() => table.append({ ...good, ok: new Sure([7]) }), { instanceOf: RangeError })
  t.throws(() => table.append({ ...good, side: new Sure([7]) }), { instanceOf: RangeError })
  t.throws(() => table.append({ ...good, sym: new SureCodes([7]) }), { instanceOf: RangeError })
  const codes = Uint8Array.of(0)
  const change = {
    get sym() {
      codes[0] = 200
      return ['A']
    },
  }
  t.throws(() => table.append({ ok: [true], side: codes, ...change }), { instanceOf: RangeError })
  t.is(table.length, 1)
})

test('codes in memory that another thread writes to are stored as they were checked', async (t) => {
  const table = opened(t).table('t', { side: oneOf('a', 'b') })
  const shared = new Uint8Array(new SharedArrayBuffer(1 << 16))
  // Another thread turns one code between right and wrong, as fast as it can.
  const code = `
    const { parentPort, workerData } = require('node:worker_threads')
    parentPort.postMessage('up')
    for (;;) workerData[60_000] ^= 0x80`
  const worker = new Worker(code, { eval: true, workerData: shared })
  t.teardown(() => worker.terminate())
  await new Promise((done) => worker.once('message', done))
  let appended = 0
  let refused = 0
  for (const until = performance.now() + 300; performance.now() < until;) {
    try {
      table.append({ side: shared })
      appended++
    } catch (error) {
      t.true(error instanceof RangeError, String(error))
      refused++
    }
    t.true(table.arrays.side.every((stored) => stored < 2))
    table.clear()
  }
  t.log(`${appended} appended, ${refused} refused`)
  t.true(appended > 0)
})

test('an array that grows while it is read ends', (t) => {
  const array = opened(t).array('a', u8)
  const source = [1, 2]
  array.append(running(source, () => source.length < 5 && source.push(9)))
  t.is(array.length, source.length)
})

test('columns with the names of a table’s own members are columns', (t) => {
  const store = opened(t)
  const schema = { storages: f64, rowCount: f64, encodeRow: f64, session: f64, placeOf: f64, checkUsable: f64 }
  const table = store.table('t', schema)
  const one = { storages: [1], rowCount: [2], encodeRow: [3], session: [4], placeOf: [5], checkUsable: [6] }
  t.is(table.append(one), 1)
  t.is(table.append(table), 2)
  const row = { storages: 1, rowCount: 2, encodeRow: 3, session: 4, placeOf: 5, checkUsable: 6 }
  t.deepEqual([...table], [row, row])
})
