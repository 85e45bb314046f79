import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  bool,
  bytes,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  nullable,
  oneOf,
  open,
  type Store,
  symbol,
  timestamp,
  timestamp64,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from '../../src/index.ts'
import type { Random } from './seed.ts'
import { xxh3 } from './xxh3.ts'

/** The places and units of docs/format.md. */
const UNIT_BYTES = 65_536
const PAGE_BYTES = 4096
const SLOTS = [PAGE_BYTES, UNIT_BYTES + PAGE_BYTES] as const
const SLOT_BYTES = 512
const SUM_AT = 504
const PUBLISHED = 2 * UNIT_BYTES + 64
const AREA_BYTES = 57_344
const RECORD_MAGIC = 0x8b1d5e70a106c0den
/** A directory or a record that claims more is not sealed: its checksum takes long, and nothing reads that far. */
const SEALED_BYTES_MAX = 2 ** 20
/** How much longer a file gets. */
const LONGER_BYTES_MAX = 2 ** 24

const first = {
  i8,
  i16,
  i32,
  i64,
  u8,
  u16,
  u32,
  u64,
  f32,
  f64,
  bool,
  timestamp,
  ns: timestamp64('ns'),
  side: oneOf('buy', 'sell', 'none'),
  raw: bytes(5),
}
const second = { sym: symbol, text: utf8, some: nullable(f64), note: nullable(utf8), vec: vector(f32, 3) }

function fill(store: Store, from: number, rows: number): void {
  const numbers = store.table('numbers', first)
  const texts = store.table('texts', second)
  for (let at = from; at < from + rows; at++) {
    const small = at % 100
    const wide = BigInt(at) * 1_000_000_007n
    numbers.push({
      i8: small,
      i16: at,
      i32: -at,
      i64: -wide,
      u8: small,
      u16: at,
      u32: at,
      u64: wide,
      f32: at / 2,
      f64: at / 3,
      bool: at % 2 === 0,
      timestamp: at * 1000,
      ns: wide,
      side: at % 3 === 0 ? 'buy' : 'sell',
      raw: Uint8Array.of(at % 256, 2, 3, 4, 5),
    })
    texts.push({
      sym: `S${at % 7}`,
      text: `text ${at} ${'long '.repeat(at % 9)}`,
      some: at % 4 === 0 ? null : at,
      note: at % 5 === 0 ? null : 'note '.repeat(at % 7),
      vec: [at, at + 1, at + 2],
    })
  }
}

/** Good stores to begin with: one that was closed, what a kill leaves, and what a kill leaves of a live one. */
export function goodStores(folder: string): Buffer[] {
  const path = join(folder, 'good')
  let store = open(path)
  fill(store, 0, 200)
  store.array('weights', vector(f32, 2)).push([1, 2], [3, 4])
  store.close()
  const closed = readFileSync(path)
  store = open(path)
  for (let turn = 1; turn < 5; turn++) {
    fill(store, turn * 200, 30)
    store.table('numbers', first).set(turn, { f64: turn })
    if (turn === 3) store.table('later', { x: u8 }).addColumn('late', u16, 7)
    store.commitSync()
  }
  const killed = readFileSync(path)
  store.close({ discard: true })
  store = open(path, { live: true })
  fill(store, 2000, 10)
  const live = readFileSync(path)
  store.close()
  return [closed, killed, live]
}

function word(file: Buffer, at: number): number {
  return at + 8 <= file.length ? Number(file.readBigUInt64LE(at)) : 0
}

function setWord(file: Buffer, at: number, value: bigint): void {
  if (at + 8 <= file.length) file.writeBigUInt64LE(BigInt.asUintN(64, value), at)
}

