import { type Column, type RowOwner, StoredColumn } from './column.ts'
import { CURSOR, type RowUnderCursor } from './cursor.ts'
import type { TypedArray } from './elements.ts'
import { type Columns, schemaObject } from './schema.ts'
import type { Storage } from './storage.ts'

/** Nothing to inherit, but with a hidden class of its own: faster to read than a bare null prototype. */
const NO_NAMES = Object.freeze(Object.create(null) as object)

/** The columns of a table, in order, and what is made of them for the user. */
export class ColumnSet {
  readonly #owner: RowOwner
  /** By slot, every column that the table has or had: a rollback can bring one back. */
  readonly #known: { readonly storage: Storage; readonly column: StoredColumn }[] = []
  storages: readonly Storage[] = []
  /** Where each stands, by name. */
  places: ReadonlyMap<string, number> = new Map()
  declare schema: Columns
  declare columns: Readonly<Record<string, Column>>
  declare arrays: Readonly<Record<string, TypedArray>>
  #accessors: PropertyDescriptorMap | undefined

  constructor(owner: RowOwner, storages: readonly Storage[]) {
    this.#owner = owner
    this.take(storages)
  }

  /** Takes other columns, or the same under other names or in another order. */
  take(storages: readonly Storage[]): void {
    for (const storage of storages) {
      this.#known[storage.slot] ??= { storage, column: new StoredColumn(storage, this.#owner) }
    }
    for (const { storage } of this.#known) storage.isDropped = !storages.includes(storage)
    const columnOf = ({ slot }: Storage): StoredColumn => (this.#known[slot] as { column: StoredColumn }).column
    this.storages = storages
    this.places = new Map(storages.map(({ name }, place) => [name, place]))
    this.schema = schemaObject(new Map(storages.map(({ name, type }) => [name, type])))
    this.columns = Object.freeze(
      named(storages, (storage) => ({ value: columnOf(storage), enumerable: true })),
    ) as Record<string, Column>
    this.arrays = Object.freeze(
      named(
        storages.filter(({ coding }) => coding !== 'utf8'),
        (storage) => ({ get: () => columnOf(storage).data, enumerable: true }),
      ),
    ) as Record<string, TypedArray>
    this.#accessors = undefined
  }

  named(name: string): Storage | undefined {
    return this.storages[this.places.get(name) ?? -1]
  }

  /** A column by its slot, also when it was dropped. */
  inSlot(slot: number): Storage {
    return (this.#known[slot] as { storage: Storage }).storage
  }

  /** The column over that region, also when it was dropped. */
  over(region: number): Storage | undefined {
    return this.#known.find(({ storage }) => storage.data.id === region)?.storage
  }

  /** A number that no column of the table had. */
  get nextSlot(): number {
    return this.#known.length
  }

  /** The accessors of a row under a cursor. */
  accessors(): PropertyDescriptorMap {
    this.#accessors ??= named(this.storages, ({ slot }) => ({
      enumerable: true,
      value: {
        enumerable: true,
        get(this: RowUnderCursor): unknown {
          return this[CURSOR].read(slot)
        },
        set(this: RowUnderCursor, value: unknown): void {
          this[CURSOR].write(slot, value)
        },
      },
    })) as PropertyDescriptorMap
    return this.#accessors
  }
}

/** An object of the columns' names, each described by `describe`. */
function named(
  storages: readonly Storage[],
  describe: (storage: Storage) => PropertyDescriptor,
): Record<string, unknown> {
  const object = Object.create(NO_NAMES) as Record<string, unknown>
  for (const storage of storages) Object.defineProperty(object, storage.name, describe(storage))
  return object
}
