"""Columns as Arrow arrays. What has indices, lengths or counts is a copy, and checked: so nothing that a writer changes
meanwhile leads anybody out of bounds. Values of which any bits are one are the file's memory."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .catalog import ColumnDefinition
from .directory import KINDS
from .errors import corrupt
from .memory import Bytes, Memory
from .text import text_array
from .types import StoaType

Present = npt.NDArray[np.bool_]

_NUMBERS: dict[str, pa.DataType] = {
    "i8": pa.int8(), "i16": pa.int16(), "i32": pa.int32(), "i64": pa.int64(),
    "u8": pa.uint8(), "u16": pa.uint16(), "u32": pa.uint32(), "u64": pa.uint64(),
    "f16": pa.float16(), "f32": pa.float32(), "f64": pa.float64(),
}  # fmt: skip
_DTYPES = {kind.name: kind.dtype for kind in KINDS.values()}
# Milliseconds beyond which a float has no such integer.
_TIME_MAX = 2.0**63
_LARGE_BYTES = 2**31


def arrow_type(type_: StoaType) -> pa.DataType:
    """The Arrow type of a column's values."""
    match type_.name:
        case "bool":
            return pa.bool_()
        case "timestamp":
            return pa.timestamp("ms", "UTC")
        case "timestamp64":
            return pa.timestamp(type_.unit, "UTC")
        case "symbol" | "oneOf":
            return pa.dictionary(_NUMBERS[type_.kind], pa.string())
        case "utf8":
            return pa.string_view()
        case "bytes":
            return pa.binary(type_.length or 1)
        case "vector":
            return pa.list_(pa.field("item", _NUMBERS[type_.kind], nullable=False), type_.length or 1)
        case _:
            return _NUMBERS[type_.name]


def arrow_field(name: str, type_: StoaType) -> pa.Field:
    """The field of a column. Its metadata names the type that it has in the store."""
    # A time that is no number is null there.
    is_nullable = type_.is_nullable or type_.name == "timestamp"
    return pa.field(name, arrow_type(type_), is_nullable, {"stoa.type": type_.to_record()})


def dtype_of(type_: StoaType) -> np.dtype[np.generic]:
    """The numpy type of a column's elements, text excluded."""
    if type_.name == "timestamp64":
        return np.dtype(f"M8[{type_.unit}]")
    dtype = _DTYPES[type_.kind]
    if dtype is None:
        raise TypeError("text has no elements of fixed width")
    return dtype


class Source:
    """Some rows of a column, and where the memory of its labels and of its heap ends."""

    def __init__(self, column: ColumnDefinition, memory: Memory, start: int, stop: int) -> None:
        self.column = column
        self.type = column.type
        self.memory = memory
        self.start = start
        self.stop = stop

    def pieces(self, copies: bool) -> list[Bytes]:
        """Their memory, cut where extents end, or a copy in one piece."""
        data = self.column.regions["data"]
        if copies:
            return [self.memory.copy(data, self.start, self.stop)] if self.stop > self.start else []
        return list(self.memory.pieces(data, self.start, self.stop))

    def present(self, start: int, stop: int) -> Present | None:
        """Which rows have a value; None: all. A copy."""
        validity = self.column.regions.get("validity")
        if validity is None:
            return None
        first = start // 8
        bits = self.memory.copy(validity, first, -(-stop // 8))
        found = np.unpackbits(bits, bitorder="little")[start - 8 * first : stop - 8 * first]
        return found.view(np.bool_)


def shared_arrays(source: Source, copies: bool) -> list[pa.Array]:
    """Numbers, times in integers, bytes and vectors: the file's memory, an array an extent."""
    arrays = []
    at = source.start
    kind = arrow_type(source.type)
    width = source.column.regions["data"].width
    for piece in source.pieces(copies):
        rows = len(piece) // width
        validity = packed(source.present(at, at + rows))
        data = pa.py_buffer(piece)
        if pa.types.is_fixed_size_list(kind):
            items = pa.Array.from_buffers(kind.value_type, rows * kind.list_size, [None, data])
            arrays.append(pa.Array.from_buffers(kind, rows, [validity], children=[items]))
        else:
            arrays.append(pa.Array.from_buffers(kind, rows, [validity, data]))
        at += rows
    return arrays


def converted_array(source: Source, labels: list[str], heap: list[Bytes], copies: bool) -> pa.Array:
    """Truth values, floating times, codes with their labels, and text."""
    rows = source.memory.copy(source.column.regions["data"], source.start, source.stop)
    present = source.present(source.start, source.stop)
    validity = packed(present)
    match source.type.name:
        case "bool":
            return pa.Array.from_buffers(pa.bool_(), len(rows), [validity, packed(rows != 0)])
        case "timestamp":
            return _times(rows.view(np.float64), present)
        case "utf8":
            return text_array(rows, heap, validity, present, copies)
        case _:
            count = len(rows) // source.column.regions["data"].width
            codes = pa.Array.from_buffers(_NUMBERS[source.type.kind], count, [validity, pa.py_buffer(rows)])
            return _labelled(codes, labels)


def is_shared(type_: StoaType) -> bool:
    """Whether its values are laid out in the file as in Arrow, and mean something whatever their bits are."""
    return type_.name not in ("bool", "timestamp", "utf8", "symbol", "oneOf")


def packed(present: Present | None) -> pa.Buffer | None:
    return None if present is None else pa.py_buffer(np.packbits(present, bitorder="little"))


def _times(values: npt.NDArray[np.float64], present: Present | None) -> pa.Array:
    """Rounded down to milliseconds. What is no such number is null."""
    is_time = np.abs(values) < _TIME_MAX
    if present is not None:
        is_time &= present
    whole = np.floor(np.where(is_time, values, 0)).astype(np.int64)
    validity = None if is_time.all() else packed(is_time)
    return pa.Array.from_buffers(pa.timestamp("ms", "UTC"), len(whole), [validity, pa.py_buffer(whole)])


def _labelled(codes: pa.Array, labels: list[str]) -> pa.Array:
    try:
        return pa.DictionaryArray.from_arrays(codes, _dictionary(labels))
    except pa.ArrowIndexError as error:
        raise corrupt(f"a code has no label: {error}") from error


def _dictionary(labels: list[str]) -> pa.Array:
    """Of buffers, for `pa.array` would import pandas, which takes longer than all else."""
    texts = [label.encode() for label in labels]
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    is_large = int(offsets[-1]) >= _LARGE_BYTES
    data = [None, pa.py_buffer(offsets if is_large else offsets.astype(np.int32)), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.large_string() if is_large else pa.string(), len(texts), data)
