// DuckDB: the appender for loads, inside one transaction; SQL for the rest. It has no fast way to read one row.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { watchCollections } from '../collections.ts'
import { FILTER_QTY } from '../loops.ts'
import { peakMegabytes } from '../memory.ts'
import { load, versionOf } from '../packages.ts'
import { CHECKSUM_SQL, makeRows, priceOf, qtyOf, randomRows, type Rows, symOf, tsOf } from '../rows.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { SCATTERED, updateEach, UPDATES } from '../updates.ts'
import { importing } from './imports.ts'

interface Appender {
  appendDouble(value: number): void
  appendUInteger(value: number): void
  appendUSmallInt(value: number): void
  appendDataChunk(chunk: DataChunk): void
  endRow(): void
  closeSync(): void
}

interface DataChunk {
  setColumnValues(column: number, values: ArrayLike<number>): void
}

interface Prepared {
  runAndReadAll(): Promise<{ getRows(): number[][] }>
}

interface Connection {
  run(sql: string): Promise<unknown>
  prepare(sql: string): Promise<Prepared>
  createAppender(table: string): Promise<Appender>
  closeSync(): void
}

interface DuckDB {
  readonly DuckDBInstance: { create(path: string): Promise<{ connect(): Promise<Connection>; closeSync(): void }> }
  readonly DuckDBDataChunk: { create(types: readonly unknown[], rows: number): DataChunk }
  readonly DOUBLE: unknown
  readonly UINTEGER: unknown
  readonly USMALLINT: unknown
}

const PACKAGE = '@duckdb/node-api'
const { DuckDBInstance, DuckDBDataChunk, DOUBLE, UINTEGER, USMALLINT } = await load<DuckDB>(PACKAGE)

/** Of a chunk of its vectors. */
const MOST_CHUNK_ROWS = 2048

const pathIn = (directory: string): string => join(directory, 'rows.duckdb')

interface Opened {
  readonly connection: Connection
  close(): void
}

