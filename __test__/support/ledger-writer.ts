// Commits changes of a ledger again and again, with a pause of some milliseconds, until it is killed or told to stop.
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Ledger } from './ledger.ts'
import { Random } from './seed.ts'

const [path, pauseMs, seed] = process.argv.slice(2) as [string, string, string]
const random = new Random(Number(seed))
writeSync(1, 'opening\n')
const ledger = Ledger.open(path, { wait: 10_000 })
const stop = new AbortController()
createInterface({ input: process.stdin }).once('line', () => stop.abort())
writeSync(1, 'open\n')
while (!stop.signal.aborted) {
  ledger.change((limit) => random.below(limit))
  if (random.below(2) === 0) ledger.store.commitSync()
  else await ledger.store.commit()
  await new Promise((done) => (pauseMs === '0' ? setImmediate(done) : setTimeout(done, Number(pauseMs))))
}
const { length } = ledger.log
ledger.store.close()
writeSync(1, `${length}\n`)
process.exit()
