"""The store's file: read and mapped, never written, never locked but for the moment of a question."""

from __future__ import annotations

import fcntl
import mmap
import os
import stat
import sys
from functools import cache

from .errors import FormatError, IoError, LimitError, NotFoundError, corrupt
from .layout import Extent
from .xxh3 import checksum


class File:
    """An open file. All errors are StoaErrors."""

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            # To open a device or a pipe can have effects, so it is looked at first.
            _require_regular(path, os.stat(path).st_mode)
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        except FileNotFoundError as error:
            raise NotFoundError(f"cannot open '{path}': there is no such file", path) from error
        except (OSError, ValueError) as error:
            raise IoError(f"cannot open '{path}': {error}", path) from error
        try:
            _require_regular(path, os.fstat(self._descriptor).st_mode)
        except FormatError:
            os.close(self._descriptor)
            raise

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    @property
    def is_closed(self) -> bool:
        return self._descriptor < 0

    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes, fewer at the end of the file."""
        try:
            parts = []
            while count > 0:
                part = os.pread(self._descriptor, min(count, 1 << 30), offset)
                if not part:
                    break
                parts.append(part)
                offset += len(part)
                count -= len(part)
            return parts[0] if len(parts) == 1 else b"".join(parts)
        except OSError as error:
            raise IoError(f"cannot read '{self.path}': {error}", self.path) from error
        except (MemoryError, OverflowError) as error:
            raise LimitError(f"cannot read {count} bytes of '{self.path}' at once", self.path) from error

    def check_length(self, claimed: int) -> int:
        """A length that the file claims of a part of itself: at most what it has."""
        size = self.size()
        if claimed > size:
            raise corrupt(f"it claims {claimed} bytes where the file has {size}")
        return claimed

    def map(self, extent: Extent, is_private: bool = False) -> mmap.mmap:
        """Memory that shows the file as it is. Private: pages that are written to stay in this process."""
        # To touch what lies behind the end of a file is a signal that ends the process.
        self.check_length(extent.end)
        access = mmap.ACCESS_COPY if is_private else mmap.ACCESS_READ
        try:
            return mmap.mmap(self._descriptor, extent.bytes, access=access, offset=extent.offset)
        except (OSError, ValueError, OverflowError) as error:
            raise IoError(f"cannot map {extent.bytes} bytes of '{self.path}': {error}", self.path) from error

    def has_writer(self) -> bool:
        """Whether a process has the store open for writing: tries its lock for a moment."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError as error:
            raise IoError(f"cannot try the lock of '{self.path}': {error}", self.path) from error
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)
        return False


def _require_regular(path: str, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise FormatError(f"cannot open '{path}': it is {kind}; give the path of a store", path)


@cache
def boot_id() -> int:
    """A number that is another after each start of the machine; 0 where it cannot be learnt."""
    drawn = _drawn_at_boot()
    return max(checksum(drawn), 1) if len(drawn) > 16 else 0


def _drawn_at_boot() -> bytes:
    if sys.platform == "linux":
        try:
            with open("/proc/sys/kernel/random/boot_id", "rb") as file:
                return file.read()
        except OSError:
            return b""
    import ctypes

    name = b"kern.bootsessionuuid" if sys.platform == "darwin" else b"kern.boot_id"
    drawn = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(drawn))
    answer = ctypes.CDLL(None).sysctlbyname(name, drawn, ctypes.byref(size), None, ctypes.c_size_t(0))
    return drawn.raw[: size.value] if answer == 0 else b""
