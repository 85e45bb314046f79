"""Makes files of many kinds with pyarrow and numpy.

    make.py FOLDER
"""

import sys
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

ROWS = 5000
folder = Path(sys.argv[1])
random = np.random.default_rng(7)


def some(values, every=3):
    """Every third is null."""
    return [None if row % every == 1 else value for row, value in enumerate(values)]


def ints(bits, signed):
    low = -(2 ** (bits - 1)) if signed else 0
    high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1
    return random.integers(low, high, ROWS, dtype=np.dtype(f"{'i' if signed else 'u'}{bits // 8}"), endpoint=True)


texts = [["", "a", "twelve bytes", "thirteen byte", "é😀", "x" * 300][row % 6] + str(row % 11) for row in range(ROWS)]
start = datetime(1969, 12, 31, 23, 0, 0)
moments = [start + timedelta(microseconds=row * 1_234_567) for row in range(ROWS)]
columns = {
    **{f"i{bits}": pa.array(ints(bits, True)) for bits in (8, 16, 32, 64)},
    **{f"u{bits}": pa.array(ints(bits, False)) for bits in (8, 16, 32, 64)},
    **{f"some i{bits}": pa.array(some(ints(bits, True).tolist()), getattr(pa, f"int{bits}")()) for bits in (8, 16, 32, 64)},
    **{f"some u{bits}": pa.array(some(ints(bits, False).tolist()), getattr(pa, f"uint{bits}")()) for bits in (8, 16, 32, 64)},
    "f32": pa.array(random.random(ROWS, np.float32)),
    "f64": pa.array([np.nan, -0.0, np.inf, 1e-320, *random.random(ROWS - 4)]),
    "some f64": pa.array(some(random.random(ROWS).tolist())),
    "bool": pa.array(random.integers(0, 2, ROWS) == 1),
    "some bool": pa.array(some((random.integers(0, 2, ROWS) == 1).tolist())),
    **{f"at {unit}": pa.array(moments, pa.timestamp("us")).cast(pa.timestamp(unit), safe=False) for unit in ("s", "ms", "us", "ns")},
    "some at": pa.array(some(moments), pa.timestamp("us", "UTC")),
    "day": pa.array([date(1900, 1, 1) + timedelta(days=row) for row in range(ROWS)]),
    "some day": pa.array(some([date(2000, 1, 1) + timedelta(days=row) for row in range(ROWS)])),
    "text": pa.array(texts),
    "some text": pa.array(some(texts)),
    "large text": pa.array(some(texts), pa.large_string()),
    "symbol": pa.array([f"label {row % 37}" for row in range(ROWS)]).dictionary_encode(),
    "some symbol": pa.array(some([f"label {row % 37}" for row in range(ROWS)])).dictionary_encode(),
    "id": pa.array([row.to_bytes(16, "big") for row in range(ROWS)], pa.binary(16)),
    "some id": pa.array(some([row.to_bytes(3, "big") for row in range(ROWS)]), pa.binary(3)),
    "nothing": pa.array([None] * ROWS, pa.float64()),
}
table = pa.table(columns)
lists = table.append_column(
    "place", pa.FixedSizeListArray.from_arrays(pa.array(random.random(ROWS * 3, np.float32)), 3)
).append_column("view", pa.array(some(texts), pa.string_view()))


def write_ipc(path, new, batches, schema):
    with pa.OSFile(str(path), "wb") as sink, new(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def parts(source):
    """Batches of unlike sizes, none of which begins with a byte of validity."""
    edges = [0, 1, 8, 1001, 1001, 2503, ROWS]
    return [batch for a, b in zip(edges, edges[1:]) for batch in source.slice(a, b - a).to_batches()]


write_ipc(folder / "made.arrow", pa.ipc.new_file, parts(lists), lists.schema)
write_ipc(folder / "made.stream", pa.ipc.new_stream, parts(lists), lists.schema)

# In a stream a dictionary may be replaced from batch to batch.
halves = [pa.record_batch({"sym": pa.array(labels).dictionary_encode()}) for labels in (["a", "b", "a"], ["c", "b", None])]
write_ipc(folder / "replaced.stream", pa.ipc.new_stream, halves, halves[0].schema)

flat = table.drop_columns(["large text"])
for codec, version in (("snappy", "1.0"), ("gzip", "1.0"), ("zstd", "2.0"), ("brotli", "1.0"), ("lz4", "2.0"), ("none", "2.0")):
    pa.parquet.write_table(
        flat, folder / f"{codec}-{version}.parquet", compression=codec, data_page_version=version,
        row_group_size=1700, use_dictionary=["symbol", "some symbol"] if version == "1.0" else True,
    )
numbers = [name for name in flat.column_names if name[:1] == "i" and name != "id"]
pa.parquet.write_table(
    flat.select([*numbers, "f64", "text"]), folder / "encoded.parquet", use_dictionary=False,
    column_encoding={**{name: "DELTA_BINARY_PACKED" for name in numbers}, "f64": "BYTE_STREAM_SPLIT", "text": "DELTA_BYTE_ARRAY"},
)
decimals = pa.table({"price": pa.array([Decimal("12.34"), None, Decimal("-0.01")], pa.decimal128(9, 2))})
pa.parquet.write_table(decimals, folder / "decimal.parquet")

csv_columns = ["i32", "some i32", "f64", "some f64", "bool", "some bool", "at ms", "day", "some day", "text", "symbol", "some symbol"]
pa.csv.write_csv(table.select(csv_columns), folder / "made.csv")

for name, array in {
    "f8": random.random(ROWS), "f4": random.random(ROWS, np.float32), "i2": ints(16, True), "u8": ints(64, False),
    "b1": random.integers(0, 2, ROWS) == 1, "2d": random.random((ROWS, 7), np.float32),
    "be": random.random(ROWS).astype(">f8"), "be2d": ints(32, True).reshape(-1, 5).astype(">i4"),
    "time": np.array(moments, "M8[us]"), "v2": random.random(10),
}.items():
    if name == "v2":
        with open(folder / "v2.npy", "wb") as file:
            np.lib.format.write_array(file, array, version=(2, 0))
    else:
        np.save(folder / f"{name}.npy", array)
    native = array.astype(array.dtype.newbyteorder("="))
    (folder / f"{name}.raw").write_bytes(native.tobytes())
