"""Goal: each type reads as what was written, as Arrow and as numpy arrays, and shares the file's memory where it says so.

Method: a program writes random rows of all types and tells them as JSON. Columns are long enough for several extents.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from actor import run, run_file
from surgery import newest_slot, seal_directory

import stoa_reader
from stoa_reader.layout import SLOT_OFFSETS

ROWS = 12_000


def decoded(value: Any) -> Any:
    if isinstance(value, str):
        letter, text = value[0], value[1:]
        if letter == "s":
            return text
        return int(text) if letter == "n" else float(text.replace("Infinity", "inf"))
    return [decoded(each) for each in value] if isinstance(value, list) else value


def plain(array: pa.ChunkedArray) -> list[Any]:
    """The values as the program tells them: times as numbers, bytes as lists."""
    kind = array.type
    if pa.types.is_timestamp(kind):
        array = array.cast(pa.int64())
    values: list[Any] = array.to_pylist()
    if pa.types.is_fixed_size_binary(kind):
        return [None if value is None else list(value) for value in values]
    return values


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float) and isinstance(found, float | int):
        both_nan = math.isnan(found) and math.isnan(expected)
        return both_nan or (found == expected and math.copysign(1, found) == math.copysign(1, expected))
    return type(found) is type(expected) or isinstance(found, int | float) if found == expected else False


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    path = tmp_path_factory.mktemp("types") / "types.stoa"
    run_file("python/samples.ts", path, "close", 11, ROWS)
    return path, json.loads(Path(f"{path}.json").read_text())


def test_every_value_and_null_of_every_type_is_what_was_written(written: tuple[Path, dict[str, Any]]) -> None:
    path, told = written
    with stoa_reader.open(path) as store:
        assert store.tables == ("samples", "empty")
        table = store.table("samples")
        assert len(table) == ROWS
        assert list(table.columns) == list(told["columns"])
        assert len(told["columns"]) == 40
        shown = table.to_arrow()
        shown.validate(full=True)
        nulls = 0
        for name, values in told["columns"].items():
            found = plain(shown[name])
            for row, value in enumerate(values):
                assert same(found[row], decoded(value)), (name, row, found[row], value)
            nulls += shown[name].null_count
        assert nulls > 20 * ROWS // 4


def test_columns_lie_in_several_extents_and_rows_across_them_are_whole(written: tuple[Path, dict[str, Any]]) -> None:
    path, _ = written
    with stoa_reader.open(path) as store:
        table = store.table("samples")
        chunks = {
            name: table.column(name).to_arrow().num_chunks for name in ("i64", "vector(f32, 3)", "vector(i64, 5)")
        }
        assert chunks["i64"] > 1
        # Rows of 12 and of 40 bytes do not end where extents do: some are chunks of their own.
        single = [len(chunk) for chunk in table.column("vector(i64, 5)").to_arrow().chunks if len(chunk) == 1]
        assert len(single) > 2, chunks


def test_any_range_of_rows_is_that_part_of_the_whole(written: tuple[Path, dict[str, Any]], seed: int) -> None:
    path, _ = written
    random = np.random.default_rng(seed)
    with stoa_reader.open(path) as store:
        table = store.table("samples")
        whole = table.to_arrow()
        for _ in range(12):
            start, stop = sorted(random.integers(0, ROWS + 1, 2).tolist())
            part = table.to_arrow(None, start, stop)
            part.validate(full=True)
            expected = whole.slice(start, stop - start)
            for name in table.columns:
                # NaN equals nothing.
                assert repr(plain(part[name])[:50]) == repr(plain(expected[name])[:50]), (name, start, stop)
                assert part[name].null_count == expected[name].null_count
                assert len(part[name]) == stop - start
        for bad in ((-1, 5), (5, 4), (0, ROWS + 1)):
            with pytest.raises(IndexError):
                table.to_arrow(None, *bad)


def test_numpy_arrays_hold_the_same_values(written: tuple[Path, dict[str, Any]]) -> None:
    path, told = written
    with stoa_reader.open(path) as store:
        table = store.table("samples")
        for name, values in told["columns"].items():
            column = table.column(name)
            found: Any = column.to_numpy()
            expected = [decoded(value) for value in values]
            if column.type.name == "utf8":
                assert found.tolist() == expected
                continue
            if column.type.is_nullable:
                mask = np.ma.getmaskarray(found)
                present = ~(mask[:, 0] if mask.ndim == 2 else mask)
                assert present.tolist() == [value is not None for value in expected]
                found, expected = found.data[present], [value for value in expected if value is not None]
            if column.type.name in ("symbol", "oneOf"):
                labels = column.labels
                assert labels is not None
                found = np.array(labels, object)[found]
            if column.type.name == "timestamp64":
                assert found.dtype == np.dtype("M8[us]")
                found = found.astype(np.int64)
            assert same(found.tolist(), expected), name


def test_arrays_are_columns_of_their_own(written: tuple[Path, dict[str, Any]]) -> None:
    path, told = written
    with stoa_reader.open(path) as store:
        assert store.arrays == ("heights", "words", "places")
        for name, values in told["arrays"].items():
            assert same(plain(store.array(name).to_arrow()), [decoded(value) for value in values]), name
        assert str(store.array("words").type) == "nullable(symbol)"
        assert store.array("words").name == "words"


def test_an_empty_table_has_its_columns(written: tuple[Path, dict[str, Any]]) -> None:
    path, _ = written
    with stoa_reader.open(path) as store:
        shown = store.table("empty").to_arrow()
        shown.validate(full=True)
        assert (shown.num_rows, shown.num_columns) == (0, 40)
        assert shown.schema.types == store.table("samples").to_arrow().schema.types
        assert all(len(store.table("empty").column(name).to_numpy()) == 0 for name in shown.column_names)


def test_fields_name_the_types_of_the_store(written: tuple[Path, dict[str, Any]]) -> None:
    path, _ = written
    with stoa_reader.open(path) as store:
        schema = store.table("samples").schema
        found = {field.name: field.metadata[b"stoa.type"].decode() for field in schema}
        assert found["f64"] == '"f64"'
        assert found["nullable vector(f32, 3)"] == (
            '{"name":"nullable","type":{"name":"vector","type":"f32","length":3}}'
        )
        assert found["oneOf"] == '{"name":"oneOf","labels":["buy","sell","","ü"]}'
        assert str(store.table("samples").column("timestamp64").type) == "timestamp64('us')"


def addresses(array: pa.ChunkedArray) -> list[int]:
    return [chunk.buffers()[-1].address for chunk in array.chunks]


def test_plain_values_are_shared_and_what_is_trusted_is_not(written: tuple[Path, dict[str, Any]]) -> None:
    path, _ = written
    shared = {"i8", "i16", "i32", "u8", "u16", "u32", "i64", "u64", "f32", "f64", "timestamp64", "bytes(3)"}
    shared |= {"vector(f32, 3)", "vector(i64, 5)"}
    with stoa_reader.open(path) as store:
        table = store.table("samples")
        for name in table.columns:
            column = table.column(name)
            is_shared = name.removeprefix("nullable ") in shared
            one, other = column.to_arrow(0, 100), column.to_arrow(0, 100)
            if "utf8" in name:
                # The text is shared, the views are not.
                views = [each.chunk(0).buffers()[1].address for each in (one, other)]
                assert views[0] != views[1]
                assert addresses(one) == addresses(other)
            else:
                assert (addresses(one) == addresses(other)) == is_shared, name
            assert addresses(column.to_arrow(0, 100, copy=True)) != addresses(one), name
        numbers = table.column("f64").to_numpy(0, 100)
        assert addresses(table.column("f64").to_arrow(0, 100)) == [numbers.__array_interface__["data"][0]]
        with pytest.raises(ValueError, match="read-only"):
            numbers[0] = 1
        table.column("f64").to_numpy(0, 100, copy=True)[0] = 1


def test_arrays_outlive_the_store(written: tuple[Path, dict[str, Any]]) -> None:
    path, told = written
    store = stoa_reader.open(path)
    shown = store.table("samples").column("i64").to_arrow()
    store.close()
    assert shown.to_pylist() == [decoded(value) for value in told["columns"]["i64"]]
    with pytest.raises(stoa_reader.ClosedError):
        store.table("samples")


def test_a_store_takes_two_descriptors_however_many_columns_are_read(written: tuple[Path, dict[str, Any]]) -> None:
    path, _ = written
    before = len(list(Path("/dev/fd").iterdir()))
    with stoa_reader.open(path) as store:
        shown = [store.table("samples").to_arrow(), store.table("samples").to_arrow()]
        assert len(list(Path("/dev/fd").iterdir())) <= before + 2
        assert shown[0].num_rows == ROWS


def test_times_that_are_no_numbers_are_null(tmp_path: Path) -> None:
    path = tmp_path / "times.stoa"
    run(
        """
        const store = stoa.open(argv[0])
        const t = store.table('t', { at: stoa.timestamp })
        for (const at of [0, 1.75, -1.75, NaN, Infinity, -Infinity, 1e300, 8.64e15]) t.push({ at })
        store.close()
        """,
        path,
    )
    with stoa_reader.open(path) as store:
        at = store.table("t").column("at")
        assert at.to_arrow().cast(pa.int64()).to_pylist() == [0, 1, -2, None, None, None, None, 8_640_000_000_000_000]
        assert store.table("t").schema.field("at").nullable
        assert at.to_numpy()[1] == 1.75


def test_half_floats_are_read(tmp_path: Path) -> None:
    """Not every Node can write them: an unsigned column of 16 bits is made one."""
    path = tmp_path / "half.stoa"
    run(
        """
        const store = stoa.open(argv[0])
        const t = store.table('t', { h: stoa.u16, v: stoa.vector(stoa.u16, 2) })
        t.append({ h: [0x3c00, 0xc000, 0x7c00], v: new Uint16Array([0x3c00, 0, 0, 0x3800, 0, 0]) })
        store.close()
        """,
        path,
    )
    data = bytearray(path.read_bytes())
    slot = newest_slot(data)
    at = int.from_bytes(data[SLOT_OFFSETS[slot] + 48 :][:8], "little")
    length = int.from_bytes(data[SLOT_OFFSETS[slot] + 56 :][:8], "little")
    directory = data[at : at + length]
    assert directory.count(b'"u16"') == 2
    for name in (b"t\0h\0data", b"t\0v\0data"):
        # Before the name come the extent, of 16 bytes, and 24 bytes that begin with the number and the kind.
        entry = directory.index(name) - 16 - 24
        assert data[at + entry + 4] == 6
        data[at + entry + 4] = 9
    data[at : at + length] = data[at : at + length].replace(b'"u16"', b'"f16"')
    seal_directory(data, slot)
    path.write_bytes(data)
    with stoa_reader.open(path) as store:
        table = store.table("t")
        assert table.column("h").to_arrow().type == pa.float16()
        assert table.column("h").to_numpy().tolist() == [1.0, -2.0, math.inf]
        assert table.column("v").to_numpy().tolist() == [[1.0, 0.0], [0.0, 0.5], [0.0, 0.0]]
