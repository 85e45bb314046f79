/**
 * Typed arrays and tables that live in a file: open a store, make tables, commit.
 *
 * @module stoa
 */
export { open, openAsync } from './open.ts'
export type { StoreDescriptor } from './descriptor.ts'
export type { FollowOptions, RowRange } from './follow.ts'
export type { OpenOptions } from './options.ts'
export type { Store } from './store.ts'
export type { StoreEvents } from './events.ts'
export type { ColumnInfo, StoreInfo } from './info.ts'
export type { VerifyReport } from './verify.ts'
export type { Table } from './table/table.ts'
export type { Cursor, CursorRow } from './table/cursor.ts'
export type { Column } from './column/column.ts'
export type { Condition } from './kernels/condition.ts'
export type { RowIndices } from './kernels/kernels.ts'
export type { Conditions, NumericColumn, SortKey, Sum } from './kernels/table-kernels.ts'
export type { PersistentArray } from './table/array.ts'
export type { Columns, ColumnsInput, FixedWidth, Input, Row, RowInput, TypedArrayOf, Value } from './schema/schema.ts'
export {
  bool,
  bytes,
  f16,
  f32,
  f64,
  i16,
  i32,
  i64,
  i8,
  nullable,
  oneOf,
  symbol,
  timestamp,
  timestamp64,
  u16,
  u32,
  u64,
  u8,
  utf8,
  vector,
} from './schema/types.ts'
export type {
  Bool,
  Bytes,
  BytesInput,
  F16,
  F32,
  F64,
  I16,
  I32,
  I64,
  I8,
  LaneType,
  Nullable,
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
  Utf8,
  Vector,
} from './schema/types.ts'
export { StoaError } from './errors.ts'
export type { StoaErrorCode, StoaErrorDetails } from './errors.ts'
