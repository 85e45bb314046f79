// better-sqlite3: a write-ahead log, synced at every commit; prepared statements; a transaction a commit.
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

interface Statement {
  run(...values: unknown[]): void
  get(...values: unknown[]): unknown
  pluck(): Statement
}

interface Database {
  exec(sql: string): void
  pragma(text: string): unknown
  prepare(sql: string): Statement
  transaction<A extends unknown[]>(work: (...args: A) => void): (...args: A) => void
  close(): void
}

const PACKAGE = 'better-sqlite3'
const { default: Sqlite } = await load<{ default: new (path: string) => Database }>(PACKAGE)
// The native part is loaded by the first database.
new Sqlite(':memory:').close()

const pathIn = (directory: string): string => join(directory, 'rows.sqlite')

function openFile(directory: string): Database {
  const database = new Sqlite(pathIn(directory))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  return database
}

function create(directory: string): Database {
  for (const suffix of ['', '-wal', '-shm']) rmSync(pathIn(directory) + suffix, { force: true })
  const database = openFile(directory)
  database.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, ts REAL, price REAL, qty INTEGER, sym INTEGER)')
  return database
}

function inserting(database: Database): Statement {
  return database.prepare('INSERT INTO rows VALUES (?, ?, ?, ?, ?)')
}

function insertAll(database: Database, { ts, price, qty, sym }: Rows): void {
  const insert = inserting(database)
  database.transaction(() => {
    for (let i = 0; i < ts.length; i++) insert.run(i, ts[i], price[i], qty[i], sym[i])
  })()
}

function createFilled({ directory, rows }: Setting): Database {
  const database = create(directory)
  insertAll(database, makeRows(rows))
  return database
}

const numberOf = (database: Database, sql: string): number => database.prepare(sql).pluck().get() as number

const SUM = 'SELECT sum(price) FROM rows'
const CHECKSUM = `SELECT ${CHECKSUM_SQL} FROM rows`

function loadRows({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  const database = create(directory)
  return {
    round: () => insertAll(database, source),
    answer: () => numberOf(database, CHECKSUM),
    close: () => database.close(),
  }
}

/** Closing moves the log into the file. */
function fill(setting: Setting): Contender {
  return { round: () => createFilled(setting).close(), answer: () => setting.rows, close: () => {} }
}

/** Opens the file in this round, and asks. */
function opening(sql: string): (setting: Setting) => Contender {
  return ({ directory }) => {
    let database: Database | undefined
    let found = 0
    const collections = watchCollections()
    return {
      round: () => {
        database = openFile(directory)
        found = numberOf(database, sql)
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => database?.close(),
    }
  }
}

/** Asks a table that is open. */
function asking(sql: string): (setting: Setting) => Contender {
  return (setting) => {
    const database = createFilled(setting)
    const statement = database.prepare(sql).pluck()
    let found = 0
    return {
      round: () => {
        found = statement.get() as number
      },
      answer: () => found,
      close: () => database.close(),
    }
  }
}

function readRandomRows(setting: Setting): Contender {
  const database = createFilled(setting)
  const indices = randomRows(setting.rows, setting.rows)
  const statement = database.prepare('SELECT ts, price, qty, sym FROM rows WHERE id = ?')
  let sum = 0
  return {
    round: () => {
      sum = 0.5
      for (const id of indices) {
        const { ts, price, qty, sym } = statement.get(id) as { ts: number; price: number; qty: number; sym: number }
        sum += price * qty + sym + (ts > 0 ? 1 : 0)
      }
    },
    answer: () => sum,
    close: () => database.close(),
  }
}

function updating(count: number): (setting: Setting) => Contender {
  return (setting) => {
    const database = createFilled(setting)
    const indices = randomRows(setting.rows, count)
    const update = database.prepare('UPDATE rows SET price = ? WHERE id = ?')
    const updateAll = database.transaction((round: number) =>
      updateEach(indices, round, (id, price) => update.run(price, id)),
    )
    let rounds = 0
    return {
      round: () => updateAll(++rounds),
      answer: () => numberOf(database, SUM),
      close: () => database.close(),
    }
  }
}

function committing(rowsOfCommit: number): (setting: Setting) => Contender {
  return ({ directory }) => {
    const database = create(directory)
    const insert = inserting(database)
    let rows = 0
    const commit = database.transaction(() => {
      for (const end = rows + rowsOfCommit; rows < end; rows++) {
        insert.run(rows, tsOf(rows), priceOf(rows), qtyOf(rows), symOf(rows))
      }
    })
    return { round: () => commit(), answer: () => numberOf(database, SUM), close: () => database.close() }
  }
}

export const sqlite: Peer = {
  name: 'sqlite',
  version: versionOf(PACKAGE),
  workloads: {
    loadRows,
    fill,
    openSum: opening(SUM),
    readAll: opening(CHECKSUM),
    sum: asking(SUM),
    filter: asking(`${SUM} WHERE qty >= ${FILTER_QTY}`),
    readRandomRows,
    updates: updating(UPDATES),
    scattered: updating(SCATTERED),
    commitOneRow: committing(1),
    commitHundredRows: committing(100),
    import: importing(PACKAGE),
  },
}
