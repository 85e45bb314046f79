"""Goal: a file that cannot be read safely is a StoaError with the code that the library gives, and never a crash.

Method: each check of the format by a file that fails it; then random files, by the generator of the library's own tests,
with the library's reader as the judge of which can be opened, in a process of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from actor import ROOT, run, run_file
from surgery import newest_slot, put, seal_directory, seal_header

import stoa_reader
from stoa_reader.layout import SLOT_OFFSETS

FILES = 120


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("good") / "store.stoa"
    run(
        """
        const store = stoa.open(argv[0])
        const t = store.table('t', { n: stoa.f64, word: stoa.symbol, text: stoa.utf8, one: stoa.oneOf('a', 'b') })
        for (let n = 0; n < 100; n++) t.push({ n, word: `w${n % 5}`, text: `a text that is long ${n}`, one: 'b' })
        store.close()
        """,
        path,
    )
    return path.read_bytes()


def test_what_is_no_store_is_refused_by_its_kind(tmp_path: Path) -> None:
    with pytest.raises(stoa_reader.NotFoundError, match="no such file"):
        stoa_reader.open(tmp_path / "missing.stoa")
    with pytest.raises(stoa_reader.FormatError, match="a folder"):
        stoa_reader.open(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(stoa_reader.FormatError, match="no regular file"):
        stoa_reader.open(tmp_path / "pipe")
    for content in (b"", b"PK", b"x" * 100_000):
        (tmp_path / "other").write_bytes(content)
        with pytest.raises(stoa_reader.FormatError, match="magic"):
            stoa_reader.open(tmp_path / "other")


def test_foreign_and_newer_files_are_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"

    def refused(at: int, value: bytes, kind: type[stoa_reader.StoaError], text: str, seal: bool = True) -> None:
        data = bytearray(good)
        data[at : at + len(value)] = value
        if seal:
            seal_header(data, 0)
        path.write_bytes(data)
        with pytest.raises(kind, match=text) as caught:
            stoa_reader.open(path)
        assert caught.value.path == str(path)
        assert caught.value.code.startswith("ERR_STOA_")

    refused(8, b"\x12\x34", stoa_reader.EndianError, "byte order")
    refused(8, b"\x12\x35", stoa_reader.CorruptError, "endianness mark")
    refused(10, b"\x02\x00", stoa_reader.VersionError, "format 2")
    refused(12, b"\x02\x00", stoa_reader.VersionError, "upgrade")
    refused(100, b"\x01", stoa_reader.CorruptError, "first header", seal=False)


def test_a_newer_description_of_the_tables_is_refused(good: bytes, tmp_path: Path) -> None:
    data = bytearray(good)
    at = data.index(b'{"format":1')
    slot = newest_slot(data)
    places = [at]
    while (at := data.find(b'{"format":1', at + 1)) >= 0:
        places.append(at)
    for each in places:
        data[each + 10 : each + 11] = b"2"
    seal_directory(data, slot)
    path = tmp_path / "store.stoa"
    path.write_bytes(data)
    with pytest.raises(stoa_reader.VersionError, match="version 2"):
        stoa_reader.open(path)


def test_a_file_that_was_cut_is_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    for length in range(0, len(good), 16_384):
        path.write_bytes(good[:length])
        with pytest.raises(stoa_reader.StoaError):
            stoa_reader.open(path)


def extents_of(good: bytes, name: bytes) -> tuple[int, int]:
    """Where a region's first extent lies, and where the directory says so."""
    slot = newest_slot(good)
    at = int.from_bytes(good[SLOT_OFFSETS[slot] + 48 :][:8], "little")
    entry = good.index(name, at) - 16
    return int.from_bytes(good[entry : entry + 8], "little"), entry


