// Follows the samples of a writer in another process, and draws the last of them as lines in the terminal. It can begin
// before the writer or after, and outlives it; `--rows` ends it.
import { parseArgs } from 'node:util'
import { open } from 'stoa'
import { columns } from './columns.ts'
import { sparkline } from './sparkline.ts'

const { positionals, values } = parseArgs({ allowPositionals: true, options: { rows: { type: 'string' } } })
const store = open(positionals[0] ?? 'telemetry.stoa', { access: 'read' })
const samples = store.table('samples', columns)
const rows = Number(values.rows ?? Infinity)

let seen = 0
for await (const { start, end } of samples.follow({ from: 0 })) {
  if (start !== seen) throw new Error(`expected row ${seen} next, found ${start}`)
  seen = end
  const { late, heap } = samples.arrays
  draw([
    `late  ${sparkline(late.subarray(0, end))} ${late[end - 1]!.toFixed(2)} ms`,
    `heap  ${sparkline(heap.subarray(0, end))} ${heap[end - 1]!.toFixed(1)} MiB`,
  ])
  if (seen >= rows) break
}
console.log(`followed ${seen} rows, each once and in order`)
store.close()

/** Over what it drew before; without a terminal line by line. */
function draw(lines: string[]): void {
  const { isTTY } = process.stdout
  for (const line of lines) console.log(isTTY ? `\u{1b}[2K${line}` : line)
  if (isTTY && seen < rows) process.stdout.moveCursor(0, -lines.length)
}
