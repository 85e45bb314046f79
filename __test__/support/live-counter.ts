// A worker that opens a live store beside its owner and adds to two counters, one by one.
import { parentPort, workerData } from 'node:worker_threads'
import { i32, i64, open } from '../../src/index.ts'

const { path, count } = workerData as { path: string; count: number }
const store = open(path, { live: true, lock: 'none' })
const { small, large } = store.table('counters', { small: i32, large: i64 }).arrays
for (let step = 0; step < count; step++) {
  Atomics.add(small, 0, 1)
  Atomics.add(large, 0, 1n)
}
store.close()
// oxlint-disable-next-line require-post-message-target-origin -- a worker thread's port has no origin
parentPort?.postMessage('done')
