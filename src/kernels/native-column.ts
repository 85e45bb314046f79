import type { NativeColumn } from '../native.ts'
import type { Storage } from '../column/storage.ts'
import { TextStorage } from '../column/text-storage.ts'
import { compareText } from '../column/text-order.ts'

/** A column as the kernels of the native part take it. */
export function nativeColumn(storage: Storage): NativeColumn {
  return {
    data: storage.data.id,
    ...(storage.validity && { validity: storage.validity.region.id }),
    ...(storage instanceof TextStorage && { heap: storage.heap.id }),
    // Read, every byte but 0 is true.
    ...(storage.coding === 'bool' && { isBool: true }),
  }
}

/** The same for sorting: of symbols, with the place of each label among the others. */
export function orderedColumn(storage: Storage): NativeColumn {
  const column = nativeColumn(storage)
  if (storage.coding === 'lanes') {
    throw new TypeError(`${storage.title} is ${storage.type}: rows cannot be sorted by it`)
  }
  if (storage.coding !== 'symbol') return column
  const { list } = storage.labelSet()
  const codes = Array.from(list, (_, code) => code).toSorted((a, b) =>
    compareText(list[a] as string, list[b] as string),
  )
  const ranks = new Uint32Array(list.length)
  for (const [rank, code] of codes.entries()) ranks[code] = rank
  return { ...column, ranks }
}
