import type { OneOf, Nullable, Type } from '../../src/index.ts'

/** The type itself, of a nullable one too. */
export const inner = (type: Type): Type => (type.name === 'nullable' ? (type as Nullable).type : type)

/** Whether the values of a type have an order. */
export function isOrdered(type: Type): boolean {
  return inner(type).name !== 'bytes' && inner(type).name !== 'vector'
}

/**
 * The order of a type's values: null last unless it is to be first, NaN behind all other values, both in both
 * directions; labels by their place, text by its UTF-8.
 */
export function compareValues(type: Type, descending = false, nullsFirst = false): (a: unknown, b: unknown) => number {
  const { labels } = inner(type) as OneOf
  const sign = descending ? -1 : 1
  return (a, b) => {
    const ranks = rank(a, nullsFirst) - rank(b, nullsFirst)
    if (ranks !== 0 || rank(a, nullsFirst) !== 0) return ranks
    if (labels !== undefined) return sign * (labels.indexOf(a as string) - labels.indexOf(b as string))
    if (typeof a === 'string') return sign * Buffer.compare(Buffer.from(a), Buffer.from(b as string))
    return sign * ((a as number) < (b as number) ? -1 : Number((a as number) > (b as number)))
  }
}

function rank(value: unknown, nullsFirst: boolean): number {
  if (value === null) return nullsFirst ? -1 : 2
  return Number.isNaN(value) ? 1 : 0
}
