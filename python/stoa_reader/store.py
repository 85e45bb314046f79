"""A store, open for reading."""

from __future__ import annotations

import inspect
import os
import random
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from .catalog import ColumnDefinition, Definition, read_catalog
from .column import Column
from .committed import Committed, find_committed
from .directory import Region
from .errors import BusyError, ClosedError, CorruptError, NotFoundError, StoaError
from .file import File
from .labels import Labels
from .memory import Bytes, Memory
from .published import Stamp
from .table import Table

T = TypeVar("T")

# Tries for a snapshot. After so many it is enough as soon as so much time has passed.
_TRIES_MAX, _TRIES_MIN, _TRIES_S = 100, 10, 2.0
_PAUSE_S, _PAUSE_S_MAX = 250e-6, 20e-3


def open_store(path: str | os.PathLike[str]) -> Store:
    """Opens a store for reading, beside its writer or without one. Takes no lock and writes nothing.

    What a killed writer left half written is completed from the log in memory of this process: it reads as its last
    commit. Costs some reads, whatever the size of the file. NotFoundError, FormatError, EndianError, VersionError,
    CorruptError, IoError; BusyError where a writer recovers the file for longer than a second.
    """
    return Store(os.fspath(path))


class Store:
    """A file of tables and arrays, as they were at one commit: the newest when it was opened or last refreshed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._is_in_snapshot = False
        self._dictionaries: dict[int, Labels] = {}
        # A newer commit of which only the lengths of labels and heaps are taken.
        self._reached: Committed | None = None
        self._file = File(path)
        try:
            _, self._committed = find_committed(self._file, None, is_whole=True)
            self._catalog = read_catalog(self._committed.structure, path)
        except StoaError as error:
            self._file.close()
            raise type(error)(f"cannot open '{path}': {error}", path) from error
        self._memory = Memory(self._file, self._committed.pages)

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of the tables, in order of creation."""
        return tuple(name for name, definition in self._shown().items() if not definition.is_array)

    @property
    def arrays(self) -> tuple[str, ...]:
        """The names of the arrays, in order of creation."""
        return tuple(name for name, definition in self._shown().items() if definition.is_array)

    def table(self, name: str) -> Table:
        """A table. NotFoundError where there is none of that name."""
        self._definition(name, is_array=False)
        return Table(self, name)

    def array(self, name: str) -> Column:
        """An array. NotFoundError where there is none of that name."""
        self._definition(name, is_array=True)
        return Column(self, name, None)

    @property
    def commit_id(self) -> int:
        """The number of the commit that is shown."""
        return self._committed.commit

    @property
    def data_version(self) -> int:
        """The version that the writers give their data."""
        return self._committed.structure.data_version

    @property
    def is_live(self) -> bool:
        """Whether the store is live: then rows show as they are pushed, not as they are committed."""
        return self._committed.live is not None

    def refresh(self) -> bool:
        """Goes on to the newest commit; False where it is shown already. Arrays that were handed out stay as they are.

        Costs 0.03 ms where there is none. CorruptError, IoError: what was shown is shown still. In a snapshot: False.
        """
        self._shown()
        if self._is_in_snapshot:
            return False
        before = self._committed
        self._go_on(is_whole=False)
        return self._committed is not before

    def snapshot(self, read: Callable[[], T]) -> T:
        """Goes on to the newest commit and runs `read`, again where something was committed meanwhile.

        So what it gives is of one commit. All arrays are copies in here. `read` may run several times, and must fit
        between two commits; what it raises counts only in a try that was whole. After 100 tries, or 10 if these took
        two seconds, it is a BusyError.
        """
        self._shown()
        if self._is_in_snapshot:
            return read()
        since = time.monotonic()
        pause = _PAUSE_S
        tries = 0
        while tries < _TRIES_MIN or (tries < _TRIES_MAX and time.monotonic() - since < _TRIES_S):
            tries += 1
            stamp = self._go_on(is_whole=True)
            failure: Exception | None = None
            self._is_in_snapshot = True
            try:
                result = read()
            except Exception as error:
                failure = error
            finally:
                self._is_in_snapshot = False
            if Stamp.read(self._file) == stamp:
                if failure is not None:
                    raise failure
                if inspect.iscoroutine(result):
                    result.close()
                    raise TypeError("a snapshot is done when the function returns; this one is asynchronous")
                return result
            # Not always at the same moment of what the writer does again and again.
            time.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 1.5, _PAUSE_S_MAX)
        raise BusyError(
            f"cannot read '{self.path}' in one piece: the writer committed during each of {tries} tries; read less in "
            "a snapshot, or let the writer commit less often",
            self.path,
        )

    def close(self) -> None:
        """Closes the file. Arrays that were handed out stay."""
        self._file.close()
        self._catalog = {}
        self._memory = Memory(self._file, {})

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Store {self.path!r}, commit {self.commit_id}>"

    def _go_on(self, is_whole: bool) -> Stamp:
        shown = self._committed
        stamp, found = find_committed(self._file, shown, is_whole)
        if found is not shown:
            if found.structure is not shown.structure:
                self._catalog = read_catalog(found.structure, self.path)
            if found.structure is not shown.structure or found.pages or shown.pages or self._reached:
                self._memory = Memory(self._file, found.pages)
            self._committed = found
        self._reached = None
        return stamp

    def _attempt(self, read: Callable[[], T]) -> T:
        """Reads text and codes. What was changed in place since may refer to labels and to text that came with it."""
        try:
            return read()
        except CorruptError:
            if self._is_in_snapshot:
                raise
        for _ in range(_TRIES_MAX):
            stamp, self._reached = find_committed(self._file, self._committed, is_whole=True)
            self._memory = Memory(self._file, self._reached.pages)
            try:
                return read()
            except CorruptError:
                if Stamp.read(self._file) == stamp:
                    raise
        raise BusyError(f"cannot read '{self.path}': its writer changes it faster than it can be read", self.path)

    def _shown(self) -> dict[str, Definition]:
        if self._file.is_closed:
            raise ClosedError(f"'{self.path}' is closed; open it again", self.path)
        return self._catalog

    def _definition(self, name: str, *, is_array: bool | None) -> Definition:
        definition = self._shown().get(name)
        if definition is None or is_array not in (None, definition.is_array):
            kind = "array" if is_array else "table"
            there = ", ".join(repr(each) for each in (self.arrays if is_array else self.tables)) or "none"
            raise NotFoundError(f"'{self.path}' has no {kind} {name!r}; there are: {there}", self.path)
        return definition

    def _column(self, owner: str, name: str | None) -> ColumnDefinition:
        columns = self._definition(owner, is_array=name is None).columns
        key = owner if name is None else name
        if key not in columns:
            raise KeyError(f"table {owner!r} has no column {name!r}; it has {', '.join(columns)}")
        return columns[key]

    def _rows(self, owner: str) -> int:
        return self._definition(owner, is_array=None).rows(self._committed.lengths)

    def _labels(self, column: ColumnDefinition) -> list[str]:
        region = column.regions.get("labels")
        if region is None:
            return list(column.type.labels or ())
        known = self._dictionaries.setdefault(region.id, Labels())
        return known.load(self._memory.copy(*self._reach(region)).tobytes())

    def _heap(self, column: ColumnDefinition) -> list[Bytes]:
        region = column.regions.get("heap")
        return [] if region is None else list(self._memory.pieces(*self._reach(region)))

    def _reach(self, region: Region) -> tuple[Region, int, int]:
        """All bytes of a region of bytes, those that came since included."""
        length = self._committed.lengths[region.id]
        newer = self._reached and self._reached.structure.regions.get(region.id)
        if self._reached is not None and newer and self._reached.lengths[region.id] > length:
            return newer, 0, self._reached.lengths[region.id]
        return region, 0, length
