"""A column of a table, or an array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .arrow import Source, arrow_type, converted_array, dtype_of, is_shared, shared_arrays
from .types import StoaType

if TYPE_CHECKING:
    from .store import Store


class Column:
    """Named values of one type: a column of a table, or an array of a store, at the commit that its store shows."""

    def __init__(self, store: Store, owner: str, name: str | None) -> None:
        self._store = store
        self._owner = owner
        # None: the owner is an array.
        self._name = name

    @property
    def name(self) -> str:
        return self._owner if self._name is None else self._name

    @property
    def type(self) -> StoaType:
        return self._store._column(self._owner, self._name).type

    @property
    def labels(self) -> list[str] | None:
        """The labels of a `symbol` or `oneOf`, by their codes; None for other types."""
        column = self._store._column(self._owner, self._name)
        if column.type.name == "symbol":
            return list(self._store._attempt(lambda: self._store._labels(column)))
        return None if column.type.labels is None else list(column.type.labels)

    def __len__(self) -> int:
        return self._store._rows(self._owner)

    def __repr__(self) -> str:
        return f"<Column {self.name!r} of {self.type}, {len(self)} rows>"

    def to_arrow(self, start: int = 0, stop: int | None = None, *, copy: bool = False) -> pa.ChunkedArray:
        """The rows from `start` up to `stop`, by default all, as an Arrow array.

        Numbers, `timestamp64`, `bytes` and `vector` are the file's memory, a chunk an extent; `docs/python.md` tells
        what of the other types is a copy. `copy`: all of it is memory of this process. Costs nothing a row where the
        memory is shared. IndexError for rows that are not there, CorruptError for text and codes that cannot be.
        """
        column = self._store._column(self._owner, self._name)
        first, last = self._range(start, stop)
        copies = copy or self._store._is_in_snapshot

        def read() -> pa.ChunkedArray:
            source = Source(column, self._store._memory, first, last)
            if is_shared(column.type):
                return pa.chunked_array(shared_arrays(source, copies), arrow_type(column.type))
            labels = self._store._labels(column)
            return pa.chunked_array([converted_array(source, labels, self._store._heap(column), copies)])

        return self._store._attempt(read)

    def to_numpy(self, start: int = 0, stop: int | None = None, *, copy: bool = False) -> npt.NDArray[Any]:
        """The rows from `start` up to `stop`, by default all, as a numpy array.

        The file's memory, not to be written to, where they lie in one extent, else a copy; `bool` and `utf8` always
        are one. `timestamp` is f64 milliseconds, `timestamp64` datetime64, `symbol` and `oneOf` codes; `bytes` and
        `vector` have a second dimension; text is objects. `nullable` gives a masked array, text None. IndexError for
        rows that are not there.
        """
        column = self._store._column(self._owner, self._name)
        if column.type.name == "utf8":
            return np.array(self.to_arrow(start, stop).to_pylist(), dtype=object)
        first, last = self._range(start, stop)
        source = Source(column, self._store._memory, first, last)
        pieces = source.pieces(copy or self._store._is_in_snapshot)
        data = pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, np.uint8), *pieces])
        values: npt.NDArray[Any] = data.view(dtype_of(column.type))
        if column.type.name == "bool":
            values = values != 0
        if column.type.length is not None:
            values = values.reshape(-1, column.type.length)
        present = source.present(first, last)
        if present is None:
            return values
        mask = ~present if values.ndim == 1 else np.repeat(~present[:, np.newaxis], values.shape[1], axis=1)
        return np.ma.MaskedArray(values, mask)

    def _range(self, start: int, stop: int | None) -> tuple[int, int]:
        rows = len(self)
        last = rows if stop is None else stop
        if not 0 <= start <= last <= rows:
            raise IndexError(f"{self.name!r} has {rows} rows; there are none from {start} to {last}")
        return start, last