async function openFile(directory: string): Promise<Opened> {
  const instance = await DuckDBInstance.create(pathIn(directory))
  const connection = await instance.connect()
  return {
    connection,
    close: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function create(directory: string): Promise<Opened> {
  for (const suffix of ['', '.wal']) rmSync(pathIn(directory) + suffix, { force: true })
  const opened = await openFile(directory)
  await opened.connection.run('CREATE TABLE rows (ts DOUBLE, price DOUBLE, qty UINTEGER, sym USMALLINT)')
  return opened
}

async function appendRows(connection: Connection, { ts, price, qty, sym }: Rows): Promise<void> {
  await connection.run('BEGIN')
  const appender = await connection.createAppender('rows')
  for (let i = 0; i < ts.length; i++) {
    appender.appendDouble(ts[i]!)
    appender.appendDouble(price[i]!)
    appender.appendUInteger(qty[i]!)
    appender.appendUSmallInt(sym[i]!)
    appender.endRow()
  }
  appender.closeSync()
  await connection.run('COMMIT')
}

async function appendColumns(connection: Connection, { ts, price, qty, sym }: Rows): Promise<void> {
  await connection.run('BEGIN')
  const appender = await connection.createAppender('rows')
  for (let start = 0; start < ts.length; start += MOST_CHUNK_ROWS) {
    const end = Math.min(start + MOST_CHUNK_ROWS, ts.length)
    const chunk = DuckDBDataChunk.create([DOUBLE, DOUBLE, UINTEGER, USMALLINT], end - start)
    chunk.setColumnValues(0, ts.subarray(start, end))
    chunk.setColumnValues(1, price.subarray(start, end))
    chunk.setColumnValues(2, qty.subarray(start, end))
    chunk.setColumnValues(3, sym.subarray(start, end))
    appender.appendDataChunk(chunk)
  }
  appender.closeSync()
  await connection.run('COMMIT')
}

async function createFilled({ directory, rows }: Setting): Promise<Opened> {
  const opened = await create(directory)
  await appendColumns(opened.connection, makeRows(rows))
  return opened
}

async function numberOf(connection: Connection, sql: string): Promise<number> {
  const prepared = await connection.prepare(sql)
  return (await prepared.runAndReadAll()).getRows()[0]![0]!
}

const SUM = 'SELECT sum(price) FROM rows'
const CHECKSUM = `SELECT ${CHECKSUM_SQL} FROM rows`

function loading(append: typeof appendRows): (setting: Setting) => Promise<Contender> {
  return async ({ rows, directory }) => {
    const source = makeRows(rows)
    const { connection, close } = await create(directory)
    return { round: () => append(connection, source), answer: () => numberOf(connection, CHECKSUM), close }
  }
}

/** Closing moves the log into the file. */
function fill(setting: Setting): Contender {
  return {
    round: async () => (await createFilled(setting)).close(),
    answer: () => setting.rows,
    close: () => {},
  }
}

/** Opens the file in this round, and asks. */
function opening(sql: string): (setting: Setting) => Contender {
  return ({ directory }) => {
    let opened: Opened | undefined
    let found = 0
    const collections = watchCollections()
    return {
      round: async () => {
        opened = await openFile(directory)
        found = await numberOf(opened.connection, sql)
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => opened?.close(),
    }
  }
}

/** Asks a table that is open. */
function asking(sql: string): (setting: Setting) => Promise<Contender> {
  return async (setting) => {
    const { connection, close } = await createFilled(setting)
    const prepared = await connection.prepare(sql)
    let found = 0
    return {
      round: async () => {
        found = (await prepared.runAndReadAll()).getRows()[0]![0]!
      },
      answer: () => found,
      close,
    }
  }
}

/** The changes into a temporary table, the last of each row, and one UPDATE from it: one for each row takes milliseconds. */
function updating(count: number): (setting: Setting) => Promise<Contender> {
  return async (setting) => {
    const { connection, close } = await createFilled(setting)
    const indices = randomRows(setting.rows, count)
    await connection.run('CREATE TEMP TABLE changes (id UINTEGER, price DOUBLE)')
    let rounds = 0
    return {
      round: async () => {
        const changes = new Map<number, number>()
        updateEach(indices, ++rounds, (row, price) => changes.set(row, price))
        await connection.run('DELETE FROM changes')
        const appender = await connection.createAppender('changes')
        for (const [row, price] of changes) {
          appender.appendUInteger(row)
          appender.appendDouble(price)
          appender.endRow()
        }
        appender.closeSync()
        await connection.run('UPDATE rows SET price = changes.price FROM changes WHERE rows.rowid = changes.id')
      },
      answer: () => numberOf(connection, SUM),
      close,
    }
  }
}

/** Closes the appender, which commits outside of a transaction. */
function appendBatch(appender: Appender, start: number, count: number): void {
  for (let row = start; row < start + count; row++) {
    appender.appendDouble(tsOf(row))
    appender.appendDouble(priceOf(row))
    appender.appendUInteger(qtyOf(row))
    appender.appendUSmallInt(symOf(row))
    appender.endRow()
  }
  appender.closeSync()
}

function committing(rowsOfCommit: number): (setting: Setting) => Promise<Contender> {
  return async ({ directory }) => {
    const { connection, close } = await create(directory)
    let rows = 0
    return {
      round: async () => {
        appendBatch(await connection.createAppender('rows'), rows, rowsOfCommit)
        rows += rowsOfCommit
      },
      answer: () => numberOf(connection, SUM),
      close,
    }
  }
}

export const duckdb: Peer = {
  name: 'duckdb',
  version: versionOf(PACKAGE),
  workloads: {
    loadRows: loading(appendRows),
    loadColumns: loading(appendColumns),
    fill,
    openSum: opening(SUM),
    readAll: opening(CHECKSUM),
    sum: asking(SUM),
    filter: asking(`${SUM} WHERE qty >= ${FILTER_QTY}`),
    updates: updating(UPDATES),
    scattered: updating(SCATTERED),
    commitOneRow: committing(1),
    commitHundredRows: committing(100),
    import: importing(PACKAGE),
  },
}
