"""The directory: which regions there are, where their extents lie, and the metadata."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .errors import corrupt
from .layout import FIRST_LOG_OFFSET, OFFSET_MAX, PAGE_BYTES, UNIT_BYTES, CutShort, Extent, Fields, padded

NAME_BYTES_MAX = 1024
LANES_MAX = 1 << 20
# What one sector of the checksum table is about, and how long it is.
_SECTOR_PAGES, _SECTOR_BYTES = 63, 512


@dataclass(frozen=True)
class Kind:
    """What the elements of a region are. `dtype` is None for string views, of 16 bytes."""

    name: str
    bytes: int
    dtype: np.dtype[np.generic] | None


_NUMBERS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")
_NAMES = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64")
KINDS: dict[int, Kind] = {
    **{
        code: Kind(name, int(number[1]), np.dtype(number))
        for code, (name, number) in enumerate(zip(_NAMES, _NUMBERS, strict=True), 1)
    },
    12: Kind("bits", 1, np.dtype("u1")),
    13: Kind("view", 16, None),
}


@dataclass(frozen=True)
class Region:
    """A growable run of elements, as the directory knows it."""

    id: int
    name: str
    kind: Kind
    lanes: int
    extents: tuple[Extent, ...]

    @property
    def width(self) -> int:
        """Bytes of one element."""
        return self.kind.bytes * self.lanes

    @property
    def capacity_bytes(self) -> int:
        return sum(extent.bytes for extent in self.extents)

    def holds(self, length: int) -> bool:
        return length * self.width <= self.capacity_bytes


@dataclass(frozen=True)
class Structure:
    """Everything of a store but the lengths of its regions."""

    data_version: int
    next_region: int
    regions: dict[int, Region]
    checksums: tuple[Extent, ...]
    metadata: bytes
    by_name: dict[str, Region] = field(compare=False)

    def check_places(self, reserved: Sequence[Extent]) -> int:
        """Checks that no two places overlap, and that the checksum table covers the regions. Gives their end."""
        of_regions = [extent for region in self.regions.values() for extent in region.extents]
        end = FIRST_LOG_OFFSET
        for place in sorted([*self.checksums, *of_regions, *reserved]):
            if place.offset < end:
                raise corrupt(f"two extents share the byte {place.offset}")
            end = place.end
        sectors = sum(extent.bytes for extent in self.checksums) // _SECTOR_BYTES
        if max((extent.end for extent in of_regions), default=0) > sectors * _SECTOR_PAGES * PAGE_BYTES:
            raise corrupt("the checksum table does not cover the regions")
        return end

    def holds_pages(self, page: int, count: int) -> bool:
        """Whether the pages of the file lie within one extent of a region."""
        start, end = page * PAGE_BYTES, (page + count) * PAGE_BYTES
        place = bisect_right(self._places, (start, OFFSET_MAX)) - 1
        return place >= 0 and end <= self._places[place].end

    @cached_property
    def _places(self) -> list[Extent]:
        return sorted(extent for region in self.regions.values() for extent in region.extents)


def decode_directory(data: bytes | memoryview) -> tuple[Structure, dict[int, int]]:
    """The structure, and the length of each region. Checks all of it, for the bytes may be hostile."""
    try:
        return _decode(Fields(data))
    except CutShort:
        raise corrupt("the directory is cut short") from None


def _decode(fields: Fields) -> tuple[Structure, dict[int, int]]:
    data_version, next_region, region_count, checksum_count, metadata_bytes = fields.unpack("4IQ")
    checksums = _extents(fields, checksum_count)
    regions: dict[int, Region] = {}
    lengths: dict[int, int] = {}
    by_name: dict[str, Region] = {}
    for _ in range(region_count):
        region, length = _region(fields)
        if region.id >= next_region:
            raise corrupt(f"region {region.id} is numbered past the end")
        if region.name in by_name:
            raise corrupt(f"two regions are named {region.name!r}")
        if region.id in regions:
            raise corrupt(f"two regions have the number {region.id}")
        regions[region.id] = by_name[region.name] = region
        lengths[region.id] = length
    if fields.remaining != metadata_bytes:
        raise corrupt("the metadata in the directory has another length than it says")
    metadata = bytes(fields.take(metadata_bytes))
    return Structure(data_version, next_region, regions, checksums, metadata, by_name), lengths


def _extents(fields: Fields, count: int) -> tuple[Extent, ...]:
    numbers = np.frombuffer(fields.take(16 * count), np.uint64).tolist()
    extents = tuple(Extent(offset, size) for offset, size in zip(numbers[0::2], numbers[1::2], strict=True))
    total = 0
    for extent in extents:
        total += extent.bytes
        is_aligned = extent.offset % UNIT_BYTES == 0 and extent.bytes % UNIT_BYTES == 0
        if not is_aligned or extent.bytes == 0 or max(extent.end, total + 1) >= OFFSET_MAX:
            raise corrupt(f"an extent of {extent.bytes} bytes lies at {extent.offset}")
    return extents


def _region(fields: Fields) -> tuple[Region, int]:
    number, code, reserved, name_bytes, lanes, extent_count, length = fields.unpack("IBBHIIQ")
    if code not in KINDS:
        raise corrupt(f"element kind {code} is unknown to this package")
    extents = _extents(fields, extent_count)
    name = bytes(fields.take(name_bytes))
    fields.skip_zeros(padded(name_bytes) - name_bytes)
    if reserved != 0 or name_bytes > NAME_BYTES_MAX or not 1 <= lanes <= LANES_MAX:
        raise corrupt(f"the entry of region {number} is senseless")
    try:
        region = Region(number, name.decode(), KINDS[code], lanes, extents)
    except UnicodeDecodeError:
        raise corrupt(f"the name of region {number} is not UTF-8") from None
    if not region.holds(length):
        raise corrupt(
            f"region {region.name!r} has {length} elements of {region.width} bytes in extents of "
            f"{region.capacity_bytes} bytes"
        )
    return region, length
