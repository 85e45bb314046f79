"""Goal: a reader shows whole commits, beside a writer that goes on. Method: a program commits when it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from actor import Actor

import stoa_reader

WRITER = """
const store = stoa.open(argv[0])
const t = store.table('t', { n: stoa.f64, word: stoa.symbol, text: stoa.utf8, maybe: stoa.nullable(stoa.i32) })
const row = (n) => ({ n, word: `word ${n}`, text: `a text of more than twelve bytes ${n}`, maybe: n % 2 ? n : null })
const verbs = {
  push: (from, count) => { for (let n = from; n < from + count; n++) t.push(row(n)) },
  set: (at, n) => t.set(at, row(n)),
  commit: () => store.commitSync(),
  truncate: (length) => t.truncate(length),
  addColumn: (name) => t.addColumn(name, stoa.u8),
  dropColumn: (name) => t.dropColumn(name),
  drop: () => store.drop('t'),
}
t.push(row(0))
store.commitSync()
say('ready')
for (;;) {
  for (const [verb, ...rest] of await heard()) verbs[verb](...rest)
  say('done')
}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.stoa"


@pytest.fixture
def writer(path: Path) -> Iterator[Actor]:
    with Actor(WRITER, path) as actor:
        assert actor.hear() == "ready"
        yield actor


def rows(table: stoa_reader.Table) -> list[float]:
    found: list[float] = table.column("n").to_arrow().to_pylist()
    return found


