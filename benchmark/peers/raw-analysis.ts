// Hand-written code on typed arrays in RAM for the questions about whole columns: loops with one accumulator, an index
// array sorted by a comparator, a Map as dictionary.
import { countUp, sumOfRows, sumWhere } from '../loops.ts'
import { makeNotes, makeRows, makeTexts, randomRows, TEXT_BYTES } from '../rows.ts'
import type { Contender, Setting } from '../trial.ts'

/** Four columns read row by row, in the order of the rows or at random. */
export function readRows(isRandom: boolean): (setting: Setting) => Contender {
  return ({ rows }) => {
    const table = makeRows(rows)
    const indices = isRandom ? randomRows(rows, rows) : countUp(rows)
    let sum = 0
    return {
      round: () => {
        sum = sumOfRows(table, indices)
      },
      answer: () => sum,
      close: () => {},
    }
  }
}

export function pushMixed({ rows }: Setting): Contender {
  const notes = makeNotes(rows)
  const ts = new Float64Array(rows)
  const price = new Float64Array(rows)
  const sym = new Uint32Array(rows)
  const size = new Float64Array(rows)
  const validity = new Uint8Array(Math.ceil(rows / 8))
  const codes = new Map<string, number>()
  return {
    round: () => {
      for (let i = 0; i < rows; i++) {
        const row = notes[i]!
        let code = codes.get(row.sym)
        if (code === undefined) codes.set(row.sym, (code = codes.size))
        ts[i] = row.ts
        price[i] = row.price
        sym[i] = code
        if (row.size === null) {
          size[i] = 0
          validity[i >> 3]! &= ~(1 << (i & 7))
        } else {
          size[i] = row.size
          validity[i >> 3]! |= 1 << (i & 7)
        }
      }
    },
    answer: () => size.reduce((sum, value, i) => sum + value + sym[i]! + price[i]!, 0),
    close: () => {},
  }
}

/** The fastest way measured to lay many strings into one buffer: `Buffer.write`, one after the other. */
export function pushText({ rows }: Setting): Contender {
  const texts = makeTexts(rows)
  const bytes = Buffer.alloc(rows * TEXT_BYTES)
  const ends = new Uint32Array(rows)
  return {
    round: () => {
      let end = 0
      for (let i = 0; i < rows; i++) ends[i] = end += bytes.write(texts[i]!.text, end)
    },
    answer: () => ends[rows - 1]!,
    close: () => {},
  }
}

export function filter({ rows }: Setting): Contender {
  const table = makeRows(rows)
  let sum = 0
  return {
    round: () => {
      sum = sumWhere(table, rows)
    },
    answer: () => sum,
    close: () => {},
  }
}

export function sort({ rows }: Setting): Contender {
  const source = makeRows(rows)
  const { ts, price, qty, sym } = makeRows(rows)
  return {
    prepare: () => {
      for (const [to, from] of [
        [ts, source.ts],
        [price, source.price],
        [qty, source.qty],
        [sym, source.sym],
      ] as const) {
        to.set(from)
      }
    },
    round: () => {
      // oxlint-disable-next-line no-array-sort -- nobody else has it
      const order = Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => price[a]! - price[b]!)
      for (const column of [ts, price, qty, sym]) {
        const before = column.slice()
        for (let row = 0; row < rows; row++) column[row] = before[order[row]!]!
      }
    },
    answer: () => price[0]! + price[rows >> 1]! * 2 + qty[rows >> 2]! + ts[rows - 1]!,
    close: () => {},
  }
}
