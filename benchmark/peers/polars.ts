// Polars: a data frame in RAM and an Arrow IPC file. It has no write in place and no sync: a change writes the whole file
// beside the old one, syncs it and renames it.
import { closeSync, fdatasyncSync, openSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { watchCollections } from '../collections.ts'
import { FILTER_QTY } from '../loops.ts'
import { peakMegabytes } from '../memory.ts'
import { load, versionOf } from '../packages.ts'
import { batchesOf, checksum, emptyRows, makeRows, randomRows, type Rows } from '../rows.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { updateRows, UPDATES } from '../updates.ts'
import { importing } from './imports.ts'

interface Series {
  sum(): number
  toTypedArray(): Rows[keyof Rows]
}

interface DataFrame {
  getColumn(name: string): Series
  filter(condition: unknown): DataFrame
  withColumn(column: Series): DataFrame
  writeIPC(path: string): void
}

interface Polars {
  DataFrame(columns: Record<string, unknown>): DataFrame
  Series(name: string, values: unknown): Series
  concat(frames: readonly DataFrame[]): DataFrame
  col(name: string): { gtEq(value: number): unknown }
  readIPC(path: string): DataFrame
}

const PACKAGE = 'nodejs-polars'
const { default: pl } = await load<{ default: Polars }>(PACKAGE)

/** The name must end so: another is taken for the file's content. */
const pathIn = (directory: string): string => join(directory, 'rows.ipc')

function save(directory: string, frame: DataFrame): void {
  const partial = join(directory, 'partial.ipc')
  frame.writeIPC(partial)
  const file = openSync(partial, 'r+')
  fdatasyncSync(file)
  closeSync(file)
  renameSync(partial, pathIn(directory))
  const folder = openSync(directory, 'r')
  fdatasyncSync(folder)
  closeSync(folder)
}

const frameOf = ({ ts, price, qty, sym }: Rows): DataFrame => pl.DataFrame({ ts, price, qty, sym })

function rowsOf(frame: DataFrame, rows: number): Rows {
  const table = emptyRows(rows)
  for (const [name, column] of Object.entries(table)) column.set(frame.getColumn(name).toTypedArray())
  return table
}

function loadColumns({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  return {
    round: () => save(directory, pl.concat(Array.from(batchesOf(source), frameOf))),
    answer: () => checksum(rowsOf(pl.readIPC(pathIn(directory)), rows), rows),
    close: () => {},
  }
}

function fill({ rows, directory }: Setting): Contender {
  return { round: () => save(directory, frameOf(makeRows(rows))), answer: () => rows, close: () => {} }
}

/** Opens the file in this round, and asks. */
function opening(ask: (frame: DataFrame, rows: number) => number): (setting: Setting) => Contender {
  return ({ directory, rows }) => {
    let found = 0
    const collections = watchCollections()
    return {
      round: () => {
        found = ask(pl.readIPC(pathIn(directory)), rows)
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => {},
    }
  }
}

/** Asks a frame that is in RAM. */
function asking(ask: (frame: DataFrame) => number): (setting: Setting) => Contender {
  return ({ rows }) => {
    const frame = frameOf(makeRows(rows))
    let found = 0
    return {
      round: () => {
        found = ask(frame)
      },
      answer: () => found,
      close: () => {},
    }
  }
}

const sum = (frame: DataFrame): number => frame.getColumn('price').sum()

function updates({ rows, directory }: Setting): Contender {
  let frame = frameOf(makeRows(rows))
  const indices = randomRows(rows, UPDATES)
  let rounds = 0
  return {
    round: () => {
      const price = frame.getColumn('price').toTypedArray() as Float64Array
      updateRows(price, indices, ++rounds)
      frame = frame.withColumn(pl.Series('price', price))
      save(directory, frame)
    },
    answer: () => sum(pl.readIPC(pathIn(directory))),
    close: () => {},
  }
}

export const polars: Peer = {
  name: 'polars',
  version: versionOf(PACKAGE),
  workloads: {
    loadColumns,
    fill,
    openSum: opening(sum),
    readAll: opening((frame, rows) => checksum(rowsOf(frame, rows), rows)),
    sum: asking(sum),
    filter: asking((frame) => sum(frame.filter(pl.col('qty').gtEq(FILTER_QTY)))),
    updates,
    import: importing(PACKAGE),
  },
}
