// Opens a finished file in a process of its own and prints what is in it. The loops run over the columns as they lie in
// the file: nothing is loaded, nothing is copied.
import { statSync } from 'node:fs'
import { open } from 'stoa'
import { barChart, count } from './chart.ts'
import { flightsTable, type FlightsTable } from './columns.ts'

const AIRPORTS_SHOWN = 10
const HOUR_MS = 3_600_000

function flightsByOrigin(flights: FlightsTable): { label: string; value: number }[] {
  const codes = flights.arrays.origin
  const { labels } = flights.columns.origin
  const counts = new Uint32Array(labels.length)
  for (let row = 0, rows = codes.length; row < rows; row++) counts[codes[row]!]! += 1
  return labels.map((label, code) => ({ label, value: counts[code]! })).toSorted((a, b) => b.value - a.value)
}

function meanDelayByHour(flights: FlightsTable): { label: string; value: number }[] {
  const { date, delay } = flights.arrays
  const sums = new Float64Array(24)
  const counts = new Uint32Array(24)
  for (let row = 0, rows = delay.length; row < rows; row++) {
    const hour = Math.floor(date[row]! / HOUR_MS) % 24
    sums[hour]! += delay[row]!
    counts[hour]! += 1
  }
  return Array.from(sums, (sum, hour) => ({
    label: `${String(hour).padStart(2, '0')}:00`,
    value: counts[hour] ? sum / counts[hour] : 0,
  }))
}

const path = process.argv[2]!
const began = performance.now()
const store = open(path)
const openMs = performance.now() - began
const flights = flightsTable(store)
const origins = flightsByOrigin(flights)
const firstResultMs = performance.now() - began
const hours = meanDelayByHour(flights)
const bothResultsMs = performance.now() - began

const bytesOnDisk = statSync(path).blocks * 512
console.log(`
Flights by origin (${AIRPORTS_SHOWN} of ${origins.length} airports)
${barChart(origins.slice(0, AIRPORTS_SHOWN), count)}

Mean delay by hour of departure, minutes
${barChart(hours, (value) => value.toFixed(1))}

A new process opened ${path} (${count(flights.length)} rows) and had
  the file open       after ${openMs.toFixed(1)} ms
  the first answer    after ${firstResultMs.toFixed(1)} ms
  both answers        after ${bothResultsMs.toFixed(1)} ms
  on disk             ${count(bytesOnDisk)} bytes, ${(bytesOnDisk / flights.length).toFixed(1)} a row`)
store.close()
