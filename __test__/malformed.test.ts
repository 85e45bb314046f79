// Goal: a file that is no whole store of this kind gives a typed error and is left byte for byte as it was.
// Method: damage the bytes of a good store, or write others.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { f64, open, type StoaErrorCode, type Store, symbol } from '../src/index.ts'
import { directory, storePath } from './support/directory.ts'
import { throwsCode } from './support/errors.ts'
import { Random } from './support/seed.ts'

const UNIT_BYTES = 65_536

/** Where the parts of a store lie: docs/format.md. */
const PARTS = {
  identity: { at: 0, bytes: 512 },
  'slot A': { at: 4096, bytes: 512 },
  'slot B': { at: UNIT_BYTES + 4096, bytes: 512 },
  'directory A': { at: 8192, bytes: 57_344 },
  'directory B': { at: UNIT_BYTES + 8192, bytes: 57_344 },
  'sequence word': { at: 2 * UNIT_BYTES, bytes: 8 },
  'published block': { at: 2 * UNIT_BYTES + 64, bytes: 40 },
  log: { at: 3 * UNIT_BYTES, bytes: 4 * UNIT_BYTES },
} as const
type Part = keyof typeof PARTS

function fill(path: string): Store {
  const store = open(path)
  const table = store.table('trades', { price: f64, sym: symbol })
  for (let i = 0; i < 1000; i++) table.push({ price: i, sym: `S${i % 7}` })
  store.commitSync()
  table.set(0, { price: 5 })
  store.commitSync()
  return store
}

/** A store that was closed: its newest header is in slot B, with epoch 1. */
function goodStore(t: ExecutionContext<unknown>): Buffer {
  const path = storePath(t, 'good.stoa')
  fill(path).close()
  return readFileSync(path)
}

/** A store whose process was killed: all its commits are in the log, its only header is in slot A. */
function killedStore(t: ExecutionContext<unknown>): Buffer {
  const path = storePath(t, 'killed.stoa')
  const store = fill(path)
  const bytes = readFileSync(path)
  store.close()
  return bytes
}

function refused(t: ExecutionContext<unknown>, bytes: Uint8Array, code: StoaErrorCode): void {
  const path = storePath(t, 'bad.stoa')
  writeFileSync(path, bytes)
  const error = throwsCode(t, () => open(path), code)
  t.true(error.message.includes(path), error.message)
  t.true(readFileSync(path).equals(bytes), 'the file was changed')
}

function damaged(bytes: Buffer, parts: readonly Part[], damage: (part: Buffer) => unknown): Buffer {
  const copy = Buffer.from(bytes)
  for (const part of parts) damage(copy.subarray(PARTS[part].at, PARTS[part].at + PARTS[part].bytes))
  return copy
}

/** Turns every byte over, so that zeros are damaged too. */
const overturn = (part: Buffer): void => {
  for (let at = 0; at < part.length; at++) part[at] = (part[at] as number) ^ 0xff
}

/** Opens a damaged file: a typed error that leaves it as it was, or all rows of the newest commit. */
function opensOrNot(t: ExecutionContext<unknown>, bytes: Buffer, what: string): string {
  const path = storePath(t, 'bad.stoa')
  writeFileSync(path, bytes)
  let store
  try {
    store = open(path)
  } catch (error) {
    t.true(readFileSync(path).equals(bytes), `${what}: the file was changed`)
    return String((error as { code?: string }).code)
  }
  try {
    const table = store.table('trades', { price: f64, sym: symbol })
    t.is(store.commitId, 2, what)
    t.is(table.length, 1000, what)
    t.deepEqual(table.at(0), { price: 5, sym: 'S0' }, what)
    t.deepEqual(table.at(-1), { price: 999, sym: 'S5' }, what)
  } finally {
    store.close({ discard: true })
  }
  return 'all'
}

