// Three million real flights into a store, and answers out of it.
//
//   npm start                 imports what is missing, then reports from a new process
//   npm start -- other.stoa   the same with another file
//   npm start -- --kill       kills the import in the middle first, and shows what is left; --seed N repeats a run
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { StoaError } from 'stoa'
import { importFlights, type ImportProgress } from './flights/import.ts'
import { killImport } from './flights/kill.ts'
import { importSummary, progressPrinter } from './flights/progress.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kill: { type: 'boolean' }, seed: { type: 'string' } },
})
const path = positionals[0] ?? 'flights.stoa'
if (values.seed !== undefined && !/^\d+$/.test(values.seed))
  fail(`--seed takes a whole number, found '${values.seed}'`, 2)

function fail(message: string, exitCode: number): never {
  console.error(message)
  process.exit(exitCode)
}

async function importMissing(): Promise<void> {
  console.log(`Importing flights into ${path}`)
  const print = progressPrinter(process.stdout)
  let last: ImportProgress | undefined
  const rowsAdded = await importFlights(path, (progress) => {
    last = progress
    print(progress)
  })
  console.log(last ? importSummary(last, rowsAdded) : '  complete already: nothing to import')
}

try {
  if (values.kill) await killImport(path, Number(values.seed ?? Math.floor(Math.random() * 1e6)))
  await importMissing()
} catch (error) {
  // What the store says is for the user: such as that another import holds the lock.
  if (error instanceof StoaError) fail(error.message, 1)
  throw error
}

const report = fileURLToPath(new URL('flights/report.ts', import.meta.url))
const { status } = spawnSync(process.execPath, [...process.execArgv, report, path], { stdio: 'inherit' })
process.exitCode = status ?? 1
