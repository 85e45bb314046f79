import { found } from '../errors.ts'
import { StoredTable } from '../table/stored-table.ts'

/** The table behind what a user gave. */
export function tableOf(table: unknown, what: string): StoredTable {
  if (table instanceof StoredTable) return table
  throw new TypeError(`${what} takes a table of this package, found ${found(table)}`)
}
