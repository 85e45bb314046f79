"""The dictionary of a symbol column: labels are only ever added, and a label's code is its place."""

from __future__ import annotations

from .errors import corrupt


class Labels:
    """Decoded as far as they are known. What is added is decoded once."""

    def __init__(self) -> None:
        self.list: list[str] = []
        self._known = b""

    def load(self, data: bytes) -> list[str]:
        """All labels of the region's bytes. CorruptError where they cannot be a dictionary."""
        if not data.startswith(self._known):
            # What a live store told and then discarded was another.
            self.list, self._known = [], b""
        if len(data) > len(self._known):
            labels = [*self.list, *_decode(data, len(self._known))]
            if len(set(labels)) < len(labels):
                raise corrupt("a label is there twice")
            self.list, self._known = labels, data
        return self.list


def _decode(data: bytes, at: int) -> list[str]:
    labels = []
    while at < len(data):
        start, size, shift = at, 0, 0
        while True:
            if at == len(data) or shift == 35:
                raise corrupt(f"the length of the label at byte {start} is cut off")
            byte = data[at]
            at += 1
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if at + size > len(data):
            raise corrupt(f"the label at byte {start} reaches past the end")
        try:
            labels.append(data[at : at + size].decode())
        except UnicodeDecodeError:
            raise corrupt(f"the label at byte {start} is not UTF-8") from None
        at += size
    return labels
