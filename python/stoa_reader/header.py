"""The identity of a store and its two header slots."""

from __future__ import annotations

from dataclasses import dataclass

from . import layout
from .errors import EndianError, FormatError, VersionError, corrupt
from .layout import HEADER_BYTES, CutShort, Extent, Fields
from .xxh3 import checksum

_CHECKSUM_AT = HEADER_BYTES - 8


def _is_sealed(data: bytes) -> bool:
    return len(data) == HEADER_BYTES and Fields(data[_CHECKSUM_AT:]).u64() == checksum(data[:_CHECKSUM_AT])


def check_identity(data: bytes) -> None:
    """Checks the first bytes of a file: magic, byte order, versions, checksum, in this order."""
    fields = Fields(data)
    try:
        if fields.take(len(layout.MAGIC)) != layout.MAGIC:
            raise CutShort
    except CutShort:
        raise FormatError("it is not a store: it does not begin with the magic bytes of one") from None
    try:
        mark, write_version, read_version = fields.unpack("HHH")
    except CutShort:
        raise corrupt("it ends inside its first header") from None
    if mark == int.from_bytes(layout.ENDIANNESS_MARK.to_bytes(2, "big"), "little"):
        raise EndianError(
            "the store is in the byte order of another machine; open it on a machine of that order and copy the values"
        )
    if mark != layout.ENDIANNESS_MARK:
        raise corrupt(f"its endianness mark is {mark:#06x} instead of {layout.ENDIANNESS_MARK:#06x}")
    if max(read_version, write_version) > layout.VERSION:
        raise VersionError(
            f"the store has file format {write_version}, this package reads {layout.VERSION}; upgrade to a newer one"
        )
    if not _is_sealed(data):
        raise corrupt("the checksum of its first header does not match")


@dataclass(frozen=True)
class Header:
    """The state at a checkpoint, and where to go on from it."""

    epoch: int
    base_commit: int
    log: Extent
    directory: Extent
    directory_checksum: int
    salt: int
    data_version: int

    @staticmethod
    def decode(data: bytes, slot: int) -> Header | None:
        """What was found in a slot. None where it is torn, foreign or senseless."""
        if not _is_sealed(data):
            return None
        fields = Fields(data)
        if fields.take(len(layout.MAGIC)) != layout.MAGIC or fields.unpack("HHHH")[0] != layout.ENDIANNESS_MARK:
            return None
        epoch, base, log_at, log_bytes, at, length, directory_checksum, salt = fields.unpack("8Q")
        log, directory = Extent(log_at, log_bytes), Extent(at, length)
        is_sound = (
            epoch % 2 == slot
            and max(epoch, base) < 2**63 - 1
            and max(log.end, directory.end) < layout.OFFSET_MAX
            and length <= layout.DIRECTORY_BYTES_MAX
            and log_at >= layout.FIRST_LOG_OFFSET
            and log_at % layout.UNIT_BYTES == 0
            and log_bytes % layout.UNIT_BYTES == 0
            and 0 < log_bytes <= layout.LOG_BYTES_MAX
        )
        return Header(epoch, base, log, directory, directory_checksum, salt, *fields.unpack("I")) if is_sound else None

    @property
    def reserved(self) -> list[Extent]:
        """The places that no region may have."""
        if self.directory.offset in layout.AREA_OFFSETS:
            return [self.log]
        return [self.log, Extent(self.directory.offset, layout.padded(self.directory.bytes, layout.UNIT_BYTES))]
