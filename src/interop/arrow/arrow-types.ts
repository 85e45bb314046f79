import type * as Arrow from 'apache-arrow'
import type { Columns } from '../../schema/schema.ts'
import type {
  Bool,
  Bytes,
  F16,
  F32,
  F64,
  I16,
  I32,
  I64,
  I8,
  Nullable,
  OneOf,
  SymbolType,
  Timestamp,
  Timestamp64,
  Type,
  U16,
  U32,
  U64,
  U8,
  Utf8,
  Vector,
} from '../../schema/types.ts'

/** The Arrow columns of a table, for the compiler: `getChild('price')` is a `Vector<Float64>`. */
export type ArrowColumns<C extends Columns> = { -readonly [K in keyof C & string]: ArrowTypeOf<C[K]> }

/** The Arrow type that a column type becomes. */
export type ArrowTypeOf<T extends Type> = T extends Nullable<infer Inner> ? NotNull<Inner> : NotNull<T>

type NotNull<T extends Type> =
  T extends Vector<infer Lane>
    ? Arrow.FixedSizeList<Lanes<Lane>>
    : T extends Bytes
      ? Arrow.FixedSizeBinary
      : T extends Utf8
        ? Arrow.Utf8View
        : T extends SymbolType
          ? Arrow.Dictionary<Arrow.Utf8, Arrow.Uint32>
          : T extends OneOf
            ? Arrow.Dictionary<Arrow.Utf8, Arrow.Uint8 | Arrow.Uint16>
            : T extends Timestamp64
              ? Arrow.Timestamp
              : T extends Timestamp
                ? Arrow.TimestampMillisecond
                : T extends Bool
                  ? Arrow.Bool
                  : Lanes<T>

type Lanes<T extends Type> = T extends I8
  ? Arrow.Int8
  : T extends I16
    ? Arrow.Int16
    : T extends I32
      ? Arrow.Int32
      : T extends I64
        ? Arrow.Int64
        : T extends U8
          ? Arrow.Uint8
          : T extends U16
            ? Arrow.Uint16
            : T extends U32
              ? Arrow.Uint32
              : T extends U64
                ? Arrow.Uint64
                : T extends F16
                  ? Arrow.Float16
                  : T extends F32
                    ? Arrow.Float32
                    : T extends F64
                      ? Arrow.Float64
                      : Arrow.DataType
