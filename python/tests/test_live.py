"""Goal: a live store shows what was pushed, while its owner lives and after it was killed; in another boot what was committed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from actor import Actor
from surgery import reboot

import stoa_reader

OWNER = """
const store = stoa.open(argv[0], { live: true })
const t = store.table('t', { n: stoa.f64, word: stoa.symbol, text: stoa.nullable(stoa.utf8) })
const verbs = {
  push: (from, count) => { for (let n = from; n < from + count; n++) t.push({ n, word: `w${n}`, text: n % 2 ? null : `text number ${n}, long` }) },
  set: (at, n) => t.set(at, { n }),
  commit: () => store.commitSync(),
  table: (name) => store.table(name, { x: stoa.u8 }).push({ x: 7 }),
  close: () => store.close(),
}
say('ready')
for (;;) {
  for (const [verb, ...rest] of await heard()) verbs[verb](...rest)
  say('done')
}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "live.stoa"


@pytest.fixture
def owner(path: Path) -> Iterator[Actor]:
    with Actor(OWNER, path) as actor:
        assert actor.hear() == "ready"
        yield actor


def test_rows_show_as_they_are_pushed(owner: Actor, path: Path) -> None:
    with stoa_reader.open(path) as store:
        assert store.is_live
        table = store.table("t")
        length = 0
        for step in range(1, 12):
            owner.ask([["push", length, 500 * step]])
            length += 500 * step
            assert store.refresh() is True
            shown = table.to_arrow()
            shown.validate(full=True)
            assert shown["n"].to_pylist() == list(range(length))
            assert shown["word"].to_pylist() == [f"w{n}" for n in range(length)]
            assert shown["text"][length - 1].as_py() == (None if length % 2 == 0 else f"text number {length - 1}, long")
        assert store.refresh() is False
        numbers = table.column("n").to_numpy(0, 1)
        owner.ask([["set", 0, 99]])
        assert numbers.tolist() == [99]
        owner.ask([["table", "late"]])
        store.refresh()
        assert store.table("late").to_arrow().to_pylist() == [{"x": 7}]
        assert store.snapshot(lambda: len(table)) == length


def test_a_kill_takes_nothing_and_a_power_cut_what_was_not_committed(owner: Actor, path: Path) -> None:
    owner.ask([["push", 0, 1000], ["commit"], ["push", 1000, 2000], ["table", "late"]])
    owner.kill()
    with stoa_reader.open(path) as store:
        assert len(store.table("t")) == 3000
        assert store.table("t").column("n").to_arrow().to_pylist() == list(range(3000))
        assert store.tables == ("t", "late")
    reboot(path)
    with stoa_reader.open(path) as store:
        assert not store.is_live
        assert store.tables == ("t",)
        assert store.table("t").column("word").to_arrow().to_pylist() == [f"w{n}" for n in range(1000)]


def test_a_reader_goes_on_when_the_store_is_closed(owner: Actor, path: Path) -> None:
    owner.ask([["push", 0, 10]])
    with stoa_reader.open(path) as store:
        owner.ask([["push", 10, 10], ["close"]])
        assert store.refresh() is True
        assert not store.is_live
        assert len(store.table("t")) == 20
