// The store, by its public interface, from the build that would be published.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { f64, open as openStore, type Store, type Table, u16, u32 } from '../../dist/index.js'
import { watchCollections } from '../collections.ts'
import {
  batchesOf,
  checksum,
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
import { peakMegabytes } from '../memory.ts'
import type { Contender, Peer, Setting } from '../trial.ts'
import { SCATTERED, UPDATES, updateRows } from '../updates.ts'
import { filter, pushMixed, pushText, readRows, sort, sum } from './stoa-analysis.ts'
import { fillBig, growth, open } from './stoa-big.ts'
import { importing } from './imports.ts'
import { importParquet } from './stoa-files.ts'

const columns = { ts: f64, price: f64, qty: u32, sym: u16 }

export interface Opened {
  readonly store: Store
  readonly table: Table<typeof columns>
}

const pathIn = (directory: string): string => join(directory, 'stoa.stoa')

function create(directory: string): Opened {
  const path = pathIn(directory)
  rmSync(path, { force: true })
  const store = openStore(path)
  return { store, table: store.table('rows', columns) }
}

export function createFilled(directory: string, rows: number): Opened {
  const opened = create(directory)
  opened.table.append({ ...makeRows(rows) })
  opened.store.commitSync()
  return opened
}

/** The table as a file, for a later process. */
function fill({ rows, directory }: Setting): Contender {
  return {
    round: () => createFilled(directory, rows).store.close(),
    answer: () => rows,
    close: () => {},
  }
}

function reading(directory: string, read: (table: Opened['table']) => number): Contender {
  let store: Store | undefined
  let sum = 0
  const collections = watchCollections()
  return {
    round: () => {
      store = openStore(pathIn(directory))
      sum = read(store.table('rows', columns))
    },
    answer: () => sum,
    metrics: async () => ({ ...(await collections()), peakMegabytes: peakMegabytes() }),
    close: () => store?.close(),
  }
}

function openSum({ directory }: Setting): Contender {
  return reading(directory, (table) => table.columns.price.sum())
}

function readAll({ directory }: Setting): Contender {
  return reading(directory, (table) => checksum(table.arrays, table.length))
}

function scan({ rows, directory }: Setting): Contender {
  const { store, table } = createFilled(directory, rows)
  let sum = 0
  return {
    round: () => {
      sum = sumOf(table.arrays.price)
    },
    answer: () => sum,
    close: () => store.close(),
  }
}

/** Nothing is committed, so every round fills the same pages, which are in memory after the first. */
function push({ rows, directory }: Setting): Contender {
  const objects = makeObjects(rows)
  return pushing(directory, (table) => {
    for (let i = 0; i < rows; i++) table.push(objects[i]!)
  })
}

function pushLiteral({ rows, directory }: Setting): Contender {
  return pushing(directory, (table) => {
    for (let i = 0; i < rows; i++) table.push({ ts: tsOf(i), price: priceOf(i), qty: qtyOf(i), sym: symOf(i) })
  })
}

function pushing(directory: string, pushRows: (table: Opened['table']) => void): Contender {
  const { store, table } = create(directory)
  return {
    prepare: () => table.truncate(0),
    round: () => pushRows(table),
    answer: () => checksum(table.arrays, table.length),
    close: () => store.close({ discard: true }),
  }
}

function loadRows({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  const { store, table } = create(directory)
  return {
    round: () => {
      pushSource(table, source, rows)
      store.commitSync()
    },
    answer: () => checksum(table.arrays, table.length),
    close: () => store.close(),
  }
}

function pushSource(table: Opened['table'], { ts, price, qty, sym }: Rows, rows: number): void {
  for (let i = 0; i < rows; i++) table.push({ ts: ts[i]!, price: price[i]!, qty: qty[i]!, sym: sym[i]! })
}

function loadColumns({ rows, directory }: Setting): Contender {
  const source = makeRows(rows)
  const { store, table } = create(directory)
  return {
    round: () => {
      for (const { ts, price, qty, sym } of batchesOf(source)) table.append({ ts, price, qty, sym })
      store.commitSync()
    },
    answer: () => checksum(table.arrays, table.length),
    close: () => store.close(),
  }
}

function commitRows(rowsOfCommit: number, awaited: boolean): (setting: Setting) => Contender {
  return ({ directory }) => {
    const { store, table } = create(directory)
    store.commitSync()
    const pushBatch = (): void => {
      const first = table.length
      for (let i = first; i < first + rowsOfCommit; i++) {
        table.push({ ts: tsOf(i), price: priceOf(i), qty: qtyOf(i), sym: symOf(i) })
      }
    }
    return {
      round: awaited
        ? async () => {
            pushBatch()
            await store.commit()
          }
        : () => {
            pushBatch()
            store.commitSync()
          },
      answer: () => sumOf(table.arrays.price),
      close: () => store.close(),
    }
  }
}

function updates({ rows, directory }: Setting): Contender {
  return inPlace(createFilled(directory, rows), randomRows(rows, UPDATES))
}

function scattered({ rows, directory }: Setting): Contender {
  return inPlace(createFilled(directory, rows), randomRows(rows, SCATTERED))
}

function inPlace({ store, table }: Opened, indices: Uint32Array): Contender {
  let rounds = 0
  return {
    round: () => {
      updateRows(table.arrays.price, indices, ++rounds)
      store.commitSync()
    },
    answer: () => sumOf(table.arrays.price),
    close: () => store.close(),
  }
}

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

export const stoa: Peer = {
  name: 'stoa',
  version,
  workloads: {
    scan,
    push,
    pushLiteral,
    loadRows,
    loadColumns,
    commitOneRow: commitRows(1, false),
    commitOneRowAwaited: commitRows(1, true),
    commitHundredRows: commitRows(100, false),
    fill,
    fillBig,
    open,
    openSum,
    readAll,
    import: importing(new URL('../../dist/index.js', import.meta.url).href),
    growth,
    updates,
    scattered,
    readRows: readRows(false),
    readRandomRows: readRows(true),
    pushMixed,
    pushText,
    sum,
    filter,
    sort,
    importParquet,
  },
}