def test_what_is_not_committed_is_never_seen(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        table = store.table("t")
        writer.ask([["push", 1, 100], ["set", 0, 7]])
        assert store.refresh() is False
        with stoa_reader.open(path) as another:
            assert rows(another.table("t")) == [0]
        assert rows(table) == [0]
        writer.ask([["commit"]])
        # What is changed in place shows at once, rows do not.
        assert rows(table) == [7]
        assert store.refresh() is True
        assert rows(table) == [7, *range(1, 101)]
        assert store.commit_id == 2
        assert store.refresh() is False


def test_text_and_labels_that_came_since_are_found(writer: Actor, path: Path) -> None:
    """A row that is changed in place may refer to what no commit that is shown has."""
    with stoa_reader.open(path) as store:
        table = store.table("t")
        writer.ask([["set", 0, 12345], ["push", 1, 5000], ["commit"]])
        assert table.column("word").to_arrow().to_pylist() == ["word 12345"]
        assert table.column("text").to_arrow().to_pylist() == ["a text of more than twelve bytes 12345"]
        assert (len(table), store.commit_id) == (1, 1)
        assert store.refresh() is True
        assert table.column("word").to_arrow()[5000].as_py() == "word 5000"


def test_rows_grow_over_many_extents_and_checkpoints(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        table = store.table("t")
        length = 1
        for step in range(1, 15):
            writer.ask([["push", length, 700 * step], ["commit"]])
            length += 700 * step
            assert store.refresh() is True
            shown = table.to_arrow()
            shown.validate(full=True)
            assert shown["n"].to_pylist() == list(range(length))
            assert shown["word"].to_pylist() == [f"word {n}" for n in range(length)]
            assert shown["maybe"].null_count == (length + 1) // 2
        assert table.column("n").to_arrow().num_chunks > 1


def test_rows_go_and_others_come(writer: Actor, path: Path) -> None:
    writer.ask([["push", 1, 1000], ["commit"]])
    with stoa_reader.open(path) as store:
        writer.ask([["truncate", 10], ["commit"]])
        store.refresh()
        assert rows(store.table("t")) == list(range(10))
        writer.ask([["truncate", 0], ["push", 500, 20], ["commit"]])
        store.refresh()
        assert store.table("t").column("text").to_arrow()[0].as_py() == "a text of more than twelve bytes 500"


def test_columns_and_tables_come_and_go(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        table = store.table("t")
        writer.ask([["addColumn", "late"], ["commit"]])
        with pytest.raises(KeyError, match="late"):
            table.column("late")
        store.refresh()
        assert table.column("late").to_arrow().to_pylist() == [0]
        kept = table.column("n").to_arrow()
        writer.ask([["dropColumn", "n"], ["commit"]])
        store.refresh()
        assert table.columns == ("word", "text", "maybe", "late")
        assert kept.to_pylist() == [0]
        writer.ask([["drop"], ["commit"]])
        store.refresh()
        assert store.tables == ()
        with pytest.raises(stoa_reader.NotFoundError, match="no table 't'"):
            len(table)


STORM = """
const store = stoa.open(argv[0])
const t = store.table('t', { a: stoa.f64, b: stoa.i64, word: stoa.symbol, text: stoa.utf8 })
for (let n = 0; n < 20000; n++) t.push({ a: 100, b: 100n, word: `w${n % 7}`, text: `a text of twenty bytes and more: ${n}` })
store.commitSync()
say('ready')
let seed = Number(argv[1])
const below = (limit) => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) % limit
const stop = heard()
let stopped = false
stop.then(() => (stopped = true))
for (let step = 1; !stopped; step++) {
  // Every commit moves value between rows far apart and between columns; the sums stay. Every row's text tells its commit.
  for (let count = 0; count < 50; count++) {
    const [from, to, amount] = [below(20000), below(20000), below(50)]
    const { a } = t.arrays
    a[from] -= amount
    a[to] += amount
    const { b } = t.arrays
    b[to] -= BigInt(amount)
    b[from] += BigInt(amount)
  }
  t.set(0, { text: `the text of commit ${step}`, word: `new ${step}` })
  t.set(19999, { text: `the text of commit ${step}`, word: `new ${step}` })
  await store.commit()
  // A pause between two commits: snapshots must fit there.
  await new Promise((done) => setTimeout(done, below(8)))
}
say(store.commitId)
process.exit()
"""


def test_snapshots_of_a_store_that_changes_all_the_time_are_whole(path: Path, seed: int) -> None:
    with Actor(STORM, path, seed) as writer:
        assert writer.hear() == "ready"
        commits = set()
        tries = 0
        with stoa_reader.open(path) as store:
            table = store.table("t")

            def read() -> tuple[float, int, list[str], list[str], int]:
                nonlocal tries
                tries += 1
                sums = table.column("a").to_numpy().sum(), int(table.column("b").to_numpy().sum())
                ends = [table.to_arrow(["text", "word"], at, at + 1).to_pylist()[0] for at in (0, 19999)]
                return (*sums, [end["text"] for end in ends], [end["word"] for end in ends], store.commit_id)

            for _ in range(150):
                a, b, texts, words, commit = store.snapshot(read)
                assert (a, b) == (2_000_000, 2_000_000)
                if commit > 1:
                    assert texts == [f"the text of commit {commit - 1}"] * 2
                    assert words == [f"new {commit - 1}"] * 2
                commits.add(commit)
            last = writer.ask("stop")
        print(f"{len(commits)} commits of {last} seen in 150 snapshots of {tries} tries")
        assert len(commits) > 5


def test_a_snapshot_gives_copies_and_what_it_raises(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        column = store.table("t").column("n")
        kept = store.snapshot(column.to_arrow)
        shared = column.to_arrow()
        writer.ask([["set", 0, 9], ["commit"]])
        assert (kept.to_pylist(), shared.to_pylist()) == ([0], [9])
        with pytest.raises(ZeroDivisionError):
            store.snapshot(lambda: 1 / 0)
        assert store.snapshot(lambda: store.snapshot(lambda: 5)) == 5

        async def later() -> None:
            pass

        with pytest.raises(TypeError, match="asynchronous"):
            _ = store.snapshot(later)


def test_a_snapshot_that_no_pause_of_the_writer_fits_is_given_up(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:

        def slow() -> None:
            writer.ask([["push", 1, 1], ["commit"]])

        with pytest.raises(stoa_reader.BusyError, match="committed during each of"):
            store.snapshot(slow)
        # And nothing of it stays.
        assert store.snapshot(lambda: len(store.table("t"))) > 10


def test_a_reader_keeps_no_writer_out(writer: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        writer.kill()
        with Actor(
            "const store = stoa.open(argv[0]); store.table('t').push({ n: 1, word: '', text: '', maybe: 3 }); store.close(); say('closed')",
            path,
        ) as next_writer:
            assert next_writer.hear() == "closed"
        assert store.refresh() is True
        assert rows(store.table("t")) == [0, 1]
