"""Goal: DuckDB, Polars and pandas read a store's columns as they lie in the file, and take a table as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from actor import run

import stoa_reader

ROWS = 50_000


def rows_of(query: str, **tables: Any) -> list[tuple[Any, ...]]:
    """What DuckDB answers."""
    connection = duckdb.connect()
    for name, table in tables.items():
        connection.register(name, table)
    found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stoa_reader.Store]:
    path = tmp_path_factory.mktemp("tools") / "store.stoa"
    run(
        """
        const store = stoa.open(argv[0])
        const { f64, symbol, utf8, nullable, i32, timestamp64, vector, f32 } = stoa
        const columns = { price: f64, sym: symbol, note: nullable(utf8), qty: nullable(i32), at: timestamp64('ns'), v: vector(f32, 4) }
        const t = store.table('t', columns)
        for (let n = 0; n < 50000; n++) {
          t.push({ price: n / 4, sym: `S${n % 9}`, note: n % 5 ? `the note of row ${n}` : null, qty: n % 3 ? n : null, at: BigInt(n) * 1000n, v: [n, 0, 1, 2] })
        }
        store.close()
        """,
        path,
    )
    with stoa_reader.open(path) as opened:
        yield opened


def test_duckdb_takes_a_table_as_it_is(store: stoa_reader.Store) -> None:
    trades = store.table("t").to_arrow()
    query = "select sym, count(*), sum(price), count(qty), count(note) from trades group by sym order by sym"
    rows = np.arange(ROWS)
    expected = []
    for code in range(9):
        own = rows[rows % 9 == code]
        expected.append((f"S{code}", len(own), own.sum() / 4, int((own % 3 != 0).sum()), int((own % 5 != 0).sum())))
    assert rows_of(query, trades=trades) == expected
    query = 'select note, epoch_ns("at"), v[1] from trades where price in (2.5, 2.75)'
    assert rows_of(query, trades=trades) == [(None, 10_000, 10.0), ("the note of row 11", 11_000, 11.0)]


def test_duckdb_and_polars_take_the_stream_of_a_table(store: stoa_reader.Store) -> None:
    table = store.table("t")
    reader = pa.RecordBatchReader.from_stream(table)
    assert rows_of("select count(*), max(price) from trades", trades=reader) == [(ROWS, (ROWS - 1) / 4)]
    assert pl.DataFrame(table).select(pl.len(), pl.col("price").max()).rows() == [(ROWS, (ROWS - 1) / 4)]


def test_polars_shares_the_memory_of_the_file(store: stoa_reader.Store) -> None:
    chunk = store.table("t").column("price").to_arrow().chunk(0)
    series = pl.Series(pl.from_arrow(chunk))
    assert series.to_numpy().__array_interface__["data"][0] == chunk.buffers()[1].address
    frame = pl.DataFrame(store.table("t"))
    assert frame["note"].null_count() == ROWS // 5
    assert frame.filter(pl.col("sym").cast(pl.String) == "S4")["price"].sum() == sum(range(4, ROWS, 9)) / 4
    assert frame["v"].to_list()[7] == [7, 0, 1, 2]


def test_pandas_shares_the_memory_of_the_file(store: stoa_reader.Store) -> None:
    table = store.table("t")
    shown = table.to_arrow()
    frame = shown.to_pandas(types_mapper=pd.ArrowDtype)
    backing = pa.chunked_array(frame["price"].array.__arrow_array__())
    assert [chunk.buffers()[1].address for chunk in backing.chunks] == [
        chunk.buffers()[1].address for chunk in shown["price"].chunks
    ]
    assert frame.groupby("sym")["price"].sum()["S4"] == sum(range(4, ROWS, 9)) / 4
    assert frame["qty"].isna().sum() == -(-ROWS // 3)
    # One extent is one numpy array, of which pandas makes no copy.
    first = table.column("price").to_numpy(0, 8192)
    series = pd.Series(first, copy=False)
    assert np.shares_memory(series.to_numpy(), first)
