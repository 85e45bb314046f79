import { drawCondition, isEqual } from './conditions.ts'
import { expectSame, type Model, type ModelColumn } from './model.ts'
import { inner, isOrdered } from './order.ts'
import type { LooseArray, LooseTable, World } from './world.ts'

type Values = readonly unknown[]
type Integer = number | bigint

/** Compares sums, extremes, means, counts and conditions with plain loops over the model. */
export const kernelVerbs: Readonly<Record<string, (world: World, table: LooseTable, model: Model) => void>> = {
  aggregates(world, table, model) {
    const numeric = model.columns.filter(isNumeric)
    if (numeric.length === 0) return
    const column = world.pick(numeric)
    const { name } = column
    const place = model.place(name)
    const rows = selection(world, model)
    const values = Array.from(rows, (row) => model.rows[row]?.[place])
    const what = (verb: string) => () => `${verb} of ${values.length} rows of ${name}`
    expectSum(() => table.sum(name as never, rows), column, values, what('sum'))
    const [least, greatest] = extremes(values)
    expectNumber(table.min(name as never, rows), least, what('min'))
    expectNumber(table.max(name as never, rows), greatest, what('max'))
    expectMean(table.mean(name as never, rows), column, values, what('mean'))
    expectSame(table.count(rows), values.length, what('count'))
    checkAggregates(
      table.columns[name] as LooseArray,
      column,
      model.rows.map((row) => row[place]),
    )
  },
  sumProduct(world, table, model) {
    const numeric = model.columns.filter(isNumeric)
    if (numeric.length === 0) return
    const [a, b] = [world.pick(numeric), world.pick(numeric)]
    const rows = selection(world, model)
    const pairs = Array.from(rows, (row) => [a, b].map(({ name }) => model.rows[row]?.[model.place(name)]))
    const present = pairs.filter((pair) => !pair.includes(null)) as [Integer, Integer][]
    const call = (): unknown => table.sumProduct(a.name as never, b.name as never, rows)
    const what = (): string => `sumProduct of ${a.name} and ${b.name}`
    if (isFloating(a) || isFloating(b)) {
      const products = present.map(([one, other]) => Number(one) * Number(other))
      expectClose(call() as number, products, 1, what)
    } else {
      const products = present.map(([one, other]) => BigInt(one) * BigInt(other))
      expectTotal(call, products, isWide(a) || isWide(b), what)
    }
  },
  where(world, table, model) {
    const conditions: Record<string, unknown> = {}
    let expected = model.rows.map((_, row) => row)
    for (let count = 1 + world.below(3); count > 0; count--) {
      const column = world.pick(model.columns)
      if (Object.hasOwn(conditions, column.name)) continue
      const place = model.place(column.name)
      const { given, holds } = drawCondition(
        world,
        column.sample,
        model.rows.map((row) => row[place]),
      )
      conditions[column.name] = given
      expected = expected.filter((row) => holds(model.rows[row]?.[place]))
    }
    const found = table.where(conditions as never)
    const what = (): string => `where on ${Object.keys(conditions).join()}`
    expectSame(found.join(), expected.join(), what)
    expectSame(table.count(found), expected.length, what)
  },
  search(world, table, model) {
    const column = world.pick(model.columns)
    const place = model.place(column.name)
    checkSearch(
      world,
      table.columns[column.name] as LooseArray,
      column,
      model.rows.map((row) => row[place]),
    )
  },
}

/** The sum and its kin of a column or an array over all of its values. */
export function checkAggregates(array: LooseArray, column: ModelColumn, values: Values): void {
  if (!isNumeric(column)) return
  const what = (verb: string) => () => `${verb} of ${column.name}`
  expectSum(() => array.sum(), column, values, what('sum'))
  const [least, greatest] = extremes(values)
  expectNumber(array.min(), least, what('min'))
  expectNumber(array.max(), greatest, what('max'))
  const [min, max] = (array.minMax() ?? []) as unknown[]
  expectNumber(min, least, what('minMax'))
  expectNumber(max, greatest, what('minMax'))
  expectMean(array.mean(), column, values, what('mean'))
}

/** How often a value occurs, and where first. */
export function checkSearch(world: World, array: LooseArray, column: ModelColumn, values: Values): void {
  if (!isOrdered(column.sample.type)) return
  const value = values.length > 0 && world.below(2) === 0 ? world.pick(values) : column.sample.value(world.random)
  const rows = values.flatMap((it, row) => (isEqual(it, value) ? [row] : []))
  expectSame(array.count(value as never), rows.length, () => `count of ${String(value)} in ${column.name}`)
  expectSame(array.indexOf(value as never), rows[0] ?? -1, () => `indexOf ${String(value)} in ${column.name}`)
}

