import { kernelVerbs } from './kernel-verbs.ts'
import { compareValues, isOrdered } from './order.ts'
import { expectSame, Model, type ModelColumn } from './model.ts'
import type { LooseArray, LooseTable, World } from './world.ts'

/** Does one thing to a table and to its model, and compares what both give. */
export type TableVerb = (world: World, table: LooseTable, model: Model) => void

export const tableVerbs: Readonly<Record<string, TableVerb>> = {
  push(world, table, model) {
    const row = world.row(model)
    const given = model.object(row)
    // What may be null may be left out.
    for (const name in given) if (given[name] === null && world.below(2) === 0) delete given[name]
    model.rows.push(row)
    expectSame(table.push(given), model.length, () => 'push')
  },
  pushMany(world, table, model) {
    for (const row of world.rows(model)) {
      table.push(model.object(row))
      model.rows.push(row)
    }
  },
  appendRows(world, table, model) {
    const rows = world.rows(model)
    model.rows.push(...rows)
    expectSame(table.append(rows.map((row) => model.object(row))), model.length, () => 'append of rows')
  },
  appendColumns(world, table, model) {
    const rows = world.rows(model)
    const columns = model.columns.map(({ name }, place) => [name, rows.map((row) => row[place])])
    model.rows.push(...rows)
    expectSame(table.append(Object.fromEntries(columns)), model.length, () => 'append of columns')
  },
  appendSelf(_, table, model) {
    if (model.length > 2000) return
    model.rows.push(...model.rows)
    expectSame(table.append(table), model.length, () => 'append of itself')
  },
  at(world, table, model) {
    const index = world.below(2 * model.length + 3) - model.length - 1
    const found = table.at(index)
    const expected = model.rows.at(index)
    if (expected === undefined || found === undefined) expectSame(found, expected, () => `at(${index})`)
    else compareRow(found, model, expected, `at(${index})`)
  },
  set(world, table, model) {
    if (model.length === 0) return
    const index = world.index(model.length)
    const row = world.row(model)
    const part: Record<string, unknown> = {}
    for (const [place, { name }] of model.columns.entries()) {
      if (world.below(2) === 0) continue
      part[name] = row[place]
      model.set(index < 0 ? index + model.length : index, place, row[place])
    }
    table.set(index, part)
  },
  pop(_, table, model) {
    const found = table.pop()
    const expected = model.rows.pop()
    if (expected === undefined || found === undefined) expectSame(found, expected, () => 'pop')
    else compareRow(found, model, expected, 'pop')
  },
  insert(world, table, model) {
    const index = world.below(model.length + 1)
    const row = world.row(model)
    const given = world.below(4) === 0 ? index - model.length : index
    model.rows.splice(given === 0 ? 0 : index, 0, row)
    expectSame(table.insert(given, model.object(row)), model.length, () => `insert(${given})`)
  },
  remove(world, table, model) {
    const index = world.below(model.length + 1)
    const count = world.below(Math.min(model.length - index, 5) + 1)
    table.remove(index, count)
    model.remove(index, count)
  },
  removeOne(world, table, model) {
    if (model.length === 0) return
    const index = world.index(model.length)
    table.remove(index)
    model.remove(index < 0 ? index + model.length : index, 1)
  },
  swapRemove(world, table, model) {
    if (model.length === 0) return
    const index = world.index(model.length)
    table.swapRemove(index)
    model.swapRemove(index < 0 ? index + model.length : index)
  },
  truncate(world, table, model) {
    const length = world.below(model.length + 3)
    if (length > 1000 || world.below(4) === 0) {
      table.truncate(length)
      model.truncate(length)
    }
  },
  clear(world, table, model) {
    if (world.below(8) > 0) return
    table.clear()
    model.truncate(0)
  },
  reserve(world, table) {
    const rows = world.below(2000)
    table.reserve(rows)
    if (table.capacity < table.length + rows) throw new Error(`reserve(${rows}) left a capacity of ${table.capacity}`)
  },
  shrink(world, table, model) {
    if (world.below(4) > 0) return
    table.shrink()
    if (table.capacity < model.length) throw new Error(`shrink left a capacity of ${table.capacity}`)
  },
  chunks(world, table, model) {
    const place = model.columns.findIndex(({ sample }) => sample.type.name === 'i64')
    if (place < 0) return
    let index = 0
    const column = table.columns[(model.columns[place] as ModelColumn).name] as LooseArray
    for (const { start, data } of column.chunks(1 + world.below(1000))) {
      expectSame(start, index, () => 'start of a chunk')
      for (const value of data) expectSame(value, model.rows[index++]?.[place], () => 'a chunk')
    }
    expectSame(index, model.length, () => 'elements of chunks')
  },
  rows(world, table, model) {
    const [start, end] = [world.below(model.length + 4) - 2, world.below(model.length + 4) - 2]
    const expected = model.rows.slice(start, end)
    let place = 0
    for (const row of table.rows(start, end)) {
      compareRow(row, model, expected[place++] as readonly unknown[], `rows(${start}, ${end})`)
    }
    expectSame(place, expected.length, () => `rows(${start}, ${end})`)
  },
  cursor(world, table, model) {
    if (model.length === 0) return
    const cursor = table.cursor()
    for (let count = world.below(20); count > 0; count--) {
      const index = world.below(model.length)
      const row = cursor.seek(index).row as Record<string, unknown>
      const place = world.below(model.columns.length)
      const { name, sample } = model.columns[place] as ModelColumn
      expectSame(row[name], model.rows[index]?.[place], () => `cursor at ${index}.${name}`)
      const value = sample.value(world.random)
      row[name] = value
      model.set(index, place, value)
    }
  },
  column(world, table, model) {
    if (model.length === 0) return
    const place = world.below(model.columns.length)
    const { name, sample } = model.columns[place] as ModelColumn
    const column = table.columns[name] as LooseArray
    const index = world.index(model.length)
    const at = index < 0 ? index + model.length : index
    expectSame(column.at(index), model.rows[at]?.[place], () => `column ${name} at ${index}`)
    expectSame(column.isNull(index), model.rows[at]?.[place] === null, () => `isNull of ${name}`)
    const value = sample.value(world.random)
    column.set(index, value as never)
    model.set(at, place, value)
  },
  fill(world, table, model) {
    const place = world.below(model.columns.length)
    const { name, sample } = model.columns[place] as ModelColumn
    const value = sample.value(world.random)
    const [start, end] = [world.below(model.length + 4) - 2, world.below(model.length + 4) - 2]
    table.columns[name]?.fill(value as never, start, end)
    const indices = model.rows.map((_, index) => index).slice(start, end)
    for (const index of indices) model.set(index, place, value)
  },
  view(world, table, model) {
    const place = model.columns.findIndex(({ sample }) => sample.type.name === 'f64')
    if (place < 0 || model.length === 0) return
    const index = world.below(model.length)
    const view = table.arrays[(model.columns[place] as ModelColumn).name] as Float64Array
    view[index] = 0.25
    model.set(index, place, 0.25)
  },
  bounds(world, table, model) {
    const place = model.columns.findIndex(({ sample }) => isOrdered(sample.type))
    if (place < 0) return
    const { name, sample } = model.columns[place] as ModelColumn
    const compare = compareValues(sample.type)
    model.rows = model.rows.toSorted((a, b) => compare(a[place], b[place]))
    table.clear()
    table.append(model.rows.map((row) => model.object(row)))
    for (let count = 0; count < 4; count++) {
      const value = sample.value(world.random)
      const before = model.rows.filter((row) => compare(row[place], value) < 0).length
      const until = model.rows.filter((row) => compare(row[place], value) <= 0).length
      expectSame(table.lowerBound(name, value as never), before, () => `lowerBound of ${name}`)
      expectSame(table.upperBound(name, value as never), until, () => `upperBound of ${name}`)
    }
  },
  sortBy(world, table, model) {
    const keys = sortKeys(world, model)
    if (keys.length === 0) return
    table.sortBy(...(keys as never[]))
    model.rows = model.rows.toSorted(compareRows(model, keys))
  },
  argsort(world, table, model) {
    const keys = sortKeys(world, model)
    if (keys.length === 0) return
    const found = table.argsort(...(keys as never[]))
    const compare = compareRows(model, keys)
    const expected = model.rows.map((row, index) => ({ row, index })).toSorted((a, b) => compare(a.row, b.row))
    expectSame(found.length, expected.length, () => 'argsort')
    for (const [place, { index }] of expected.entries()) expectSame(found[place], index, () => `argsort at ${place}`)
  },
  ...kernelVerbs,
  addColumn(world, table, model) {
    const name = `c${world.below(12)}`
    if (model.columns.length > 10 || model.place(name) >= 0) return
    const sample = world.sample()
    const fill = sample.value(world.random)
    table.addColumn(name, sample.type, fill)
    model.addColumn({ name, sample }, fill)
  },
  dropColumn(world, table, model) {
    if (model.columns.length === 1) return
    const place = world.below(model.columns.length)
    table.dropColumn((model.columns[place] as ModelColumn).name)
    model.dropColumn(place)
  },
  renameColumn(world, table, model) {
    const name = `c${world.below(12)}`
    if (model.place(name) >= 0) return
    const place = world.below(model.columns.length)
    table.renameColumn((model.columns[place] as ModelColumn).name, name)
    model.renameColumn(place, name)
  },
  refused(world, table, model) {
    const row = { ...model.object(world.row(model)), [(model.columns.at(-1) as ModelColumn).name]: Symbol('wrong') }
    for (const call of [
      () => table.push(row),
      () => table.insert(0, row),
      () => table.append([model.object(world.row(model)), row]),
      () => table.remove(0, model.length + 1),
    ]) {
      let isRefused = false
      try {
        call()
      } catch (error) {
        isRefused = error instanceof TypeError || error instanceof RangeError
      }
      expectSame(isRefused, true, () => 'refusal')
    }
  },
}

