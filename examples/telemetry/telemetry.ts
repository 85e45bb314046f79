// Two processes and one file: a writer of samples, and who watches them live.
//
//   node --import @oxc-node/core/register examples/telemetry/telemetry.ts telemetry.stoa --rows 1000
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { open } from 'stoa'
import { columns } from './columns.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rows: { type: 'string', default: '1000' } },
})
const path = positionals[0] ?? 'telemetry.stoa'

// A reader creates nothing: the table must be there for whoever comes first.
const store = open(path)
const before = store.table('samples', columns).length
store.close()

const end = before + Number(values.rows)
const writer = start('writer.ts', ['--rows', values.rows])
const follower = start('follower.ts', ['--rows', `${end}`])
const codes = await Promise.all([writer, follower].map((child) => once(child, 'exit')))
process.exitCode = codes.every(([code]) => code === 0) ? 0 : 1

function start(script: string, more: string[]): ChildProcess {
  const file = fileURLToPath(new URL(script, import.meta.url))
  return spawn(process.execPath, [...process.execArgv, file, path, ...more], { stdio: 'inherit' })
}