/** Makes checksums right again, wherever something of some sense is. */
export function seal(file: Buffer): void {
  const put = (at: number, from: number, to: number, seed = 0n): void => {
    if (from + 16 < to && to <= file.length && to - from <= SEALED_BYTES_MAX) {
      setWord(file, at, xxh3(file.subarray(from, to), seed))
    }
  }
  put(SUM_AT, 0, SUM_AT)
  put(PUBLISHED + 32, PUBLISHED, PUBLISHED + 32)
  for (const slot of SLOTS) {
    const [offset, length] = [word(file, slot + 48), word(file, slot + 56)]
    put(slot + 64, offset, offset + length)
    put(slot + SUM_AT, slot, slot + SUM_AT)
    if (slot + SLOT_BYTES > file.length) continue
    const salt = file.readBigUInt64LE(slot + 72)
    const [log, logBytes] = [word(file, slot + 32), word(file, slot + 40)]
    for (let at = log; at + PAGE_BYTES <= Math.min(log + logBytes, file.length); at += PAGE_BYTES) {
      if (file.readBigUInt64LE(at) !== (RECORD_MAGIC ^ salt)) continue
      put(at + 8, at + 16, at + word(file, at + 24), salt)
    }
  }
}

/** The slot that counts. */
function newestSlot(file: Buffer): number {
  return word(file, SLOTS[0] + 16) > word(file, SLOTS[1] + 16) ? SLOTS[0] : SLOTS[1]
}

interface Entry {
  /** Where it is described. */
  readonly at: number
  readonly bytes: number
  readonly extents: readonly { readonly at: number; readonly offset: number; readonly bytes: number }[]
}

interface Directory {
  readonly at: number
  readonly bytes: number
  readonly metadataAt: number
  readonly entries: readonly Entry[]
}

/** The directory of a good file. */
function directoryOf(file: Buffer): Directory {
  const slot = newestSlot(file)
  const [at, bytes] = [word(file, slot + 48), word(file, slot + 56)]
  let next = at + 24 + 16 * file.readUInt32LE(at + 12)
  const entries: Entry[] = []
  for (let count = file.readUInt32LE(at + 8); count > 0; count--) {
    const start = next
    const extentCount = file.readUInt32LE(start + 12)
    if (extentCount > AREA_BYTES) throw new RangeError('a directory that was changed before')
    const extents = Array.from({ length: extentCount }, (_, index) => {
      const place = start + 24 + 16 * index
      return { at: place, offset: word(file, place), bytes: word(file, place + 8) }
    })
    next += 24 + 16 * extentCount + Math.ceil(file.readUInt16LE(start + 6) / 8) * 8
    entries.push({ at: start, bytes: next - start, extents })
  }
  return { at, bytes, metadataAt: next, entries }
}

/** Large, small, aligned, near what is there, or any number at all. */
function value(random: Random, old: bigint): bigint {
  const any = (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32))
  switch (random.below(7)) {
    case 0:
      return any
    case 1:
      return BigInt(random.below(1000))
    case 2:
      return BigInt(random.below(64) * UNIT_BYTES)
    case 3:
      return 1n << BigInt(random.below(64))
    case 4:
      return (1n << BigInt(random.below(64))) - 1n
    default:
      return old + BigInt(random.below(7) - 3)
  }
}

/** Changes 1, 2, 4 or 8 bytes at a place to another number. */
function changeNumber(file: Buffer, at: number, random: Random): void {
  if (at + 8 > file.length) return
  const old = file.readBigUInt64LE(at)
  const bits = BigInt(8 << random.below(4))
  const mask = (1n << bits) - 1n
  setWord(file, at, (old & ~mask) | (value(random, old & mask) & mask))
}

const NAMES = ['__proto__', 'constructor', 'hasOwnProperty', '', 'a\u0000b', "'];x", 'length', 'ts', 'x'.repeat(2000)]
const TYPE_NAMES = [
  'f64',
  'u8',
  'utf8',
  'symbol',
  'nullable',
  'vector',
  'bytes',
  'oneOf',
  'timestamp64',
  'bool',
  'none',
]

