import { CURSOR } from './cursor.ts'
import type { Session } from './session.ts'
import { StoredTable } from './stored-table.ts'
import type { ColumnTypes } from './schema.ts'
import type { Storage } from './storage.ts'

/**
 * Writes a subclass of the table for one schema, with the columns' typed arrays in fields of their own: five times
 * faster than loops over columns. Its methods handle the case where every value is right and there is room; for
 * everything else (errors, growth, new labels, a buffer the user transferred away) they call the plain method, so that
 * both ways behave the same. They may only accept what the plain way accepts.
 *
 * Names are hostile: they get into the code as quoted literals and in no other way.
 */
export type TableClass = new (
  session: Session,
  name: string,
  types: ColumnTypes,
  storages: readonly Storage[],
) => StoredTable

const CLASSES_MAX = 256
const classes = new Map<string, TableClass>()
let isAllowed: boolean | undefined

/** Whether this process may make code from strings; `--disallow-code-generation-from-strings` forbids it. */
export function isCodeGenerationAllowed(): boolean {
  if (isAllowed === undefined) {
    try {
      // oxlint-disable-next-line no-new-func -- the question is whether this is allowed
      isAllowed = new Function('return true')() as boolean
    } catch (error) {
      if (!(error instanceof EvalError)) throw error
      isAllowed = false
    }
  }
  return isAllowed
}

/** The class for a table of these columns: generated, or the plain one where that is forbidden. */
export function tableClass(storages: readonly Storage[]): TableClass {
  if (!isCodeGenerationAllowed()) return StoredTable
  // Two schemas with the same code share a class, and so what the engine learned about it.
  const code = classCode(storages)
  let made = classes.get(code)
  if (made === undefined) {
    if (classes.size >= CLASSES_MAX) classes.clear()
    // oxlint-disable-next-line no-new-func -- names appear as quoted literals only
    made = new Function('StoredTable', 'CURSOR', code)(StoredTable, CURSOR) as TableClass
    classes.set(code, made)
  }
  return made
}

/** A name as a literal. JSON leaves U+2028 and U+2029 as they are, which some readers take for line ends. */
function literal(name: string): string {
  return JSON.stringify(name).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}

/** A property of an object literal; as a computed one, `__proto__` is an own property like any other. */
function property(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : literal(name)
}

function classCode(storages: readonly Storage[]): string {
  const fields = storages.map((storage, place) => new FieldCode(storage, place))
  const each = (write: (field: FieldCode) => string, separator = '\n'): string => fields.map(write).join(separator)
  // What objects inherit must not be taken for a field, so these schemas leave rows with a prototype to the plain way.
  const othersAllowed = !storages.some(({ name }) => name in Object.prototype)
  return `'use strict'
const plainPrototype = Object.prototype
const { getPrototypeOf } = Object
class GeneratedTable extends StoredTable {
  constructor(session, name, types, storages) {
    super(session, name, types, storages)
${each((field) => field.declare)}
  }
  refreshViews() {
${each((field) => `    this.v${field.place} = this.storages[${field.place}].data.view`)}
  }
  push(row) {
    if (row === null || row === undefined) return super.push(row)
${each((field) => `    let x${field.place} = row[${field.name}]\n${field.prepare()}`)}
    if (!(${each((field) => field.test, ' && ')})) return super.push(row)
    if (getPrototypeOf(row) === plainPrototype) {
      let count = 0
      for (const _ in row) count++
      if (count !== ${fields.length}) return super.push(row)
    } else if (${othersAllowed ? '!this.hasOnlyColumns(row)' : 'true'}) return super.push(row)
    const i = this.rowCount
${each((field) => `    const v${field.place} = this.v${field.place}`)}
    if (!(${each((field) => `i < v${field.place}.length`, ' && ')})) return super.push(row)
${each((field) => `    v${field.place}[i] = ${field.encoded}`)}
    return this.rowCount = i + 1
  }
  at(index) {
    const i = index < 0 ? index + this.rowCount : index
    if (!(i >>> 0 === i && i < this.rowCount)) return super.at(index)
${each((field) => `    const x${field.place} = ${field.load(`this.v${field.place}[i]`)}`)}
    if (${each((field) => `x${field.place} === undefined`, ' || ')}) return super.at(index)
    return { ${each((field) => `${property(field.storage.name)}: ${field.decoded}`, ', ')} }
  }
  set(index, row) {
    if (typeof row !== 'object' || row === null || getPrototypeOf(row) !== plainPrototype) return super.set(index, row)
    let count = 0
    for (const _ in row) count++
${each(
  (field) => `    let x${field.place} = ${field.own}
    if (x${field.place} !== undefined) {
${field.prepare()}
      if (!(${field.test})) return super.set(index, row)
      count--
    }`,
)}
    const i = index < 0 ? index + this.rowCount : index
    if (count !== 0 || !(i >>> 0 === i && i < this.rowCount)) return super.set(index, row)
${each((field) => `    const v${field.place} = this.v${field.place}`)}
    if (!(${each((field) => `i < v${field.place}.length`, ' && ')})) return super.set(index, row)
${each((field) => `    if (x${field.place} !== undefined) v${field.place}[i] = ${field.encoded}`)}
  }
  rowAccessors() { return accessors }
}
const accessors = Object.create(null)
${each(
  (field) => `Object.defineProperty(accessors, ${field.name}, { enumerable: true, value: { enumerable: true,
  get() {
    const cursor = this[CURSOR], table = cursor.table, i = cursor.position
    if (i < table.rowCount) {
      const x${field.place} = ${field.load(`table.v${field.place}[i]`, 'table')}
      if (x${field.place} !== undefined) return ${field.decoded}
    }
    return cursor.read(${field.place})
  },
  set(value) {
    const cursor = this[CURSOR], table = cursor.table, i = cursor.position, v = table.v${field.place}
    let x${field.place} = value
${field.prepare('table')}
    if (${field.test} && i >= 0 && i < table.rowCount && i < v.length) v[i] = ${field.encoded}
    else cursor.write(${field.place}, value)
  } } })`,
)}
return GeneratedTable
`
}

