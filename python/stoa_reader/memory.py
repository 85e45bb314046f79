"""The memory of regions: their extents, mapped, with the pages of the log laid over them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .directory import Region
from .file import File
from .layout import PAGE_BYTES, Extent

Bytes = npt.NDArray[np.uint8]


class Memory:
    """The extents of a file, each mapped when it is first needed. What was handed out stays as long as it is used."""

    def __init__(self, file: File, pages: dict[int, bytearray]) -> None:
        self._file = file
        self._pages = pages
        self._shown: dict[Extent, Bytes] = {}

    def pieces(self, region: Region, start: int, stop: int) -> Iterator[Bytes]:
        """The bytes of some elements, in order, whole elements a piece, cut where extents end.

        Those that lie in two extents are a copy, and a piece of their own.
        """
        width = region.width
        first, last = start * width, stop * width
        split = np.empty(0, np.uint8)
        at = 0
        for extent in region.extents:
            begin, end = max(first - at, 0), min(last - at, extent.bytes)
            at += extent.bytes
            if begin >= end:
                continue
            stretch = self._show(extent)[begin:end]
            if len(split) > 0:
                missing = width - len(split)
                split = np.concatenate([split, stretch[:missing]])
                stretch = stretch[missing:]
                if len(split) < width:
                    continue
                yield split
            whole = len(stretch) // width * width
            if whole > 0:
                yield stretch[:whole]
            split = stretch[whole:]

    def copy(self, region: Region, start: int, stop: int) -> Bytes:
        """The same in memory of this process."""
        pieces = list(self.pieces(region, start, stop))
        return np.concatenate(pieces) if pieces else np.empty(0, np.uint8)

    def _show(self, extent: Extent) -> Bytes:
        shown = self._shown.get(extent)
        if shown is None:
            shown = self._shown[extent] = self._map(extent)
        return shown

    def _map(self, extent: Extent) -> Bytes:
        first, end = extent.offset // PAGE_BYTES, extent.end // PAGE_BYTES
        if len(self._pages) < end - first:
            laid = [page for page in self._pages if first <= page < end]
        else:
            laid = [page for page in range(first, end) if page in self._pages]
        memory = self._file.map(extent, is_private=bool(laid))
        for page in laid:
            at = page * PAGE_BYTES - extent.offset
            memory[at : at + PAGE_BYTES] = bytes(self._pages[page])
        # Nobody writes to a reader's memory.
        return np.frombuffer(memoryview(memory).toreadonly(), np.uint8)
