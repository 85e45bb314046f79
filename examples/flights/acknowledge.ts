// The import as a victim: prints the number of durable rows after each commit, for the process that is about to kill it.
import { writeSync } from 'node:fs'
import { importFlights } from './import.ts'

await importFlights(process.argv[2]!, ({ rows }) => writeSync(1, `${rows}\n`))
