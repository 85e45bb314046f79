import { type Column, type RowOwner, StoredColumn } from '../column/column.ts'
import { CURSOR, type RowUnderCursor } from './cursor.ts'
import type { TypedArray } from '../column/elements.ts'
import { excerpt, found, quoted } from '../errors.ts'
import { fieldOf, isField } from './fields.ts'
import { gone } from './gone.ts'
import { NAME_BYTES_MAX } from '../schema/names.ts'
import { suggestion } from '../schema/nearest.ts'
import { type Columns, schemaObject } from '../schema/schema.ts'
import type { Encoded, Storage } from '../column/storage.ts'

/** Nothing to inherit, but with a hidden class of its own: faster to read than a bare null prototype. */
const NO_NAMES = Object.freeze(Object.create(null) as object)

/** The columns of a table, in order: what is made of them for the user, and how rows fit them. */
export class ColumnSet {
  readonly #owner: RowOwner
  /** What messages call the table. */
  readonly #title: string
  /** By slot, every column that the table has or had: a rollback can bring one back. */
  readonly #known: { readonly storage: Storage; readonly column: StoredColumn }[] = []
  storages: readonly Storage[] = []
  /** Where each stands, by name. */
  places: ReadonlyMap<string, number> = new Map()
  declare schema: Columns
  declare columns: Readonly<Record<string, Column>>
  declare arrays: Readonly<Record<string, TypedArray>>
  #accessors: PropertyDescriptorMap | undefined

  constructor(owner: RowOwner, title: string, storages: readonly Storage[]) {
    this.#owner = owner
    this.#title = title
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

  /** The column of that name; a TypeError where there is none. */
  named(name: string): Storage {
    const storage = this.storages[this.places.get(name) ?? -1]
    if (storage === undefined) throw this.unknownField(name)
    return storage
  }

  /** The column in that slot; ERR_STOA_NOT_FOUND where it was dropped. */
  inSlot(slot: number): Storage {
    const { storage } = this.#known[slot] as { storage: Storage }
    if (storage.isDropped) throw gone(storage.session, storage.title)
    return storage
  }

  /** The column over that region, also when it was dropped. */
  over(region: number): Storage | undefined {
    return this.#known.find(({ storage }) => storage.data.id === region)?.storage
  }

  /** A number that no column of the table had. */
  get nextSlot(): number {
    return this.#known.length
  }

  /** Whether a row has no fields but columns. */
  hasOnly(row: object): boolean {
    for (const name in row) if (!this.places.has(name) && isField(row, name)) return false
    return true
  }

  /** The elements of a whole row, or why it cannot be one. */
  encodeRow(row: object): Encoded[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    for (const name in row) if (!this.places.has(name) && isField(row, name)) throw this.unknownField(name)
    return this.storages.map((storage) => {
      const value = fieldOf(row, storage.name)
      if (value !== undefined) return storage.encode(value)
      if (storage.isOptional) return null
      throw this.missingColumn(storage.name)
    })
  }

  /** The elements of the fields that are there, by the column's place. */
  encodePart(row: object): (Encoded | undefined)[] {
    if (typeof row !== 'object' || row === null) throw new TypeError(`a row must be an object, found ${found(row)}`)
    const encoded: (Encoded | undefined)[] = this.storages.map(() => undefined)
    for (const name in row) {
      if (!isField(row, name)) continue
      const place = this.places.get(name)
      if (place === undefined) throw this.unknownField(name)
      encoded[place] = (this.storages[place] as Storage).encode((row as Record<string, unknown>)[name])
    }
    return encoded
  }

  /** A row of values, as an object. */
  row(read: (storage: Storage) => unknown): object {
    const row = {}
    for (const storage of this.storages) {
      // An assignment to __proto__ would set the prototype.
      Object.defineProperty(row, storage.name, {
        value: read(storage),
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
    return row
  }

  unknownField(name: string): TypeError {
    return new TypeError(
      `${this.#title} has no column ${excerpt(name, NAME_BYTES_MAX)}${suggestion(name, this.places.keys())}`,
    )
  }

  missingColumn(name: string): TypeError {
    return new TypeError(`column ${quoted(name)} of ${this.#title} is missing in what was given; nothing was changed`)
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
