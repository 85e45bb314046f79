import type { Encoded, Storage } from '../column/storage.ts'

/**
 * Adds what values need beside their rows, all or nothing: the labels they bring along, room for their text, and room
 * for `rows` rows. `values` are those of each storage, or what to call for the same.
 */
export function admit(
  storages: readonly Storage[],
  values: readonly (Iterable<Encoded> | (() => void))[],
  rows: number,
): void {
  const undo = storages.map((storage) => storage.mark())
  try {
    for (const [place, storage] of storages.entries()) {
      const needed = values[place] ?? []
      if (typeof needed === 'function') needed()
      else storage.provide(needed)
    }
    for (const storage of storages) storage.room(rows)
  } catch (error) {
    for (const undone of undo) undone?.()
    throw error
  }
}
