"""Goal: the examples of the documentation do what they say. Method: each block of Python runs in a folder of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from actor import ROOT, run
from engines import sail

# What must hold after each block of a page, in order.
ASSERTIONS = {
    "README.md": ["assert mean == (11 + 10.4 + 99) / 3 and table.num_rows == 3"],
    "python/README.md": ["assert table.num_rows == 3 and prices.tolist() == [11.0, 10.4, 99.0]"],
    "docs/python.md": [
        "assert total == 11 + 10.4 + 99 and prices.tolist() == [11.0, 10.4, 99.0]\n"
        "assert some.to_pylist() == [{'sym': 'ACME', 'price': 11.0}, {'sym': 'ACME', 'price': 10.4}]\n"
        "assert table.num_rows == 3",
        "assert counts == [('ACME', 2), ('STOA', 1)] and len(frame) == 2 and mean == (11 + 10.4 + 99) / 3",
        "assert table.to_pydict() == {'day': ['2026-11-22', '2026-11-23'], 'price': [10.5, 10.75]}",
    ],
    "docs/spark.md": [
        "assert [tuple(row) for row in counts] == [('ACME', 1)]\n"
        "assert narrow.columns == ['sym', 'price'] and narrow.count() == parts.count() == 2",
    ],
}

MAKE = f"""
const {{ openDataset }} = await import('{(ROOT / "src/interop/dataset.ts").as_uri()}')
const {{ f64, u32, timestamp, symbol, utf8 }} = stoa
process.chdir(argv[0])
const store = stoa.open('market.stoa')
const trades = store.table('trades', {{ ts: timestamp, sym: symbol, price: f64, qty: u32 }})
trades.append({{ ts: [0, 1, 2], sym: ['ACME', 'ACME', 'STOA'], price: [11, 10.4, 99], qty: [3, 1, 2] }})
store.close()
const days = openDataset('trades', {{ columns: {{ day: utf8, sym: symbol, price: f64 }}, partitionBy: ['day'] }})
days.append([{{ day: '2026-11-22', sym: 'ACME', price: 10.5 }}, {{ day: '2026-11-23', sym: 'ACME', price: 10.75 }}])
days.close()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("docs")
    run(MAKE, made)
    return made


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    server, found = sail()
    yield found
    found.stop()
    server.stop()


def blocks(page: str) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", ASSERTIONS)
def test_examples_do_what_they_say(
    page: str, folder: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.chdir(folder)
    found = blocks(page)
    assert len(found) == len(ASSERTIONS[page])
    for code, check in zip(found, ASSERTIONS[page], strict=True):
        scope: dict[str, Any] = {"__name__": page}
        if "spark." in code:
            scope["spark"] = request.getfixturevalue("session")
            code = code.replace('load("trades")', f'load("{folder}/trades")')
        exec(compile(code + check, page, "exec"), scope)
