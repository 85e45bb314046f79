import { admit } from './admission.ts'
import { insertPosition } from './positions.ts'
import type { RowKeeper } from './row-keeper.ts'
import type { Encoded } from '../column/storage.ts'

/**
 * Inserts rows before an index, all or none, and gives the new length. `read` gives the checked values column by column,
 * and may run code of the user. Every row behind moves: O(rows behind).
 */
export function insertRows(keeper: RowKeeper, index: number, read: () => readonly (readonly Encoded[])[]): number {
  const { session, title } = keeper
  insertPosition(index, keeper.checkWritable(), title)
  const { epoch } = session
  const columns = read()
  const length = keeper.checkUsable()
  session.checkEpoch(epoch, title)
  // Code of the user may have added or removed rows meanwhile.
  const position = insertPosition(index, length, title)
  const count = columns[0]?.length ?? 0
  admit(keeper.storages, columns, length + count)
  for (const [place, storage] of keeper.storages.entries()) {
    storage.move(position + count, position, length - position)
    for (const [offset, value] of (columns[place] as readonly Encoded[]).entries()) {
      storage.write(position + offset, value)
    }
  }
  keeper.rowCount = length + count
  keeper.refreshViews()
  return keeper.rowCount
}
