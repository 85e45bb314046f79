// apache-arrow: record batches in an IPC file that is read into RAM as a whole. Loops run over the batches' own typed
// arrays. A file cannot be changed in place: an update writes it anew; a commit appends a record batch to a stream.
import { closeSync, fdatasyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Data,
  Float64,
  makeBuilder,
  makeData,
  RecordBatch,
  Table,
  tableFromIPC,
  tableToIPC,
  Uint16,
  Uint32,
} from 'apache-arrow'
import { watchCollections } from '../collections.ts'
import { sumOfRows, sumWhere } from '../loops.ts'
import { peakMegabytes } from '../memory.ts'
import { versionOf } from '../packages.ts'
import {
  batchesOf,
  checksum,
  emptyRows,
  makeRows,
  priceOf,
  qtyOf,
  randomRows,
  type Rows,
  sumOf,
  symOf,
  tsOf,
} from '../rows.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { updateRows, UPDATES } from '../updates.ts'
import { importing } from './imports.ts'

const PACKAGE = 'apache-arrow'
/** What ends a stream: a continuation mark and the length 0. */
const STREAM_END_BYTES = 8

const pathIn = (directory: string): string => join(directory, 'rows.arrow')

function batchOf({ ts, price, qty, sym }: Rows): RecordBatch {
  const children = {
    ts: makeData({ type: new Float64(), data: ts }),
    price: makeData({ type: new Float64(), data: price }),
    qty: makeData({ type: new Uint32(), data: qty }),
    sym: makeData({ type: new Uint16(), data: sym }),
  }
  return new RecordBatch(children)
}

/** The typed arrays of a batch. */
function rowsOf({ data }: RecordBatch): Rows {
  const [ts, price, qty, sym] = data.children.map(({ values }: Data) => values) as [
    Float64Array,
    Float64Array,
    Uint32Array,
    Uint16Array,
  ]
  return { ts, price, qty, sym }
}

function write(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
}

function save(directory: string, table: Table): void {
  const partial = join(directory, 'partial.arrow')
  const file = openSync(partial, 'w')
  write(file, tableToIPC(table, 'file'))
  fdatasyncSync(file)
  closeSync(file)
  renameSync(partial, pathIn(directory))
  const folder = openSync(directory, 'r')
  fdatasyncSync(folder)
  closeSync(folder)
}

const read = (directory: string): Table => tableFromIPC(readFileSync(pathIn(directory)))

const sumOfTable = (table: Table): number => table.batches.reduce((sum, batch) => sum + sumOf(rowsOf(batch).price), 0)

/** Of all batches as one table. */
function checksumOf(table: Table): number {
  const rows = emptyRows(table.numRows)
  let start = 0
  for (const batch of table.batches) {
    const { ts, price, qty, sym } = rowsOf(batch)
    rows.ts.set(ts, start)
    rows.price.set(price, start)
    rows.qty.set(qty, start)
    rows.sym.set(sym, start)
    start += batch.numRows
  }
  return checksum(rows, table.numRows)
}

function loadRows({ rows, directory }: Setting): Contender {
  const { ts, price, qty, sym } = makeRows(rows)
  return {
    round: () => {
      const builders = {
        ts: makeBuilder({ type: new Float64() }),
        price: makeBuilder({ type: new Float64() }),
        qty: makeBuilder({ type: new Uint32() }),
        sym: makeBuilder({ type: new Uint16() }),
      }
      for (let i = 0; i < rows; i++) {
        builders.ts.append(ts[i]!)
        builders.price.append(price[i]!)
        builders.qty.append(qty[i]!)
        builders.sym.append(sym[i]!)
      }
      const children = {
        ts: builders.ts.flush(),
        price: builders.price.flush(),
        qty: builders.qty.flush(),
        sym: builders.sym.flush(),
      }
      save(directory, new Table([new RecordBatch(children)]))
    },
    answer: () => checksumOf(read(directory)),
    close: () => {},
  }
}

function loadColumns({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  return {
    round: () => save(directory, new Table(Array.from(batchesOf(source), batchOf))),
    answer: () => checksumOf(read(directory)),
    close: () => {},
  }
}

function fill({ rows, directory }: Setting): Contender {
  return { round: () => save(directory, new Table([batchOf(makeRows(rows))])), answer: () => rows, close: () => {} }
}

/** Opens the file in this round, and asks. */
function opening(ask: (table: Table) => number): (setting: Setting) => Contender {
  return ({ directory }) => {
    let found = 0
    const collections = watchCollections()
    return {
      round: () => {
        found = ask(read(directory))
      },
      answer: () => found,
      metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
      close: () => {},
    }
  }
}

/** Reads a table that is in RAM, of one batch. */
function asking(ask: (rows: Rows, length: number) => number): (setting: Setting) => Contender {
  return ({ rows }) => {
    const table = new Table([batchOf(makeRows(rows))])
    let found = 0
    return {
      round: () => {
        found = ask(rowsOf(table.batches[0]!), rows)
      },
      answer: () => found,
      close: () => {},
    }
  }
}

function readRandomRows(setting: Setting): Contender {
  const indices = randomRows(setting.rows, setting.rows)
  return asking((rows) => sumOfRows(rows, indices))(setting)
}

function updates({ rows, directory }: Setting): Contender {
  const table = new Table([batchOf(makeRows(rows))])
  const { price } = rowsOf(table.batches[0]!)
  const indices = randomRows(rows, UPDATES)
  let rounds = 0
  return {
    round: () => {
      updateRows(price, indices, ++rounds)
      save(directory, table)
    },
    answer: () => sumOfTable(read(directory)),
    close: () => {},
  }
}

function committing(rowsOfCommit: number): (setting: Setting) => Contender {
  return ({ directory }) => {
    const file = openSync(pathIn(directory), 'w+')
    const { schema } = batchOf(emptyRows(0))
    const start = tableToIPC(new Table(schema), 'stream').slice(0, -STREAM_END_BYTES)
    write(file, start)
    let first = 0
    return {
      // The message of the batch alone: a stream of one batch, without what begins and ends it.
      round: () => {
        const rows = emptyRows(rowsOfCommit)
        for (let i = 0; i < rowsOfCommit; i++) {
          rows.ts[i] = tsOf(first + i)
          rows.price[i] = priceOf(first + i)
          rows.qty[i] = qtyOf(first + i)
          rows.sym[i] = symOf(first + i)
        }
        first += rowsOfCommit
        const stream = tableToIPC(new Table([batchOf(rows)]), 'stream')
        write(file, stream.subarray(start.length, -STREAM_END_BYTES))
        fdatasyncSync(file)
      },
      answer: () => sumOfTable(read(directory)),
      close: () => closeSync(file),
    }
  }
}

export const arrow: Peer = {
  name: 'arrow',
  version: versionOf(PACKAGE),
  workloads: {
    loadRows,
    loadColumns,
    fill,
    openSum: opening(sumOfTable),
    readAll: opening(checksumOf),
    scan: asking(({ price }) => sumOf(price)),
    filter: asking(sumWhere),
    readRandomRows,
    updates,
    commitOneRow: committing(1),
    commitHundredRows: committing(100),
    import: importing(PACKAGE),
  },
}
