// The store's verbs over rows and whole columns.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { f64, nullable, open, symbol, utf8 } from '../../dist/index.js'
import { countUp, FILTER_QTY } from '../loops.ts'
import { makeNotes, makeRows, makeTexts, randomRows } from '../rows.ts'
import type { Contender, Setting } from '../trial.ts'
import { createFilled } from './stoa.ts'

export function readRows(isRandom: boolean): (setting: Setting) => Contender {
  return ({ rows, directory }) => {
    const { store, table } = createFilled(directory, rows)
    const indices = isRandom ? randomRows(rows, rows) : countUp(rows)
    let sum = 0
    return {
      round: () => {
        sum = 0.5
        const cursor = table.cursor()
        const { row } = cursor
        for (let at = 0; at < rows; at++) {
          cursor.seek(indices[at]!)
          sum += row.price * row.qty + row.sym + (row.ts > 0 ? 1 : 0)
        }
      },
      answer: () => sum,
      close: () => store.close(),
    }
  }
}

export function pushMixed({ rows, directory }: Setting): Contender {
  const notes = makeNotes(rows)
  const store = openNew(directory)
  const table = store.table('rows', { ts: f64, price: f64, sym: symbol, size: nullable(f64) })
  return {
    prepare: () => table.clear(),
    round: () => {
      for (let i = 0; i < rows; i++) table.push(notes[i]!)
    },
    answer: () => {
      const { size, sym, price } = table.arrays
      return size.reduce((sum, value, i) => sum + value + sym[i]! + price[i]!, 0)
    },
    close: () => store.close({ discard: true }),
  }
}

export function pushText({ rows, directory }: Setting): Contender {
  const texts = makeTexts(rows)
  const store = openNew(directory)
  const table = store.table('rows', { text: utf8 })
  return {
    prepare: () => table.clear(),
    round: () => {
      for (let i = 0; i < rows; i++) table.push(texts[i]!)
    },
    answer: () => {
      let bytes = 0
      for (const { text } of table.cursor()) bytes += Buffer.byteLength(text)
      return bytes
    },
    close: () => store.close({ discard: true }),
  }
}

export function sum({ rows, directory }: Setting): Contender {
  const { store, table } = createFilled(directory, rows)
  let found = 0
  return {
    round: () => {
      found = table.columns.price.sum()
    },
    answer: () => found,
    close: () => store.close(),
  }
}

export function filter({ rows, directory }: Setting): Contender {
  const { store, table } = createFilled(directory, rows)
  let found = 0
  return {
    round: () => {
      found = table.sum('price', table.where({ qty: { gte: FILTER_QTY } }))
    },
    answer: () => found,
    close: () => store.close(),
  }
}

export function sort({ rows, directory }: Setting): Contender {
  const source = { ...makeRows(rows) }
  const { store, table } = createFilled(directory, rows)
  return {
    prepare: () => {
      table.clear()
      table.append(source)
    },
    round: () => table.sortBy('price'),
    answer: () => {
      const { ts, price, qty } = table.arrays
      return price[0]! + price[rows >> 1]! * 2 + qty[rows >> 2]! + ts[rows - 1]!
    },
    close: () => store.close({ discard: true }),
  }
}

function openNew(directory: string): ReturnType<typeof open> {
  const path = join(directory, 'stoa.stoa')
  rmSync(path, { force: true })
  return open(path)
}
