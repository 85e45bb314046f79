"""What a column or an array holds, as the metadata of a store says it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .directory import LANES_MAX

NUMBERS = ("i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "f16", "f32", "f64")
# The plain types, with the kind of their elements.
_PLAIN = {**{name: name for name in NUMBERS}, "bool": "u8", "timestamp": "f64", "symbol": "u32", "utf8": "view"}
_UNITS = ("s", "ms", "us", "ns")
_LABELS_MAX = 65_536
_LABELS_SHOWN = 10


@dataclass(frozen=True)
class StoaType:
    """A type. `str()` gives it as it is written in a schema: `nullable(vector(f32, 3))`."""

    # As in the file, without `nullable`: 'f64', 'oneOf', …
    name: str
    is_nullable: bool = False
    # Of timestamp64: 's', 'ms', 'us' or 'ns'.
    unit: str | None = None
    # Of oneOf.
    labels: tuple[str, ...] | None = None
    # Of bytes and vector: elements a row.
    length: int | None = None
    # Of a vector: the type of its elements.
    item: str | None = None

    @property
    def kind(self) -> str:
        """The kind of the elements that its values lie in."""
        if self.name == "oneOf":
            return "u16" if len(self.labels or ()) > 256 else "u8"
        return {"timestamp64": "i64", "bytes": "u8", "vector": self.item or ""}.get(self.name) or _PLAIN[self.name]

    @property
    def roles(self) -> dict[str, tuple[str, int]]:
        """The regions of a column of this type: the kind and the lanes of each."""
        roles = {"data": (self.kind, self.length or 1)}
        if self.name == "symbol":
            roles["labels"] = ("u8", 1)
        if self.name == "utf8":
            roles["heap"] = ("u8", 1)
        if self.is_nullable:
            roles["validity"] = ("bits", 1)
        return roles

    def __str__(self) -> str:
        labels = self.labels or ()
        details = [repr(each) for each in (self.unit, *labels[:_LABELS_SHOWN]) if each is not None]
        if len(labels) > _LABELS_SHOWN:
            details.append(f"… ({len(labels)} in all)")
        details += [str(each) for each in (self.item, self.length) if each is not None]
        plain = f"{self.name}({', '.join(details)})" if details else self.name
        return f"nullable({plain})" if self.is_nullable else plain

    def to_record(self) -> str:
        """As JSON, in the form of the metadata."""
        record: Any = self.name
        if self.name not in _PLAIN:
            record = {"name": self.name, "unit": self.unit, "labels": self.labels, "type": self.item}
            record = {key: value for key, value in {**record, "length": self.length}.items() if value is not None}
        if self.is_nullable:
            record = {"name": "nullable", "type": record}
        return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def type_from_record(record: object) -> StoaType:
    """The type that the metadata tells of. Raises a ValueError that says what is wrong with it."""
    if isinstance(record, str):
        if record in _PLAIN:
            return StoaType(record)
        raise ValueError(f"the type {record!r} is not known to this version")
    if not isinstance(record, dict):
        raise ValueError(f"{record!r} does not describe a type")
    name, item, length = record.get("name"), record.get("type"), record.get("length")
    if name == "nullable":
        inner = type_from_record(item)
        if inner.is_nullable:
            raise ValueError(f"{inner} is nullable already")
        return StoaType(inner.name, True, inner.unit, inner.labels, inner.length, inner.item)
    if name == "timestamp64" and record.get("unit") in _UNITS:
        return StoaType(name, unit=record["unit"])
    if name == "oneOf":
        return StoaType(name, labels=_checked_labels(record.get("labels")))
    has_length = type(length) is int and 1 <= length <= LANES_MAX
    if name == "bytes" and has_length:
        return StoaType(name, length=length)
    if name == "vector" and has_length and isinstance(item, str) and item in NUMBERS:
        return StoaType(name, length=length, item=item)
    raise ValueError(f"the type {name!r} is not known to this version, or lacks its parameters")


def _checked_labels(labels: object) -> tuple[str, ...]:
    if not isinstance(labels, list) or not 1 <= len(labels) <= _LABELS_MAX:
        raise ValueError("the labels of oneOf must be a list of 1 to 65,536")
    for label in labels:
        if not isinstance(label, str) or not is_well_formed(label):
            raise ValueError(f"{label!r} is no label of oneOf")
    if len(set(labels)) < len(labels):
        raise ValueError("a label of oneOf is there twice")
    return tuple(labels)


def is_well_formed(text: str) -> bool:
    """Whether it has UTF-8: no lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
