// Goal: text of any length is stored as it is, can be replaced in place, and a file that lies about where it is gives an
// error.
// Method: the public API; for the lie, bytes of the closed file are changed.
import { readFileSync, writeFileSync } from 'node:fs'
import test from 'ava'
import { nullable, open, utf8 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

const long = (size: number): string => 'x'.repeat(size)
const number = (value: number): Buffer => Buffer.from(Uint32Array.of(value).buffer)

test('any text is replaced by any other in place, and its neighbours stay', (t) => {
  const path = storePath(t)
  const texts = ['', 'short', 'exactly 12 b', 'thirteen char', 'a longer text that lies in the heap', 'ü'.repeat(5000)]
  let store = open(path)
  const table = store.table('t', { left: utf8, text: nullable(utf8), right: utf8 })
  for (const from of texts) {
    for (const to of [...texts, null]) {
      table.clear()
      table.push({ left: from, text: from, right: from })
      table.set(0, { text: to })
      t.deepEqual(table.at(0), { left: from, text: to, right: from })
      table.columns.text.set(0, from)
      t.is(table.cursor().seek(0).row.text, from)
    }
  }
  table.set(0, { text: 'kept over a reopening' })
  store.close()
  store = open(path)
  t.is(store.table('t').at(0)?.['text'], 'kept over a reopening')
  store.close()
})

test('a column without rows uses no heap again', (t) => {
  const store = open(storePath(t))
  const array = store.array('texts', utf8)
  const bytes = (): number => store.info().arrays[0]?.bytes ?? -1
  for (let index = 0; index < 100; index++) array.push(`text number ${index}, which is in the heap`)
  t.true(bytes() > 100 * (16 + 30))
  array.clear()
  t.is(bytes(), 0)
  array.push('short')
  t.is(bytes(), 16)
  store.close()
})

test('the garbage that replaced text leaves is known to the byte', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { text: nullable(utf8) })
  const garbage = (): number | undefined => store.info().tables[0]?.columns[0]?.garbageBytes
  table.append({ text: [long(100), long(12), null, long(13), long(50)] })
  t.is(garbage(), 0)
  table.set(0, { text: 'short' })
  t.is(garbage(), 100)
  table.set(3, { text: long(14) })
  t.is(garbage(), 113)
  table.columns.text.fill(long(30))
  t.is(garbage(), 113 + 14 + 50, 'one text is shared by all rows')
  table.clear()
  t.is(garbage(), 0)
  store.close()
})

test('rows that share their text still do when they are appended', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { text: nullable(utf8) })
  table.append({ text: [long(1), long(1), null, long(1)] })
  table.columns.text.fill(long(100_000))
  table.set(2, { text: null })
  table.append(table)
  const other = store.table('other', { text: nullable(utf8) })
  other.append(table)
  const texts = [long(100_000), long(100_000), null, long(100_000)]
  for (const { columns } of [table, other]) t.deepEqual([...columns.text], [...texts, ...texts])
  const bytes = store.info().tables.map(({ columns }) => columns[0]?.bytes ?? 0)
  t.true((bytes[0] as number) < 101_000, `${bytes}`)
  t.true((bytes[1] as number) < 500_000, `${bytes}`)
  store.close()
})

test('a text column has no typed array, and says so', (t) => {
  const store = open(storePath(t))
  const table = store.table('t', { text: utf8 })
  t.throws(() => table.columns.text.data, { instanceOf: TypeError, message: /text lies in no typed array/ })
  t.false('text' in table.arrays)
  store.close()
})

test('text that a hostile file claims to be elsewhere is ERR_STOA_CORRUPT, and bytes that are no UTF-8 are replaced', (t) => {
  const path = storePath(t)
  const text = 'a text to be found in the file'
  let store = open(path)
  store.table('t', { text: utf8 }).push({ text })
  store.close()
  const whole = readFileSync(path)
  const view = whole.indexOf(Buffer.concat([number(text.length), Buffer.from(text.slice(0, 4)), number(0), number(0)]))
  t.true(view > 0)
  const lies = [
    { at: 0, value: 0xffff_ffff },
    { at: 0, value: text.length + 1 },
    { at: 8, value: 1 },
    { at: 8, value: 0xffff_ffff },
    { at: 12, value: 1 },
    { at: 12, value: 0xffff_ffff },
  ]
  for (const { at, value } of lies) {
    const lying = Buffer.from(whole)
    number(value).copy(lying, view + at)
    writeFileSync(path, lying)
    store = open(path)
    const table = store.table('t', { text: utf8 })
    throwsCode(t, () => table.at(0), 'ERR_STOA_CORRUPT')
    throwsCode(t, () => [...table.columns.text], 'ERR_STOA_CORRUPT')
    throwsCode(t, () => table.cursor().seek(0).row.text, 'ERR_STOA_CORRUPT')
    const bytes = store.byteLength
    const other = store.table('other', { text: utf8 })
    throwsCode(t, () => other.append(table), 'ERR_STOA_CORRUPT')
    t.is(store.byteLength, bytes, 'no room is made for what a file merely claims')
    table.set(0, { text: 'mended' })
    t.is(table.at(0)?.text, 'mended')
    store.close({ discard: true })
  }
  const garbled = Buffer.from(whole)
  garbled[garbled.lastIndexOf(Buffer.from('found'))] = 0xff
  writeFileSync(path, garbled)
  store = open(path)
  t.is(store.table('t').at(0)?.['text'], 'a text to be \ufffdound in the file')
  store.close()
})
