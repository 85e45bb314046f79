"""The store's metadata: which regions make up which columns, tables and arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from .directory import Region, Structure
from .errors import CorruptError, VersionError
from .types import StoaType, is_well_formed, type_from_record

_FORMAT = 1
_NAME_BYTES_MAX = 255


@dataclass(frozen=True)
class ColumnDefinition:
    """A column, or an array, and its regions by their role."""

    name: str
    type: StoaType
    regions: Mapping[str, Region]

    def rows(self, lengths: Mapping[int, int]) -> int:
        """Its rows, as far as its validity covers them."""
        rows = lengths[self.regions["data"].id]
        validity = self.regions.get("validity")
        return rows if validity is None else min(rows, lengths[validity.id] * 8)


@dataclass(frozen=True)
class Definition:
    """What stands under one name: a table's columns, or an array as the only one."""

    name: str
    is_array: bool
    columns: Mapping[str, ColumnDefinition]

    def rows(self, lengths: Mapping[int, int]) -> int:
        """After a kill of a live store columns may end at different rows: the shortest counts."""
        return min(column.rows(lengths) for column in self.columns.values())


def read_catalog(structure: Structure, path: str) -> dict[str, Definition]:
    """Reads the metadata against the regions that there are. CorruptError where they do not fit."""
    if not structure.metadata:
        return {}
    try:
        text = structure.metadata.decode()
        record = json.loads(text, parse_float=_number, parse_constant=_no_constant)
        form = _member(record, "format")
        if type(form) is int and form > _FORMAT:
            raise VersionError(
                f"'{path}' describes its tables in version {form}, this package reads up to {_FORMAT}; upgrade to a "
                "newer one",
                path,
            )
        if type(form) is not int or form != _FORMAT:
            raise ValueError(f"its format is {form!r}, expected {_FORMAT}")
        return _definitions(record, dict(structure.by_name))
    except (ValueError, RecursionError) as error:
        raise CorruptError(f"the metadata of '{path}' cannot be read: {error}", path) from error


def _definitions(record: object, unused: dict[str, Region]) -> dict[str, Definition]:
    catalog: dict[str, Definition] = {}

    def add(name: str, is_array: bool, columns: list[ColumnDefinition]) -> None:
        by_name = {column.name: column for column in columns}
        if name in catalog:
            raise ValueError(f"the name {name!r} is there twice")
        if len(by_name) < len(columns) or not columns:
            raise ValueError(f"table {name!r} has no columns, or two of one name")
        catalog[name] = Definition(name, is_array, by_name)

    for table in _list(record, "tables"):
        add(_name(table), False, [_column(column, unused) for column in _list(table, "columns")])
    for array in _list(record, "arrays"):
        add(_name(array), True, [_column(array, unused)])
    return catalog


def _column(record: object, unused: dict[str, Region]) -> ColumnDefinition:
    name = _name(record)
    kind = type_from_record(_member(record, "type"))
    names = _member(record, "regions")
    regions = {role: _region(_member(names, role), expected, unused) for role, expected in kind.roles.items()}
    return ColumnDefinition(name, kind, regions)


def _region(name: object, expected: tuple[str, int], unused: dict[str, Region]) -> Region:
    region = unused.pop(name, None) if isinstance(name, str) else None
    if region is None:
        raise ValueError(f"there is no region {name!r}, or it is used twice")
    if (region.kind.name, region.lanes) != expected:
        found = f"{region.kind.name} × {region.lanes}"
        raise ValueError(f"region {name!r} has elements of {found}, expected {expected[0]} × {expected[1]}")
    return region


def _name(record: object) -> str:
    name = _member(record, "name")
    if not isinstance(name, str) or not is_well_formed(name) or not 1 <= len(name.encode()) <= _NAME_BYTES_MAX:
        raise ValueError(f"{name!r} is no name")
    if "\0" in name:
        raise ValueError(f"the name {name!r} holds a NUL character")
    return name


def _number(text: str) -> int | float:
    """In JSON 1.0 is 1."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _no_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _member(record: object, name: str) -> Any:
    return record.get(name) if isinstance(record, dict) else None


def _list(record: object, name: str) -> list[object]:
    value = _member(record, name)
    if not isinstance(value, list):
        raise ValueError(f"'{name}' must be a list")
    return value
