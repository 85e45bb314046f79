// lmdb: a key a row, its 22 bytes as the value; loaded by columns, a key a batch of one column. Its own way to be durable:
// a transaction, and then `flushed`.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { watchCollections } from '../collections.ts'
import { FILTER_QTY } from '../loops.ts'
import { peakMegabytes } from '../memory.ts'
import { load, versionOf } from '../packages.ts'
import {
  batchesOf,
  checksum,
  emptyRows,
  makeRows,
  priceOf,
  qtyOf,
  randomRows,
  ROW_BYTES,
  type Rows,
  symOf,
  tsOf,
} from '../rows.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { SCATTERED, updateEach, UPDATES } from '../updates.ts'
import { importing } from './imports.ts'

interface Database {
  putSync(key: number | string, value: Uint8Array): void
  /** Valid until the next read. */
  getBinaryFast(key: number | string): Buffer | undefined
  getRange(): Iterable<{ key: number; value: Buffer }>
  transactionSync(work: () => void): void
  readonly flushed: PromiseLike<unknown>
  close(): Promise<void>
}

const PACKAGE = 'lmdb'
const { open } = await load<{ open(path: string, options: Record<string, unknown>): Database }>(PACKAGE)

/** A load in one transaction of more rows ended later writes with a failed assertion (its issue 317). */
const TRANSACTION_ROWS = 50_000

const pathIn = (directory: string): string => join(directory, 'rows.mdb')

function openFile(directory: string, keyEncoding: string): Database {
  return open(pathIn(directory), { encoding: 'binary', keyEncoding, mapSize: 2 ** 36 })
}

function create(directory: string, keyEncoding = 'uint32'): Database {
  for (const suffix of ['', '-lock']) rmSync(pathIn(directory) + suffix, { force: true })
  return openFile(directory, keyEncoding)
}

const record = Buffer.alloc(ROW_BYTES)

function put(database: Database, key: number, ts: number, price: number, qty: number, sym: number): void {
  record.writeDoubleLE(ts, 0)
  record.writeDoubleLE(price, 8)
  record.writeUInt32LE(qty, 16)
  record.writeUInt16LE(sym, 20)
  database.putSync(key, record)
}

async function putAll(database: Database, { ts, price, qty, sym }: Rows): Promise<void> {
  for (let start = 0; start < ts.length; start += TRANSACTION_ROWS) {
    const end = Math.min(start + TRANSACTION_ROWS, ts.length)
    database.transactionSync(() => {
      for (let i = start; i < end; i++) put(database, i, ts[i]!, price[i]!, qty[i]!, sym[i]!)
    })
  }
  await database.flushed
}

async function createFilled({ directory, rows }: Setting): Promise<Database> {
  const database = create(directory)
  await putAll(database, makeRows(rows))
  return database
}

function sumOfPrices(database: Database): number {
  let sum = 0
  for (const { value } of database.getRange()) sum += value.readDoubleLE(8)
  return sum
}

function readColumns(database: Database, rows: number): Rows {
  const table = emptyRows(rows)
  let row = 0
  for (const { value } of database.getRange()) {
    table.ts[row] = value.readDoubleLE(0)
    table.price[row] = value.readDoubleLE(8)
    table.qty[row] = value.readUInt32LE(16)
    table.sym[row++] = value.readUInt16LE(20)
  }
  return table
}

