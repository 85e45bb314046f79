import type { OneOf, Type } from '../../src/index.ts'
import { inner, isOrdered } from './order.ts'
import type { Sample } from './samples.ts'
import type { World } from './world.ts'

/** A condition on a column as a user gives it, and what it says of a value. */
export interface Drawn {
  readonly given: unknown
  holds(value: unknown): boolean
}

type Holds = (order: number | undefined) => boolean

/** What comparisons say of the order of a value to the constant; NaN has none. */
const COMPARISONS: Readonly<Record<string, Holds>> = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  lt: (order) => order !== undefined && order < 0,
  lte: (order) => order !== undefined && order <= 0,
  gt: (order) => order !== undefined && order > 0,
  gte: (order) => order !== undefined && order >= 0,
}

/** A condition of any kind, often with values that occur. */
export function drawCondition(world: World, { type, value }: Sample, values: readonly unknown[]): Drawn {
  const kind = isOrdered(type) ? world.below(6) : world.below(2)
  if (kind === 0) return { given: null, holds: (it) => it === null }
  if (kind === 1) {
    const isNull = world.below(2) === 0
    return { given: { isNull }, holds: (it) => (it === null) === isNull }
  }
  const present = values.filter((it) => it !== null)
  const constant = (): unknown => {
    if (present.length > 0 && world.below(2) === 0) return world.pick(present)
    let drawn = value(world.random)
    while (drawn === null) drawn = value(world.random)
    // A number need not fit the column.
    return NUMBERS.has(inner(type).name) && world.below(4) === 0 ? (drawn as number) * 1.5 : drawn
  }
  if (kind === 2) {
    const given = constant()
    return { given, holds: (it) => isEqual(it, given) }
  }
  if (kind === 3) {
    const list = Array.from({ length: world.below(30) }, constant)
    return { given: { in: list }, holds: (it) => list.some((one) => isEqual(it, one)) }
  }
  const given: Record<string, unknown> = {}
  for (let count = kind - 3; count > 0; count--) given[world.pick(Object.keys(COMPARISONS))] = constant()
  const holds = ([name, one]: [string, unknown], it: unknown): boolean =>
    it !== null && (COMPARISONS[name] as Holds)(orderOf(type, it, one))
  return { given, holds: (it) => Object.entries(given).every((entry) => holds(entry, it)) }
}

const NUMBERS: ReadonlySet<string> = new Set(['i8', 'i16', 'i32', 'u8', 'u16', 'u32', 'f32', 'f64'])

/** As `eq` says; null is equal to null alone. */
export function isEqual(value: unknown, other: unknown): boolean {
  return value === other
}

function orderOf(type: Type, a: unknown, b: unknown): number | undefined {
  const { labels } = inner(type) as OneOf
  if (labels !== undefined) return labels.indexOf(a as string) - labels.indexOf(b as string)
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string))
  if (Number.isNaN(a) || Number.isNaN(b)) return undefined
  return (a as number) < (b as number) ? -1 : Number((a as number) > (b as number))
}
