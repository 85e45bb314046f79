"""Rows of a sorted column that can meet conditions."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow.compute as pc

from .column import Column

# Rows that are compared in one step.
_STEP = 1 << 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Bounds:
    """Values from `low` to `high`; None: without a bound."""

    low: Any = None
    high: Any = None

    def within(self, other: Bounds) -> Bounds:
        """What lies within both."""
        lows = [each for each in (self.low, other.low) if each is not None]
        highs = [each for each in (self.high, other.high) if each is not None]
        return Bounds(max(lows, default=None), min(highs, default=None))


def rows_within(column: Column, bounds: Bounds, rows: int) -> tuple[int, int]:
    """Of the first rows those that can lie within bounds: all of them unless the column is sorted, without nulls.

    Reads all of the column once, to know whether it is sorted, then about 60 rows.
    """
    numbers = {"i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f32", "f64", "timestamp", "timestamp64"}
    if column.type.name not in numbers or column.type.is_nullable or not _is_sorted(column, rows):
        return 0, rows
    places = range(rows)
    low, high = _comparable(bounds.low), _comparable(bounds.high)

    def value(row: int) -> Any:
        shown = column.to_arrow(row, row + 1)[0]
        return _comparable(shown.as_py() if not column.type.name.startswith("timestamp") else _microseconds(shown))

    first = 0 if low is None else bisect_left(places, low, key=value)
    last = rows if high is None else bisect_right(places, high, key=value)
    return first, max(first, last)


def _is_sorted(column: Column, rows: int) -> bool:
    for start in range(0, rows, _STEP):
        # One row more: steps must not hide a descent between them.
        values = column.to_numpy(start, min(start + _STEP + 1, rows))
        # NaN is less than nothing, and a time that is none neither.
        if not np.all(values[:-1] <= values[1:]) or (len(values) == 1 and values[0] != values[0]):
            return False
    return True


def _microseconds(shown: Any) -> int | None:
    value: int | None = pc.cast(shown, "int64").as_py()
    if value is None:
        return None
    unit = shown.type.unit
    return value // 1000 if unit == "ns" else value * {"us": 1, "ms": 1000, "s": 1_000_000}[unit]


def _comparable(value: Any) -> Any:
    """A time as microseconds. Spark gives times without a zone in that of the session, which is this machine's."""
    if not isinstance(value, datetime):
        return value
    since = value.astimezone(UTC) - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
