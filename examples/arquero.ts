// Questions to a store with Arquero: `toArrow` shows the table as an Arrow table over the same memory, so nothing is
// loaded or copied, and what is written to the store afterwards shows in the next answer.
//
//   node --import @oxc-node/core/register examples/arquero.ts trades.stoa
import { desc, fromArrow, op } from 'arquero'
import { f64, open, symbol, u32 } from 'stoa'
import { toArrow } from 'stoa/arrow'

const ROWS = 200_000
const SYMBOLS = ['ACME', 'STOA', 'ZENO']

using store = open(process.argv[2] ?? 'trades.stoa')
const trades = store.table('trades', { sym: symbol, price: f64, qty: u32 })
if (trades.length === 0) {
  const rows = Array.from({ length: ROWS }, (_, i) => i)
  trades.append({
    sym: rows.map((i) => SYMBOLS[((i * i) % 7) % 3]!),
    price: Float64Array.from(rows, (i) => 10 + (i % 640) / 64),
    qty: Uint32Array.from(rows, (i) => 1 + (i % 100)),
  })
  await store.commit()
}

const arrow = toArrow(trades)
const isShared = arrow.getChild('price')!.data[0]!.values.buffer === trades.arrays.price.buffer
console.log(`${arrow.numRows} rows, ${isShared ? 'the same memory' : 'a copy'}`)

// Arquero reads the Arrow columns where they lie.
const table = fromArrow(arrow as Parameters<typeof fromArrow>[0])
const turnover = () =>
  table
    .groupby('sym')
    .rollup({ trades: op.count(), turnover: (row: { price: number; qty: number }) => op.sum(row.price * row.qty) })
    .orderby(desc('turnover'))
    .objects() as { sym: string; trades: number; turnover: number }[]

console.table(turnover())
trades.set(0, { price: 1_000_000 }) // in the store …
console.table(turnover()) // … and in the answer, through the same Arquero table
store.rollback()
