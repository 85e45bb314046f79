"""Goal: what a killed writer left reads as its last commit, as the library itself reads it.

Method: files as a kill leaves them at each step of a commit, made of two moments of one file; and writers that are
killed at random, with the library's own reader as the judge.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest
from actor import ROOT, Actor, run, run_file
from surgery import BLOCK, get, put, reboot

import stoa_reader
from stoa_reader.layout import FIRST_LOG_OFFSET, PUBLISHED_OFFSET, SLOT_OFFSETS, UNIT_BYTES

# Two commits: the second changes rows in place, the second time in part, and adds some.
TWO_COMMITS = """
import { copyFileSync } from 'node:fs'
const [path] = argv
const store = stoa.open(path)
const t = store.table('t', { n: stoa.f64, word: stoa.symbol })
for (let n = 0; n < 5000; n++) t.push({ n, word: `w${n % 3}` })
store.commitSync()
for (let at = 0; at < 5000; at += 7) t.set(at, { n: -1 })
store.commitSync()
copyFileSync(path, `${path}.before`)
for (let at = 0; at < 5000; at += 10) t.set(at, { n: -2, word: 'new' })
for (let n = 5000; n < 6000; n++) t.push({ n, word: 'new' })
store.commitSync()
copyFileSync(path, `${path}.after`)
process.kill(process.pid, 'SIGKILL')
"""


def expected(commit: int) -> list[float]:
    values = [-1.0 if at % 7 == 0 else float(at) for at in range(5000)]
    if commit == 3:
        values = [-2.0 if at % 10 == 0 else value for at, value in enumerate(values)] + [*map(float, range(5000, 6000))]
    return values


def shown(path: Path) -> tuple[int, list[float]]:
    with stoa_reader.open(path) as store:
        store.table("t").to_arrow().validate(full=True)
        return store.commit_id, store.table("t").column("n").to_arrow().to_pylist()


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes]:
    path = tmp_path_factory.mktemp("moments") / "store.stoa"
    with Actor(TWO_COMMITS, path) as writer:
        writer.process.wait()
    return Path(f"{path}.before").read_bytes(), Path(f"{path}.after").read_bytes()


def log_of(data: bytes | bytearray) -> tuple[int, int]:
    slot = max((0, 1), key=lambda each: get(data, SLOT_OFFSETS[each] + 16))
    return get(data, SLOT_OFFSETS[slot] + 32), get(data, SLOT_OFFSETS[slot] + 40)


def appended(moments: tuple[bytes, bytes], sequence: int, torn: bool = False) -> bytearray:
    """The file when the record of the third commit is in the log, with such a word, and its pages are not at home."""
    before, after = moments
    data = bytearray(before) + after[len(before) :]
    log, size = log_of(after)
    assert log == log_of(before)[0] == FIRST_LOG_OFFSET
    data[log : log + size] = after[log : log + size]
    behind = log + size
    # Rows that are new were in their places before the record: pages that differ and that hold no older row.
    for page in range(behind, len(data), 4096):
        old, new = bytes(before[page : page + 4096]), after[page : page + 4096]
        if old != new and (not any(old) or (torn and page // 4096 % 2 == 0)):
            data[page : page + 4096] = new
    put(data, PUBLISHED_OFFSET, sequence)
    return data


def test_a_store_that_was_killed_between_two_commits_shows_the_last(
    moments: tuple[bytes, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "store.stoa"
    for commit, data in ((2, moments[0]), (3, moments[1])):
        path.write_bytes(data)
        assert shown(path) == (commit, expected(commit))
        reboot(path)
        assert shown(path) == (commit, expected(commit))


@pytest.mark.parametrize("torn", [False, True])
def test_a_commit_that_was_half_written_home_is_completed_from_the_log(
    moments: tuple[bytes, bytes], tmp_path: Path, torn: bool
) -> None:
    path = tmp_path / "store.stoa"
    path.write_bytes(appended(moments, 3 * 2 + 1, torn))
    assert shown(path) == (3, expected(3))
    (judged,) = run_file("python/look.ts", path)
    assert (judged["commit"], judged["rows"]) == (3, {"t": 6000})
    # Numpy arrays show the log's pages, too, and the file is as it was.
    before = path.read_bytes()
    with stoa_reader.open(path) as store:
        assert store.table("t").column("n").to_numpy().tolist() == expected(3)
    assert path.read_bytes() == before


def test_a_record_that_nobody_told_of_does_not_count_in_its_boot(moments: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    path.write_bytes(appended(moments, 2 * 2))
    assert shown(path) == (2, expected(2))
    reboot(path)
    # In another boot it does: whatever is there is durable.
    assert shown(path) == (3, expected(3))


def test_a_last_record_whose_pages_did_not_come_does_not_count(moments: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    data = appended(moments, 3 * 2 + 1)
    before, after = moments
    page = next(
        page
        for page in range(FIRST_LOG_OFFSET + 5 * UNIT_BYTES, len(after), 4096)
        if any(after[page : page + 4096]) and not any(before[page : page + 4096])
    )
    data[page + 100] ^= 1
    path.write_bytes(data)
    reboot(path)
    assert shown(path) == (2, expected(2))


def test_a_record_that_changed_does_not_count(moments: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    data = appended(moments, 3 * 2 + 1)
    log, _ = log_of(data)
    # The records before it, then some byte of it.
    at = log
    while get(data, at + 16) < 3:
        at += -(-get(data, at + 24) // 4096) * 4096
    data[at + 700] ^= 1
    path.write_bytes(data)
    reboot(path)
    assert shown(path) == (2, expected(2))


def test_a_reader_goes_on_when_the_next_writer_has_recovered(moments: tuple[bytes, bytes], tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    path.write_bytes(appended(moments, 3 * 2 + 1))
    with stoa_reader.open(path) as store:
        column = store.table("t").column("n")
        laid = column.to_arrow()
        run("const s = stoa.open(argv[0]); s.table('t').set(0, { n: 42 }); s.close()", path)
        assert store.refresh() is True
        assert column.to_arrow().to_pylist() == [42, *expected(3)[1:]]
        assert column.to_numpy()[0] == 42
        # What was handed out shows the log's pages still.
        assert laid.to_pylist() == expected(3)


def test_files_of_writers_that_were_killed_read_as_the_library_reads_them(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    copies = []
    path = tmp_path / "store.stoa"
    for kill in range(4):
        marks = tmp_path / f"marks{kill}"
        writer = start_crasher(path, seed, marks)
        steps = rng.randrange(3, 60)
        while not marks.exists() or marks.read_text().count("begin") < steps:
            assert writer.poll() is None
        writer.kill()
        writer.wait()
        for name in ("boot", "reboot"):
            copy = tmp_path / f"{kill}-{name}.stoa"
            shutil.copy(path, copy)
            if name == "reboot":
                reboot(copy)
            copies.append(copy)
    judged = run_file("python/look.ts", *copies)
    assert len(judged) == 8
    for copy, verdict in zip(copies, judged, strict=True):
        with stoa_reader.open(copy) as store:
            found = store.table("t").to_arrow().to_pylist()
            assert store.commit_id == verdict["commit"]
            assert found == verdict["history"]
            assert {"t": len(found)} == verdict["rows"]
            assert list(store.arrays) == verdict["arrays"]


def start_crasher(path: Path, seed: int, marks: Path) -> subprocess.Popen[bytes]:
    crasher = ROOT / "__test__/support/crasher.ts"
    command = ["node", "--import=@oxc-node/core/register", crasher, path, seed % 2**31, "Infinity", marks]
    return subprocess.Popen([*map(str, command)], cwd=ROOT)


def test_a_torn_header_leaves_the_one_before_unless_something_was_built_on_it(
    moments: tuple[bytes, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "store.stoa"
    path.write_bytes(moments[1])
    # A clean close makes a checkpoint in the other slot.
    run("const s = stoa.open(argv[0]); s.table('t').push({ n: 1, word: 'x' }); s.close()", path)
    data = bytearray(path.read_bytes())
    slot = max((0, 1), key=lambda each: get(data, SLOT_OFFSETS[each] + 16))
    data[SLOT_OFFSETS[slot] + 40] ^= 1
    path.write_bytes(data)
    with pytest.raises(stoa_reader.CorruptError, match="newest header is gone"):
        stoa_reader.open(path)
    # A block that is not whole tells of no newer one: the header before counts, with its log.
    put(data, BLOCK + 8, get(data, BLOCK + 8) - 1)
    path.write_bytes(data)
    (judged,) = run_file("python/look.ts", path)
    assert outcome(path) == {key: judged[key] for key in ("code", "commit") if key in judged}


def outcome(path: Path) -> dict[str, object]:
    try:
        with stoa_reader.open(path) as store:
            return {"commit": store.commit_id}
    except stoa_reader.StoaError as error:
        return {"code": error.code}