const INTEGERS: ReadonlySet<string> = new Set(['i8', 'i16', 'i32', 'u8', 'u16', 'u32'])
const WIDE: ReadonlySet<string> = new Set(['i64', 'u64', 'timestamp64'])
const FLOATING: ReadonlySet<string> = new Set(['f16', 'f32', 'f64', 'timestamp'])

const isWide = ({ sample }: ModelColumn): boolean => WIDE.has(inner(sample.type).name)
const isFloating = ({ sample }: ModelColumn): boolean => FLOATING.has(inner(sample.type).name)

function isNumeric(column: ModelColumn): boolean {
  return isWide(column) || isFloating(column) || INTEGERS.has(inner(column.sample.type).name)
}

/** Row numbers in any order, some more than once, or all of them. */
function selection(world: World, { length }: Model): Uint32Array | Float64Array {
  const all = world.below(4) === 0
  const count = all || length === 0 ? length : world.below(3000)
  const rows = Array.from({ length: count }, (_, row) => (all ? row : world.below(length)))
  return world.below(2) === 0 ? Uint32Array.from(rows) : Float64Array.from(rows)
}

const present = (values: Values): Values => values.filter((value) => value !== null)

/** The least and the greatest: NaN where there is NaN, nothing where there is nothing. */
function extremes(values: Values): [unknown, unknown] {
  const found = present(values) as Integer[]
  if (found.some((value) => Number.isNaN(value))) return [Number.NaN, Number.NaN]
  const choose = (better: (a: Integer, b: Integer) => boolean): unknown =>
    found.length === 0 ? undefined : found.reduce((chosen, value) => (better(value, chosen) ? value : chosen))
  return [choose((a, b) => a < b), choose((a, b) => a > b)]
}

function expectSum(call: () => unknown, column: ModelColumn, values: Values, what: () => string): void {
  const found = present(values) as Integer[]
  if (isFloating(column)) return expectClose(call() as number, found as number[], 1, what)
  expectTotal(
    call,
    found.map((value) => BigInt(value)),
    isWide(column),
    what,
  )
}

function expectMean(mean: unknown, column: ModelColumn, values: Values, what: () => string): void {
  const found = present(values) as Integer[]
  if (found.length === 0) return expectSame(mean, undefined, what)
  if (isFloating(column)) return expectClose(mean as number, found as number[], found.length, what)
  const total = found.reduce((sum: bigint, value) => sum + BigInt(value), 0n)
  expectSame(mean, Number(total) / found.length, what)
}

/** Integers add up exactly, or there is no such number. */
function expectTotal(call: () => unknown, terms: readonly bigint[], isBig: boolean, what: () => string): void {
  const total = terms.reduce((sum, term) => sum + term, 0n)
  const magnitude = terms.reduce((sum, term) => sum + (term < 0n ? -term : term), 0n)
  const isBeyond = !isBig && (total > 2n ** 53n || total < -(2n ** 53n))
  let found: unknown
  try {
    found = call()
  } catch (error) {
    // On the way a sum of products may have more than 128 bits.
    const isAllowed = isBeyond || magnitude >= 2n ** 127n
    if (isAllowed && (error as { code?: string }).code === 'ERR_STOA_LIMIT') return
    throw error
  }
  if (isBeyond) throw new Error(`${what()}: found ${String(found)}, which no number stands for alone`)
  expectSame(found, isBig ? total : Number(total), what)
}

/** Floating-point numbers are added in another order here. */
function expectClose(found: number, terms: readonly number[], divisor: number, what: () => string): void {
  const [expected, magnitude] = [added(terms) / divisor, added(terms.map(Math.abs)) / divisor]
  if (Number.isFinite(magnitude)) {
    if (Math.abs(found - expected) <= magnitude * 1e-11) return
    throw new Error(`${what()}: found ${found}, expected ${expected}`)
  }
  // What only the sum makes infinite depends on the order.
  if (terms.every(Number.isFinite)) return
  expectSame(found, expected, what)
}

const added = (terms: readonly number[]): number => terms.reduce((total, term) => total + term, 0)

/** Of 0 and -0 either may be found. */
function expectNumber(found: unknown, expected: unknown, what: () => string): void {
  if (found !== expected) expectSame(found, expected, what)
}
