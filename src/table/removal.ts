import { existingPosition, existingRange } from './positions.ts'
import type { RowKeeper } from './row-keeper.ts'

/** Takes rows out, and moves those behind them up: O(rows behind). */
export function removeRows(keeper: RowKeeper, index: number, count: number): void {
  const length = keeper.checkWritable()
  const position = existingRange(index, count, length, keeper.title)
  const behind = length - position - count
  if (behind > 0 && count > 0) {
    bindAll(keeper)
    for (const storage of keeper.storages) storage.move(position, position + count, behind)
  }
  keeper.rowCount = length - count
  keeper.refreshViews()
}

/** What cannot be shown must be told before the first row moves. */
function bindAll(keeper: RowKeeper): void {
  for (const storage of keeper.storages) storage.bind()
}

/** Gives back the capacity behind the rows, with the next commit. */
export function shrinkRows(keeper: RowKeeper): void {
  keeper.checkWritable()
  keeper.session.publishLengths()
  try {
    for (const storage of keeper.storages) for (const region of storage.regions) region.shrink()
  } finally {
    keeper.refreshViews()
  }
}

/** Takes a row out, and puts the last one in its place: O(1). */
export function swapRemoveRow(keeper: RowKeeper, index: number): void {
  const length = keeper.checkWritable()
  const position = existingPosition(index, length, keeper.title)
  const last = length - 1
  if (position < last) {
    bindAll(keeper)
    for (const storage of keeper.storages) storage.move(position, last, 1)
  }
  keeper.rowCount = last
  keeper.refreshViews()
}
