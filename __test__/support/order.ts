import type { OneOf, Nullable, Type } from '../../src/index.ts'

const inner = (type: Type): Type => (type.name === 'nullable' ? (type as Nullable).type : type)

/** Whether the values of a type have an order. */
export function isOrdered(type: Type): boolean {
  return inner(type).name !== 'bytes' && inner(type).name !== 'vector'
}

/** The order of a type's values: null and NaN last, labels by their place, text by its UTF-8. */
export function compareValues(type: Type): (a: unknown, b: unknown) => number {
  const { labels } = inner(type) as OneOf
  return (a, b) => {
    if (isLast(a) || isLast(b)) return Number(isLast(a)) - Number(isLast(b))
    if (labels !== undefined) return labels.indexOf(a as string) - labels.indexOf(b as string)
    if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
    return (a as number) < (b as number) ? -1 : Number((a as number) > (b as number))
  }
}

function isLast(value: unknown): boolean {
  return value === null || Number.isNaN(value)
}
