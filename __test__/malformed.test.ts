// Goal: a file that is no whole store of this kind gives a typed error and is left byte for byte as it was.
// Method: damage the bytes of a good store, or write others.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { f64, open, type StoaErrorCode, symbol } from '../src/index.ts'
import { directory, storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

/** The two slots of the header are this far apart. */
const SLOT_BYTES = 65_536
const SLOTS = [0, SLOT_BYTES]

function goodStore(t: ExecutionContext<unknown>): Buffer {
  const path = storePath(t, 'good.stoa')
  const store = open(path)
  const table = store.table('trades', { price: f64, sym: symbol })
  for (let i = 0; i < 1000; i++) table.push({ price: i, sym: `S${i % 7}` })
  store.close()
  return readFileSync(path)
}

function refused(t: ExecutionContext<unknown>, bytes: Uint8Array, code: StoaErrorCode): void {
  const path = storePath(t, 'bad.stoa')
  writeFileSync(path, bytes)
  const error = throwsCode(t, () => open(path), code)
  t.true(error.message.includes(path), error.message)
  t.true(readFileSync(path).equals(bytes), 'the file was changed')
}

function damaged(bytes: Buffer, damage: (slot: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  for (const slot of SLOTS) damage(copy.subarray(slot, slot + 4096))
  return copy
}

test('a wrong magic is FORMAT', (t) => {
  refused(
    t,
    damaged(goodStore(t), (slot) => slot.fill(0x41, 0, 8)),
    'ERR_STOA_FORMAT',
  )
})

test('an empty file, a text and random bytes are FORMAT', (t) => {
  const random = Random.of(t)
  refused(t, Buffer.alloc(0), 'ERR_STOA_FORMAT')
  refused(t, Buffer.from('# not a store\n'), 'ERR_STOA_FORMAT')
  refused(t, Buffer.alloc(300_000, 0), 'ERR_STOA_FORMAT')
  refused(t, Buffer.from(Array.from({ length: 200_000 }, () => random.below(256))), 'ERR_STOA_FORMAT')
})

test('the byte order of another machine at byte 8 is ENDIAN', (t) => {
  const good = goodStore(t)
  t.is(good.readUInt16LE(8), 0x1234)
  refused(
    t,
    damaged(good, (slot) => slot.subarray(8, 10).swap16()),
    'ERR_STOA_ENDIAN',
  )
})

test('a mark at byte 8 that is no byte order is refused', (t) => {
  const path = storePath(t, 'bad.stoa')
  const bytes = damaged(goodStore(t), (slot) => slot.fill(0x77, 8, 10))
  writeFileSync(path, bytes)
  const error = t.throws(() => open(path)) as { code?: string }
  t.true(error.code === 'ERR_STOA_ENDIAN' || error.code === 'ERR_STOA_CORRUPT', error.code)
  t.true(readFileSync(path).equals(bytes), 'the file was changed')
})

test('a header whose checks fail in both slots is CORRUPT', (t) => {
  refused(
    t,
    damaged(goodStore(t), (slot) => (slot[40] = (slot[40] as number) ^ 0xff)),
    'ERR_STOA_CORRUPT',
  )
})

test('a file cut below its header, or below what the header promises, is refused', (t) => {
  const good = goodStore(t)
  for (const length of [1, 7, 8, 9, 63, 64, 100, 4095]) {
    const path = storePath(t, 'bad.stoa')
    const bytes = good.subarray(0, length)
    writeFileSync(path, bytes)
    const error = t.throws(() => open(path)) as { code?: string }
    t.regex(String(error.code), /^ERR_STOA_(FORMAT|CORRUPT)$/, `${length} bytes`)
    t.true(readFileSync(path).equals(bytes), 'the file was changed')
  }
  refused(t, good.subarray(0, 4096), 'ERR_STOA_CORRUPT')
  refused(t, good.subarray(0, SLOT_BYTES * 2), 'ERR_STOA_CORRUPT')
  refused(t, good.subarray(0, good.length - SLOT_BYTES), 'ERR_STOA_CORRUPT')
})

test('any flipped byte of the header gives a typed error or the last commit, never a crash', (t) => {
  const random = Random.of(t)
  const good = goodStore(t)
  const path = storePath(t, 'bad.stoa')
  for (let round = 0; round < 200; round++) {
    const at = random.below(512)
    const flip = 1 + random.below(255)
    const bytes = damaged(good, (slot) => (slot[at] = (slot[at] as number) ^ flip))
    writeFileSync(path, bytes)
    try {
      const store = open(path)
      t.is(store.table('trades').length, 1000)
      store.close({ discard: true })
    } catch (error) {
      t.regex(String((error as { code?: string }).code), /^ERR_STOA_/, `byte ${at}: ${String(error)}`)
      t.true(readFileSync(path).equals(bytes), 'the file was changed')
    }
  }
})

test('a directory is FORMAT', (t) => {
  const path = join(directory(t), 'folder')
  mkdirSync(path)
  throwsCode(t, () => open(path), 'ERR_STOA_FORMAT')
})

test('a fifo is FORMAT and does not hang', (t) => {
  const path = join(directory(t), 'fifo')
  t.is(spawnSync('mkfifo', [path]).status, 0)
  throwsCode(t, () => open(path), 'ERR_STOA_FORMAT')
})

test('a device is FORMAT', (t) => {
  throwsCode(t, () => open('/dev/null'), 'ERR_STOA_FORMAT')
})