/** Anything that JSON can say. */
function anyJson(random: Random, depth = 0): unknown {
  switch (random.below(depth > 2 ? 7 : 10)) {
    case 0:
      return null
    case 1:
      return random.below(2) === 0
    case 2:
      return random.below(5) - 1
    case 3:
      return [1e308, -1, 0.5, 2 ** 31, 2 ** 32, 2 ** 53][random.below(6)]
    case 4:
      return NAMES[random.below(NAMES.length)]
    case 5:
    case 6:
      return TYPE_NAMES[random.below(TYPE_NAMES.length)]
    case 7:
      return Array.from({ length: random.below(4) }, () => anyJson(random, depth + 1))
    case 8:
      return { name: 'nullable', type: anyJson(random, depth + 1), length: anyJson(random, depth + 1) }
    default:
      return {
        name: TYPE_NAMES[random.below(TYPE_NAMES.length)],
        type: anyJson(random, depth + 1),
        length: 2,
        labels: ['a'],
      }
  }
}

/** The same with something changed somewhere. */
function changedJson(node: unknown, random: Random): unknown {
  if (typeof node !== 'object' || node === null || random.below(6) === 0) return anyJson(random)
  if (Array.isArray(node)) {
    if (node.length === 0) return [anyJson(random)]
    const at = random.below(node.length)
    const kind = random.below(8)
    if (kind === 0) return node.toSpliced(at, 1)
    if (kind === 1) return node.toSpliced(at, 0, node[random.below(node.length)])
    return node.with(at, changedJson(node[at], random))
  }
  const entries = Object.entries(node)
  const at = random.below(entries.length + 1)
  const entry = entries[at]
  if (entry === undefined) return Object.fromEntries([...entries, [NAMES[random.below(NAMES.length)], anyJson(random)]])
  const kind = random.below(8)
  if (kind === 0) return Object.fromEntries(entries.toSpliced(at, 1))
  if (kind === 1) return Object.fromEntries(entries.with(at, [NAMES[random.below(NAMES.length)] as string, entry[1]]))
  return Object.fromEntries(entries.with(at, [entry[0], changedJson(entry[1], random)]))
}

function changeMetadata(file: Buffer, random: Random): void {
  const { at, bytes, metadataAt } = directoryOf(file)
  const text = file.subarray(metadataAt, at + bytes).toString()
  let next = text
  const kind = random.below(10)
  if (kind === 0) next = text.slice(0, random.below(text.length))
  else if (kind === 1) next = '['.repeat(random.below(20_000))
  else if (kind === 2) {
    const place = random.below(text.length)
    next = text.slice(0, place) + String.fromCodePoint(random.below(300)) + text.slice(place + 1)
  } else {
    let root: unknown = JSON.parse(text)
    for (let count = 1 + random.below(3); count > 0; count--) root = changedJson(root, random)
    next = JSON.stringify(root)
  }
  const written = Buffer.from(next)
  if (metadataAt + written.length > at + AREA_BYTES) return
  written.copy(file, metadataAt)
  setWord(file, at + 16, BigInt(written.length))
  setWord(file, newestSlot(file) + 56, BigInt(metadataAt - at + written.length))
}

/** Puts other bytes into a column: its values, labels, views, texts or validity. */
function changeColumn(file: Buffer, random: Random): void {
  const { entries } = directoryOf(file)
  const { extents } = entries[random.below(entries.length)] as Entry
  const extent = extents[random.below(extents.length)]
  if (extent === undefined) return
  // Most of an extent lies behind the rows.
  const at = extent.offset + random.below(random.below(4) === 0 ? extent.bytes : 4096)
  if (random.below(2) === 0) return changeNumber(file, at, random)
  for (let count = random.below(64); count > 0 && at + count < file.length; count--)
    file[at + count] = random.below(256)
}

