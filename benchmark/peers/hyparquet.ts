// The library that reads Parquet for the store, alone: it decodes, and nothing is done with what it gives.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { asyncBufferFromFile, parquetScan } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'
import { FLIGHTS_PATH } from '../flights.ts'
import type { Contender, Peer } from '../trial.ts'

function importParquet(): Contender {
  let rows = 0
  return {
    round: async () => {
      const scan = await parquetScan({ file: await asyncBufferFromFile(FLIGHTS_PATH), compressors })
      rows = 0
      for (const { rowStart, rowEnd } of scan.ranges) {
        for (const column of ['date', 'delay', 'distance', 'origin', 'destination']) {
          const { length } = await scan.readColumn({ column, rowStart, rowEnd })
          if (column === 'date') rows += length
        }
      }
    },
    answer: () => rows,
    close: () => {},
  }
}

const manifest = fileURLToPath(new URL('../package.json', import.meta.resolve('hyparquet')))
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }

export const hyparquet: Peer = { name: 'hyparquet', version, workloads: { importParquet } }
