"""A part of a sheet: what a use case that only looks at one record asks a store for (D29).

Whatever a cell may mean once it is read is in it: a store leaves out only rows whose cell says plainly
that they are about something else. `cut` then leaves what was asked for, of any store.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from ticketops.schema.surroundings import NOWHERE
from ticketops.schema.tables import Snapshot, Table


class Slice(Struct, frozen=True):
    """The rows of a sheet whose cell in a column begins with a text. plain: the pattern, of ASCII, of
    cells that are read as they stand."""

    column: str
    start: str
    plain: str


_SALE = "^S[1-9][0-9]{0,11}(-[1-9][0-9]{0,5})?$"


def of_sale(sales_id: str, column: str = "sales_id", *, tickets: bool = True) -> Slice:
    """The rows of a sale. tickets: those of its tickets only; else at least those of the sale and
    them."""
    return Slice(column, f"{sales_id}-" if tickets else sales_id, _SALE)


def cut(snapshot: Snapshot, slices: Mapping[str, Slice]) -> Snapshot:
    """A snapshot with only these rows of its sheets. Nothing can be written below them: where the
    sheet ends is not asked."""
    if not slices:
        return snapshot
    titled = {snapshot.layout.title_of(name): one for name, one in slices.items()}
    tables = {
        title: part_of(table, titled[title]) if title in titled else table
        for title, table in snapshot.tables.items()
    }
    return replace(snapshot, tables=tables)


def part_of(table: Table, of: Slice) -> Table:
    """The rows of a table that are in a slice, with what is said of them."""
    frame = table.frame.filter(pl.col(of.column).str.starts_with(of.start))
    there = set(frame["row"])
    return replace(
        table,
        frame=frame,
        misfits=tuple(one for one in table.misfits if one.row in there),
        shadowed=tuple(one for one in table.shadowed if one[0] in there),
        rounded=tuple(one for one in table.rounded if one[0] in there),
        around=NOWHERE,
        part=True,
    )
