// Goal: `verify()` finds a flipped bit in whatever column it is, tells it in words that users know, disturbs nobody, and
// finds nothing where nothing is wrong.
// Method: real files; a bit is flipped in the file below an open store, or in a closed one. Which bits are found at all is
// proved in crates/core/tests/verify.rs.
import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import test from 'ava'
import { bytes, f64, nullable, open, type StoaError, type Store, symbol, u32, utf8, vector } from '../src/index.ts'
import { storePath } from './support/directory.ts'
import { rejectsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

const ROWS = 3000

function fill(path: string): Store {
  const store = open(path)
  const trades = store.table('trades', {
    price: f64,
    sym: symbol,
    note: nullable(utf8),
    key: bytes(16),
    place: vector(f64, 2),
  })
  for (let i = 0; i < ROWS; i++) {
    const note = i % 3 === 0 ? null : `a note that is too long for a view ${i}`
    trades.push({ price: i + 0.25, sym: `SYM${i % 50}`, note, key: new Uint8Array(16).fill(i), place: [i, -i] })
  }
  store.array('heights', u32).append(new Uint32Array(5000).map((_, i) => i * 7 + 1))
  store.commitSync()
  return store
}

/** Flips a bit in the middle of the first place where these bytes are. */
function flip(path: string, needle: Uint8Array): void {
  const at = readFileSync(path).indexOf(needle)
  if (at < 0) throw new Error('the bytes are not in the file')
  flipAt(path, at + (needle.length >> 1))
}

function flipAt(path: string, at: number, bit = 3): void {
  const file = openSync(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    readSync(file, byte, 0, 1, at)
    writeSync(
      file,
      byte.map((it) => it ^ (1 << bit)),
      0,
      1,
      at,
    )
  } finally {
    closeSync(file)
  }
}

const bytesOf = (...numbers: number[]): Uint8Array => new Uint8Array(new Float64Array(numbers).buffer)

test('a store in which nothing is wrong is found so, by its writer and by readers, and each byte of it was checked', async (t) => {
  const path = storePath(t)
  const store = fill(path)
  const reader = open(path, { access: 'read' })
  for (const it of [store, reader]) {
    const report = await it.verify()
    t.deepEqual(report.problems, [])
    t.true(report.ok)
    t.true(report.bytesChecked > ROWS * 60, `${report.bytesChecked}`)
  }
  reader.close()
  store.close()
})

test('a flipped bit is told by column and rows, by labels and text, and by element of an array', async (t) => {
  const text = new TextEncoder()
  const damages: [Uint8Array, RegExp][] = [
    [bytesOf(600.25, 601.25, 602.25), /^column 'price' of table 'trades', rows 512 to 1023$/],
    [new Uint8Array(16).fill(200), /^column 'key' of table 'trades', rows 0 to 255$/],
    [bytesOf(2999, -2999), /^column 'place' of table 'trades', rows 2816 to 2999$/],
    [text.encode('SYM17'), /^column 'sym' of table 'trades', labels$/],
    [text.encode('long for a view 1000'), /^column 'note' of table 'trades', text$/],
    [new Uint8Array(new Uint32Array([14_001, 14_008]).buffer), /^array 'heights', elements 1024 to 2047$/],
  ]
  for (const [needle, where] of damages) {
    const path = storePath(t)
    fill(path).close()
    flip(path, needle)
    const store = open(path)
    const { ok, problems } = await store.verify()
    t.false(ok)
    t.is(problems.length, 1)
    t.regex(problems[0]?.where ?? '', where)
    t.regex(problems[0]?.message ?? '', /checksum/)
    store.close()
  }
})

test('the bits that say which rows are null are checked, too', async (t) => {
  const path = storePath(t)
  fill(path).close()
  // Two of three rows have a note.
  flip(path, new Uint8Array([0xb6, 0x6d, 0xdb, 0xb6, 0x6d, 0xdb]))
  const store = open(path)
  const { problems } = await store.verify()
  t.deepEqual(
    problems.map(({ where }) => where),
    ["column 'note' of table 'trades', which of rows 0 to 2999 are null"],
  )
  store.close()
})

test('a header and the log are told by their names', async (t) => {
  const path = storePath(t)
  const store = fill(path)
  for (const [at, where] of [
    [4096 + 20, 'header slot A'],
    [3 * 65_536 + 200, 'log'],
    [2 * 65_536 + 70, 'what the writer tells its readers'],
  ] as const) {
    flipAt(path, at)
    const { ok, problems } = await store.verify()
    t.false(ok)
    t.true(
      problems.some((problem) => problem.where === where),
      JSON.stringify(problems),
    )
    flipAt(path, at)
  }
  t.true((await store.verify()).ok)
  store.close()
})

test('a store with damage everywhere tells a hundred places and counts the others', async (t) => {
  const path = storePath(t)
  const store = open(path)
  const many = store.table('many', { a: f64 })
  many.append({ a: new Float64Array(512 * 300).fill(7.5) })
  await store.commit()
  const start = readFileSync(path).indexOf(new Uint8Array(new Float64Array(512).fill(7.5).buffer))
  // Every other page: pages side by side are one place.
  for (let page = 0; page < 300; page += 2) flipAt(path, start + page * 4096 + 9)
  const { ok, problems } = await store.verify()
  t.false(ok)
  t.is(problems.length, 101)
  t.is(problems[0]?.where, "column 'a' of table 'many', rows 0 to 511")
  t.is(problems[100]?.where, '50 more places')
  store.close()
})

test('what is not committed is no damage, and the event loop goes on while a store is checked', async (t) => {
  const random = Random.of(t)
  const path = storePath(t)
  const store = open(path)
  const numbers = store.table('numbers', { a: f64, b: f64 })
  numbers.append({ a: new Float64Array(200_000).map(() => random.below(1e9)), b: new Float64Array(200_000) })
  await store.commit()
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const checks: Promise<{ ok: boolean; problems: unknown[] }>[] = []
  for (let round = 0; round < 20; round++) {
    const { a } = numbers.arrays
    for (let i = 0; i < 500; i++) a[random.below(a.length)] = i
    checks.push(store.verify())
    numbers.push({ a: round, b: round })
    const commit = store.commit()
    checks.push(store.verify())
    await commit
  }
  for (const { problems } of await Promise.all(checks)) t.deepEqual(problems, [])
  clearInterval(timer)
  t.true(turns > 0, 'the event loop stood still')
  store.close()
})

test('a store that is closed is not checked, and one that closes meanwhile was or is not', async (t) => {
  const path = storePath(t)
  const store = fill(path)
  const check = store.verify()
  store.close()
  try {
    t.true((await check).ok)
  } catch (error) {
    t.is((error as StoaError).code, 'ERR_STOA_CLOSED')
  }
  await rejectsCode(t, () => store.verify(), 'ERR_STOA_CLOSED')
})

test('a live store is checked as far as its checksums are known', async (t) => {
  const path = storePath(t)
  fill(path).close()
  const store = open(path, { live: true })
  const known = await store.verify()
  const { price } = store.table('trades').arrays as unknown as { price: Float64Array }
  price[5] = 1
  await store.commit()
  const after = await store.verify()
  t.deepEqual([known.ok, after.ok], [true, true])
  t.true(after.bytesChecked < ROWS * 60)
  store.close()
})

test('a reader whose writer never rests is told that it is busy, or finds nothing wrong', async (t) => {
  const path = storePath(t)
  const store = fill(path)
  const reader = open(path, { access: 'read' })
  const trades = store.table('trades')
  const writer = { isOver: false }
  const writing = (async () => {
    while (!writer.isOver) {
      const column = trades.arrays['price'] as Float64Array
      for (let i = 0; i < 100; i++) column[i * 20] = Math.random()
      await store.commit()
    }
  })()
  try {
    for (let i = 0; i < 5; i++) {
      try {
        t.deepEqual((await reader.verify()).problems, [])
      } catch (error) {
        t.is((error as StoaError).code, 'ERR_STOA_BUSY')
      }
    }
  } finally {
    writer.isOver = true
    await writing
  }
  reader.close()
  store.close()
})
