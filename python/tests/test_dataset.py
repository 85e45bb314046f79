"""Goal: a folder of stores is one table, with the columns that its folders name. Method: datasets that the library makes."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from actor import ROOT, run

import stoa_reader

MAKE = f"""
const {{ openDataset }} = await import('{(ROOT / "src/interop/dataset.ts").as_uri()}')
const {{ f64, u8, utf8, symbol, bool, nullable }} = stoa
const make = (folder, options, rows) => {{
  const data = openDataset(folder, options)
  data.append(rows)
  data.close()
}}
"""


def test_the_columns_of_folders_are_columns(tmp_path: Path) -> None:
    names = ["2026-11-22", "a/b=c", "ü ", "100%", ".", None]
    run(
        MAKE
        + """
        const columns = { day: nullable(utf8), n: u8, ok: bool, price: f64, sym: symbol }
        const rows = []
        for (const [at, day] of JSON.parse(argv[1]).entries()) {
          for (let n = 0; n < 3; n++) rows.push({ day, n, ok: n > 0, price: at + n / 10, sym: `S${at}` })
        }
        make(argv[0], { columns, partitionBy: ['day', 'n', 'ok'] }, rows)
        """,
        tmp_path / "data",
        str(names).replace("None", "null").replace("'", '"'),
    )
    found = stoa_reader.open_dataset(tmp_path / "data")
    assert len(found.partitions) == 18
    assert found.schema.names == ["price", "sym", "day", "n", "ok"]
    assert found.partition_schema.types == [pa.string(), pa.int64(), pa.bool_()]
    table = found.to_arrow()
    table.validate(full=True)
    expected = [
        {"price": at + n / 10, "sym": f"S{at}", "day": day, "n": n, "ok": n > 0}
        for at, day in enumerate(names)
        for n in range(3)
    ]
    assert sorted(table.to_pylist(), key=lambda row: row["price"]) == expected
    texts = stoa_reader.open_dataset(tmp_path / "data", infers_types=False)
    assert texts.partition_schema.types == [pa.string()] * 3
    # Of columns of folders alone no column is read, but the rows are counted.
    days = found.to_arrow(["day"])
    assert days.num_rows == 18
    assert days.column_names == ["day"]


def test_one_store_is_a_dataset_without_folders(tmp_path: Path) -> None:
    path = tmp_path / "one.stoa"
    run("const s = stoa.open(argv[0]); s.table('t', { x: stoa.f64 }).append({ x: [1, 2] }); s.close()", path)
    assert stoa_reader.open_dataset(path).to_arrow().to_pydict() == {"x": [1.0, 2.0]}
    assert stoa_reader.open_dataset(tmp_path, "t").partitions == [stoa_reader.Partition(str(path), {})]


def test_what_is_no_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(stoa_reader.NotFoundError, match="no store"):
        stoa_reader.open_dataset(tmp_path)
    run(
        """
        import { mkdirSync } from 'node:fs'
        for (const [name, columns] of [['day=1', { x: stoa.f64 }], ['day=2', { x: stoa.f32 }], ['day=3', { y: stoa.f64 }]]) {
          mkdirSync(`${argv[0]}/${name}`)
          const store = stoa.open(`${argv[0]}/${name}/part-0.stoa`)
          store.table('data', columns).push(columns.x ? { x: 1 } : { y: 1 })
          store.close()
        }
        """,
        tmp_path,
    )
    with pytest.raises(stoa_reader.SchemaError, match="not as in the first"):
        stoa_reader.open_dataset(tmp_path).to_arrow()
    (tmp_path / "day=2").rename(tmp_path / "else")
    with pytest.raises(stoa_reader.FormatError, match="other folders"):
        stoa_reader.open_dataset(tmp_path)
    (tmp_path / "else/part-0.stoa").unlink()
    with pytest.raises(stoa_reader.SchemaError, match="no columns"):
        stoa_reader.open_dataset(tmp_path).to_arrow()
    with pytest.raises(stoa_reader.NotFoundError, match="no table 'other'"):
        stoa_reader.open_dataset(tmp_path, "other").to_arrow()
