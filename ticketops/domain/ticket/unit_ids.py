"""AllocatedUnitIDs: which units a ticket lists. Nobody else takes the cell apart or puts it together."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from ticketops.domain.ticket.identity import Row
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.schema.tables import Snapshot


def listed(ticket: Row) -> list[str]:
    """The UnitIDs that a ticket lists, in order."""
    return ids.split_unit_ids(ticket["unit_ids"])


def listed_by(tickets: Iterable[Row]) -> list[str]:
    """The UnitIDs of several tickets, in the order of the tickets."""
    return [unit_id for ticket in tickets for unit_id in listed(ticket)]


def unit_of(ticket: Row) -> str:
    """The UnitID that serves a ticket; empty where it has none."""
    return next(iter(listed(ticket)), "")


def listed_in(cells: pl.Expr) -> pl.Expr:
    """`listed` of a whole column: a list of UnitIDs a row."""
    return cells.fill_null("").str.extract_all(ids.LISTED_UNIT_ID)


def is_understood(cells: pl.Expr) -> pl.Expr:
    """Whether each cell is a list of UnitIDs and nothing else."""
    return cells.str.contains(spelling.UNDERSTOOD[spelling.Kind.UNITS])


def is_one(cells: pl.Expr) -> pl.Expr:
    """Whether each cell is one UnitID and nothing else."""
    return cells.str.contains(spelling.UNDERSTOOD[spelling.Kind.UNIT])


def may_mean(cell: str) -> set[str]:
    """Every UnitID that a cell which is not understood may speak of."""
    return spelling.mentioned(cell)


def referenced_units(snapshot: Snapshot) -> set[str]:
    """Every UnitID that Distribution refers to; of a cell that is not understood, each that it may
    speak of."""
    cells = snapshot[DISTRIBUTION].frame.select("unit_ids").drop_nulls()
    column = pl.col("unit_ids")
    understood = cells.filter(is_understood(column)).select(listed_in(column))["unit_ids"]
    found = set(understood.explode())
    for cell in cells.filter(~is_understood(column))["unit_ids"]:
        found |= may_mean(cell) | set(ids.split_unit_ids(cell))
    return found
