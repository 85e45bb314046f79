"""Compares what a store holds, dumped column by column as bytes, with what pyarrow reads from a file.

    compare.py DUMP FORMAT FILE [DUMP FORMAT FILE …]

Prints a line for each, the numbers of values and nulls that were compared; a difference ends it with the column and the row.
"""

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

NUMBERS = {
    "i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(),
    "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64(),
    "f32": pa.float32(), "f64": pa.float64(),
}


def dumped(folder, column, rows):
    """A column of the dump as an Arrow array, made of its bytes."""
    name, inner = column["type"], column
    place = column["place"]
    validity = folder / f"{place}.validity"
    bits = pa.py_buffer(validity.read_bytes()) if validity.exists() else None
    if name == "utf8":
        return pa.array(column["texts"], pa.string())
    data = pa.py_buffer((folder / f"{place}.data").read_bytes())
    if name in NUMBERS:
        return pa.Array.from_buffers(NUMBERS[name], rows, [bits, data])
    if name == "timestamp64":
        return pa.Array.from_buffers(pa.timestamp(inner["unit"], "UTC"), rows, [bits, data])
    if name == "timestamp":
        return pa.Array.from_buffers(pa.float64(), rows, [bits, data])
    if name == "bool":
        return masked(pa.array(np.frombuffer(data, np.uint8) != 0), bits, rows)
    if name in ("oneOf", "symbol"):
        width = {1: pa.uint8(), 2: pa.uint16(), 4: pa.uint32()}[len(data) // max(rows, 1)] if rows else pa.uint8()
        codes = pa.Array.from_buffers(width, rows, [bits, data])
        return pa.array(column["labels"], pa.string()).take(codes.cast(pa.int64()))
    if name == "bytes":
        return pa.Array.from_buffers(pa.binary(inner["length"]), rows, [bits, data])
    lane = NUMBERS[inner["lane"]]
    child = pa.Array.from_buffers(lane, rows * inner["length"], [None, data])
    return pa.Array.from_buffers(pa.list_(lane, inner["length"]), rows, [bits], children=[child])


def masked(array, bits, rows):
    if bits is None:
        return array
    present = pa.Array.from_buffers(pa.bool_(), rows, [None, bits])
    return pc.if_else(present, array, None)


def read(kind, path, names):
    if kind == "parquet":
        return pa.parquet.read_table(path)
    if kind == "arrow":
        with pa.OSFile(path) as file:
            return pa.ipc.open_file(file).read_all()
    if kind == "stream":
        with pa.OSFile(path) as file:
            return pa.ipc.open_stream(file).read_all()
    if kind == "csv":
        types = {name: pa.string() for name in names}
        convert = pa.csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
        parse = pa.csv.ParseOptions(newlines_in_values=True)
        return pa.csv.read_csv(path, parse_options=parse, convert_options=convert)
    return pa.json.read_json(path)


def expected(array, column):
    """What the file holds, as the type of the dump."""
    array = array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], array.type)
    name = column["type"]
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if name == "timestamp":
        if pa.types.is_string(array.type):
            array = array.cast(pa.timestamp("ms"))
        if pa.types.is_date(array.type):
            array = array.cast(pa.timestamp("ms"))
        if pa.types.is_timestamp(array.type):
            per_ms = {"s": 1e-3, "ms": 1.0, "us": 1e3, "ns": 1e6}[array.type.unit]
            return pc.divide(array.cast(pa.int64()).cast(pa.float64(), safe=False), per_ms)
        return array
    if name == "timestamp64":
        if pa.types.is_string(array.type):
            return array.cast(pa.timestamp(column["unit"], "UTC"))
        return array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(column["unit"], "UTC"))
    if name in NUMBERS:
        return array.cast(NUMBERS[name])
    if name == "bool":
        return array.cast(pa.bool_())
    if name in ("oneOf", "symbol", "utf8"):
        return array.cast(pa.string())
    if name == "bytes":
        return array.cast(pa.binary(column["length"]))
    return array.cast(pa.list_(NUMBERS[column["lane"]], column["length"]))


def bitwise(array):
    """Floats as their bits, so that NaN equals NaN and 0 is not -0."""
    if pa.types.is_float64(array.type):
        return array.view(pa.int64())
    return array.view(pa.int32()) if pa.types.is_float32(array.type) else array


def main(folder, kind, path):
    folder = Path(folder)
    meta = json.loads((folder / "meta.json").read_text())
    rows, columns = meta["rows"], meta["columns"]
    table = read(kind, path, [column["name"] for column in columns])
    assert table.num_rows == rows, f"the file has {table.num_rows} rows, the store {rows}"
    assert sorted(table.column_names) == sorted(column["name"] for column in columns), table.column_names
    values = nulls = 0
    for column in columns:
        found = bitwise(dumped(folder, column, rows))
        wanted = bitwise(expected(table.column(column["name"]), column))
        if column["type"] == "bytes" or column["type"] == "vector" or not found.equals(wanted):
            for row, (a, b) in enumerate(zip(found.to_pylist(), wanted.to_pylist(), strict=True)):
                assert a == b or (a != a and b != b), f"row {row} of {column['name']}: the store has {a!r}, the file {b!r}"
        nulls += wanted.null_count
        values += rows - wanted.null_count
    print(values, nulls)


for place in range(1, len(sys.argv), 3):
    main(*sys.argv[place : place + 3])
