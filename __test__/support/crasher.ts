// Runs steps of a history against a store until it is killed, or as many as it is told. Tells what it begins and what is
// durable, on its output or in a file that is named.
import { openSync, writeSync } from 'node:fs'
import { f64, open } from '../../src/index.ts'
import { applyStep, columns } from './history.ts'

const [path, seedText, stepsMax = 'Infinity', marks] = process.argv.slice(2) as [string, string, string?, string?]
const seed = Number(seedText)
const output = marks === undefined ? 1 : openSync(marks, 'w')
const say = (line: string): number => writeSync(output, `${line}\n`)

say('opening')
const store = open(path, { wait: 10_000 })
const table = store.table('t', columns)
const steps = store.array('steps', f64)
if (steps.length === 0) steps.push(0)
say('open')
for (let step = steps.at(0) as number; step < Number(stepsMax);) {
  step++
  steps.set(0, step)
  applyStep(table, seed, step)
  say(`begin ${step}`)
  if (step % 11 === 0) {
    await store.compact()
    say(`durable ${step}`)
  } else if (step % 3 === 0) {
    store.commitSync()
    say(`durable ${step}`)
  } else {
    const commit = store.commit().then(() => say(`durable ${step}`))
    // Every other one is waited for, so that up to two are in flight.
    if (step % 2 === 0) await commit
  }
}
// Ends as a kill would: without a close.
process.exit()