@pytest.mark.parametrize(
    ("region", "value", "column"),
    [
        (b"t\0word\0data", b"\x05\0\0\0", "word"),
        (b"t\0one\0data", b"\x02", "one"),
        (b"t\0text\0data", b"\xff\xff\xff\x7f", "text"),
        (b"t\0text\0data", b"\x15\0\0\0a te\xff\xff\xff\xff\xff\xff\xff\xff", "text"),
        (b"t\0text\0heap", b"\xff\xff", "text"),
        (b"t\0word\0labels", b"\x7f", "word"),
        (b"t\0word\0labels", b"\xff\xff\xff\xff\xff\xff", "word"),
        (b"t\0word\0labels", b"\x02w1", "word"),
    ],
)
def test_codes_and_text_that_cannot_be_are_found_when_they_are_read(
    good: bytes, tmp_path: Path, region: bytes, value: bytes, column: str
) -> None:
    path = tmp_path / "store.stoa"
    data = bytearray(good)
    at, _ = extents_of(good, region)
    data[at : at + len(value)] = value
    path.write_bytes(data)
    with stoa_reader.open(path) as store:
        table = store.table("t")
        with pytest.raises(stoa_reader.CorruptError):
            table.column(column).to_arrow()
        # The others are as good as they were.
        assert table.column("n").to_arrow().to_pylist() == list(range(100))


def test_a_file_that_was_cut_since_it_was_opened_is_an_error_where_it_is_mapped(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    path.write_bytes(good)
    with stoa_reader.open(path) as store:
        os.truncate(path, len(good) // 2)
        with pytest.raises(stoa_reader.CorruptError, match=r"claims \d+ bytes"):
            store.table("t").to_arrow()


def test_extents_outside_of_the_file_and_over_others_are_refused(good: bytes, tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    _, entry = extents_of(good, b"t\0n\0data")
    for offset, text in ((1 << 40, "claims|cover"), (0, "share"), (1, "lies at")):
        data = bytearray(good)
        put(data, entry, offset)
        seal_directory(data, newest_slot(data))
        path.write_bytes(data)
        with pytest.raises(stoa_reader.CorruptError, match=text):
            stoa_reader.open(path)


# Reads everything of the files, tells what it found in each, a line each.
_VICTIM = """
import json, sys
import stoa_reader
for path in sys.argv[1:]:
    try:
        store = stoa_reader.open(path)
    except stoa_reader.StoaError as error:
        print(json.dumps({"code": error.code}), flush=True)
        continue
    print(json.dumps({"rows": {name: len(store.table(name)) for name in store.tables}}), flush=True)
    columns = [store.table(name).column(column) for name in store.tables for column in store.table(name).columns]
    for column in [*columns, *map(store.array, store.arrays)]:
        try:
            array = column.to_arrow()
            array.validate(full=True)
            array.slice(0, 1000).to_pylist()
            column.to_numpy(0, min(len(column), 1000)).tolist()
        except (stoa_reader.StoaError, OverflowError, ValueError) as error:
            # Python has no dates beyond the year 9999.
            assert isinstance(error, stoa_reader.StoaError) or "timestamp" in str(column.type), (column, error)
"""


def test_random_files_are_opened_or_refused_as_by_the_library_and_crash_nothing(tmp_path: Path, seed: int) -> None:
    good = tmp_path / "good.stoa"
    run_file("python/samples.ts", good, "close", seed, 200)
    killed = tmp_path / "killed.stoa"
    run_file("python/samples.ts", killed, "kill", seed, 50, code=-9)
    run_file("python/hostile.ts", tmp_path, seed, FILES, good, killed)
    paths = [tmp_path / f"{each}.stoa" for each in range(FILES)]
    done = subprocess.run(
        [sys.executable, "-c", _VICTIM, *map(str, paths)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "python")},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    judged = run_file("python/look.ts", *paths)
    refused = 0
    for path, one, other in zip(paths, found, judged, strict=True):
        expected = {"code": other["code"]} if "code" in other else {"rows": other["rows"]}
        assert one == expected, path
        refused += "code" in one
    print(f"{refused} of {FILES} refused")
    assert FILES // 4 < refused < FILES
