"""What can go wrong with a store: each code has a class, so that either can be matched on."""

from __future__ import annotations


class StoaError(Exception):
    """The world's failures: a file, a lock, a disk. The file is untouched whatever is raised.

    `code` is the same as in JavaScript and stable, unlike the message; `path` is the store's file where it is known.
    Misuse (an unknown column's name, a row out of range) is a KeyError, an IndexError or a TypeError instead.
    """

    code = "ERR_STOA_INTERNAL"

    def __init__(self, message: str, path: str | None = None) -> None:
        super().__init__(message)
        self.path = path


class NotFoundError(StoaError):
    """There is no such file, table or array."""

    code = "ERR_STOA_NOT_FOUND"


class FormatError(StoaError):
    """It is no store."""

    code = "ERR_STOA_FORMAT"


class EndianError(StoaError):
    """The store is in the byte order of another machine."""

    code = "ERR_STOA_ENDIAN"


class VersionError(StoaError):
    """A newer program wrote the store."""

    code = "ERR_STOA_VERSION"


class SchemaError(StoaError):
    """The stores of a dataset differ in their columns."""

    code = "ERR_STOA_SCHEMA"


class CorruptError(StoaError):
    """What the file says does not fit together."""

    code = "ERR_STOA_CORRUPT"


class BusyError(StoaError):
    """A writer recovers the store, or commits faster than it can be read. Try again later."""

    code = "ERR_STOA_BUSY"


class LimitError(StoaError):
    """More than memory or Arrow can hold."""

    code = "ERR_STOA_LIMIT"


class ClosedError(StoaError):
    """The store was closed."""

    code = "ERR_STOA_CLOSED"


class IoError(StoaError):
    """The system refused. The cause is the OSError."""

    code = "ERR_STOA_IO"


def corrupt(what: str) -> CorruptError:
    """Of a file whose parts do not fit together."""
    return CorruptError(f"the store is damaged: {what}")