function changeEntry(file: Buffer, random: Random): void {
  const { entries } = directoryOf(file)
  const entry = entries[random.below(entries.length)] as Entry
  const other = entries[random.below(entries.length)] as Entry
  const [extent, another] = [entry.extents[0], other.extents[0]]
  if (random.below(3) === 0 && extent !== undefined && another !== undefined) {
    // Two columns change places, or share one.
    const kept = Buffer.from(file.subarray(extent.at, extent.at + 16))
    file.copy(file, extent.at, another.at, another.at + 16)
    if (random.below(2) === 0) kept.copy(file, another.at)
  } else changeNumber(file, entry.at + random.below(entry.bytes / 4) * 4, random)
}

/** Copies a block from elsewhere: of this file, or of another store. */
function splice(file: Buffer, good: readonly Buffer[], random: Random): void {
  const from = random.below(2) === 0 ? file : (good[random.below(good.length)] as Buffer)
  const size = [SLOT_BYTES, PAGE_BYTES, UNIT_BYTES][random.below(3)] as number
  const place = (length: number): number => random.below(Math.max(1, Math.floor(length / size))) * size
  const at = place(random.below(3) === 0 ? Math.min(file.length, 8 * UNIT_BYTES) : file.length)
  const source = random.below(2) === 0 ? at : place(from.length)
  const block = Buffer.from(from.subarray(source, source + size))
  if (random.below(4) === 0) block.fill([0, 0xff, random.below(256)][random.below(3)] as number)
  block.copy(file, at)
}

/** A file that is not what it was. Two of the same seed, and of the same good stores, are equal. */
export function hostileFile(good: readonly Buffer[], random: Random): Buffer {
  let file = Buffer.from(good[random.below(good.length)] as Buffer)
  let isSealed = random.below(8) > 0
  for (let count = 1 + random.below(3); count > 0; count--) {
    const slot = SLOTS[random.below(2)] as number
    const kind = random.below(12)
    // Where the directory cannot be found any more, what needs none.
    switch (directoryIsLost(file) ? kind % 5 : kind) {
      case 0:
        for (let bits = 1 + random.below(8); bits > 0; bits--) {
          const at = random.below(random.below(2) === 0 ? file.length : Math.min(file.length, 8 * UNIT_BYTES))
          file[at] = (file[at] as number) ^ (1 << random.below(8))
        }
        isSealed &&= random.below(2) === 0
        break
      case 1:
        changeNumber(file, slot + 16 + 4 * random.below(18), random)
        break
      case 2:
        changeNumber(
          file,
          [PUBLISHED - 64, PUBLISHED, PUBLISHED + 8, PUBLISHED + 16, PUBLISHED + 24][random.below(5)] as number,
          random,
        )
        break
      case 3:
      case 4: {
        const log = word(file, newestSlot(file) + 32)
        changeNumber(file, Math.min(log, file.length) + PAGE_BYTES * random.below(4) + 4 * random.below(80), random)
        break
      }
      case 5:
      case 6:
        changeEntry(file, random)
        break
      case 7:
      case 8:
        changeMetadata(file, random)
        break
      case 9:
      case 10:
        changeColumn(file, random)
        break
      default:
        splice(file, good, random)
    }
  }
  if (isSealed) seal(file)
  if (random.below(12) === 0) {
    const length =
      random.below(2) === 0 ? random.below(file.length) : random.below(file.length / UNIT_BYTES) * UNIT_BYTES
    file = file.subarray(0, length)
  }
  if (random.below(12) === 0) file = Buffer.concat([file, Buffer.alloc(random.below(LONGER_BYTES_MAX))])
  return file
}

/** Whether a further change would not find its way. */
function directoryIsLost(file: Buffer): boolean {
  try {
    const { at, bytes, metadataAt } = directoryOf(file)
    JSON.parse(file.subarray(metadataAt, at + bytes).toString())
    return false
  } catch {
    return true
  }
}
