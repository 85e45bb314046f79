"""A table: columns of equal length."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from .arrow import arrow_field
from .column import Column

if TYPE_CHECKING:
    from .store import Store


class Table:
    """What has this name in the commit that the store shows. Anything that takes Arrow streams takes it as it is."""

    def __init__(self, store: Store, name: str) -> None:
        self._store = store
        self.name = name

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its columns, in order."""
        return tuple(self._store._definition(self.name, is_array=False).columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema. The metadata of a field has the column's type in the store, as `stoa.type`."""
        columns = self._store._definition(self.name, is_array=False).columns.values()
        return pa.schema([arrow_field(column.name, column.type) for column in columns])

    def __len__(self) -> int:
        return self._store._rows(self.name)

    def __repr__(self) -> str:
        return f"<Table {self.name!r}, {len(self)} rows of {', '.join(self.columns)}>"

    def column(self, name: str) -> Column:
        """A column. KeyError where there is none of that name."""
        self._store._column(self.name, name)
        return Column(self._store, self.name, name)

    def to_arrow(
        self,
        columns: Iterable[str] | None = None,
        start: int = 0,
        stop: int | None = None,
        *,
        copy: bool = False,
    ) -> pa.Table:
        """Some columns, by default all, of some rows, by default all, as an Arrow table: see `Column.to_arrow`."""
        names = list(self.columns if columns is None else columns)
        last = len(self) if stop is None else stop
        arrays = [self.column(name).to_arrow(start, last, copy=copy) for name in names]
        fields = [self.schema.field(name).with_type(array.type) for name, array in zip(names, arrays, strict=True)]
        if not names:
            raise ValueError("a table without columns has no rows; name one at least")
        return pa.Table.from_arrays(arrays, schema=pa.schema(fields))

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        return self.to_arrow().__arrow_c_stream__(requested_schema)
