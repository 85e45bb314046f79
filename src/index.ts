export { open, openAsync } from './open.ts'
export type { OpenOptions } from './options.ts'
export type { Store } from './store.ts'
export type { StoreEvents } from './events.ts'
export type { ColumnInfo, StoreInfo } from './info.ts'
export type { Table } from './table.ts'
export type { Cursor, CursorRow } from './cursor.ts'
export type { Column } from './column.ts'
export type { PersistentArray } from './array.ts'
export type { Columns, ColumnsInput, Input, Row, RowInput, TypedArrayOf, Value } from './schema.ts'
export { bool, f32, f64, i16, i32, i64, i8, oneOf, symbol, timestamp, timestamp64, u16, u32, u64, u8 } from './types.ts'
export type {
  Bool,
  F32,
  F64,
  I16,
  I32,
  I64,
  I8,
  OneOf,
  SymbolType,
  Timestamp,
  Timestamp64,
  TimeUnit,
  Type,
  U16,
  U32,
  U64,
  U8,
} from './types.ts'
export { StoaError } from './errors.ts'
export type { StoaErrorCode, StoaErrorDetails } from './errors.ts'
