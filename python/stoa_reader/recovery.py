"""What a writer left behind: which header counts, which records follow it, and which pages lie over the file."""

from __future__ import annotations

import numpy as np

from . import layout
from .directory import Structure, decode_directory
from .errors import corrupt
from .file import File
from .header import Header
from .layout import Extent
from .published import Published
from .record import CLAIM_BYTES, Claim, Outline, Record, Run, decode_record
from .xxh3 import checksum, page_checksums

# Pages whose checksums are made in one step.
_STEP_PAGES = 1024


class Recovered:
    """The last commit of a file. Nothing is written: `pages` are what the log holds and the file may not."""

    def __init__(self, header: Header, structure: Structure, lengths: dict[int, int]) -> None:
        self.header = header
        self.commit = header.base_commit
        self.structure = structure
        self.lengths = lengths
        self.pages: dict[int, bytearray] = {}


def find_last_commit(file: File, published: Published | None, limit: int | None) -> Recovered:
    """Finds the last commit, or the newest up to `limit`."""
    header = _newest_header(file, published)
    recovered = Recovered(header, *read_structure(file, header))
    head = 0
    following = _read_record(file, header.log, head, header.salt)
    while following is not None:
        record = following
        if record.claim.commit != recovered.commit + 1 or (limit is not None and record.claim.commit > limit):
            break
        head += record.claim.end
        following = _read_record(file, header.log, head, header.salt)
        if following is not None and following.claim.commit != record.claim.commit + 1:
            following = None
        # That there is a next record proves that the pages of this one were synced.
        if following is None and not all(_is_whole(file, run) for run in record.runs):
            break
        if not _apply(file, recovered, record, is_last=following is None):
            break
    return recovered


def read_header(file: File, slot: int) -> Header | None:
    return Header.decode(file.read(layout.SLOT_OFFSETS[slot], layout.HEADER_BYTES), slot)


def _newest_header(file: File, published: Published | None) -> Header:
    found = [header for header in (read_header(file, 0), read_header(file, 1)) if header is not None]
    if not found:
        raise corrupt("neither of its headers is whole")
    header = max(found, key=lambda each: each.epoch)
    # A power cut leaves the header before only if nothing was built on the next one: else that was lost by damage.
    first = _read_record(file, header.log, 0, None)
    newest = max(published.epoch if published else 0, first.claim.epoch if first else 0)
    if newest > header.epoch:
        raise corrupt("its newest header is gone")
    return header


def read_structure(file: File, header: Header) -> tuple[Structure, dict[int, int]]:
    """The directory that a header refers to."""
    place = header.directory
    area = layout.AREA_OFFSETS[header.epoch % 2]
    is_in_area = place.offset == area and place.bytes <= layout.AREA_BYTES
    if not is_in_area and place.offset % layout.UNIT_BYTES != 0:
        raise corrupt("its directory lies where none can lie")
    structure, lengths = decode_directory(read_checked(file, place, header.directory_checksum, "directory"))
    if structure.data_version != header.data_version:
        raise corrupt("its header and its directory disagree about the data version")
    file.check_length(structure.check_places(header.reserved))
    return structure, lengths


def read_checked(file: File, place: Extent, expected: int, what: str) -> bytes:
    """Bytes with a checksum. No directory is so short that it has none."""
    data = file.read(place.offset, file.check_length(place.bytes))
    if len(data) != place.bytes or len(data) <= 16 or checksum(data) != expected:
        raise corrupt(f"the checksum of its {what} does not match")
    return data


def directory_of(file: File, outline: Outline, header: Header) -> tuple[Structure, dict[int, int]] | None:
    """The directory in a record. None where it needs a longer file than there is."""
    structure, lengths = decode_directory(outline.directory)
    return None if structure.check_places(header.reserved) > file.size() else (structure, lengths)


def apply_lengths(structure: Structure, lengths: dict[int, int], outline: Outline) -> None:
    """Takes over the lengths in a record."""
    for number, length in outline.lengths:
        region = structure.regions.get(number)
        if region is None:
            raise corrupt("a commit changes an unknown region")
        if not region.holds(length):
            raise corrupt(f"{region.name!r} is longer than its extents")
        lengths[number] = length


def _read_record(file: File, log: Extent, head: int, salt: int | None) -> Record | None:
    """The record at `head` of the log, if it is whole and of the epoch with this salt; None: of any."""
    if head >= log.bytes:
        return None
    claim = Claim.decode(file.read(log.offset + head, CLAIM_BYTES))
    if claim is None or (salt is not None and claim.salt != salt):
        return None
    size = file.size()
    if claim.size > min(log.bytes - head, size) or not claim.adds_up(size):
        return None
    data = file.read(log.offset + head, claim.size)
    if len(data) != claim.size or not claim.is_proved_by(data):
        return None
    return decode_record(claim, data)


def _is_whole(file: File, run: Run) -> bool:
    """Whether the pages that a record only names are in the file as it says."""
    for at in range(0, len(run.checksums), _STEP_PAGES):
        expected = run.checksums[at : at + _STEP_PAGES]
        size = len(expected) * layout.PAGE_BYTES
        offset = (run.page + at) * layout.PAGE_BYTES
        data = file.read(offset, size) if offset + size < layout.OFFSET_MAX else b""
        if len(data) != size:
            return False
        found = page_checksums(np.frombuffer(data, np.uint8).reshape(-1, layout.PAGE_BYTES))
        if not np.array_equal(found, expected):
            return False
    return True


def _apply(file: File, recovered: Recovered, record: Record, is_last: bool) -> bool:
    """Applies a record. False if it is the last and needs a longer file than there is: it was never synced."""
    if len(record.outline.directory) > 0:
        found = directory_of(file, record.outline, recovered.header)
        if found is None:
            if is_last:
                return False
            raise corrupt("a commit needs a longer file than there is")
        recovered.structure, recovered.lengths = found
    apply_lengths(recovered.structure, recovered.lengths, record.outline)
    for run in record.runs:
        if not recovered.structure.holds_pages(run.page, len(run.checksums)):
            raise corrupt("a commit names pages that belong to no region")
    for image in record.images:
        if not recovered.structure.holds_pages(image.page, 1):
            raise corrupt("a commit changes a page that belongs to no region")
        page = recovered.pages.get(image.page)
        if page is None:
            if not image.is_whole:
                raise corrupt("a commit changes a page that no commit holds whole")
            page = recovered.pages[image.page] = bytearray(layout.PAGE_BYTES)
        image.apply(page)
    recovered.commit = record.claim.commit
    return True
