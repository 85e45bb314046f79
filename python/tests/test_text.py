"""Goal: text is found wherever it lies in its heap. Method: views over heaps cut in every way, one of more than 2 GiB."""

from __future__ import annotations

import mmap
from pathlib import Path

import numpy as np
import pytest

from stoa_reader.errors import CorruptError
from stoa_reader.memory import Bytes
from stoa_reader.text import BUFFER_BYTES, text_array


def views(texts: list[bytes], places: list[int]) -> Bytes:
    rows = np.zeros((len(texts), 16), np.uint8)
    for row, (text, place) in enumerate(zip(texts, places, strict=True)):
        rows[row, :4] = np.frombuffer(len(text).to_bytes(4, "little"), np.uint8)
        head = text if len(text) <= 12 else text[:4]
        rows[row, 4 : 4 + len(head)] = np.frombuffer(head, np.uint8)
        if len(text) > 12:
            number, offset = divmod(place, BUFFER_BYTES)
            rows[row, 8:16] = np.frombuffer(number.to_bytes(4, "little") + offset.to_bytes(4, "little"), np.uint8)
    return rows.reshape(-1)


@pytest.mark.parametrize("copies", [False, True])
def test_text_in_one_extent_or_across_two_reads_the_same(copies: bool, seed: int) -> None:
    random = np.random.default_rng(seed)
    texts = [f"{row} {'é' * int(random.integers(0, 30))}".encode() for row in range(500)]
    heap, places = bytearray(), []
    for text in texts:
        places.append(len(heap))
        heap += text if len(text) > 12 else b""
    for cuts in ([], [1], [100], sorted(random.integers(0, len(heap), 40).tolist())):
        pieces = [np.frombuffer(bytes(part), np.uint8) for part in np.split(np.frombuffer(heap, np.uint8), cuts)]
        array = text_array(views(texts, places), [piece for piece in pieces if len(piece)], None, None, copies)
        assert array.to_pylist() == [text.decode() for text in texts]


def test_text_behind_two_gibibytes_is_found(tmp_path: Path) -> None:
    size = BUFFER_BYTES + (1 << 20)
    path = tmp_path / "heap"
    texts = [b"at the very beginning", b"just below two gibibytes", b"just behind two gibibytes", b"short"]
    places = [0, BUFFER_BYTES - len(texts[1]), BUFFER_BYTES, 0]
    with path.open("wb+") as file:
        # A file of holes: it takes some pages.
        file.truncate(size)
        for text, place in zip(texts[:3], places, strict=False):
            file.seek(place)
            file.write(text)
        file.flush()
        heap = np.frombuffer(mmap.mmap(file.fileno(), size, access=mmap.ACCESS_READ), np.uint8)
    expected = [text.decode() for text in texts]
    assert text_array(views(texts, places), [heap], None, None, copies=False).to_pylist() == expected
    # An extent ends inside of each of them, too.
    cut = [heap[:10], heap[10 : BUFFER_BYTES - 5], heap[BUFFER_BYTES - 5 : BUFFER_BYTES + 7], heap[BUFFER_BYTES + 7 :]]
    assert text_array(views(texts, places), cut, None, None, copies=False).to_pylist() == expected


@pytest.mark.parametrize("place", [990, 1000, BUFFER_BYTES, 2**63 - 8, 2**62])
def test_text_outside_of_its_heap_is_refused(place: int) -> None:
    heap = np.frombuffer(b"x" * 1000, np.uint8)
    with pytest.raises(CorruptError, match="past the end"):
        text_array(views([b"x" * 20], [place]), [heap], None, None, copies=False)


def test_what_is_behind_a_null_means_nothing() -> None:
    heap = np.frombuffer(b"x" * 100, np.uint8)
    rows = views([b"x" * 20, b"x" * 20], [0, 500])
    import pyarrow as pa

    array = text_array(rows, [heap], pa.py_buffer(b"\x01"), np.array([True, False]), copies=False)
    assert array.to_pylist() == ["x" * 20, None]
