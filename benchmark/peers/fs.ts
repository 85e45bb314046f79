// Plain files, written by hand and made durable by fdatasync: what the disk itself costs. Nothing is atomic.
import { closeSync, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { watchCollections } from '../collections.ts'
import { checksum, emptyRows, makeRows, priceOf, randomRows, ROW_BYTES, type Rows, sumOf } from '../rows.ts'
import { SCATTERED, UPDATES, updateRows } from '../updates.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { peakMegabytes } from '../memory.ts'
import { growingRows } from './raw.ts'

const PREALLOCATED_BYTES = 16 * 2 ** 20
/** The kernel keeps the file in pieces of this size, and writes a whole piece for a small change. */
const WRITE_BYTES = 64 * 2 ** 10
/** The bytes that a log would hold of one changed value. */
const GRANULE_BYTES = 64

function preallocated(directory: string): number {
  const file = openSync(join(directory, 'fs.bin'), 'w+')
  const zeros = new Uint8Array(WRITE_BYTES)
  for (let offset = 0; offset < PREALLOCATED_BYTES; offset += WRITE_BYTES)
    writeSync(file, zeros, 0, WRITE_BYTES, offset)
  fdatasyncSync(file)
  return file
}

/** One write in place and a sync, the next one behind it: the least that a durable commit of these rows can cost. */
function commitRows(rowsOfCommit: number): (setting: Setting) => Contender {
  return ({ directory }) => {
    const file = preallocated(directory)
    const bytes = new Uint8Array(rowsOfCommit * ROW_BYTES)
    const prices = new Float64Array(rowsOfCommit)
    const priceBytes = new Uint8Array(prices.buffer)
    let commits = 0
    return {
      round: () => {
        for (let i = 0; i < rowsOfCommit; i++) prices[i] = priceOf(commits * rowsOfCommit + i)
        bytes.set(priceBytes)
        writeSync(file, bytes, 0, bytes.length, commits * bytes.length)
        fdatasyncSync(file)
        commits += 1
      },
      answer: () => {
        if (commits * bytes.length > PREALLOCATED_BYTES) throw new RangeError('more commits than the file was made for')
        let sum = 0
        for (let commit = 0; commit < commits; commit++) {
          readSync(file, priceBytes, 0, priceBytes.length, commit * bytes.length)
          sum += sumOf(prices)
        }
        return sum
      },
      close: () => closeSync(file),
    }
  }
}

function loadRows({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  let table: Rows = source
  return {
    round: () => {
      table = growingRows(source, rows)
      writeColumns(directory, table, rows)
    },
    answer: () => checksum(table, rows),
    close: () => {},
  }
}

function loadColumns({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  return {
    round: () => writeColumns(directory, source, rows),
    answer: () => checksum(readColumns(directory, rows), rows),
    close: () => {},
  }
}

function writeColumns(directory: string, table: Rows, rows: number): void {
  for (const [name, column] of Object.entries(table)) {
    const file = openSync(join(directory, name), 'w')
    const bytes = new Uint8Array(column.buffer, 0, rows * column.BYTES_PER_ELEMENT)
    for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
    fdatasyncSync(file)
    closeSync(file)
  }
}

function readColumns(directory: string, rows: number): Rows {
  const table = emptyRows(rows)
  for (const [name, column] of Object.entries(table)) {
    const file = openSync(join(directory, name), 'r')
    const bytes = new Uint8Array(column.buffer)
    for (let read = 0; read < bytes.length;) read += readSync(file, bytes, { offset: read })
    closeSync(file)
  }
  return table
}

/** The table as a file a column, for a later process. */
export function fill({ rows, directory }: Setting): Contender {
  return {
    round: () => writeColumns(directory, makeRows(rows), rows),
    answer: () => rows,
    close: () => {},
  }
}

/** The whole table into RAM. */
function readAll({ rows, directory }: Setting): Contender {
  let sum = 0
  const collections = watchCollections()
  return {
    round: () => {
      sum = checksum(readColumns(directory, rows), rows)
    },
    answer: () => sum,
    metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
    close: () => {},
  }
}

function openSum({ rows, directory }: Setting): Contender {
  let sum = 0
  return {
    round: () => {
      sum = sumOf(readColumns(directory, rows).price)
    },
    answer: () => sum,
    close: () => {},
  }
}

function updates({ rows, directory }: Setting): Contender {
  const { price } = makeRows(rows)
  const bytes = new Uint8Array(price.buffer)
  const file = openSync(join(directory, 'updates.bin'), 'w+')
  writeSync(file, bytes, 0, bytes.length, 0)
  fdatasyncSync(file)
  const indices = randomRows(rows, UPDATES)
  let rounds = 0
  return {
    round: () => {
      updateRows(price, indices, ++rounds)
      writeSync(file, bytes, 0, bytes.length, 0)
      fdatasyncSync(file)
    },
    answer: () => sumOf(price),
    close: () => closeSync(file),
  }
}

/** The changes as one run of bytes in place, as a log would hold them, and a sync. */
function scattered({ rows, directory }: Setting): Contender {
  const file = preallocated(directory)
  const { price } = makeRows(rows)
  const indices = randomRows(rows, SCATTERED)
  const bytes = new Uint8Array(SCATTERED * GRANULE_BYTES)
  const values = new Float64Array(bytes.buffer)
  let rounds = 0
  return {
    round: () => {
      updateRows(price, indices, ++rounds)
      for (let i = 0; i < SCATTERED; i++) values[(i * GRANULE_BYTES) / 8] = price[indices[i]!]!
      writeSync(file, bytes, 0, bytes.length, (rounds * bytes.length) % (PREALLOCATED_BYTES - bytes.length))
      fdatasyncSync(file)
    },
    answer: () => sumOf(price),
    close: () => closeSync(file),
  }
}

export const fs: Peer = {
  name: 'fs',
  version: process.version,
  workloads: {
    loadRows,
    loadColumns,
    fill,
    readAll,
    openSum,
    updates,
    scattered,
    commitOneRow: commitRows(1),
    commitHundredRows: commitRows(100),
  },
}
