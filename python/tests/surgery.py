"""Changes of a file's bytes, with the checksums put right."""

from __future__ import annotations

import struct
from pathlib import Path

from stoa_reader.layout import HEADER_BYTES, PUBLISHED_OFFSET, SLOT_OFFSETS
from stoa_reader.xxh3 import checksum

BLOCK = PUBLISHED_OFFSET + 64
LIVE = PUBLISHED_OFFSET + 128


def put(data: bytearray, at: int, *numbers: int) -> None:
    struct.pack_into(f"={len(numbers)}Q", data, at, *numbers)


def get(data: bytes | bytearray, at: int) -> int:
    number: int = struct.unpack_from("=Q", data, at)[0]
    return number


def seal_header(data: bytearray, at: int) -> None:
    put(data, at + HEADER_BYTES - 8, checksum(bytes(data[at : at + HEADER_BYTES - 8])))


def seal_directory(data: bytearray, slot: int) -> None:
    """After a change of the directory that a slot names."""
    at = SLOT_OFFSETS[slot]
    offset, length = get(data, at + 48), get(data, at + 56)
    put(data, at + 64, checksum(bytes(data[offset : offset + length])))
    seal_header(data, at)


def newest_slot(data: bytes | bytearray) -> int:
    return max(
        (0, 1), key=lambda slot: get(data, SLOT_OFFSETS[slot] + 16) if any(data[SLOT_OFFSETS[slot] :][:8]) else -1
    )


def reboot(path: Path) -> None:
    """Makes it the file of a former boot of the machine."""
    data = bytearray(path.read_bytes())
    put(data, BLOCK + 16, get(data, BLOCK + 16) ^ 1)
    put(data, BLOCK + 32, checksum(bytes(data[BLOCK : BLOCK + 32])))
    if any(data[LIVE : LIVE + 64]):
        put(data, LIVE, get(data, LIVE) ^ 1)
        put(data, LIVE + 56, checksum(bytes(data[LIVE : LIVE + 56])))
    path.write_bytes(data)
