import { LanesStorage } from '../column/lanes-storage.ts'
import { StagedStorage } from '../column/staged-storage.ts'
import type { Storage } from '../column/storage.ts'

/** A name as a literal. JSON leaves U+2028 and U+2029 as they are, which some readers take for line ends. */
export function literal(name: string): string {
  return JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/**
 * The pieces of generated code for one column. In them `x<slot>` is the value, `v<slot>` the column's typed array,
 * `b<slot>` its validity bitmap, `s<slot>` the storage of a staged column, `i` the row. A test may only hold for
 * values that the plain way accepts; after it, what is stored cannot fail. Columns come and go, but no other ever has
 * the slot of one that went: code made before then finds nothing in its fields.
 *
 * Fields are read and gathered first: both can run a user's code, which may roll the store back or call verbs of this
 * table. All that is looked up in the store comes after, and then no such code runs any more.
 */
export abstract class FieldCode {
  readonly storage: Storage
  readonly slot: number
  /** Where it stands among the columns now. */
  readonly place: number

  constructor(storage: Storage, place: number) {
    this.storage = storage
    this.slot = storage.slot
    this.place = place
  }

  /** The name, as a literal. */
  get name(): string {
    return literal(this.storage.name)
  }

  /** A field of a part of a row: what every object inherits does not count. */
  get own(): string {
    const inherited = this.storage.name in Object.prototype
    return `${inherited ? `!Object.hasOwn(row, ${this.name}) ? undefined : ` : ''}row[${this.name}]`
  }

  /** What a row that is pushed may leave out is null. */
  get complete(): string {
    if (!this.storage.isOptional) return ''
    const x = `x${this.slot}`
    return `    if (${x} === undefined) { ${x} = null; if (!(${this.name} in row)) fields-- }\n`
  }

  /** Whether the test looks into the store. */
  get isLookedUp(): boolean {
    return this.storage.labels !== undefined
  }

  /** Fields of the table's own, so that each is one load away. */
  abstract get declare(): string
  /** Renews those fields. */
  abstract get refresh(): string
  /** Locals for {@link hasRoom} and {@link store}. */
  abstract localOf(table: string): string
  /** Takes over a value that is an object, before anything is looked up: its elements may be code of the user's. */
  gather(_table?: string): string {
    return ''
  }

  /** Runs before the test. */
  abstract prepare(table?: string): string
  abstract test(table?: string): string
  abstract hasRoom(table?: string): string
  /** Stores the value that passed the test. */
  abstract store(table?: string): string
  /** What is found in memory, or undefined when there is no memory or no such label. */
  abstract load(table: string): string
  /** What {@link load} gave, as a value. */
  abstract get decoded(): string

  get local(): string {
    return `    ${this.localOf('this')}`
  }
}

export function fieldCode(storage: Storage, place: number): FieldCode {
  if (storage instanceof LanesStorage) return new LanesFieldCode(storage, place)
  return storage instanceof StagedStorage ? new StagedFieldCode(storage, place) : new ScalarFieldCode(storage, place)
}

/** What generated code finds in place of a storage that is gone: every way leads to the plain one. */
const GONE = Object.freeze({ stage: () => false, hasRoom: () => false, read: () => undefined })

/** Empties the field of a column that is gone, for the rows under older cursors; views are empty already. */
export function retireField(table: object, storage: Storage): void {
  if (storage instanceof StagedStorage) Reflect.set(table, `s${storage.slot}`, GONE)
}

/** One store a value, and one more for its validity. */
class ScalarFieldCode extends FieldCode {
  override get declare(): string {
    const { place, slot } = this
    const labels = this.#hasLabels
      ? `\n    this.l${slot} = this.storages[${place}].labels.list\n    this.m${slot} = this.storages[${place}].labels.codes`
      : ''
    return `${this.refresh}${labels}`
  }

  override get refresh(): string {
    const { place, slot } = this
    const bits = this.#isNullable ? `\n    this.b${slot} = this.storages[${place}].validity.region.view` : ''
    return `    this.v${slot} = this.storages[${place}].data.view${bits}`
  }

  override localOf(table: string): string {
    const { slot } = this
    return `const v${slot} = ${table}.v${slot}${this.#isNullable ? `, b${slot} = ${table}.b${slot}` : ''}`
  }

  override prepare(table = 'this'): string {
    const { slot } = this
    if (this.#hasLabels) return `    var c${slot} = ${table}.m${slot}.get(x${slot})`
    if (this.storage.coding !== 'timestamp') return ''
    const x = `x${slot}`
    return `    if (typeof ${x} === 'object' && ${x} !== null) { const time = dateTime(${x}); if (time === time) ${x} = time }`
  }

  override test(): string {
    return this.#isNullable ? `(x${this.slot} === null || ${this.#valueTest})` : this.#valueTest
  }

  override hasRoom(): string {
    const { slot } = this
    // The shifts below take rows of 32 bits.
    return `i < v${slot}.length${this.#isNullable ? ` && i >>> 3 < b${slot}.length && i >>> 0 === i` : ''}`
  }

  override store(): string {
    const { slot } = this
    const store = `v${slot}[i] = ${this.#encoded}`
    if (!this.#isNullable) return store
    const zero = typeof this.storage.kind.zero === 'bigint' ? '0n' : '0'
    return `if (x${slot} === null) { b${slot}[i >>> 3] &= ~(1 << (i & 7)); v${slot}[i] = ${zero} } else { b${slot}[i >>> 3] |= 1 << (i & 7); ${store} }`
  }

  override load(table: string): string {
    const { slot } = this
    const element = `${table}.v${slot}[i]`
    const value = this.#hasLabels ? `${table}.l${slot}[${element}]` : element
    if (!this.#isNullable) return value
    const bits = `${table}.b${slot}`
    return `i >>> 3 < ${bits}.length && i >>> 0 === i ? (${bits}[i >>> 3] >> (i & 7) & 1 ? ${value} : null) : undefined`
  }

  override get decoded(): string {
    const x = `x${this.slot}`
    if (this.storage.coding !== 'bool') return x
    return this.#isNullable ? `(${x} === null ? null : ${x} !== 0)` : `${x} !== 0`
  }

  get #hasLabels(): boolean {
    return this.storage.labels !== undefined
  }

  get #isNullable(): boolean {
    return this.storage.validity !== undefined
  }

  get #encoded(): string {
    if (this.#hasLabels) return `c${this.slot}`
    return this.storage.coding === 'bool' ? `x${this.slot} ? 1 : 0` : `x${this.slot}`
  }

  get #valueTest(): string {
    const x = `x${this.slot}`
    switch (this.storage.coding) {
      case 'bigint':
        return `typeof ${x} === 'bigint' && BigInt.${this.storage.kind.name === 'i64' ? 'asIntN' : 'asUintN'}(64, ${x}) === ${x}`
      case 'bool':
        return `typeof ${x} === 'boolean'`
      case 'labels':
      case 'symbol':
        return `c${this.slot} !== undefined`
      default: {
        const whole = WHOLE[this.storage.kind.name]?.(x)
        return `typeof ${x} === 'number'${whole === undefined ? '' : ` && ${whole} === ${x}`}`
      }
    }
  }
}

/** Text: the storage does it all. */
class StagedFieldCode extends FieldCode {
  override get isLookedUp(): boolean {
    return true
  }

  override get declare(): string {
    return `    this.s${this.slot} = this.storages[${this.place}]`
  }

  override get refresh(): string {
    return ''
  }

  override localOf(table: string): string {
    return `const s${this.slot} = ${table}.s${this.slot}`
  }

  override prepare(): string {
    return ''
  }

  override test(table = 'this'): string {
    return `${table}.s${this.slot}.stage(x${this.slot})`
  }

  override hasRoom(): string {
    return `s${this.slot}.hasRoom(i)`
  }

  override store(): string {
    return `s${this.slot}.put(i)`
  }

  override load(table: string): string {
    return `${table}.s${this.slot}.read(i)`
  }

  override get decoded(): string {
    return `x${this.slot}`
  }
}

/** Bytes and vectors: gathered first, and still there unless code of the user's gathered others meanwhile. */
class LanesFieldCode extends StagedFieldCode {
  override gather(table = 'this'): string {
    const { slot } = this
    return `g${slot} = ${table}.s${slot}.stage(x${slot}) ? ${table}.s${slot}.turn : -1`
  }

  override test(table = 'this'): string {
    return `g${this.slot} === ${table}.s${this.slot}.turn`
  }
}

/** A whole number of each kind is what is left of it in its bits. */
const WHOLE: Readonly<Record<string, (x: string) => string>> = {
  i8: (x) => `(${x} << 24 >> 24)`,
  i16: (x) => `(${x} << 16 >> 16)`,
  i32: (x) => `(${x} | 0)`,
  u8: (x) => `(${x} & 255)`,
  u16: (x) => `(${x} & 65535)`,
  u32: (x) => `(${x} >>> 0)`,
}
