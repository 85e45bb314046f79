// Hand-written code on typed arrays in RAM: nothing is durable. The limit that the others are compared to.
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import {
  batchesOf,
  checksum,
  emptyRows,
  makeObjects,
  makeRows,
  priceOf,
  qtyOf,
  randomRows,
  type Rows,
  sumOf,
  symOf,
  tsOf,
} from '../rows.ts'
import { UPDATES, updateRows } from '../updates.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { fill } from './fs.ts'
import { filter, pushMixed, pushText, readRows, sort } from './raw-analysis.ts'

const FIRST_CAPACITY = 1024

function scan({ rows }: Setting): Contender {
  const { price } = makeRows(rows)
  let sum = 0
  return {
    round: () => {
      sum = sumOf(price)
    },
    answer: () => sum,
    close: () => {},
  }
}

/** Four stores from each row object, into arrays that are long enough. */
function push({ rows }: Setting): Contender {
  const objects = makeObjects(rows)
  const table = emptyRows(rows)
  const { ts, price, qty, sym } = table
  return {
    round: () => {
      for (let i = 0; i < rows; i++) {
        const row = objects[i]!
        ts[i] = row.ts
        price[i] = row.price
        qty[i] = row.qty
        sym[i] = row.sym
      }
    },
    answer: () => checksum(table, rows),
    close: () => {},
  }
}

/** Four stores of values at hand, without a row object. */
function pushLiteral({ rows }: Setting): Contender {
  const table = emptyRows(rows)
  const { ts, price, qty, sym } = table
  return {
    round: () => {
      for (let i = 0; i < rows; i++) {
        ts[i] = tsOf(i)
        price[i] = priceOf(i)
        qty[i] = qtyOf(i)
        sym[i] = symOf(i)
      }
    },
    answer: () => checksum(table, rows),
    close: () => {},
  }
}

function loadRows({ rows }: Setting): Contender {
  const source = makeRows(rows)
  let table = emptyRows(FIRST_CAPACITY)
  return {
    round: () => {
      table = growingRows(source, rows)
    },
    answer: () => checksum(table, rows),
    close: () => {},
  }
}

/** Row by row into arrays that double when they are full. */
export function growingRows(source: Rows, rows: number): Rows {
  let table = emptyRows(FIRST_CAPACITY)
  let capacity = FIRST_CAPACITY
  for (let i = 0; i < rows; i++) {
    if (i === capacity) {
      capacity *= 2
      table = copyRows(table, emptyRows(capacity))
    }
    table.ts[i] = source.ts[i]!
    table.price[i] = source.price[i]!
    table.qty[i] = source.qty[i]!
    table.sym[i] = source.sym[i]!
  }
  return table
}

function loadColumns({ rows }: Setting): Contender {
  const source = makeRows(rows)
  let table = emptyRows(FIRST_CAPACITY)
  return {
    round: () => {
      table = emptyRows(FIRST_CAPACITY)
      let capacity = FIRST_CAPACITY
      for (const batch of batchesOf(source)) {
        const { start, ts, price, qty, sym } = batch
        while (capacity < start + ts.length) capacity *= 2
        if (capacity > table.ts.length) table = copyRows(table, emptyRows(capacity))
        table.ts.set(ts, start)
        table.price.set(price, start)
        table.qty.set(qty, start)
        table.sym.set(sym, start)
      }
    },
    answer: () => checksum(table, rows),
    close: () => {},
  }
}

function copyRows(from: Rows, to: Rows): Rows {
  to.ts.set(from.ts)
  to.price.set(from.price)
  to.qty.set(from.qty)
  to.sym.set(from.sym)
  return to
}

function updates({ rows }: Setting): Contender {
  const { price } = makeRows(rows)
  const indices = randomRows(rows, UPDATES)
  let rounds = 0
  return {
    round: () => updateRows(price, indices, ++rounds),
    answer: () => sumOf(price),
    close: () => {},
  }
}

/** Reads the one column from its file into a new array, and sums that. */
function openSum({ rows, directory }: Setting): Contender {
  let sum = 0
  return {
    round: () => {
      const price = new Float64Array(rows)
      const bytes = new Uint8Array(price.buffer)
      const file = openSync(join(directory, 'price'), 'r')
      for (let read = 0; read < bytes.length;) read += readSync(file, bytes, { offset: read })
      closeSync(file)
      sum = sumOf(price)
    },
    answer: () => sum,
    close: () => {},
  }
}

export const raw: Peer = {
  name: 'raw',
  version: process.version,
  workloads: {
    scan,
    push,
    pushLiteral,
    loadRows,
    loadColumns,
    fill,
    openSum,
    updates,
    readRows: readRows(false),
    readRandomRows: readRows(true),
    pushMixed,
    pushText,
    sum: scan,
    filter,
    sort,
  },
}
