"""XXH3, 64 bits, for inputs of more than 16 bytes: all checksums of the format are of more.

Source: https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md. Up to 240 bytes in plain integers; longer ones
block by block in numpy, also of many pages at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint64]

_MASK = (1 << 64) - 1
_P32 = (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
_P64 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
_MIX = 0x165667919E3779F9
_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
_INITIAL = np.array([_P32[2], _P64[0], _P64[1], _P64[2], _P64[3], _P32[1], _P64[4], _P32[0]], np.uint64)
_SWAPPED = [1, 0, 3, 2, 5, 4, 7, 6]
_STRIPE_BYTES = 64
_BLOCK_BYTES = 1024
_STRIPES = _BLOCK_BYTES // _STRIPE_BYTES
# Of data that is looked at in one step: bounds the memory that a step takes.
_STEP_BYTES = 1 << 20
_LOW = np.uint64(0xFFFF_FFFF)
_HALF = np.uint64(32)


def checksum(data: bytes | memoryview, seed: int = 0) -> int:
    """The checksum of more than 16 bytes. Costs 3 µs for 32 bytes, 15 to 30 µs a KiB of long data."""
    length = len(data)
    if length <= 16:
        raise ValueError(f"the checksum of {length} bytes is not made here")
    if length <= 128:
        return _short(data, seed)
    if length <= 240:
        return _middle(data, seed)
    return int(_long(np.frombuffer(data, np.uint8).reshape(1, length), seed)[0])


def page_checksums(pages: npt.NDArray[np.uint8]) -> Words:
    """The checksum of each row of a matrix of bytes, more than 240 a row. 100 to 300 MB a second in long matrices."""
    return _long(pages, 0)


def _word(data: bytes | memoryview, at: int) -> int:
    return int.from_bytes(data[at : at + 8], "little")


def _fold(a: int, b: int) -> int:
    product = a * b
    return (product & _MASK) ^ (product >> 64)


def _avalanche(value: int) -> int:
    value = ((value ^ (value >> 37)) * _MIX) & _MASK
    return value ^ (value >> 32)


def _mix(data: bytes | memoryview, at: int, secret_at: int, seed: int) -> int:
    low = _word(data, at) ^ ((_word(_SECRET, secret_at) + seed) & _MASK)
    high = _word(data, at + 8) ^ ((_word(_SECRET, secret_at + 8) - seed) & _MASK)
    return _fold(low, high)


def _short(data: bytes | memoryview, seed: int) -> int:
    length = len(data)
    total = length * _P64[0]
    for part in range((length - 1) // 32 + 1):
        total += _mix(data, 16 * part, 32 * part, seed)
        total += _mix(data, length - 16 * (part + 1), 32 * part + 16, seed)
    return _avalanche(total & _MASK)


def _middle(data: bytes | memoryview, seed: int) -> int:
    length = len(data)
    total = length * _P64[0] + sum(_mix(data, 16 * part, 16 * part, seed) for part in range(8))
    total = _avalanche(total & _MASK)
    total += sum(_mix(data, 16 * part, 16 * (part - 8) + 3, seed) for part in range(8, length // 16))
    return _avalanche((total + _mix(data, length - 16, 136 - 17, seed)) & _MASK)


def _secret_of(seed: int) -> bytes:
    """The secret that a seed makes of the usual one: added to its even words, taken from its odd ones."""
    words = np.frombuffer(_SECRET, "<u8").copy()
    words[0::2] += np.uint64(seed)
    words[1::2] -= np.uint64(seed)
    return words.tobytes()


def _sums(stripes: Words, keys: Words) -> Words:
    """What stripes add to the lanes. Within a block their order does not matter."""
    keyed = stripes ^ keys
    products = (keyed & _LOW) * (keyed >> _HALF)
    total: Words = products.sum(-2, dtype=np.uint64) + stripes.sum(-2, dtype=np.uint64)[..., _SWAPPED]
    return total


def _long(rows: npt.NDArray[np.uint8], seed: int) -> Words:
    """The checksums of the rows of a matrix, more than 240 bytes each."""
    count, length = rows.shape
    secret = _SECRET if seed == 0 else _secret_of(seed)
    words = np.frombuffer(secret, "<u8").astype(np.uint64)
    keys = np.stack([words[at : at + 8] for at in range(_STRIPES)])
    lanes: Words = np.tile(_INITIAL, (count, 1))
    blocks = (length - 1) // _BLOCK_BYTES
    step = max(1, _STEP_BYTES // _BLOCK_BYTES // count)
    for first in range(0, blocks, step):
        part = _stripes(rows[:, first * _BLOCK_BYTES : min(first + step, blocks) * _BLOCK_BYTES])
        sums = _sums(part.reshape(count, -1, _STRIPES, 8), keys)
        for block in range(sums.shape[1]):
            lanes = lanes + sums[:, block]
            scrambled: Words = lanes ^ (lanes >> np.uint64(47)) ^ words[-8:]
            lanes = scrambled * np.uint64(_P32[0])
    rest = (length - 1 - blocks * _BLOCK_BYTES) // _STRIPE_BYTES
    if rest > 0:
        start = blocks * _BLOCK_BYTES
        lanes = lanes + _sums(_stripes(rows[:, start : start + rest * _STRIPE_BYTES]), keys[:rest])
    last = _unaligned(secret, len(secret) - _STRIPE_BYTES - 7)
    lanes = lanes + _sums(_stripes(rows[:, length - _STRIPE_BYTES :]), last[np.newaxis])
    mixed = lanes ^ _unaligned(secret, 11)
    folded = _folds(mixed[:, 0::2], mixed[:, 1::2]).sum(-1, dtype=np.uint64)
    total = folded + np.array([length * _P64[0] & _MASK], np.uint64)
    total = (total ^ (total >> np.uint64(37))) * np.uint64(_MIX)
    final: Words = total ^ (total >> _HALF)
    return final


def _stripes(rows: npt.NDArray[np.uint8]) -> Words:
    words: Words = np.ascontiguousarray(rows).view("<u8").astype(np.uint64, copy=False)
    return words.reshape(len(rows), -1, 8)


def _unaligned(secret: bytes, at: int) -> Words:
    return np.frombuffer(secret[at : at + _STRIPE_BYTES], "<u8").astype(np.uint64)


def _folds(a: Words, b: Words) -> Words:
    """The two halves of each product of 128 bits, laid over each other."""
    low = (a & _LOW) * (b & _LOW)
    left = (a >> _HALF) * (b & _LOW)
    right = (a & _LOW) * (b >> _HALF)
    middle = (low >> _HALF) + (left & _LOW) + right
    upper = (left >> _HALF) + (middle >> _HALF) + (a >> _HALF) * (b >> _HALF)
    folded: Words = np.bitwise_xor(upper, (middle << _HALF) | (low & _LOW))
    return folded
