"""The memory of regions: the file, mapped, with the pages of the log laid over it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from .directory import Region
from .file import File
from .layout import PAGE_BYTES, Extent

Bytes = npt.NDArray[np.uint8]


class Memory:
    """The file in one piece, mapped when it is first needed: every mapping keeps a descriptor of its own.

    What was handed out stays as long as it is used.
    """

    def __init__(self, file: File, pages: dict[int, bytearray]) -> None:
        self._file = file
        self._pages = pages
        self._whole: Bytes = np.empty(0, np.uint8)

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
        if extent.end > len(self._whole):
            self._whole = self._map(max(self._file.size(), extent.end))
        return self._whole[extent.offset : extent.end]

    def _map(self, size: int) -> Bytes:
        memory = self._file.map(Extent(0, size), is_private=bool(self._pages))
        for page, content in self._pages.items():
            memory[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = bytes(content)
        # Nobody writes to a reader's memory.
        return np.frombuffer(memoryview(memory).toreadonly(), np.uint8)
