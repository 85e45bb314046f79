import { checkAggregates, checkSearch } from './kernel-verbs.ts'
import { expectSame, type Model, type ModelColumn } from './model.ts'
import type { LooseArray, World } from './world.ts'

/** Does one thing to an array and to its model, and compares what both give. */
export type ArrayVerb = (world: World, array: LooseArray, model: Model) => void

const values = (rows: readonly (readonly unknown[])[]): never[] => rows.map(([value]) => value as never)

export const arrayVerbs: Readonly<Record<string, ArrayVerb>> = {
  push(world, array, model) {
    const rows = Array.from({ length: world.below(4) }, () => world.row(model))
    model.rows.push(...rows)
    expectSame(array.push(...values(rows)), model.length, () => 'push')
  },
  pushOne(world, array, model) {
    const row = world.row(model)
    model.rows.push(row)
    expectSame(array.push(...values([row])), model.length, () => 'push of one')
  },
  append(world, array, model) {
    const rows = world.rows(model)
    model.rows.push(...rows)
    expectSame(array.append(values(rows)), model.length, () => 'append')
  },
  pop(_, array, model) {
    expectSame(array.pop(), model.rows.pop()?.[0], () => 'pop')
  },
  at(world, array, model) {
    const index = world.below(2 * model.length + 3) - model.length - 1
    expectSame(array.at(index), model.rows.at(index)?.[0], () => `at(${index})`)
  },
  set(world, array, model) {
    if (model.length === 0) return
    const index = world.index(model.length)
    const value = (model.columns[0] as ModelColumn).sample.value(world.random)
    array.set(index, value as never)
    model.set(index < 0 ? index + model.length : index, 0, value)
  },
  insert(world, array, model) {
    const index = world.below(model.length + 1)
    const rows = Array.from({ length: world.below(4) }, () => world.row(model))
    model.rows.splice(index, 0, ...rows)
    expectSame(array.insert(index, ...values(rows)), model.length, () => `insert(${index})`)
  },
  remove(world, array, model) {
    const index = world.below(model.length + 1)
    const count = world.below(Math.min(model.length - index, 40) + 1)
    array.remove(index, count)
    model.remove(index, count)
  },
  swapRemove(world, array, model) {
    if (model.length === 0) return
    const index = world.index(model.length)
    array.swapRemove(index)
    model.swapRemove(index < 0 ? index + model.length : index)
  },
  truncate(world, array, model) {
    const length = world.below(model.length + 3)
    array.truncate(length)
    model.truncate(length)
  },
  clear(world, array, model) {
    if (world.below(8) > 0) return
    array.clear()
    model.truncate(0)
  },
  reserve(world, array) {
    const elements = world.below(2000)
    array.reserve(elements)
    if (array.capacity < array.length + elements) throw new Error(`reserve left a capacity of ${array.capacity}`)
  },
  shrink(world, array, model) {
    if (world.below(4) > 0) return
    array.shrink()
    if (array.capacity < model.length) throw new Error(`shrink left a capacity of ${array.capacity}`)
  },
  fill(world, array, model) {
    const value = (model.columns[0] as ModelColumn).sample.value(world.random)
    const [start, end] = [world.below(model.length + 4) - 2, world.below(model.length + 4) - 2]
    array.fill(value as never, start, end)
    const indices = model.rows.map((_, index) => index).slice(start, end)
    for (const index of indices) model.set(index, 0, value)
  },
  aggregates(_, array, model) {
    checkAggregates(array, model.columns[0] as ModelColumn, values(model.rows))
  },
  search(world, array, model) {
    checkSearch(world, array, model.columns[0] as ModelColumn, values(model.rows))
  },
}
