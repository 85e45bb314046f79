"""Stores in Spark: `spark.dataSource.register(StoaDataSource)`, then `spark.read.format("stoa").load(path)`.

A Python data source, which runs the same on Apache Spark and on Sail. The workers need this package, too.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import types
from pyspark.sql.datasource import (
    DataSource,
    DataSourceReader,
    DataSourceStreamReader,
    InputPartition,
)

from .dataset import Dataset, Partition
from .errors import NotFoundError, SchemaError
from .ranges import Bounds, rows_within
from .spark_types import runs_on_sail, spark_schema, widened
from .store import Store

_ROWS_PER_PARTITION = 1_000_000
# Of a batch. Memory of a worker is that of some batches.
_BATCH_ROWS = 1 << 18


@dataclass
class Rows(InputPartition):
    """A range of rows of one store."""

    partition: Partition
    start: int
    stop: int


class StoaDataSource(DataSource):
    """A store, or a folder of stores partitioned as Hive does. Options: `docs/spark.md`."""

    @classmethod
    def name(cls) -> str:
        return "stoa"

    def schema(self) -> str | pa.Schema:
        options = _options(self.options)
        dataset = _dataset(options)
        schema = dataset.schema
        if "columns" not in options:
            return spark_schema(schema)
        names = [name.strip() for name in options["columns"].split(",")]
        missing = [name for name in names if name not in schema.names]
        if missing:
            raise SchemaError(f"'{dataset.path}' has no columns {missing}; it has {schema.names}", dataset.path)
        return spark_schema(pa.schema([schema.field(name) for name in names]))

    def reader(self, schema: types.StructType | pa.Schema) -> StoaReader:
        return StoaReader(self.options, schema)

    def streamReader(self, schema: types.StructType | pa.Schema) -> StoaStreamReader:
        return StoaStreamReader(self.options, schema)


class _Source:
    """What batches and streams read from."""

    def __init__(self, options: Mapping[str, str], schema: types.StructType | pa.Schema) -> None:
        self.options = _options(options)
        # Spark gives its own schema, Sail one of Arrow: both have names.
        self.names: list[str] = list(schema.names)
        self.rows_per_partition = max(1, int(self.options.get("rowsperpartition", _ROWS_PER_PARTITION)))

    def ranges(self, partition: Partition, start: int, stop: int) -> list[Rows]:
        step = self.rows_per_partition
        return [Rows(partition, at, min(at + step, stop)) for at in range(start, stop, step)]

    def read(self, rows: InputPartition) -> Iterator[pa.RecordBatch]:
        """The rows, as far as they are still there."""
        assert isinstance(rows, Rows)
        dataset = _dataset(self.options)
        with Store(rows.partition.path) as store:
            table = dataset.table_of(store)
            stop = min(rows.stop, len(table))
            for at in range(rows.start, stop, _BATCH_ROWS):
                shown = dataset.shown(store, rows.partition, self.names, at, min(at + _BATCH_ROWS, stop))
                yield from widened(shown).combine_chunks().to_batches()


class StoaReader(_Source, DataSourceReader):
    """Reads a dataset once. Conditions say which folders and, on a sorted column, which rows are read at all."""

    def __init__(self, options: Mapping[str, str], schema: types.StructType | pa.Schema) -> None:
        super().__init__(options, schema)
        self.bounds: dict[str, Bounds] = {}

    def pushFilters(self, filters: list[Any]) -> Iterator[Any]:
        # Apache Spark keeps what the first query of a frame made of this for the next ones, whatever their conditions.
        is_safe = runs_on_sail() or self.options.get("pushfilters", "false").lower() == "true"
        for each in filters:
            found = _bounds(each) if is_safe else None
            if found is not None:
                name, bounds = found
                self.bounds[name] = self.bounds.get(name, Bounds()).within(bounds)
            # Spark looks at each row once more: whatever is read beyond need does no harm.
            yield each

    def partitions(self) -> Sequence[Rows]:
        ranges: list[Rows] = []
        dataset = _dataset(self.options)
        sorted_by = self.options.get("sortedby")
        for partition in dataset.partitions:
            if not all(_meets(value, self.bounds.get(name)) for name, value in partition.values.items()):
                continue
            with Store(partition.path) as store:
                table = dataset.table_of(store)
                start, stop = 0, len(table)
                if sorted_by is not None and sorted_by in self.bounds:
                    start, stop = rows_within(table.column(sorted_by), self.bounds[sorted_by], stop)
                ranges += self.ranges(partition, start, stop)
        return ranges


class StoaStreamReader(_Source, DataSourceStreamReader):
    """Follows the commits of a dataset: each row that is committed, once. An offset is the rows of each store."""

    def initialOffset(self) -> dict[str, int]:
        return {} if self.options.get("startingoffset", "earliest") == "earliest" else self._lengths()

    def latestOffset(self, start: dict[str, int] | None = None, limit: object = None) -> dict[str, int]:  # noqa: ARG002
        return self._lengths()

    def partitions(self, start: dict[str, int], end: dict[str, int]) -> Sequence[Rows]:
        ranges: list[Rows] = []
        for partition in self._stores():
            name = self._name(partition)
            ranges += self.ranges(partition, start.get(name, 0), end.get(name, 0))
        return ranges

    def _stores(self) -> list[Partition]:
        try:
            return _dataset(self.options).partitions
        except NotFoundError:
            # Stores may come later.
            return []

    def _name(self, partition: Partition) -> str:
        return os.path.relpath(partition.path, Path(self.options["path"]).parent)

    def _lengths(self) -> dict[str, int]:
        lengths = {}
        for partition in self._stores():
            with Store(partition.path) as store:
                lengths[self._name(partition)] = len(_dataset(self.options).table_of(store))
        return lengths


def _options(options: Mapping[str, str]) -> dict[str, str]:
    """In small letters: Spark takes their names in any."""
    return {name.lower(): value for name, value in options.items()}


def _dataset(options: Mapping[str, str]) -> Dataset:
    infers = options.get("inferpartitions", "true").lower() != "false"
    return Dataset(options["path"], options.get("table"), infers)


def _bounds(condition: Any) -> tuple[str, Bounds] | None:
    """A condition on one column as bounds, where it is one. By its name: Spark before 4.1 has no classes for them."""
    attribute: tuple[str, ...] = getattr(condition, "attribute", ())
    value = getattr(condition, "value", None)
    if len(attribute) != 1:
        return None
    match type(condition).__name__:
        case "EqualTo" | "EqualNullSafe" if value is not None:
            return attribute[0], Bounds(value, value)
        case "GreaterThan" | "GreaterThanOrEqual":
            return attribute[0], Bounds(low=value)
        case "LessThan" | "LessThanOrEqual":
            return attribute[0], Bounds(high=value)
        case "In" if value and None not in value:
            return attribute[0], Bounds(min(value), max(value))
    return None


def _meets(value: Any, bounds: Bounds | None) -> bool:
    """Whether the value of a folder can meet conditions. Null meets none."""
    if bounds is None:
        return True
    if value is None:
        return False
    return (bounds.low is None or value >= bounds.low) and (bounds.high is None or value <= bounds.high)
