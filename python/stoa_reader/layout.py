"""Where things lie in a store's file, and fields of fixed width. `docs/format.md` tells the same in tables."""

from __future__ import annotations

import struct
from typing import NamedTuple

MAGIC = b"\x8bstoa\r\n\x1a"
ENDIANNESS_MARK = 0x1234
VERSION = 1

PAGE_BYTES = 4096
UNIT_BYTES = 65_536
HEADER_BYTES = 512
SLOT_OFFSETS = (PAGE_BYTES, UNIT_BYTES + PAGE_BYTES)
AREA_BYTES = UNIT_BYTES - 2 * PAGE_BYTES
AREA_OFFSETS = (2 * PAGE_BYTES, UNIT_BYTES + 2 * PAGE_BYTES)
PUBLISHED_OFFSET = 2 * UNIT_BYTES
FIRST_LOG_OFFSET = 3 * UNIT_BYTES

DIRECTORY_BYTES_MAX = 64 << 20
RECORD_BYTES_MAX = 16 << 30
LOG_BYTES_MAX = 2 * RECORD_BYTES_MAX
# What an offset in a file can be.
OFFSET_MAX = 2**63 - 1


class Extent(NamedTuple):
    """A run of bytes of the file."""

    offset: int
    bytes: int

    @property
    def end(self) -> int:
        return self.offset + self.bytes


class CutShort(Exception):
    """Fewer bytes than the fields need, or others than they may have."""


class Fields:
    """A cursor over bytes that may be hostile: it never passes their end."""

    def __init__(self, data: bytes | memoryview) -> None:
        self.data = memoryview(data)
        self.at = 0

    @property
    def remaining(self) -> int:
        return len(self.data) - self.at

    def take(self, count: int) -> memoryview:
        if count > self.remaining:
            raise CutShort
        self.at += count
        return self.data[self.at - count : self.at]

    def unpack(self, layout: str) -> tuple[int, ...]:
        """Integers of the machine's byte order, as `struct` names them, without padding."""
        fields = struct.Struct("=" + layout)
        return fields.unpack(self.take(fields.size))

    def u64(self) -> int:
        return self.unpack("Q")[0]

    def skip_zeros(self, count: int) -> None:
        if any(self.take(count)):
            raise CutShort


def padded(count: int, unit: int = 8) -> int:
    """The next multiple of `unit`."""
    return -(-count // unit) * unit
