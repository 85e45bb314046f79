// Follows a ledger's log from its start and checks that every row comes once, in order and whole. When it is told a number
// it goes on to so many rows, says how many it saw, and ends.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { open } from '../../src/index.ts'
import { Ledger } from './ledger.ts'

const [path] = process.argv.slice(2) as [string]
const { log, store } = new Ledger(open(path, { access: 'read' }))
const goal = new AbortController()
let rows = 0
let ranges = 0
createInterface({ input: process.stdin }).once('line', (line) => {
  const check = (): void => {
    if (rows >= Number(line)) goal.abort()
    else setTimeout(check, 5)
  }
  check()
})
writeSync(1, 'open\n')
try {
  for await (const { start, end } of log.follow({ from: 0, signal: goal.signal })) {
    if (start !== rows) throw new Error(`rows from ${start} after ${rows}`)
    const { n, square } = log.arrays
    for (; rows < end; rows++) if (n[rows] !== rows || square[rows] !== rows * rows) throw new Error(`row ${rows}`)
    ranges++
  }
} catch (error) {
  if ((error as Error).name !== 'AbortError') throw error
}
store.close()
writeSync(1, `${rows} rows in ${ranges} ranges\n`)
process.exit()
