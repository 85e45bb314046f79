"""A record of the log: all that one commit changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from .layout import DIRECTORY_BYTES_MAX, PAGE_BYTES, RECORD_BYTES_MAX, CutShort, Fields, padded
from .xxh3 import Words, checksum

_MAGIC = 0x8B1D_5E70_A106_C0DE
_CHECKSUMMED_FROM = 16
CLAIM_BYTES = 64
_GRANULES = 64
GRANULE_BYTES = PAGE_BYTES // _GRANULES
_WHOLE_PAGE = 2**64 - 1


@dataclass(frozen=True)
class Claim:
    """What the first 64 bytes of a record say of it. Nothing of it is proved yet."""

    salt: int
    checksum: int
    commit: int
    size: int
    length_count: int
    run_count: int
    image_count: int
    directory_bytes: int
    epoch: int

    @staticmethod
    def decode(data: bytes) -> Claim | None:
        try:
            magic, found, commit, size, lengths, runs, images, zero, directory, epoch = Fields(data).unpack("4Q4I2Q")
        except CutShort:
            return None
        return (
            Claim(magic ^ _MAGIC, found, commit, size, lengths, runs, images, directory, epoch) if zero == 0 else None
        )

    @property
    def outline_bytes(self) -> int:
        """How many bytes at its start the directory and the lengths take."""
        return CLAIM_BYTES + padded(self.directory_bytes) + 16 * self.length_count

    @property
    def end(self) -> int:
        """The bytes up to the next record."""
        return padded(self.size, PAGE_BYTES)

    def adds_up(self, file_bytes: int) -> bool:
        """Whether the counts can make up the length, in a file of so many bytes."""
        if self.size > RECORD_BYTES_MAX or self.directory_bytes > DIRECTORY_BYTES_MAX:
            return False
        least = self.outline_bytes + 16 * (self.run_count + self.image_count)
        most = self.image_count * PAGE_BYTES + file_bytes // PAGE_BYTES * 8
        return least <= self.size <= least + most

    def is_proved_by(self, data: bytes) -> bool:
        return checksum(memoryview(data)[_CHECKSUMMED_FROM:], self.salt) == self.checksum


class Outline(NamedTuple):
    """What a commit changed but the bytes of elements."""

    # Empty where only lengths changed.
    directory: memoryview
    lengths: list[tuple[int, int]]


class Run(NamedTuple):
    """Pages that were written to their place before the record, with the checksum of each."""

    page: int
    checksums: Words


class Image(NamedTuple):
    """A page of which the record holds the granules that the bitmap names."""

    page: int
    bitmap: int
    granules: memoryview

    @property
    def is_whole(self) -> bool:
        return self.bitmap == _WHOLE_PAGE

    def apply(self, page: bytearray) -> None:
        if self.is_whole:
            page[:] = self.granules
            return
        at = 0
        for granule in range(_GRANULES):
            if self.bitmap >> granule & 1:
                start = granule * GRANULE_BYTES
                page[start : start + GRANULE_BYTES] = self.granules[at : at + GRANULE_BYTES]
                at += GRANULE_BYTES


@dataclass(frozen=True)
class Record:
    """A record that was read back whole."""

    claim: Claim
    outline: Outline
    runs: list[Run]
    images: list[Image]


def decode_outline(claim: Claim, fields: Fields) -> Outline:
    """Reads it from the start of a record. Raises CutShort."""
    fields.take(CLAIM_BYTES)
    directory = fields.take(claim.directory_bytes)
    fields.skip_zeros(padded(claim.directory_bytes) - claim.directory_bytes)
    numbers = [fields.unpack("IIQ") for _ in range(claim.length_count)]
    return Outline(directory, [(region, length) for region, _, length in numbers])


def decode_record(claim: Claim, data: bytes) -> Record | None:
    """The record of a claim from all its bytes, whose checksum was proved. None where they make no sense."""
    fields = Fields(data)
    try:
        outline = decode_outline(claim, fields)
        runs = []
        for _ in range(claim.run_count):
            page, count = fields.unpack("2Q")
            runs.append(Run(page, np.frombuffer(fields.take(8 * count), np.uint64)))
        places = [fields.unpack("2Q") for _ in range(claim.image_count)]
        images = [Image(page, bitmap, fields.take(bitmap.bit_count() * GRANULE_BYTES)) for page, bitmap in places]
    except CutShort:
        return None
    return Record(claim, outline, runs, images) if fields.remaining == 0 else None