// What each part is for: a store that was closed needs its newest header and directory, no log.
const closed: [Part[], string][] = [
  [['identity'], 'ERR_STOA_FORMAT'],
  [['slot A'], 'all'],
  [['slot B'], 'ERR_STOA_CORRUPT'],
  [['slot A', 'slot B'], 'ERR_STOA_CORRUPT'],
  [['directory A'], 'all'],
  [['directory B'], 'ERR_STOA_CORRUPT'],
  [['directory A', 'directory B'], 'ERR_STOA_CORRUPT'],
  [['sequence word'], 'all'],
  [['published block'], 'all'],
  [['log'], 'all'],
]
// One that was killed needs the header that was there, and its log.
const killed: [Part[], string][] = [
  [['identity'], 'ERR_STOA_FORMAT'],
  [['slot A'], 'ERR_STOA_CORRUPT'],
  [['slot B'], 'all'],
  [['slot A', 'slot B'], 'ERR_STOA_CORRUPT'],
  [['directory A'], 'ERR_STOA_CORRUPT'],
  [['directory B'], 'all'],
  [['sequence word'], 'all'],
  [['published block'], 'all'],
]

for (const [state, cases, make] of [
  ['closed', closed, goodStore],
  ['killed', killed, killedStore],
] as const) {
  for (const [parts, expected] of cases) {
    test(`a ${state} store without its ${parts.join(' and its ')} gives ${expected}`, (t) => {
      t.is(opensOrNot(t, damaged(make(t), parts, overturn), parts.join()), expected)
    })
  }
}

test('a wrong magic is FORMAT', (t) => {
  refused(
    t,
    damaged(goodStore(t), ['identity'], (part) => part.fill(0x41, 0, 8)),
    'ERR_STOA_FORMAT',
  )
})

test('one flipped bit of the identity, of the newest header or of its directory is told', (t) => {
  const good = goodStore(t)
  const random = Random.of(t)
  const directoryBytes = Number(good.readBigUInt64LE(PARTS['slot B'].at + 56))
  for (const [part, bytes, codes] of [
    ['identity', 512, /^ERR_STOA_(FORMAT|CORRUPT|ENDIAN|VERSION)$/],
    ['slot B', 512, /^ERR_STOA_CORRUPT$/],
    ['directory B', directoryBytes, /^ERR_STOA_CORRUPT$/],
  ] as const) {
    for (let round = 0; round < 40; round++) {
      const at = random.below(bytes)
      const bit = 1 << random.below(8)
      const bytesOf = damaged(good, [part], (bad) => (bad[at] = (bad[at] as number) ^ bit))
      t.regex(opensOrNot(t, bytesOf, `${part}, byte ${at}`), codes, `${part}, byte ${at}, bit ${bit}`)
    }
  }
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
  for (const parts of [['identity'], ['identity', 'slot A', 'slot B']] as const) {
    refused(
      t,
      damaged(good, parts, (part) => part.subarray(8, 10).swap16()),
      'ERR_STOA_ENDIAN',
    )
  }
})

test('a mark at byte 8 that is no byte order is CORRUPT', (t) => {
  refused(
    t,
    damaged(goodStore(t), ['identity'], (part) => part.fill(0x77, 8, 10)),
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
  refused(t, good.subarray(0, UNIT_BYTES * 2), 'ERR_STOA_CORRUPT')
  refused(t, good.subarray(0, good.length - UNIT_BYTES), 'ERR_STOA_CORRUPT')
})

test('any byte flipped anywhere before the data gives a typed error or the newest commit, never a crash', (t) => {
  const random = Random.of(t)
  const good = goodStore(t)
  const seen = new Set<string>()
  for (let round = 0; round < 200; round++) {
    const names = Object.keys(PARTS) as Part[]
    const part = names[random.below(names.length)] as Part
    const at = random.below(Math.min(PARTS[part].bytes, 512))
    const flip = 1 + random.below(255)
    const bytes = damaged(good, [part], (bad) => (bad[at] = (bad[at] as number) ^ flip))
    const result = opensOrNot(t, bytes, `${part}, byte ${at}`)
    t.regex(result, /^(all|ERR_STOA_[A-Z]+)$/, `${part}, byte ${at}: ${result}`)
    seen.add(result)
  }
  t.true(seen.has('all') && seen.has('ERR_STOA_CORRUPT'), [...seen].join())
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
