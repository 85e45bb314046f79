// Makes a dataset of eight stores of three million flights, by the hours of their departure, and tells the flights of each origin as it counts them.
import { open, i16, symbol, timestamp, u16, u8 } from '../../src/index.ts'
import { openDataset } from '../../src/interop/dataset.ts'
import { readParquet } from '../../src/interop/parquet.ts'
import { dataset } from '../support/formats.ts'

const [folder] = process.argv.slice(2) as [string]
const flight = { date: timestamp, delay: i16, distance: u16, origin: symbol }
const source = open(`${folder}.stoa`)
const flights = await readParquet(source, 'flights', dataset('flights-3m.parquet'), { columns: flight })

const { date, delay, distance } = flights.arrays
const columns = { hours: u8, ...flight }
const days = openDataset(folder, { columns, partitionBy: ['hours'], table: 'flights' })
const hours = Uint8Array.from(date, (time) => new Date(time).getUTCHours() / 3)
days.append({ hours, date, delay, distance, origin: [...flights.columns.origin] })
await days.commit()

const counts: Record<string, number> = {}
for (const { table } of days.partitions()) {
  const labels = table.columns.origin.labels
  const codes = new Float64Array(labels.length)
  for (const code of table.columns.origin.data) codes[code] = (codes[code] as number) + 1
  for (const [code, count] of codes.entries())
    counts[labels[code] as string] = (counts[labels[code] as string] ?? 0) + count
}
console.log(JSON.stringify(counts))
days.close()
source.close({ discard: true })
