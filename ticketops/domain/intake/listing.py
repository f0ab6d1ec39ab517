"""The mappings of files of trade that are remembered."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.intake import fields, mappings
from ticketops.domain.plan import Plan
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class MappingLine:
    """A mapping that is remembered: {field: header}, and the sheet and the row of the headers where
    they were named. kind: purchases, sales, guests or seats; options: {option: what it said};
    fingerprint: what its headers are known by."""

    name: str
    kind: str
    sheet: str | None
    header_row: int | None
    mapping: dict[str, str]
    options: dict[str, str]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Mappings:
    """The mappings that are remembered."""

    profiles: list[MappingLine]


def listed(snapshot: Snapshot) -> Plan:
    """The mappings of every kind."""
    found = [
        MappingLine(
            one.name,
            kind,
            one.sheet or None,
            one.header_row,
            one.mapping,
            one.options,
            one.fingerprint,
        )
        for kind in fields.KINDS
        for one in mappings.remembered(snapshot, kind, fields.FIELDS[kind])
        if one.mapping
    ]
    return Plan(result=Mappings(found))
