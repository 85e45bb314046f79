// A thread that commits until it is terminated: it counts in shared memory what it has begun and what is durable.
import { workerData } from 'node:worker_threads'
import { f64, open, symbol } from '../../src/index.ts'

/** Rows of one commit. Large enough that a termination meets copies, hashes and writes. */
const ROWS = 200
/** Commits that are under way at once. */
const IN_FLIGHT = 3

const { path, live, told } = workerData as { path: string; live: boolean; told: Int32Array }
const store = open(path, { live, wait: 10_000 })
const table = store.table('t', { x: f64, sym: symbol })
const first = table.length / ROWS
for (let step = first; ; step++) {
  for (let row = 0; row < ROWS; row++) table.push({ x: step * ROWS + row, sym: `S${(step * ROWS + row) % 1000}` })
  Atomics.store(told, 0, step + 1)
  Atomics.notify(told, 0)
  if (step % 4 === 0) {
    store.commitSync()
    Atomics.store(told, 1, step + 1)
  } else {
    const commit = store.commit().then(() => Atomics.store(told, 1, step + 1))
    if (step % IN_FLIGHT === 0) await commit
  }
}
