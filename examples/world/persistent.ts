// A bitECS world whose components are tables of a store. A component may be any object of arrays, and `table.arrays` is
// one: systems read and write the file itself. Entity N is row N; which components it has are columns too.
import { addComponent, addEntity, createWorld, observe, onAdd, onRemove, removeEntity, type World } from 'bitecs'
import { bool, type Bool, type Columns, type Store, type Table } from 'stoa'

type Component<C extends Columns> = Table<C & { has: Bool }>['arrays']
type Components<C extends Record<string, Columns>> = { [Name in keyof C]: Component<C[Name]> }

/**
 * Opens a world with the entities that the store had at its last commit. Columns of components are numbers, and none may be
 * called `has` (it is taken) or `component` (bitECS looks for it). An entity that has no component is not kept.
 */
export function persistentWorld<C extends Record<string, Columns>>(store: Store, schema: C): World<Components<C>> {
  const tables = Object.entries(schema).map(([name, columns]) => store.table(name, { has: bool, ...columns }))
  const world = createWorld(Object.fromEntries(tables.map(({ name, arrays }) => [name, arrays as unknown])))

  // A new world numbers its entities from 1 on, and gives the numbers of removed ones again.
  const entities = Math.max(...tables.map(({ length }) => length))
  for (let entity = 1; entity < entities; entity++) addEntity(world)
  for (let entity = 1; entity < entities; entity++) {
    const own = tables.filter(({ arrays }) => arrays.has[entity] === 1)
    for (const { arrays } of own) addComponent(world, entity, arrays)
    if (own.length === 0) removeEntity(world, entity)
  }

  for (const table of tables) {
    observe(world, onAdd(table.arrays), (entity) => {
      if (entity >= table.length) grow(table, Math.max(entity + 1, 2 * table.length))
      table.arrays.has[entity] = 1
    })
    observe(world, onRemove(table.arrays), (entity) => (table.arrays.has[entity] = 0))
  }
  return world as World<Components<C>>
}

/** Adds rows of zeros, of no entity yet. */
function grow(table: Table, length: number): void {
  const zeros = Object.entries(table.arrays).map(([name, { constructor }]) => {
    return [name, Reflect.construct(constructor, [length - table.length])]
  })
  table.append(Object.fromEntries(zeros))
}
