// Kills an import in the middle with SIGKILL, then proves that the file holds exactly the batches whose commit had
// returned, or the one in flight besides, value by value.
import { spawn } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { open } from 'stoa'
import { count } from './chart.ts'
import { flightsTable, type FlightsTable } from './columns.ts'
import { openSource, type Source } from './source.ts'

/** A batch takes some tens of milliseconds: the kill may hit decoding, append or commit. */
const KILL_DELAY_MS_MAX = 40
/** With fewer left to import, the middle would be near an end. */
const BATCHES_LEFT_MIN = 20
/** So many take longer than the delay: the import is still at work when the kill comes. */
const BATCHES_AFTER_KILL_MIN = 10

export async function killImport(path: string, seed: number): Promise<void> {
  const source = await openSource()
  let boundaries = batchBoundaries(source, committedRows(path))
  if (boundaries.length < BATCHES_LEFT_MIN) {
    console.log(`${path} is complete, or nearly: starting over`)
    rmSync(path)
    boundaries = batchBoundaries(source, 0)
  }
  const random = randomNumbers(seed)
  const killAfterRows = boundaries[Math.floor((boundaries.length - BATCHES_AFTER_KILL_MIN) * random())]!
  const killDelayMs = Math.floor(random() * KILL_DELAY_MS_MAX)
  console.log(`Importing, to be killed ${killDelayMs} ms after row ${count(killAfterRows)} is durable (seed ${seed})`)

  const acknowledged = await killedImport(path, killAfterRows, killDelayMs)
  if (acknowledged === source.rows) throw new Error('the import was complete before it could be killed')
  console.log(`  killed with SIGKILL; the last commit that returned held ${count(acknowledged)} rows`)

  const store = open(path)
  try {
    const flights = flightsTable(store)
    const inFlight = source.batchEnd(acknowledged)
    if (flights.length !== acknowledged && flights.length !== inFlight) {
      throw new Error(`found ${flights.length} rows after the kill, expected ${acknowledged} or ${inFlight}`)
    }
    const part = flights.length === acknowledged ? 'exactly these' : 'these and the batch in flight, whole'
    console.log(`  reopened: ${count(flights.length)} rows, ${part}`)
    await verifyPrefix(flights, source)
    console.log(`  all ${count(flights.length * 5)} values compared with the source: equal`)
  } finally {
    store.close()
  }
}

function committedRows(path: string): number {
  if (!existsSync(path)) return 0
  const store = open(path)
  try {
    return store.tables().includes('flights') ? flightsTable(store).length : 0
  } finally {
    store.close()
  }
}

/** The row counts at which the import commits, from `start` on. */
function batchBoundaries(source: Source, start: number): number[] {
  const boundaries: number[] = []
  for (let row = start; row < source.rows;) {
    row = source.batchEnd(row)
    boundaries.push(row)
  }
  return boundaries
}

/** Runs the import in a child, kills it, and gives the rows of the last commit that it acknowledged. */
async function killedImport(path: string, killAfterRows: number, killDelayMs: number): Promise<number> {
  const script = fileURLToPath(new URL('acknowledge.ts', import.meta.url))
  const child = spawn(process.execPath, [...process.execArgv, script, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<NodeJS.Signals | null>((resolve) => {
    child.on('close', (_code, signal) => resolve(signal))
  })
  let acknowledged = 0
  let doomed = false
  for await (const line of createInterface(child.stdout)) {
    acknowledged = Number(line)
    if (acknowledged < killAfterRows || doomed) continue
    doomed = true
    setTimeout(() => child.kill('SIGKILL'), killDelayMs)
  }
  const signal = await ended
  if (signal !== 'SIGKILL') throw new Error('the import ended before it could be killed')
  return acknowledged
}

async function verifyPrefix(flights: FlightsTable, source: Source): Promise<void> {
  const { date, delay, distance } = flights.arrays
  const { origin, destination } = flights.columns
  const rows = flights.length
  for (const column of [date, delay, distance]) {
    if (column.length !== rows) throw new Error(`a column has ${column.length} elements, the table ${rows} rows`)
  }
  for await (const batch of source.batches(0, rows)) {
    for (let row = batch.start; row < batch.end; row++) {
      const i = row - batch.start
      const equal =
        date[row] === batch.date[i] &&
        delay[row] === batch.delay[i] &&
        distance[row] === batch.distance[i] &&
        origin.at(row) === batch.origin[i] &&
        destination.at(row) === batch.destination[i]
      if (!equal)
        throw new Error(`row ${row} is ${JSON.stringify(flights.at(row))}, which is not what the source holds`)
    }
  }
}

/** Numbers from 0 to 1, the same for the same seed: a counter in steps of the golden ratio, its bits mixed twice. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
}
