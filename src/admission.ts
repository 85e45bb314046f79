import type { Encoded, Storage } from './storage.ts'

/** Adds what values need beside their rows, all or nothing: the labels they bring along, and room for `rows` rows. */
export function admit(storages: readonly Storage[], fresh: readonly Iterable<Encoded>[], rows: number): void {
  const marks = storages.map((storage) => {
    const dictionary = storage.dictionary
    return dictionary && { dictionary, count: dictionary.list.length, byteLength: dictionary.region.length }
  })
  try {
    for (const [place, storage] of storages.entries()) {
      for (const value of fresh[place] ?? []) {
        if (typeof value === 'string' && storage.dictionary?.codes.has(value) === false) storage.dictionary.add(value)
      }
    }
    for (const storage of storages) storage.data.room(rows)
  } catch (error) {
    for (const mark of marks) mark?.dictionary.cut(mark.count, mark.byteLength)
    throw error
  }
}
