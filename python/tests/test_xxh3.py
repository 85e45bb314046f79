"""Goal: the checksum is XXH3. Method: every length up to some blocks, with and without a seed, against the reference."""

from __future__ import annotations

import random

import numpy as np
import pytest
import xxhash

from stoa_reader.xxh3 import checksum, page_checksums


def test_all_lengths_have_the_checksum_of_the_reference(seed: int) -> None:
    data = random.Random(seed).randbytes(5000)
    for length in [*range(17, 320), *range(1000, 1100), *range(2040, 2060), 4096, 5000]:
        for salt in (0, 1, 0x0123456789ABCDEF, 2**64 - 1):
            expected = xxhash.xxh3_64_intdigest(data[:length], salt)
            assert checksum(data[:length], salt) == expected, (length, salt)


def test_data_of_several_steps_has_the_checksum_of_the_reference(seed: int) -> None:
    data = random.Random(seed).randbytes(3_000_001)
    for length in (1 << 20, (1 << 20) + 1, (1 << 21) + 65, len(data)):
        assert checksum(data[:length], 5) == xxhash.xxh3_64_intdigest(data[:length], 5)


def test_pages_have_the_checksums_of_the_reference(seed: int) -> None:
    pages = np.frombuffer(random.Random(seed).randbytes(4096 * 9), np.uint8).reshape(9, 4096)
    assert page_checksums(pages).tolist() == [xxhash.xxh3_64_intdigest(page.tobytes()) for page in pages]


def test_what_no_checksum_of_the_format_is_made_of_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        checksum(b"x" * 16)
