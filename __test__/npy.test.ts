// Goal: numpy's .npy files and arrays of a store hold the same numbers, in both byte orders; all else is refused.
// Method: arrays of each type through files longer than a piece; headers written by hand.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import {
  bool,
  bytes,
  f32,
  f64,
  i16,
  i64,
  i8,
  nullable,
  symbol,
  timestamp64,
  type Type,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from '../src/index.ts'
import { readNpy, writeNpy } from '../src/interop/npy.ts'
import { directory } from './support/directory.ts'
import { rejectsCode, throwsCode } from './support/errors.ts'
import { newStore } from './support/formats.ts'
import { expectSame } from './support/model.ts'
import { Random } from './support/seed.ts'

/** A file with a header as numpy writes it. */
function fileOf(t: ExecutionContext, descr: string, shape: string, data: Uint8Array, order = 'False'): string {
  const path = join(directory(t), 'made.npy')
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }`
  const header = Buffer.alloc(128, ' ')
  header.write('\x93NUMPY\x01\x00\x76\x00', 'latin1')
  header.write(text, 10)
  header[127] = 0x0a
  writeFileSync(path, Buffer.concat([header, data]))
  return path
}

const types: Record<string, Type> = {
  i8,
  u8,
  i16,
  u16,
  u32,
  i64,
  u64,
  f32,
  f64,
  bool,
  'timestamp64(ms)': timestamp64('ms'),
  'vector(f32, 3)': vector(f32, 3),
  'vector(u16, 700000)': vector(u16, 700_000),
}

for (const [name, type] of Object.entries(types)) {
  test(`${name} goes to a file and back`, async (t) => {
    const random = Random.of(t)
    const store = newStore(t)
    const array = store.array('a', type)
    // More than two pieces of a mebibyte.
    const rows = name.includes('700000') ? 3 : 300_000
    array.append(
      (type.name === 'bool'
        ? Uint8Array.from({ length: rows }, () => random.below(2))
        : randomElements(array.data, rows, name, random)) as never,
    )
    const path = join(directory(t), 'a.npy')
    await writeNpy(array, path)
    t.is(readFileSync(path).indexOf('\n') % 64, 63)
    const copy = await readNpy(store, 'copy', path)
    t.is(`${copy.type}`, `${type}`)
    t.true(
      Buffer.from(copy.data.buffer, copy.data.byteOffset, copy.data.byteLength).equals(
        Buffer.from(array.data.buffer, array.data.byteOffset, array.data.byteLength),
      ),
    )
    t.is(copy.length, rows)
    await readNpy(store, 'copy', path)
    t.is(copy.length, 2 * rows)
  })
}

function randomElements(like: ArrayBufferView, rows: number, name: string, random: Random): ArrayBufferView {
  const { constructor } = like as unknown as { constructor: new (buffer: ArrayBuffer) => ArrayBufferView }
  const lanes = Number(/, (\d+)\)/.exec(name)?.[1] ?? 1)
  const width = (like as unknown as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT
  const words = new Uint32Array(Math.ceil((rows * lanes * width) / 4))
  for (let at = 0; at < words.length; at++) words[at] = random.below(2 ** 32)
  return new constructor(words.buffer)
}

test('the other byte order is turned round', async (t) => {
  const store = newStore(t)
  const doubles = Buffer.alloc(16)
  doubles.writeDoubleBE(1.5, 0)
  doubles.writeDoubleBE(-2, 8)
  t.deepEqual([...(await readNpy(store, 'f8', fileOf(t, '>f8', '(2,)', doubles)))], [1.5, -2])
  const shorts = Buffer.from([0, 1, 0xff, 0xfe])
  t.deepEqual([...(await readNpy(store, 'i2', fileOf(t, '>i2', '(2,)', shorts)))], [1, -2])
  const words = Buffer.from([0, 0, 0, 1, 0, 0, 1, 0])
  const table = await readNpy(store, 'u4', fileOf(t, '>u4', '(1, 2)', words))
  expectSame(table.at(0), Uint32Array.of(1, 256), () => 'u4')
})

test('an empty file of rows makes an empty array', async (t) => {
  const array = await readNpy(newStore(t), 'a', fileOf(t, '<f4', '(0, 3)', new Uint8Array(0)))
  t.is(array.length, 0)
  t.is(`${array.type}`, 'vector(f32, 3)')
})

test('what an array cannot be is told', async (t) => {
  const store = newStore(t)
  const data = new Uint8Array(64)
  const cases: [path: string, message: RegExp][] = [
    [fileOf(t, '<f8', '(2, 2, 2)', data), /it has 3 dimensions/],
    [fileOf(t, '<f8', '()', data), /it has 0 dimensions/],
    [fileOf(t, '<f8', '(2, 2)', data, 'True'), /its rows lie in Fortran order/],
    [fileOf(t, '<U4', '(2,)', data), /its elements are '<U4', which no array of a store can hold/],
    [fileOf(t, '|b1', '(2, 2)', data), /its rows are 2 × '\|b1'/],
    [fileOf(t, '<f8', '(2, 0)', data), /its rows are 0 × '<f8'/],
    [fileOf(t, '<f8', '(9,)', data), /it has 192 bytes, expected 200 or more/],
    [fileOf(t, "<f8', 'x': '", '(8', data), /its header .* does not describe one array/],
  ]
  for (const [path, message] of cases) {
    const error = await rejectsCode(t, () => readNpy(store, 'a', path), 'ERR_STOA_FORMAT')
    t.regex(error.message, message)
  }
  const text = join(directory(t), 'text.npy')
  writeFileSync(text, 'this is no such file')
  t.regex((await rejectsCode(t, () => readNpy(store, 'a', text), 'ERR_STOA_FORMAT')).message, /does not begin as/)
  await rejectsCode(t, () => readNpy(store, 'a', `${text}.not`), 'ERR_STOA_NOT_FOUND')
  t.deepEqual(store.arrays(), [])
  store.array('a', f32)
  await rejectsCode(t, () => readNpy(store, 'a', fileOf(t, '<f8', '(8,)', data)), 'ERR_STOA_SCHEMA')
  throwsCode(t, () => store.array('a', f64), 'ERR_STOA_SCHEMA')
})

test('a column of a table is written, one with a null or without numbers is not', async (t) => {
  const store = newStore(t)
  const table = store.table('t', { a: nullable(f64), id: bytes(2), sym: symbol, text: utf8 })
  table.push({ a: 1, id: [1, 2], sym: 'x', text: 'y' })
  const path = join(directory(t), 'a.npy')
  await writeNpy(table.columns.a, path)
  t.deepEqual([...(await readNpy(store, 'a', path))], [1])
  await writeNpy(table.columns.id, path)
  t.deepEqual([...(await readNpy(store, 'id', path))], [Uint8Array.of(1, 2)])
  await t.throwsAsync(writeNpy(table.columns.sym, path), { message: /'sym' is symbol, which numpy has no array/ })
  await t.throwsAsync(writeNpy(table.columns.text, path), { instanceOf: TypeError })
  table.push({ a: null, id: [1, 2], sym: 'x', text: 'y' })
  await t.throwsAsync(writeNpy(table.columns.a, path), { message: /'a' holds 1 nulls, and a numpy array none/ })
  await t.throwsAsync(writeNpy([1] as never, path), {
    message: /writeNpy takes an array or a column .* found an array/,
  })
})
