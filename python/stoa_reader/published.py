"""What a writer tells other processes: the sequence word, the published block, the live block."""

from __future__ import annotations

from dataclasses import dataclass

from .file import File, boot_id
from .layout import (
    DIRECTORY_BYTES_MAX,
    OFFSET_MAX,
    PUBLISHED_OFFSET,
    UNIT_BYTES,
    CutShort,
    Extent,
    Fields,
)
from .xxh3 import checksum

_BLOCK_AT, _BLOCK_BYTES = 64, 40
_LIVE_AT, _LIVE_BYTES = 128, 64


@dataclass(frozen=True)
class Published:
    """The newest commit that is durable and written home."""

    commit: int
    epoch: int
    boot_id: int
    is_open: bool

    @staticmethod
    def decode(data: bytes) -> Published | None:
        try:
            fields = Fields(data)
            commit, epoch, boot, state, found = fields.unpack("5Q")
        except CutShort:
            return None
        if found != checksum(data[: _BLOCK_BYTES - 8]) or state > 1:
            return None
        return Published(commit, epoch, boot, state == 1)

    @property
    def is_of_this_boot(self) -> bool:
        """Then it is exact: after a power cut it may say anything."""
        return self.boot_id != 0 and self.boot_id == boot_id()


@dataclass(frozen=True)
class LiveBlock:
    """Where the structure and the lengths of a live store lie."""

    boot_id: int
    directory: Extent
    directory_checksum: int
    lengths: Extent
    change: int

    @staticmethod
    def decode(data: bytes) -> LiveBlock | None:
        """The block of this boot, where there is one that makes sense."""
        try:
            boot, at, length, directory_checksum, table_at, table_bytes, change, found = Fields(data).unpack("8Q")
        except CutShort:
            return None
        directory, lengths = Extent(at, length), Extent(table_at, table_bytes)
        is_whole = (
            boot != 0
            and boot == boot_id()
            and found == checksum(data[: _LIVE_BYTES - 8])
            and all(place.offset % UNIT_BYTES == 0 and place.end < OFFSET_MAX for place in (directory, lengths))
            and length <= DIRECTORY_BYTES_MAX
            and table_bytes % UNIT_BYTES == 0
            and (length > 0) == (table_bytes > 0)
        )
        return LiveBlock(boot, directory, directory_checksum, lengths, change) if is_whole else None

    @property
    def tells(self) -> bool:
        """Whether it names a structure: else a sync of the live store failed, and nothing that it told counts."""
        return self.directory.bytes > 0


@dataclass(frozen=True)
class Stamp:
    """What the writer tells at one moment. Equal at two moments: no committed byte changed between them."""

    sequence: int
    block: Published | None
    live: LiveBlock | None

    @staticmethod
    def read(file: File) -> Stamp:
        """In one call, for the writer writes the word and the block in one, too."""
        data = file.read(PUBLISHED_OFFSET, _LIVE_AT + _LIVE_BYTES)
        block = data[_BLOCK_AT : _BLOCK_AT + _BLOCK_BYTES]
        sequence = Fields(data).u64() if len(data) >= 8 else 0
        return Stamp(sequence, Published.decode(block), LiveBlock.decode(data[_LIVE_AT:]))

    @property
    def exact(self) -> Published | None:
        """The block, if this boot wrote it: then it names a commit that is durable."""
        return self.block if self.block is not None and self.block.is_of_this_boot else None

    @property
    def told_limit(self) -> int | None:
        """The newest commit that a writer of this boot told of: of what it left no later one counts."""
        return None if self.exact is None else max(self.exact.commit, self.sequence // 2)

    @property
    def is_moving(self) -> bool:
        """Whether a commit, or a recovery, is being written home."""
        return self.sequence % 2 == 1 or (self.block is not None and self.sequence // 2 > self.block.commit)
