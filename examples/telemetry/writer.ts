// Measures its own event loop and writes each sample to a live store: other processes see a row as soon as it is pushed, and
// a kill takes none of them. `--rows` ends it.
import { parseArgs } from 'node:util'
import { open } from 'stoa'
import { columns, MILLISECONDS_PER_SAMPLE } from './columns.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rows: { type: 'string' } } })
using store = open(positionals[0] ?? 'telemetry.stoa', { live: true, commitEvery: 1000 })
const samples = store.table('samples', columns)

let due = performance.now()
for (const end = samples.length + Number(values.rows ?? Infinity); samples.length < end;) {
  due += MILLISECONDS_PER_SAMPLE
  await new Promise((resolve) => setTimeout(resolve, due - performance.now()))
  samples.push({ at: Date.now(), late: performance.now() - due, heap: process.memoryUsage().heapUsed / 2 ** 20 })
}
