import { CURSOR } from './cursor.ts'
import { dateTime } from '../column/date.ts'
import { type FieldCode, fieldCode, literal } from './field-code.ts'
import type { SchemaChange } from '../schema/schema-change.ts'
import type { Session } from '../session.ts'
import { tellRowCount } from '../live.ts'
import { StoredTable } from './stored-table.ts'
import type { Storage } from '../column/storage.ts'

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
  changer: SchemaChange,
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
export function tableClass(session: Session, storages: readonly Storage[]): TableClass {
  if (!isCodeGenerationAllowed()) return session.isLive ? LiveTable : StoredTable
  // Two schemas with the same code share a class, and so what the engine learned about it.
  const code = classCode(session, storages)
  const key = session.isLive ? `live ${code}` : code
  let made = classes.get(key)
  if (made === undefined) {
    if (classes.size >= CLASSES_MAX) classes.clear()
    // oxlint-disable-next-line no-new-func -- names appear as quoted literals only
    made = new Function('StoredTable', 'CURSOR', 'dateTime', code)(StoredTable, CURSOR, dateTime) as TableClass
    if (session.isLive) tellRowCount(made.prototype as object)
    classes.set(key, made)
  }
  return made
}

/** The plain one of live stores. */
class LiveTable extends StoredTable {}
tellRowCount(LiveTable.prototype)

/** Gives a table the class for the columns it has now. */
export function reclass(table: StoredTable): void {
  Object.setPrototypeOf(table, tableClass(table.session, table.storages).prototype as object)
  table.declareFields()
}

/** A property of an object literal; as a computed one, `__proto__` is an own property like any other. */
function property(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : literal(name)
}

function classCode({ access }: Session, storages: readonly Storage[]): string {
  const fields = storages.map((storage, place) => fieldCode(storage, place))
  const gathers = fields.filter((field) => field.gather() !== '')
  const settled = fields.filter((field) => !field.isLookedUp)
  const lookedUp = fields.filter((field) => field.isLookedUp)
  const each = (write: (field: FieldCode) => string, separator = '\n', of = fields): string =>
    of.map(write).join(separator)
  // What objects inherit must not be taken for a field, so these schemas leave rows with a prototype to the plain way.
  const othersAllowed = !storages.some(({ name }) => name in Object.prototype)
  const all = (test: (field: FieldCode) => string, of = fields): string => each(test, ' && ', of) || 'true'
  // Without the right to it a verb goes the plain way, which refuses it.
  const push = `  push(row) {
    if (typeof row !== 'object' || row === null) return super.push(row)
    let fields = ${fields.length}
    const { session } = this, { epoch } = session
${each((field) => `    let x${field.slot} = row[${field.name}]\n${field.complete}`, '')}
${each((field) => field.prepare(), '\n', settled)}
    if (!(${all((field) => field.test(), settled)})) return super.push(row)
    if (getPrototypeOf(row) === plainPrototype) {
      for (const _ in row) fields--
      if (fields !== 0) return super.push(row)
    } else if (${othersAllowed ? '!this.hasOnlyColumns(row)' : 'true'}) return super.push(row)
${gathers.map((field) => `    const ${field.gather()}\n`).join('')}
${each((field) => field.prepare(), '\n', lookedUp)}
    if (!(${all((field) => field.test(), lookedUp)})) return super.push(row)
    // A field that is read may run code of the user.
    if (session.epoch !== epoch) session.checkEpoch(epoch, this.title)
    const i = this.rowCount
${each((field) => field.local)}
    if (!(${all((field) => field.hasRoom())})) return super.push(row)
${each((field) => `    ${field.store()}`)}
    return this.rowCount = i + 1
  }
`
  const set = `  set(index, row) {
    if (typeof index !== 'number' || typeof row !== 'object' || row === null || getPrototypeOf(row) !== plainPrototype) return super.set(index, row)
    let fields = 0
    const { session } = this, { epoch } = session
    for (const _ in row) fields++
${each((field) => `    let x${field.slot} = ${field.own}`)}
${gathers.map((field) => `    let g${field.slot} = -1\n    if (x${field.slot} !== undefined) ${field.gather()}\n`).join('')}
${each(
  (field) => `    if (x${field.slot} !== undefined) {
${field.prepare()}
      if (!(${field.test()})) return super.set(index, row)
      fields--
    }`,
)}
    if (session.epoch !== epoch) session.checkEpoch(epoch, this.title)
    const i = index < 0 ? index + this.rowCount : index
    if (fields !== 0 || !(i >>> 0 === i && i < this.rowCount)) return super.set(index, row)
${each((field) => field.local)}
    if (!(${all((field) => field.hasRoom())})) return super.set(index, row)
${each((field) => `    if (x${field.slot} !== undefined) { ${field.store()} }`)}
  }
`
  const setter = (field: FieldCode): string =>
    access !== 'read'
      ? `set(value) {
    const cursor = this[CURSOR], table = cursor.table, i = cursor.position
    ${field.localOf('table')}
    let x${field.slot} = value
    ${gathers.includes(field) ? `const { epoch } = table.session, ${field.gather('table')}\n    table.session.checkEpoch(epoch, table.title)` : ''}
${field.prepare('table')}
    if (${field.test('table')} && i >= 0 && i < table.rowCount && ${field.hasRoom('table')}) { ${field.store('table')} }
    else cursor.write(${field.slot}, value)
  }`
      : `set(value) { this[CURSOR].write(${field.slot}, value) }`
  return `'use strict'
const plainPrototype = Object.prototype
const { getPrototypeOf } = Object
class GeneratedTable extends StoredTable {
  constructor(session, name, changer, storages) {
    super(session, name, changer, storages)
    this.declareFields()
  }
  declareFields() {
${each((field) => field.declare)}
  }
  refreshViews() {
${each((field) => field.refresh)}
  }
${access === 'write' ? push : ''}${access === 'read' ? '' : set}  at(index) {
    const i = index < 0 ? index + this.rowCount : index
    if (!(i >>> 0 === i && i < this.rowCount)) return super.at(index)
${each((field) => `    const x${field.slot} = ${field.load('this')}`)}
    if (${each((field) => `x${field.slot} === undefined`, ' || ')}) return super.at(index)
    return { ${each((field) => `${property(field.storage.name)}: ${field.decoded}`, ', ')} }
  }
  rowAccessors() { return accessors }
}
const accessors = Object.create(null)
${each(
  (field) => `Object.defineProperty(accessors, ${field.name}, { enumerable: true, value: { enumerable: true,
  get() {
    const cursor = this[CURSOR], table = cursor.table, i = cursor.position
    if (i < table.rowCount) {
      const x${field.slot} = ${field.load('table')}
      if (x${field.slot} !== undefined) return ${field.decoded}
    }
    return cursor.read(${field.slot})
  },
  ${setter(field)} } })`,
)}
return GeneratedTable
`
}
