"""Columns as Spark has them: it knows no unsigned integers, no half floats, no dictionaries and no views."""

from __future__ import annotations

import sys

import pyarrow as pa
import pyarrow.compute as pc

_MICROSECONDS = pa.timestamp("us", "UTC")
_DECIMAL = pa.decimal128(20, 0)

# What is another type in Spark.
_WIDER: dict[pa.DataType, pa.DataType] = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.uint64(): _DECIMAL,
    pa.float16(): pa.float32(),
    pa.string_view(): pa.string(),
}
_SPARK: dict[pa.DataType, str] = {
    pa.int8(): "tinyint",
    pa.int16(): "smallint",
    pa.int32(): "int",
    pa.int64(): "bigint",
    _DECIMAL: "decimal(20,0)",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.binary(): "binary",
    _MICROSECONDS: "timestamp_ltz",
}


def wider(kind: pa.DataType) -> pa.DataType:
    """The Arrow type that has all values of another, and is one of Spark's."""
    if pa.types.is_dictionary(kind):
        return pa.string()
    if pa.types.is_timestamp(kind):
        return _MICROSECONDS
    if pa.types.is_fixed_size_binary(kind):
        return pa.binary()
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(wider(kind.value_type))
    return _WIDER.get(kind, kind)


def spark_type(kind: pa.DataType) -> str:
    """The name in Spark's SQL of an Arrow type that is one of Spark's."""
    return f"array<{spark_type(kind.value_type)}>" if pa.types.is_list(kind) else _SPARK[kind]


def runs_on_sail() -> bool:
    """Whether Sail runs this, which does so in its own processes; else it is a worker of Apache Spark."""
    return "pysail" in sys.modules


def spark_schema(schema: pa.Schema) -> str | pa.Schema:
    """The schema as the engine that runs this wants it: Spark in SQL, Sail as Arrow's, for its SQL has no zones."""
    fields = [pa.field(field.name, wider(field.type)) for field in schema]
    if runs_on_sail():
        return pa.schema(fields)
    return ", ".join(f"`{field.name.replace('`', '``')}` {spark_type(field.type)}" for field in fields)


def widened(table: pa.Table) -> pa.Table:
    """The same values as Spark takes them. Nanoseconds are cut to microseconds."""
    columns = []
    for column in table.columns:
        # A time beyond what microseconds can hold is an error.
        options = pc.CastOptions(wider(column.type), allow_time_truncate=True)
        columns.append(pc.cast(column, options=options))
    return pa.Table.from_arrays(columns, names=table.column_names)