interface SortKey {
  readonly column: string
  readonly descending: boolean
  readonly nulls: 'first' | 'last'
}

/** Up to two columns that have an order. */
function sortKeys(world: World, model: Model): SortKey[] {
  const ordered = model.columns.filter(({ sample }) => isOrdered(sample.type))
  if (ordered.length === 0) return []
  return Array.from({ length: 1 + world.below(2) }, () => ({
    column: world.pick(ordered).name,
    descending: world.below(2) === 0,
    nulls: world.pick(['first', 'last']),
  }))
}

/** By one key after the other. */
function compareRows(model: Model, keys: readonly SortKey[]): (a: readonly unknown[], b: readonly unknown[]) => number {
  const orders = keys.map(({ column, descending, nulls }) => {
    const place = model.place(column)
    const compare = compareValues((model.columns[place] as ModelColumn).sample.type, descending, nulls === 'first')
    return (a: readonly unknown[], b: readonly unknown[]) => compare(a[place], b[place])
  })
  return (a, b) => orders.reduce((order, compare) => order || compare(a, b), 0)
}

function compareRow(found: object, model: Model, expected: readonly unknown[], what: string): void {
  for (const [place, { name }] of model.columns.entries()) {
    expectSame((found as Record<string, unknown>)[name], expected[place], () => `${name} of ${what}`)
  }
}