/** The pieces of code for one column. In them `x<place>` is the value, `c<place>` its code where it has labels. */
class FieldCode {
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

  /** Own fields, so that each is one load away; typed arrays of one kind, so that its type is known. */
  get declare(): string {
    const labels = this.hasLabels
      ? `\n    this.l${this.place} = storages[${this.place}].labels.list\n    this.m${this.place} = storages[${this.place}].labels.codes`
      : ''
    return `    this.v${this.place} = storages[${this.place}].data.view${labels}`
  }

  get hasLabels(): boolean {
    return this.storage.labels !== undefined
  }

  /** A field of a part of a row: what every object inherits does not count. */
  get own(): string {
    const inherited = this.storage.name in Object.prototype
    return `${inherited ? `!Object.hasOwn(row, ${this.name}) ? undefined : ` : ''}row[${this.name}]`
  }

  /** Runs before the test. */
  prepare(table = 'this'): string {
    if (this.hasLabels) return `    var c${this.place} = ${table}.m${this.place}.get(x${this.place})`
    if (this.storage.coding !== 'timestamp') return ''
    const x = `x${this.place}`
    return `    if (typeof ${x} === 'object' && ${x} instanceof Date && !isNaN(${x}.getTime())) ${x} = ${x}.getTime()`
  }

  /** Holds only for values that the plain way accepts. */
  get test(): string {
    const x = `x${this.place}`
    switch (this.storage.coding) {
      case 'number':
      case 'timestamp': {
        const whole = WHOLE[this.storage.kind.name]?.(x)
        return `typeof ${x} === 'number'${whole === undefined ? '' : ` && ${whole} === ${x}`}`
      }
      case 'bigint':
        return `typeof ${x} === 'bigint' && BigInt.${this.storage.kind.name === 'i64' ? 'asIntN' : 'asUintN'}(64, ${x}) === ${x}`
      case 'bool':
        return `typeof ${x} === 'boolean'`
      case 'labels':
      case 'symbol':
        return `c${this.place} !== undefined`
    }
  }

  /** The value that passed the test, as it lies in memory. */
  get encoded(): string {
    if (this.hasLabels) return `c${this.place}`
    return this.storage.coding === 'bool' ? `x${this.place} ? 1 : 0` : `x${this.place}`
  }

  /** What is found in memory, or undefined when there is no memory or no such label. */
  load(element: string, table = 'this'): string {
    return this.hasLabels ? `${table}.l${this.place}[${element}]` : element
  }

  /** What {@link load} gave, as a value. */
  get decoded(): string {
    return this.storage.coding === 'bool' ? `x${this.place} !== 0` : `x${this.place}`
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
