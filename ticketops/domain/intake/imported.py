"""What is asked of an import of a list of trade, and what it tells (§3, §4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from msgspec import Struct, field

from ticketops.domain.intake.headers import Columns
from ticketops.schema.foreign import ForeignTable


class Options(Struct, frozen=True):
    """What is asked. mapped: {field: header}; profile: the name of a mapping to use; save: the name
    to remember it under; dates: dmy, mdy or ymd; usual_dates: the same where nobody said it for this
    file; decimal: comma or point; vendor, client, currency:
    of lines that name none; new: names near known ones are others; again: lines of earlier imports
    are taken again; force: a
    contract may be exceeded, a ticket that was sent may get another seat; overwrite: guests that are
    there already are replaced; override: why a client's credit may be; partial: lines that fail are left out; asks: a person is there, who can say whom
    a name means."""

    mapped: Mapping[str, str] = field(default_factory=dict)
    profile: str = ""
    save: str = ""
    sheet: str = ""
    header_row: int | None = None
    dates: str = ""
    usual_dates: str = ""
    decimal: str = ""
    vendor: str = ""
    client: str = ""
    currency: str = ""
    new: bool = False
    again: bool = False
    force: bool = False
    overwrite: bool = False
    override: str = ""
    partial: bool = False
    asks: bool = False


REMEMBERED = ("vendor", "client", "currency", "decimal", "dates")
"""The options that are remembered with a mapping."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """Why a line is not taken. column: the header of the cell that is wrong; code: what is wrong,
    for programs; suggestion: what would be right, where that is known."""

    line: int
    column: str
    value: str
    code: str
    message: str
    suggestion: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A field, the header that it is read from, and some of its cells. how: given, remembered, name,
    near or cells."""

    field: str
    header: str
    how: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Imported:
    """The lines of the file, how many of them were taken, how many were skipped as those of an
    earlier import, or as saying nothing new, and which were rejected. mapping: {field: header};
    units: the units that were made or seated, or the tickets that were made or got a guest; amounts:
    {currency: what the lines taken come to}; refused: whether nothing was taken since lines are wrong."""

    rows: int
    taken: int
    skipped: int
    rejected: list[Rejected]
    mapping: dict[str, str]
    samples: list[Sample]
    profile: str | None
    orders: list[str]
    units: int
    amounts: dict[str, float]
    refused: bool


class Outcome(NamedTuple):
    """What became of the lines of a file."""

    taken: int = 0
    skipped: int = 0
    orders: Sequence[str] = ()
    units: int = 0
    amounts: Mapping[str, float] = {}


def result(
    table: ForeignTable,
    columns: Columns,
    rejected: Sequence[Rejected],
    outcome: Outcome,
    profile: str | None,
    *,
    rows: int,
    refused: bool,
) -> Imported:
    """What an import tells. rows: the lines of the file, totals left out."""
    shown = [
        Sample(name, columns.header(table, name), columns.how[name], columns.samples(table, name))
        for name in columns.places
    ]
    return Imported(
        rows,
        outcome.taken,
        outcome.skipped,
        sorted(rejected, key=lambda one: one.line),
        {one.field: one.header for one in shown},
        shown,
        profile,
        list(outcome.orders),
        outcome.units,
        dict(outcome.amounts),
        refused,
    )
