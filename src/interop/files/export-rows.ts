import { StoaError } from '../../errors.ts'
import type { StoredTable } from '../../table/stored-table.ts'

/** Refuses to go on with a table that lost rows while it was written: a file of fewer rows would look complete. */
export function checkNotShortened(table: StoredTable, rows: number): void {
  if (table.length >= rows) return
  throw new StoaError(
    'ERR_STOA_UNSUPPORTED',
    `${table.title} was shortened from ${rows} to ${table.length} rows while it was written; no file was made`,
    { path: table.session.path },
  )
}
