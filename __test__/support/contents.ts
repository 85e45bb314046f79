import { createHash } from 'node:crypto'
import type { Store } from '../../src/index.ts'

/** Tables of more rows are told by the bytes of their columns, others by their values. */
const ROWS_BY_VALUE = 1000

/** All that a store shows, in a few letters: equal for equal tables, columns and values. */
export function contentsOf(store: Store): string {
  const hash = createHash('sha1')
  for (const name of store.tables().toSorted()) {
    const table = store.table(name)
    hash.update(`\n${name} ${table.length} ${Object.keys(table.columns).join()}\n`)
    if (table.length > ROWS_BY_VALUE) {
      for (const view of Object.values(table.arrays)) hash.update(view as unknown as NodeJS.ArrayBufferView)
    } else for (const row of table) hash.update(JSON.stringify(row))
  }
  return hash.digest('hex').slice(0, 12)
}
