import type { Storage } from '../../column/storage.ts'
import { StoredType } from '../../schema/types.ts'
import { textWriter } from './text-value.ts'

/** What makes a row a JSON object, with its columns in the order given. */
export function rowWriter(storages: readonly Storage[]): (row: number) => string {
  const fields = storages.map((storage) => ({
    storage,
    key: `${JSON.stringify(storage.name)}:`,
    write: jsonWriter(storage.type),
  }))
  return (row) => {
    const members = fields.map(({ storage, key, write }) => {
      const value = storage.read(row)
      return key + (value === null ? 'null' : write(value))
    })
    return `{${members.join(',')}}`
  }
}

/** What makes a value of a type, which is not null, JSON. */
export function jsonWriter(type: StoredType): (value: unknown) => string {
  const inner = StoredType.inner(type)
  const text = textWriter(inner)
  if (inner.name === 'vector') {
    const lane = jsonWriter(inner.type as StoredType)
    return (value) => `[${Array.from(value as ArrayLike<unknown>, lane).join(',')}]`
  }
  switch (StoredType.coding(inner)) {
    case 'number':
      return (value) => (Number.isFinite(value) ? text(value) : `"${value as number}"`)
    case 'bigint':
      return inner.unit === undefined ? text : (value) => `"${text(value)}"`
    case 'bool':
      return text
    case 'timestamp':
      return (value) => {
        const written = text(value)
        return Number.isFinite(Number(written)) ? written : `"${written}"`
      }
    default:
      return (value) => JSON.stringify(text(value))
  }
}
