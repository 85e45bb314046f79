import type * as Arrow from 'apache-arrow'
import { found, quoted, StoaError } from '../../errors.ts'
import { fieldOf } from '../../table/fields.ts'
import { ForeignRows } from '../../table/append.ts'
import { chunkOfNulls } from '../../table/chunk.ts'
import { type Columns, schemaObject } from '../../schema/schema.ts'
import type { StoredType } from '../../schema/types.ts'
import type { StoredTable } from '../../table/stored-table.ts'
import type { Table } from '../../table/table.ts'
import { tableOf } from '../table-of.ts'
import { arrowLibrary } from './arrow-library.ts'
import { chunkOfArrow } from './arrow-chunk.ts'
import { columnType } from './arrow-type.ts'

/**
 * Appends the rows of an Arrow table, or of record batches, and gives the new length. Columns go by name; one that can
 * be null may be missing. Each batch is appended whole or not at all: what fails leaves the batches before it in the
 * table. `table.truncate` or a rollback takes them back.
 *
 * Cost: one memcpy a column where both lie alike (numbers, `timestamp64` of the same unit, `bytes`, `vector`, text);
 * dictionaries are looked up label by label, and their codes rewritten. Everything else is converted value by value.
 * A column of another type, a null where none can be, a value out of range: TypeError or RangeError.
 *
 * @example
 * fromArrow(trades, await tableFromIPC(fetch(url)))
 */
export function fromArrow<C extends Columns>(
  table: Table<C>,
  source: Arrow.Table | Iterable<Arrow.RecordBatch>,
): number {
  const stored = tableOf(table, 'fromArrow')
  const { isArrowRecordBatch, isArrowTable } = arrowLibrary()
  const batches: unknown = isArrowTable(source) ? source.batches : source
  if (typeof batches !== 'object' || batches === null || !(Symbol.iterator in batches)) {
    throw new TypeError(`fromArrow takes an Arrow table or record batches, found ${found(source)}`)
  }
  for (const batch of batches as Iterable<unknown>) {
    if (!isArrowRecordBatch(batch)) throw new TypeError(`fromArrow takes record batches, found ${found(batch)}`)
    appendBatch(stored, batch)
  }
  return stored.length
}

/** Appends one record batch, whole or not at all. */
export function appendBatch(table: StoredTable, batch: Arrow.RecordBatch): void {
  const columns = new Map(
    batch.schema.fields.map(({ name }, place) => [name, batch.data.children[place] as Arrow.Data]),
  )
  for (const name of columns.keys()) if (!table.columnSet.places.has(name)) throw table.columnSet.unknownField(name)
  table.append(
    new ForeignRows((storage) => {
      const data = columns.get(storage.name)
      if (data !== undefined) return chunkOfArrow(storage, data, storage.name)
      if (storage.isOptional) return chunkOfNulls(storage, batch.numRows)
      throw table.columnSet.missingColumn(storage.name)
    }),
  )
}

/**
 * The columns that a table needs to hold what an Arrow schema describes: numbers as they are, text as `utf8`,
 * dictionaries of text as `symbol`, timestamps as `timestamp64` of their unit, dates as `timestamp`, binaries and lists
 * of a fixed size as `bytes` and `vector`; a field that can be null as `nullable`. Fields that {@link toArrow} made give
 * the types that they were made of. Anything else is ERR_STOA_UNSUPPORTED, with each such field named.
 *
 * @example
 * const flights = store.table('flights', columnsFromArrow(arrowTable.schema))
 */
export function columnsFromArrow(schema: Arrow.Schema): Columns {
  const types = new Map<string, StoredType>()
  const refused: string[] = []
  const fields: unknown = typeof schema === 'object' && schema !== null ? fieldOf(schema, 'fields') : undefined
  if (!Array.isArray(fields)) throw new TypeError(`columnsFromArrow takes an Arrow schema, found ${found(schema)}`)
  for (const field of schema.fields) {
    const type = columnType(field)
    if (typeof type === 'string') refused.push(type)
    else if (types.has(field.name)) refused.push(`the name ${quoted(field.name)} is there twice`)
    else types.set(field.name, type as unknown as StoredType)
  }
  if (refused.length === 0) return schemaObject(types)
  throw new StoaError('ERR_STOA_UNSUPPORTED', `no table can hold this Arrow schema: ${refused.join('; ')}`)
}