function loadRows({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  const database = create(directory)
  return {
    round: () => putAll(database, source),
    answer: () => checksum(readColumns(database, rows), rows),
    close: () => database.close(),
  }
}

const COLUMN_NAMES = ['ts', 'price', 'qty', 'sym'] as const
const bytesOf = ({ buffer, byteOffset, byteLength }: Rows[keyof Rows]): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

function loadColumns({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  const database = create(directory, 'ordered-binary')
  return {
    round: async () => {
      for (const batch of batchesOf(source)) {
        database.transactionSync(() => {
          for (const name of COLUMN_NAMES) database.putSync(`${name} ${batch.start}`, bytesOf(batch[name]))
        })
      }
      await database.flushed
    },
    answer: () => {
      const table = emptyRows(rows)
      for (const batch of batchesOf(table)) {
        for (const name of COLUMN_NAMES) {
          const bytes = bytesOf(batch[name])
          bytes.set(database.getBinaryFast(`${name} ${batch.start}`)!.subarray(0, bytes.length))
        }
      }
      return checksum(table, rows)
    },
    close: () => database.close(),
  }
}

function fill(setting: Setting): Contender {
  return {
    round: async () => {
      const database = await createFilled(setting)
      await database.close()
    },
    answer: () => setting.rows,
    close: () => {},
  }
}

/** Opens the file in this round, and reads every row of it. */
function opening(read: (database: Database, rows: number) => number): (setting: Setting) => Contender {
  return ({ directory, rows }) => {
    let database: Database | undefined
    let found = 0
    const collections = watchCollections()
    return {
      round: () => {
        database = openFile(directory, 'uint32')
        found = read(database, rows)
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => database?.close(),
    }
  }
}

function checksumOfRecords(database: Database): number {
  let sum = 0
  const one = emptyRows(1)
  for (const { value } of database.getRange()) {
    one.ts[0] = value.readDoubleLE(0)
    one.price[0] = value.readDoubleLE(8)
    one.qty[0] = value.readUInt32LE(16)
    one.sym[0] = value.readUInt16LE(20)
    sum += checksum(one, 1)
  }
  return sum
}

/** Reads a table that is open. */
function asking(read: (database: Database) => number): (setting: Setting) => Promise<Contender> {
  return async (setting) => {
    const database = await createFilled(setting)
    let found = 0
    return {
      round: () => {
        found = read(database)
      },
      answer: () => found,
      close: () => database.close(),
    }
  }
}

function filter(database: Database): number {
  let sum = 0
  for (const { value } of database.getRange()) if (value.readUInt32LE(16) >= FILTER_QTY) sum += value.readDoubleLE(8)
  return sum
}

function readRandomRows(setting: Setting): Promise<Contender> {
  const indices = randomRows(setting.rows, setting.rows)
  return asking((database) => {
    let sum = 0.5
    for (const row of indices) {
      const value = database.getBinaryFast(row)!
      const ts = value.readDoubleLE(0)
      sum += value.readDoubleLE(8) * value.readUInt32LE(16) + value.readUInt16LE(20) + (ts > 0 ? 1 : 0)
    }
    return sum
  })(setting)
}

function updating(count: number): (setting: Setting) => Promise<Contender> {
  return async (setting) => {
    const database = await createFilled(setting)
    const indices = randomRows(setting.rows, count)
    let rounds = 0
    return {
      round: async () => {
        rounds += 1
        database.transactionSync(() =>
          updateEach(indices, rounds, (row, price) => {
            record.set(database.getBinaryFast(row)!.subarray(0, ROW_BYTES))
            record.writeDoubleLE(price, 8)
            database.putSync(row, record)
          }),
        )
        await database.flushed
      },
      answer: () => sumOfPrices(database),
      close: () => database.close(),
    }
  }
}

function committing(rowsOfCommit: number): (setting: Setting) => Contender {
  return ({ directory }) => {
    const database = create(directory)
    let rows = 0
    return {
      round: async () => {
        database.transactionSync(() => {
          for (const end = rows + rowsOfCommit; rows < end; rows++) {
            put(database, rows, tsOf(rows), priceOf(rows), qtyOf(rows), symOf(rows))
          }
        })
        await database.flushed
      },
      answer: () => sumOfPrices(database),
      close: () => database.close(),
    }
  }
}

export const lmdb: Peer = {
  name: 'lmdb',
  version: versionOf(PACKAGE),
  workloads: {
    loadRows,
    loadColumns,
    fill,
    openSum: opening(sumOfPrices),
    readAll: opening(checksumOfRecords),
    sum: asking(sumOfPrices),
    filter: asking(filter),
    readRandomRows,
    updates: updating(UPDATES),
    scattered: updating(SCATTERED),
    commitOneRow: committing(1),
    commitHundredRows: committing(100),
    import: importing(PACKAGE),
  },
}
