"""Goal: Sail and Apache Spark answer as the library and the reader do.

Method: the same data source in both; Sail always, Spark with `npm run test:spark`. Eight stores of three million flights.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from actor import ROOT, Actor, run, run_file
from engines import HAS_SPARK, sail, spark
from pyspark.sql.datasource import EqualTo, GreaterThan, GreaterThanOrEqual, In, LessThan, Not

import stoa_reader
from stoa_reader.spark import Rows, StoaDataSource, StoaReader, StoaStreamReader
from stoa_reader.spark_types import widened


@pytest.fixture(scope="module", params=[sail, spark] if HAS_SPARK else [sail], ids=lambda each: each.__name__)
def session(request: pytest.FixtureRequest) -> Iterator[Any]:
    server, found = request.param()
    found.dataSource.register(StoaDataSource)
    found.conf.set("spark.sql.session.timeZone", "UTC")
    yield found
    found.stop()
    if server is not None:
        server.stop()


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, int]]:
    folder = tmp_path_factory.mktemp("flights") / "flights"
    (counts,) = run_file("python/flights.ts", folder)
    return folder, counts


def load(session: Any, path: Path, **options: str) -> Any:
    return session.read.format("stoa").options(**options).load(str(path))


def counted(rows: list[Any]) -> dict[str, int]:
    return {row["origin"]: row["count"] for row in rows}


def test_flights_by_origin_are_as_many_everywhere(session: Any, flights: tuple[Path, dict[str, int]]) -> None:
    folder, counts = flights
    assert sum(counts.values()) == 3_000_000
    assert len(stoa_reader.open_dataset(folder).partitions) == 8
    # The Python reader.
    origins = stoa_reader.open_dataset(folder).to_arrow(["origin"])["origin"]
    found = pc.value_counts(origins.combine_chunks())
    assert {each["values"]: each["counts"] for each in found.to_pylist()} == counts
    # Sail or Spark, in one process and in several tasks for each store.
    for options in ({}, {"rowsPerPartition": "100000"}, {"columns": "origin"}):
        frame = load(session, folder, table="flights", **options)
        assert counted(frame.groupBy("origin").count().collect()) == counts, options


def test_conditions_give_the_rows_that_meet_them(session: Any, flights: tuple[Path, dict[str, int]]) -> None:
    folder, _ = flights
    frame = load(session, folder)
    shown = stoa_reader.open_dataset(folder).to_arrow()
    late = shown.filter((pc.field("hours") == 3) & (pc.field("delay") > 100)).num_rows
    assert late > 1000
    assert frame.where("hours = 3 and delay > 100").count() == late
    # Another query of the same frame: what the first one did not need is there again.
    assert (
        frame.where("hours in (1, 2) or delay > 1000").count()
        == shown.filter(pc.field("hours").isin([1, 2]) | (pc.field("delay") > 1000)).num_rows
    )


def test_conditions_that_are_pushed_give_the_same_rows(session: Any, flights: tuple[Path, dict[str, int]]) -> None:
    folder, _ = flights
    shown = stoa_reader.open_dataset(folder).to_arrow(["hours", "delay"])
    for query, expected in (
        ("hours = 3 and delay > 100", (pc.field("hours") == 3) & (pc.field("delay") > 100)),
        ("hours > 5 and delay < -20", (pc.field("hours") > 5) & (pc.field("delay") < -20)),
    ):
        frame = load(session, folder, pushFilters="true")
        assert frame.where(query).count() == shown.filter(expected).num_rows > 1000


def test_a_schema_names_the_columns_that_are_read(session: Any, flights: tuple[Path, dict[str, int]]) -> None:
    folder, counts = flights
    frame = session.read.format("stoa").schema("origin string, hours bigint").load(str(folder))
    assert frame.columns == ["origin", "hours"]
    assert frame.where("hours = 0").count() < sum(counts.values()) / 4
    with pytest.raises(Exception, match="no columns"):
        load(session, folder, columns="origin,nothing").collect()


def test_every_type_is_what_the_reader_shows(session: Any, tmp_path: Path) -> None:
    path = tmp_path / "types.stoa"
    run_file("python/samples.ts", path, "close", 5, 300)
    frame = load(session, path, table="samples")
    found = frame.toArrow()
    with stoa_reader.open(path) as store:
        expected = widened(store.table("samples").to_arrow())
    assert found.column_names == expected.column_names
    for name in expected.column_names:
        kind = expected[name].type
        shown = found[name].cast(kind) if pa.types.is_timestamp(kind) else found[name]
        # NaN equals nothing.
        assert repr(shown.to_pylist()) == repr(expected[name].to_pylist()), name


def test_what_the_library_writes_as_parquet_is_the_same_table(session: Any, tmp_path: Path) -> None:
    path = tmp_path / "store.stoa"
    run(
        f"""
        const {{ writeParquet }} = await import('{(ROOT / "src/interop/parquet.ts").as_uri()}')
        const store = stoa.open(argv[0])
        const t = store.table('t', {{ n: stoa.i32, word: stoa.symbol, maybe: stoa.nullable(stoa.f64) }})
        for (let n = 0; n < 1000; n++) t.push({{ n, word: `w${{n % 4}}`, maybe: n % 3 ? n / 2 : null }})
        await writeParquet(t, `${{argv[0]}}.parquet`)
        store.close()
        """,
        path,
    )
    parquet = session.read.parquet(f"{path}.parquet")
    ours = load(session, path)
    assert ours.columns == parquet.columns
    assert ours.orderBy("n").collect() == parquet.orderBy("n").collect()


# Sail has no streams of Python data sources.
@pytest.mark.skipif(not HAS_SPARK, reason="needs Apache Spark: `npm run test:spark` installs it")
@pytest.mark.parametrize("session", [spark], indirect=True, ids=["spark"])
def test_a_stream_gives_each_row_once(session: Any, tmp_path: Path) -> None:
    with Actor(STREAM, tmp_path / "a.stoa") as writer:
        writer.hear()
        stream = session.readStream.format("stoa").load(str(tmp_path))
        query = stream.writeStream.format("memory").queryName("seen").start()
        try:
            for step in range(1, 4):
                query.processAllAvailable()
                rows = session.sql("select n from seen order by n").collect()
                assert [row["n"] for row in rows] == list(range(100 * step))
                writer.ask("more")
        finally:
            query.stop()


STREAM = """
const store = stoa.open(argv[0])
const t = store.table('t', { n: stoa.f64 })
let next = 0
for (;;) {
  for (let count = 0; count < 100; count++) t.push({ n: next++ })
  store.commitSync()
  say('done')
  if ((await heard()) === 'cut') { t.truncate(50); next = 50 }
}
"""


def values(reader: StoaReader | StoaStreamReader, ranges: Any) -> list[float]:
    return [value for rows in ranges for batch in reader.read(rows) for value in batch["n"].to_pylist()]


def test_offsets_of_a_stream_are_rows_of_stores(tmp_path: Path) -> None:
    """What an engine asks, without one."""
    folder = tmp_path / "folder"
    reader = StoaStreamReader({"path": str(folder)}, pa.schema([("n", pa.float64())]))
    start = reader.initialOffset()
    assert (start, reader.latestOffset()) == ({}, {})
    folder.mkdir()
    with Actor(STREAM, folder / "a.stoa") as writer:
        writer.hear()
        first = reader.latestOffset(start, None)
        assert first == {"folder/a.stoa": 100}
        assert values(reader, reader.partitions(start, first)) == list(range(100))
        writer.ask("more")
        second = reader.latestOffset(first)
        assert values(reader, reader.partitions(first, second)) == list(range(100, 200))
        assert reader.partitions(second, second) == []
        # Rows that are gone are given no more; what takes their place is.
        writer.ask("cut")
        third = reader.latestOffset(second)
        assert third == {"folder/a.stoa": 150}
        assert values(reader, reader.partitions(second, third)) == []
        latest = StoaStreamReader({"path": str(folder), "startingOffset": "latest"}, pa.schema([("n", pa.float64())]))
        assert latest.initialOffset() == third


def ranges(reader: StoaReader, *filters: Any) -> list[tuple[str, int, int]]:
    assert list(reader.pushFilters(list(filters))) == list(filters)
    return [(Path(rows.partition.path).parent.name, rows.start, rows.stop) for rows in reader.partitions()]


def test_conditions_say_which_stores_and_which_rows_are_read(tmp_path: Path) -> None:
    run(
        f"""
        const {{ openDataset }} = await import('{(ROOT / "src/interop/dataset.ts").as_uri()}')
        const {{ u8, f64, timestamp, timestamp64, i32, utf8 }} = stoa
        const columns = {{ day: u8, name: utf8, n: f64, at: timestamp, ns: timestamp64('ns'), wild: i32, nan: f64 }}
        const data = openDataset(argv[0], {{ columns, partitionBy: ['day'] }})
        for (let day = 0; day < 3; day++) for (let n = 0; n < 100; n++) {{
          data.append([{{ day, name: '', n: n >> 1, at: n * 1000, ns: BigInt(n) * 10n ** 9n, wild: n % 7, nan: n === 50 ? NaN : n }}])
        }}
        data.close()
        """,
        tmp_path / "data",
    )
    schema = pa.schema([("n", pa.float64())])

    def reader(**options: str) -> StoaReader:
        return StoaReader({"path": str(tmp_path / "data"), "pushFilters": "true", **options}, schema)

    every = [(f"day={day}", 0, 100) for day in range(3)]
    assert ranges(reader()) == every
    assert ranges(reader(), EqualTo(("day",), 1)) == every[1:2]
    assert ranges(reader(), In(("day",), (0, 2)), LessThan(("day",), 2)) == every
    assert ranges(reader(), GreaterThan(("day",), 1)) == every[1:]
    assert ranges(reader(), Not(EqualTo(("day",), 1))) == every
    # Of a sorted column the rows, of others and without being told all of them.
    day = EqualTo(("day",), 0)
    assert ranges(reader(sortedBy="n"), day, EqualTo(("n",), 20)) == [("day=0", 40, 42)]
    assert ranges(reader(sortedBy="n"), day, GreaterThanOrEqual(("n",), 45), LessThan(("n",), 47)) == [
        ("day=0", 90, 96)
    ]
    assert ranges(reader(sortedBy="n"), EqualTo(("n",), 1000)) == []
    assert ranges(reader(), day, EqualTo(("n",), 20)) == every[:1]
    assert ranges(reader(sortedBy="wild"), day, EqualTo(("wild",), 3)) == every[:1]
    assert ranges(reader(sortedBy="nan"), day, EqualTo(("nan",), 3)) == every[:1]
    moment = datetime(1970, 1, 1, 0, 0, 10, tzinfo=UTC)
    for name in ("at", "ns"):
        assert ranges(reader(sortedBy=name), day, EqualTo((name,), moment)) == [("day=0", 10, 11)]
        assert ranges(reader(sortedBy=name), day, EqualTo((name,), moment.astimezone().replace(tzinfo=None))) == [
            ("day=0", 10, 11)
        ]
    assert len(reader(rowsPerPartition="30").partitions()) == 12
    assert all(isinstance(each, Rows) for each in reader().partitions())
