// A worker that opens a store, and sends all rows of its table `t` as plain values.
import { parentPort, workerData } from 'node:worker_threads'
import { open } from '../../src/index.ts'

const store = open((workerData as { path: string }).path)
const rows = Array.from(store.table('t'), (row) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      ArrayBuffer.isView(value) ? Array.from(value as Uint8Array) : value,
    ]),
  ),
)
store.close()
// oxlint-disable-next-line require-post-message-target-origin -- a worker thread's port has no origin
parentPort?.postMessage(rows)
