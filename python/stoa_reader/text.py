"""utf8 columns as Arrow's string views.

Views are copied and checked, for whoever follows them trusts them; the text is the file's memory. A heap lies in
several extents, and a view names one buffer and an offset in it: so views are made to name the extents. Text that lies
in two of them is copied.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from .errors import LimitError, corrupt
from .memory import Bytes

INLINE_BYTES = 12
# No text crosses a multiple of this in the heap, and Arrow's offsets end there.
BUFFER_BYTES = 2**31

_Offsets = npt.NDArray[np.int64]


def text_array(
    rows: Bytes, heap: list[Bytes], validity: pa.Buffer | None, present: npt.NDArray[np.bool_] | None, copies: bool
) -> pa.Array:
    """The array of some rows, whose 16 bytes each are a copy; `heap` is all of the heap, cut where extents end."""
    views = rows.view(np.uint32).reshape(-1, 4)
    if present is not None:
        # What is behind a null means nothing.
        views[~present] = 0
    lengths = views[:, 0].astype(np.int64)
    long = np.flatnonzero(lengths > INLINE_BYTES)
    starts = views[long, 2].astype(np.int64) * BUFFER_BYTES + views[long, 3].astype(np.int64)
    ends = starts + lengths[long]
    heap_bytes = sum(len(piece) for piece in heap)
    # A senseless number may pass the end of 63 bits.
    if len(long) > 0 and (int(ends.max()) > heap_bytes or int(min(starts.min(), ends.min())) < 0):
        raise corrupt("a text reaches past the end of its heap")
    buffers, firsts = _buffers(heap)
    places = np.searchsorted(firsts, starts, "right") - 1
    offsets = starts - firsts[places] if len(long) > 0 else starts
    crossing = np.flatnonzero(ends > firsts[places + 1]) if len(long) > 0 else long
    if len(crossing) > 0:
        spilled, at = _spill(heap, starts[crossing], ends[crossing])
        places[crossing], offsets[crossing] = len(buffers), at
        buffers.append(spilled)
    if copies:
        buffers = [_used(buffer, index, places, offsets, lengths[long]) for index, buffer in enumerate(buffers)]
    views[long, 2] = places
    views[long, 3] = offsets
    data = [pa.py_buffer(buffer) for buffer in buffers]
    array = pa.Array.from_buffers(pa.string_view(), len(views), [validity, pa.py_buffer(views), *data])
    try:
        # Places, first bytes, and that all of it is UTF-8.
        array.validate(full=True)
    except pa.ArrowException as error:
        raise corrupt(f"a text cannot be read: {error}") from error
    return array


def _buffers(heap: list[Bytes]) -> tuple[list[Bytes], _Offsets]:
    """The heap cut where extents end and at multiples of 2 GiB: the parts, and where each begins, and the last ends."""
    buffers, firsts, at = [], [], 0
    for piece in heap:
        begin = 0
        while begin < len(piece):
            end = min(len(piece), begin + BUFFER_BYTES - at % BUFFER_BYTES)
            buffers.append(piece[begin:end])
            firsts.append(at)
            at += end - begin
            begin = end
    return buffers, np.array([*firsts, at], np.int64)


def _spill(heap: list[Bytes], starts: _Offsets, ends: _Offsets) -> tuple[Bytes, _Offsets]:
    """A copy of texts that lie in two extents, and where each begins in it."""
    places: dict[tuple[int, int], int] = {}
    parts: list[Bytes] = []
    size = 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if (start, end) in places:
            continue
        places[start, end] = size
        size += end - start
        if size >= BUFFER_BYTES:
            raise LimitError("the texts that lie in two extents take more than 2 GiB")
        at = 0
        for piece in heap:
            parts.append(piece[max(start - at, 0) : max(end - at, 0)])
            at += len(piece)
    found = [places[place] for place in zip(starts.tolist(), ends.tolist(), strict=True)]
    return np.concatenate(parts), np.array(found, np.int64)


def _used(buffer: Bytes, index: int, places: _Offsets, offsets: _Offsets, lengths: _Offsets) -> Bytes:
    """A copy of the part of a buffer that views name; their offsets become those in it."""
    naming = places == index
    if not naming.any():
        return np.empty(0, np.uint8)
    first, last = int(offsets[naming].min()), int((offsets + lengths)[naming].max())
    offsets[naming] -= first
    return buffer[first:last].copy()
