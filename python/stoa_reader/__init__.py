"""Reads stores of `stoa`: typed arrays and tables that live in a file, as Arrow and numpy arrays over its memory.

>>> import stoa_reader
>>> with stoa_reader.open("market.stoa") as store:
...     store.table("trades").to_arrow()
"""

from .column import Column
from .dataset import Dataset, Partition, open_dataset
from .errors import (
    BusyError,
    ClosedError,
    CorruptError,
    EndianError,
    FormatError,
    IoError,
    LimitError,
    NotFoundError,
    SchemaError,
    StoaError,
    VersionError,
)
from .store import Store
from .store import open_store as open  # noqa: A004
from .table import Table
from .types import StoaType

__all__ = [
    "BusyError",
    "ClosedError",
    "Column",
    "CorruptError",
    "Dataset",
    "EndianError",
    "FormatError",
    "IoError",
    "LimitError",
    "NotFoundError",
    "Partition",
    "SchemaError",
    "StoaError",
    "StoaType",
    "Store",
    "Table",
    "VersionError",
    "open",
    "open_dataset",
]
