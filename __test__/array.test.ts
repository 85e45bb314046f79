// Goal: an array in the file has the verbs of a vector.
// Method: compare with a JavaScript array.
import test from 'ava'
import { f64, i64, open, symbol, u8 } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'

test('push, pop, at, set, append, truncate and clear do what they say', (t) => {
  const path = storePath(t)
  let store = open(path)
  const array = store.array('a', f64)
  t.is(array.name, 'a')
  t.is(array.type, f64)
  t.is(array.pop(), undefined)
  t.is(array.push(), 0)
  t.is(array.push(1, 2, 3), 3)
  t.is(array.push(4), 4)
  t.is(array.pop(), 4)
  t.is(array.append([5, 6]), 5)
  t.is(array.append(Float64Array.of(7)), 6)
  t.is(array.append(new Set([8, 9])), 8)
  t.deepEqual([...array], [1, 2, 3, 5, 6, 7, 8, 9])
  t.deepEqual(array.data, Float64Array.of(1, 2, 3, 5, 6, 7, 8, 9))
  t.is(array.at(-1), 9)
  t.is(array.at(8), undefined)
  array.set(0, 100)
  array.set(-1, 900)
  t.throws(() => array.set(8, 1), { instanceOf: RangeError })
  t.deepEqual([array.at(0), array.at(7)], [100, 900])
  array.fill(0, 2, 4)
  t.deepEqual([...array], [100, 2, 0, 0, 6, 7, 8, 900])
  array.truncate(2)
  t.deepEqual([...array], [100, 2])
  array.reserve(1000)
  t.true(array.capacity >= 1002)
  store.close()
  store = open(path)
  t.deepEqual([...store.array('a', f64)], [100, 2])
  store.array('a', f64).clear()
  t.is(store.array('a', f64).length, 0)
  store.close()
})

test('an append that fails adds nothing', (t) => {
  const store = open(storePath(t))
  const array = store.array('a', u8)
  array.push(1)
  t.throws(() => array.push(2, 300), { instanceOf: RangeError })
  t.throws(() => array.append([2, 300]), { instanceOf: RangeError })
  t.throws(() => array.append(Int32Array.of(2, -1)), { instanceOf: RangeError })
  t.throws(() => array.append(5 as never), { instanceOf: TypeError })
  t.throws(() => array.append('12' as never), { instanceOf: TypeError })
  t.deepEqual([...array], [1])
  store.close()
})

test('symbols and bigints are values of arrays too', (t) => {
  const path = storePath(t)
  let store = open(path)
  store.array('s', symbol).push('A', 'B', 'A')
  store.array('i', i64).append(BigInt64Array.of(1n, -(2n ** 63n)))
  store.close()
  store = open(path)
  t.deepEqual([...store.array('s', symbol)], ['A', 'B', 'A'])
  t.deepEqual(store.array('s', symbol).labels, ['A', 'B'])
  t.deepEqual([...store.array('i', i64)], [1n, -(2n ** 63n)])
  store.close()
})

test('an array and a table of its name and columns do not share memory', (t) => {
  const store = open(storePath(t))
  const array = store.array('a', f64)
  const table = store.table('b', { a: f64, data: f64 })
  array.push(1)
  table.push({ a: 2, data: 3 })
  t.deepEqual([...array], [1])
  t.deepEqual(table.at(0), { a: 2, data: 3 })
  store.close()
})

test('every verb of an array of a closed store is CLOSED', (t) => {
  const store = open(storePath(t))
  const array = store.array('a', f64)
  array.push(1)
  store.close()
  for (const call of [
    () => array.length,
    () => array.capacity,
    () => array.push(1),
    () => array.pop(),
    () => array.at(0),
    () => array.set(0, 1),
    () => array.append([1]),
    () => array.truncate(0),
    () => array.clear(),
    () => array.reserve(1),
    () => array.data,
    () => [...array],
  ]) {
    throwsCode(t, call, 'ERR_STOA_CLOSED')
  }
})
