"""Mappings of foreign files that are remembered (`_IMPORT_PROFILES`), by what their headers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import structs

from ticketops.domain.intake import mappings
from ticketops.domain.intake.mappings import Profile
from ticketops.domain.plan import Plan, Run
from ticketops.domain.schedule import shapes
from ticketops.domain.schedule.shapes import FIELDS, KIND, Columns
from ticketops.schema.foreign import ForeignTable
from ticketops.schema.tables import Snapshot

if TYPE_CHECKING:
    from ticketops.domain.schedule.importing import Options


@dataclass(frozen=True, slots=True)
class ProfileLine:
    """A mapping that is remembered: {field: header}, and the sheet and the row of the headers where
    they were named."""

    name: str
    shape: str
    sheet: str | None
    header_row: int | None
    mapping: dict[str, str]


@dataclass(frozen=True, slots=True)
class ProfileList:
    """The mappings that are remembered."""

    profiles: list[ProfileLine]


def listed(snapshot: Snapshot, table: ForeignTable | None = None) -> Plan:
    """The mappings of schedules. table: only that of its headers."""
    own = profile_for(snapshot, table, "") if table else None
    found = [
        ProfileLine(one.name, one.shape, one.sheet or None, one.header_row, one.mapping)
        for one in ([own] if own else [] if table else all_of(snapshot))
    ]
    return Plan(result=ProfileList(found))


def all_of(snapshot: Snapshot) -> list[Profile]:
    """The mappings of schedules."""
    return [
        one if one.shape in shapes.SHAPES else structs.replace(one, shape=shapes.AUTO)
        for one in mappings.remembered(snapshot, KIND, FIELDS)
    ]


def profile_for(snapshot: Snapshot, table: ForeignTable, name: str) -> Profile | None:
    """The mapping of a file: the one that is named, else the one of its headers."""
    return mappings.fitting(all_of(snapshot), table, name)


def remember(
    plan: Plan,
    snapshot: Snapshot,
    table: ForeignTable,
    columns: Columns,
    options: Options,
    known: Profile | None,
    run: Run,
) -> str | None:
    """A mapping that was given is kept under its name, or under one of its headers; the name. Nothing
    where none was given."""
    if not options.mapped:
        return known.name if known else None
    profile = Profile(
        options.profile,
        mappings.fingerprint(table.headers),
        options.shape if options.shape != shapes.AUTO else columns.shape,
        {**(known.mapping if known else {}), **options.mapped},
        options.sheet,
        options.header_row,
    )
    return mappings.remember(plan, snapshot, profile, KIND, known, run)
