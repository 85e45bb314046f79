"""The newest commit that a writer published, or what the log makes of the file once the writer is gone.

Nothing is written, and what is read may change meanwhile: then it means nothing, errors included, and is read again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from .directory import Structure, decode_directory
from .errors import BusyError, StoaError, corrupt
from .file import File
from .header import Header, check_identity
from .layout import HEADER_BYTES, UNIT_BYTES, CutShort, Extent, Fields, padded
from .published import LiveBlock, Published, Stamp
from .record import CLAIM_BYTES, Claim, decode_outline
from .recovery import apply_lengths, directory_of, find_last_commit, read_checked, read_header, read_structure

# How long to wait for a writer that recovers or is writing a commit home, and how often what is read may change.
_PATIENCE_S = 1.0
_PAUSE_S, _PAUSE_S_MAX = 20e-6, 2e-3
_TRIES = 1000
_LENGTH_BYTES = 8


@dataclass
class Committed:
    """A commit as a reader sees it."""

    commit: int
    structure: Structure
    lengths: dict[int, int]
    header: Header
    # Where the next record of the log begins.
    head: int = 0
    # The moment at which a writer had left it, for its log to tell the rest.
    left_at: Stamp | None = None
    # Pages that the log holds and the file may not: they lie over it.
    pages: dict[int, bytearray] = field(default_factory=dict)
    # The store is live: the structure and the lengths are what it told.
    live: LiveBlock | None = None


def find_committed(file: File, known: Committed | None, is_whole: bool) -> tuple[Stamp, Committed]:
    """Finds the newest commit, and the moment at which it was that.

    `known` is what was found before, and given back where nothing came. `is_whole`: no page may be on its way home.
    """
    if known is None:
        check_identity(file.read(0, HEADER_BYTES))
    since = time.monotonic()
    pause, tries = _PAUSE_S, 0
    while True:
        stamp = Stamp.read(file)
        found: Committed | None = None
        failure: StoaError | None = None
        try:
            found = _look(file, stamp, known, is_whole, time.monotonic() - since < _PATIENCE_S)
        except StoaError as error:
            failure = error
        if Stamp.read(file) != stamp:
            tries += 1
            if tries < _TRIES:
                continue
            raise BusyError(f"cannot read '{file.path}': the writer commits faster than it can be read", file.path)
        if failure is not None:
            raise failure
        if found is not None:
            return stamp, found
        time.sleep(pause)
        pause = min(pause * 2, _PAUSE_S_MAX)


def _look(file: File, stamp: Stamp, known: Committed | None, is_whole: bool, is_patient: bool) -> Committed | None:
    """One look. None: wait."""
    # Also while a writer begins to recover: it has not told anything yet, so nothing has changed.
    if known is not None and known.left_at is not None and known.left_at == stamp:
        return known
    exact = stamp.exact
    if exact is not None and stamp.live is not None and stamp.live.tells:
        return _find_live(file, exact, stamp.live, known)
    if exact is not None and not stamp.is_moving:
        return _find_published(file, exact, known)
    if file.has_writer():
        if not is_whole:
            # A recovery may not have told again yet what was found in the log.
            if known is not None and (exact is None or known.commit >= exact.commit):
                return known
            if exact is not None:
                return _find_published(file, exact, known)
        if is_patient:
            return None
        if exact is None:
            raise BusyError(f"cannot read '{file.path}': a writer has been recovering it; try again later", file.path)
    # The writer is gone, or stuck: what it left half written is in the log. Of this boot nothing counts that it did
    # not tell.
    left = find_last_commit(file, stamp.block, stamp.told_limit)
    return Committed(left.commit, left.structure, left.lengths, left.header, left_at=stamp, pages=left.pages)


def _find_published(file: File, block: Published, known: Committed | None) -> Committed:
    """The commit that the block names. Its records are durable and whole, for the block is written after them."""
    is_of_log = known is not None and known.left_at is None and known.live is None
    if known is not None and is_of_log and known.header.epoch == block.epoch:
        if known.commit == block.commit:
            return known
        committed = replace(known, lengths=dict(known.lengths))
    else:
        header = _named_header(file, block)
        structure, lengths = read_structure(file, header)
        committed = Committed(header.base_commit, structure, lengths, header)
    while committed.commit < block.commit:
        _follow(file, committed)
    if committed.commit > block.commit:
        raise corrupt("its header is newer than the commit that its writer published")
    return committed


def _named_header(file: File, block: Published) -> Header:
    header = read_header(file, block.epoch % 2)
    if header is None or header.epoch != block.epoch:
        raise corrupt("its newest header is gone")
    return header


def _follow(file: File, committed: Committed) -> None:
    """Takes over the next record of the log, but for its pages: they are home."""
    lost = corrupt("its log ends before the commit that its writer published")
    log = committed.header.log
    left = log.bytes - committed.head
    offset = log.offset + committed.head
    claim = Claim.decode(file.read(offset, CLAIM_BYTES)) if left > 0 else None
    if (
        claim is None
        or claim.salt != committed.header.salt
        or claim.commit != committed.commit + 1
        or claim.length_count > len(committed.structure.regions)
        or claim.size > left
        or not claim.adds_up(file.size())
    ):
        raise lost
    try:
        outline = decode_outline(claim, Fields(file.read(offset, claim.outline_bytes)))
    except CutShort:
        raise lost from None
    if len(outline.directory) > 0:
        found = directory_of(file, outline, committed.header)
        if found is None:
            raise lost
        committed.structure, committed.lengths = found
    apply_lengths(committed.structure, committed.lengths, outline)
    committed.commit = claim.commit
    committed.head += claim.end


def _find_live(file: File, block: Published, live: LiveBlock, known: Committed | None) -> Committed:
    """The last commit of a live store, with the structure and the lengths that it told since."""
    if known is not None and known.commit == block.commit and known.live == live:
        structure, header = known.structure, known.header
    else:
        header = _named_header(file, block)
        structure = _told_structure(file, live, header)
    lengths = _told_lengths(file, structure, live)
    if known is not None and structure is known.structure and lengths == known.lengths:
        return known
    return Committed(block.commit, structure, lengths, header, live=live)


def _told_structure(file: File, live: LiveBlock, header: Header) -> Structure:
    structure, _ = decode_directory(read_checked(file, live.directory, live.directory_checksum, "live directory"))
    place = Extent(live.directory.offset, padded(live.directory.bytes, UNIT_BYTES))
    file.check_length(structure.check_places([*header.reserved, place, live.lengths]))
    if structure.next_region * _LENGTH_BYTES > live.lengths.bytes:
        raise corrupt("its live table of lengths is too short")
    return structure


def _told_lengths(file: File, structure: Structure, live: LiveBlock) -> dict[int, int]:
    """The lengths that a live store tells now, each at most what its region has room for."""
    # Through memory, where a number is read in one step.
    table = np.frombuffer(file.map(live.lengths), np.uint64)
    regions = structure.regions.values()
    return {region.id: min(int(table[region.id]), region.capacity_bytes // region.width) for region in regions}
