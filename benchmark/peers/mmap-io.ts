// @riaskov/mmap-io, which gives a Buffer over a mapped file and no more. The store on it is written by hand: a capacity
// for good, a header with the number of rows, one array after the other. One `msync` is durable, and not atomic.
import { closeSync, ftruncateSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { watchCollections } from '../collections.ts'
import { sumOfRows, sumWhere } from '../loops.ts'
import { peakMegabytes } from '../memory.ts'
import { load, versionOf } from '../packages.ts'
import {
  batchesOf,
  checksum,
  makeRows,
  priceOf,
  qtyOf,
  randomRows,
  ROW_BYTES,
  type Rows,
  sumOf,
  symOf,
  tsOf,
} from '../rows.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { SCATTERED, updateRows, UPDATES } from '../updates.ts'
import { importing } from './imports.ts'

interface MmapIo {
  readonly PROT_READ: number
  readonly PROT_WRITE: number
  readonly MAP_SHARED: number
  map(size: number, protection: number, privacy: number, file: number): Buffer
  /** Waits for the disk only if `isBlocking`. */
  sync(buffer: Buffer, offset: number, length: number, isBlocking: boolean): void
}

const PACKAGE = '@riaskov/mmap-io'
const loaded = await load<{ default: MmapIo & { default?: MmapIo } }>(PACKAGE)
const mmap = loaded.default.default ?? loaded.default

const HEADER_BYTES = 4096
/** Rows that a table of the commit trials may get. */
const COMMIT_CAPACITY = 1_000_000

interface Mapped {
  readonly table: Rows
  /** The number of rows. */
  readonly header: Float64Array
  sync(): void
}

function openFile(directory: string, capacity: number, flags: 'r+' | 'w+'): Mapped {
  const size = HEADER_BYTES + capacity * ROW_BYTES
  const file = openSync(join(directory, 'rows.bin'), flags)
  if (flags === 'w+') ftruncateSync(file, size)
  const mapping = mmap.map(size, mmap.PROT_READ | mmap.PROT_WRITE, mmap.MAP_SHARED, file)
  closeSync(file)
  const { buffer, byteOffset } = mapping
  let offset = byteOffset + HEADER_BYTES
  const place = (bytes: number): number => {
    const start = offset
    offset += bytes * capacity
    return start
  }
  return {
    table: {
      ts: new Float64Array(buffer, place(8), capacity),
      price: new Float64Array(buffer, place(8), capacity),
      qty: new Uint32Array(buffer, place(4), capacity),
      sym: new Uint16Array(buffer, place(2), capacity),
    },
    header: new Float64Array(buffer, byteOffset, 1),
    sync: () => mmap.sync(mapping, 0, size, true),
  }
}

function createFilled({ directory, rows }: Setting): Mapped {
  const mapped = openFile(directory, rows, 'w+')
  putColumns(mapped, makeRows(rows))
  return mapped
}

function putRows({ table, header, sync }: Mapped, source: Rows): void {
  const { ts, price, qty, sym } = table
  for (let i = 0, { length } = source.ts; i < length; i++) {
    ts[i] = source.ts[i]!
    price[i] = source.price[i]!
    qty[i] = source.qty[i]!
    sym[i] = source.sym[i]!
    header[0] = i + 1
  }
  sync()
}

function putColumns({ table, header, sync }: Mapped, source: Rows): void {
  for (const { start, ts, price, qty, sym } of batchesOf(source)) {
    table.ts.set(ts, start)
    table.price.set(price, start)
    table.qty.set(qty, start)
    table.sym.set(sym, start)
    header[0] = start + ts.length
  }
  sync()
}

function loading(put: typeof putRows): (setting: Setting) => Contender {
  return ({ rows, directory }) => {
    const source = makeRows(rows)
    let table = source
    return {
      round: () => {
        const mapped = openFile(directory, rows, 'w+')
        put(mapped, source)
        ;({ table } = mapped)
      },
      answer: () => checksum(table, rows),
      close: () => {},
    }
  }
}

function fill(setting: Setting): Contender {
  return { round: () => void createFilled(setting), answer: () => setting.rows, close: () => {} }
}

/** Opens the file in this round, and reads it. */
function opening(read: (table: Rows, rows: number) => number): (setting: Setting) => Contender {
  return ({ directory, rows }) => {
    let found = 0
    const collections = watchCollections()
    return {
      round: () => {
        const { table, header } = openFile(directory, rows, 'r+')
        found = read(table, header[0]!)
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => {},
    }
  }
}

/** Reads a table that is mapped. */
function asking(read: (table: Rows, rows: number) => number): (setting: Setting) => Contender {
  return (setting) => {
    const { table } = createFilled(setting)
    let found = 0
    return {
      round: () => {
        found = read(table, setting.rows)
      },
      answer: () => found,
      close: () => {},
    }
  }
}

const sum = ({ price }: Rows): number => sumOf(price)

function readRandomRows(setting: Setting): Contender {
  const indices = randomRows(setting.rows, setting.rows)
  return asking((table) => sumOfRows(table, indices))(setting)
}

function updating(count: number): (setting: Setting) => Contender {
  return (setting) => {
    const { table, sync } = createFilled(setting)
    const indices = randomRows(setting.rows, count)
    let rounds = 0
    return {
      round: () => {
        updateRows(table.price, indices, ++rounds)
        sync()
      },
      answer: () => sum(table),
      close: () => {},
    }
  }
}

function committing(rowsOfCommit: number): (setting: Setting) => Contender {
  return ({ directory }) => {
    const { table, header, sync } = openFile(directory, COMMIT_CAPACITY, 'w+')
    let rows = 0
    return {
      round: () => {
        for (const end = rows + rowsOfCommit; rows < end; rows++) {
          table.ts[rows] = tsOf(rows)
          table.price[rows] = priceOf(rows)
          table.qty[rows] = qtyOf(rows)
          table.sym[rows] = symOf(rows)
        }
        header[0] = rows
        sync()
      },
      answer: () => sumOf(table.price.subarray(0, rows)),
      close: () => {},
    }
  }
}

export const mmapIo: Peer = {
  name: 'mmap-io',
  version: versionOf(PACKAGE),
  workloads: {
    loadRows: loading(putRows),
    loadColumns: loading(putColumns),
    fill,
    openSum: opening(sum),
    readAll: opening(checksum),
    scan: asking(sum),
    filter: asking(sumWhere),
    readRandomRows,
    updates: updating(UPDATES),
    scattered: updating(SCATTERED),
    commitOneRow: committing(1),
    commitHundredRows: committing(100),
    import: importing(PACKAGE),
  },
}
