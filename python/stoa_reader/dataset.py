"""A folder of stores as one table: partitioned as Hive does, `day=2026-11-22/part-0.stoa`, or not at all."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from .errors import FormatError, NotFoundError, SchemaError
from .store import Store
from .table import Table

_SUFFIX = ".stoa"
# What Hive calls the partition of null.
_NULL = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})")

Value = str | int | bool | None


@dataclass(frozen=True)
class Partition:
    """One store of a dataset, and what the names of its folders say."""

    path: str
    values: dict[str, Value]


def open_dataset(path: str | os.PathLike[str], table: str | None = None, *, infers_types: bool = True) -> Dataset:
    """A store, or a folder of stores, as one table.

    `table` is the name of the table in each store; it may be left out where each has one only. Columns of folders whose
    names are all whole numbers are int64, all `true` or `false` bool, else text; all of them are text unless
    `infers_types`. No store is opened until it is needed. NotFoundError where there is none, FormatError where the
    folders of some are not those of others.
    """
    return Dataset(os.fspath(path), table, infers_types)


class Dataset:
    """Stores with the same table. Files that come later are not seen."""

    def __init__(self, path: str, table: str | None, infers_types: bool) -> None:
        self.path = path
        self._table = table
        found = [Partition(str(file), _values(file, Path(path))) for file in _files(Path(path))]
        if not found:
            raise NotFoundError(f"there is no store in '{path}'", path)
        names = list(found[0].values)
        for partition in found:
            if list(partition.values) != names:
                raise FormatError(f"'{partition.path}' is in other folders than '{found[0].path}'", path)
        kinds = {name: _kind([each.values[name] for each in found], infers_types) for name in names}
        self._fields = [pa.field(name, kind) for name, kind in kinds.items()]
        #: The stores, by path.
        self.partitions = [
            Partition(each.path, {name: _typed(text, kinds[name]) for name, text in each.values.items()})
            for each in found
        ]

    @property
    def partition_schema(self) -> pa.Schema:
        """The columns of the folders."""
        return pa.schema(self._fields)

    def table_of(self, store: Store) -> Table:
        """The dataset's table in one of its stores."""
        if self._table is not None:
            return store.table(self._table)
        if len(store.tables) != 1:
            raise SchemaError(f"'{store.path}' has {len(store.tables)} tables; say which by `table`", store.path)
        return store.table(store.tables[0])

    @property
    def schema(self) -> pa.Schema:
        """The columns of the first store, then those of the folders. Opens that store."""
        with Store(self.partitions[0].path) as store:
            own = self.table_of(store).schema
            names = {field.name for field in self._fields} & set(own.names)
            if names:
                raise SchemaError(f"the columns {sorted(names)} are in the stores and in the folders", self.path)
            return pa.schema([*own, *self._fields])

    def to_arrow(self, columns: Iterable[str] | None = None) -> pa.Table:
        """Some columns, by default all, of all stores, each at its newest commit. SchemaError where they differ."""
        schema = self.schema
        names = schema.names if columns is None else list(columns)
        tables = []
        for partition in self.partitions:
            with Store(partition.path) as store:
                tables.append(self._fit(self.shown(store, partition, names), schema, partition))
        # Each store has labels of its own.
        return pa.concat_tables(tables).unify_dictionaries()

    def shown(
        self, store: Store, partition: Partition, names: list[str], start: int = 0, stop: int | None = None
    ) -> pa.Table:
        """Some columns, those of the folders too, of some rows of one store. SchemaError for one that is not there."""
        table = self.table_of(store)
        folders = self.partition_schema.names
        own = [name for name in names if name not in folders]
        missing = [name for name in own if name not in table.columns]
        if missing:
            raise SchemaError(f"'{partition.path}' has no columns {missing}; it has {list(table.columns)}", self.path)
        # Where all that is asked for is in the folders, any column tells the number of rows.
        shown = table.to_arrow(own or table.columns[:1], start, stop)
        for field in self._fields:
            if field.name in names:
                values = pa.repeat(pa.scalar(partition.values[field.name], field.type), shown.num_rows)
                shown = shown.append_column(field, values)
        return shown.select(names)

    def _fit(self, shown: pa.Table, schema: pa.Schema, partition: Partition) -> pa.Table:
        for field in shown.schema:
            expected = schema.field(field.name)
            if field.metadata != expected.metadata or field.type != expected.type:
                raise SchemaError(
                    f"column {field.name!r} of '{partition.path}' is not as in the first store", self.path
                )
        return shown


def _files(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob(f"*{_SUFFIX}") if file.is_file())


def _values(file: Path, root: Path) -> dict[str, Value]:
    folders = file.parent.relative_to(root).parts if file != root else ()
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return {unquote(name): None if text == _NULL else unquote(text) for name, _, text in pairs}


def _kind(values: list[Any], infers: bool) -> pa.DataType:
    texts = [value for value in values if value is not None]
    if infers and texts and all(_WHOLE.fullmatch(text) for text in texts):
        return pa.int64()
    if infers and texts and all(text in ("true", "false") for text in texts):
        return pa.bool_()
    return pa.string()


def _typed(text: Any, kind: pa.DataType) -> Value:
    if text is None or pa.types.is_string(kind):
        return text  # type: ignore[no-any-return]
    return int(text) if pa.types.is_int64(kind) else text == "true"
