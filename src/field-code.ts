import { LanesStorage } from './lanes-storage.ts'
import { StagedStorage } from './staged-storage.ts'
import type { Storage } from './storage.ts'

/** A name as a literal. JSON leaves U+2028 and U+2029 as they are, which some readers take for line ends. */
export function literal(name: string): string {
  return JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/**
 * The pieces of generated code for one column. In them `x<place>` is the value, `v<place>` the column's typed array,
 * `b<place>` its validity bitmap, `s<place>` the storage of a staged column, `i` the row. A test may only hold for
 * values that the plain way accepts; after it, what is stored cannot fail.
 *
 * Fields are read and gathered first: both can run a user's code, which may roll the store back or call verbs of this
 * table. All that is looked up in the store comes after, and then no such code runs any more.
 */
export abstract class FieldCode {
  readonly storage: Storage
  readonly place: number

  constructor(storage: Storage, place: number) {
    this.storage = storage
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
    const x = `x${this.place}`
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

/** One store a value, and one more for its validity. */
class ScalarFieldCode extends FieldCode {
  override get declare(): string {
    const { place } = this
    const labels = this.#hasLabels
      ? `\n    this.l${place} = storages[${place}].labels.list\n    this.m${place} = storages[${place}].labels.codes`
      : ''
    return `${this.refresh.replaceAll('this.storages', 'storages')}${labels}`
  }

  override get refresh(): string {
    const { place } = this
    const bits = this.#isNullable ? `\n    this.b${place} = this.storages[${place}].validity.region.view` : ''
    return `    this.v${place} = this.storages[${place}].data.view${bits}`
  }

  override localOf(table: string): string {
    const { place } = this
    return `const v${place} = ${table}.v${place}${this.#isNullable ? `, b${place} = ${table}.b${place}` : ''}`
  }

  override prepare(table = 'this'): string {
    const { place } = this
    if (this.#hasLabels) return `    var c${place} = ${table}.m${place}.get(x${place})`
    if (this.storage.coding !== 'timestamp') return ''
    const x = `x${place}`
    return `    if (typeof ${x} === 'object' && ${x} !== null) { const time = dateTime(${x}); if (time === time) ${x} = time }`
  }

  override test(): string {
    return this.#isNullable ? `(x${this.place} === null || ${this.#valueTest})` : this.#valueTest
  }

  override hasRoom(): string {
    const { place } = this
    // The shifts below take rows of 32 bits.
    return `i < v${place}.length${this.#isNullable ? ` && i >>> 3 < b${place}.length && i >>> 0 === i` : ''}`
  }

  override store(): string {
    const { place } = this
    const store = `v${place}[i] = ${this.#encoded}`
    if (!this.#isNullable) return store
    const zero = typeof this.storage.kind.zero === 'bigint' ? '0n' : '0'
    return `if (x${place} === null) { b${place}[i >>> 3] &= ~(1 << (i & 7)); v${place}[i] = ${zero} } else { b${place}[i >>> 3] |= 1 << (i & 7); ${store} }`
  }

  override load(table: string): string {
    const { place } = this
    const element = `${table}.v${place}[i]`
    const value = this.#hasLabels ? `${table}.l${place}[${element}]` : element
    if (!this.#isNullable) return value
    const bits = `${table}.b${place}`
    return `i >>> 3 < ${bits}.length && i >>> 0 === i ? (${bits}[i >>> 3] >> (i & 7) & 1 ? ${value} : null) : undefined`
  }

  override get decoded(): string {
    const x = `x${this.place}`
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
    if (this.#hasLabels) return `c${this.place}`
    return this.storage.coding === 'bool' ? `x${this.place} ? 1 : 0` : `x${this.place}`
  }

  get #valueTest(): string {
    const x = `x${this.place}`
    switch (this.storage.coding) {
      case 'bigint':
        return `typeof ${x} === 'bigint' && BigInt.${this.storage.kind.name === 'i64' ? 'asIntN' : 'asUintN'}(64, ${x}) === ${x}`
      case 'bool':
        return `typeof ${x} === 'boolean'`
      case 'labels':
      case 'symbol':
        return `c${this.place} !== undefined`
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
    return `    this.s${this.place} = storages[${this.place}]`
  }

  override get refresh(): string {
    return ''
  }

  override localOf(table: string): string {
    return `const s${this.place} = ${table}.s${this.place}`
  }

  override prepare(): string {
    return ''
  }

  override test(table = 'this'): string {
    return `${table}.s${this.place}.stage(x${this.place})`
  }

  override hasRoom(): string {
    return `s${this.place}.hasRoom(i)`
  }

  override store(): string {
    return `s${this.place}.put(i)`
  }

  override load(table: string): string {
    return `${table}.s${this.place}.read(i)`
  }

  override get decoded(): string {
    return `x${this.place}`
  }
}

/** Bytes and vectors: gathered first, and still there unless code of the user's gathered others meanwhile. */
class LanesFieldCode extends StagedFieldCode {
  override gather(table = 'this'): string {
    const { place } = this
    return `g${place} = ${table}.s${place}.stage(x${place}) ? ${table}.s${place}.turn : -1`
  }

  override test(table = 'this'): string {
    return `g${this.place} === ${table}.s${this.place}.turn`
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
