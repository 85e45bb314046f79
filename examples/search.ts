// Search by meaning: the vectors nearest to a query, by a plain loop over the mapped memory. Nothing is loaded: the first
// question reads the pages of the file, all others find them in memory.
//
//   node --import @oxc-node/core/register examples/search.ts documents.stoa
import { f32, open, utf8, vector } from 'stoa'

const DIMENSIONS = 384 // as small sentence models give
const ROWS = 100_000
const ROWS_PER_APPEND = 10_000

using store = open(process.argv[2] ?? 'documents.stoa')
const documents = store.table('documents', { title: utf8, embedding: vector(f32, DIMENSIONS) })
if (documents.length === 0) await fill()

// The query is document 4,242 with half of its numbers taken away.
const query = documents.at(4242)!.embedding.map((lane, i) => (i % 2 === 0 ? lane : 0))
nearest(query, 10) // warm: the pages are in memory, the loop is compiled
const start = performance.now()
const found = nearest(query, 10)
const milliseconds = performance.now() - start

for (const { row, cosine } of found) console.log(`${cosine.toFixed(6)}  ${documents.columns.title.at(row)}`)
console.log(`${documents.length} vectors in ${milliseconds.toFixed(1)} ms`)

/** The `count` rows with the greatest cosine to `query`, greatest first. */
function nearest(query: Float32Array, count: number): { row: number; cosine: number }[] {
  const { embedding } = documents.arrays // one Float32Array, row after row
  const length = Math.hypot(...query)
  const rows = documents.length
  const best: { row: number; cosine: number }[] = []
  for (let row = 0; row < rows; row++) {
    let dot = 0
    for (let lane = 0, at = row * DIMENSIONS; lane < DIMENSIONS; lane++, at++) dot += query[lane]! * embedding[at]!
    const cosine = dot / length // the stored vectors have length 1
    if (best.length === count && cosine <= best.at(-1)!.cosine) continue
    best.splice(best.findLastIndex((other) => other.cosine >= cosine) + 1, 0, { row, cosine })
    if (best.length > count) best.pop()
  }
  return best
}

/** Made vectors of length 1, the same each time. Yours come from a model. */
async function fill(): Promise<void> {
  const embedding = new Float32Array(ROWS_PER_APPEND * DIMENSIONS)
  let state = 1
  for (let first = 0; first < ROWS; first += ROWS_PER_APPEND) {
    for (let start = 0; start < embedding.length; start += DIMENSIONS) {
      let squares = 0
      for (let at = start; at < start + DIMENSIONS; at++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0
        embedding[at] = state / 2 ** 31
        squares += embedding[at]! ** 2
      }
      for (let at = start; at < start + DIMENSIONS; at++) embedding[at]! /= Math.sqrt(squares)
    }
    const title = Array.from({ length: ROWS_PER_APPEND }, (_, i) => `document ${first + i}`)
    documents.append({ title, embedding })
    await store.commit()
  }
}
