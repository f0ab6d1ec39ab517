"""What allocation keeps its hands off (D16): rows with a cell that is not understood, what a
CRITICAL audit finding names, and tickets of a sale that has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import polars as pl
from msgspec import Struct, field

from ticketops.domain.audit import checks, unknown
from ticketops.domain.audit.unknown import Unknown
from ticketops.domain.ticket.ended import left_of_ended
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot

KEPT_OUT = "KEPT_OUT"
_MOST = 20
"""Single findings about units that are kept out; what is beyond is counted in one more."""


class Doubts(Struct, frozen=True):
    """tickets: {row of Distribution: why}. units: {UnitID: why}. unit_rows: {row of
    _PURCHASE_UNITS: why}. cells: the unknown cells."""

    tickets: dict[int, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    unit_rows: dict[int, str] = field(default_factory=dict)
    cells: tuple[Unknown, ...] = ()

    @classmethod
    def of(cls, snapshot: Snapshot) -> Doubts:
        """From Distribution, units and, where they were read, Sales and the schedule."""
        cells = unknown.unknown_cells(snapshot)
        tickets = {row: cell.said for row, cell in unknown.unknown_tickets(snapshot, cells).items()}
        unit_rows = {row: cell.said for row, cell in unknown.by_row(cells, UNITS).items()}
        units: dict[str, str] = {}
        claimed: dict[str, str] = {}
        for finding in checks.critical(snapshot):
            why = f"{finding.code}: {finding.message}"
            if finding.unit_id:
                units.setdefault(finding.unit_id, why)
            if finding.sheet == DISTRIBUTION and finding.row is not None:
                tickets.setdefault(finding.row, why)
            elif finding.code == checks.ORPHAN_UNIT and finding.sales_id:
                claimed.setdefault(finding.sales_id, why)
        if claimed:
            frame = snapshot[DISTRIBUTION].frame.filter(pl.col("sales_id").is_in(list(claimed)))
            for row, sales_id in frame.select("row", "sales_id").iter_rows():
                tickets.setdefault(row, claimed[sales_id])
        for left in left_of_ended(snapshot):
            tickets.setdefault(left.row, left.why)
        return cls(tickets, units, unit_rows, tuple(cells))

    def of_unit(self, row: int, unit_id: str) -> str:
        """Why a unit is not given away; empty where nothing speaks against it."""
        return self.unit_rows.get(row) or self.units.get(unit_id, "")


class KeptOut(NamedTuple):
    """A unit that is free but for a doubt; row: of _PURCHASE_UNITS. meant: whether no doubt keeps
    it out, but the office itself."""

    row: int
    occasion: str
    category: str
    why: str
    meant: bool = False


def kept_out_units(refused: Mapping[str, KeptOut]) -> list[Finding]:
    """{UnitID: why} of units that were free but for a doubt, as findings."""
    found = [
        Finding(
            KEPT_OUT,
            Severity.INFO if one.meant else Severity.HIGH,
            f"{unit_id} is not allocated: {one.why}",
            UNITS,
            one.row,
            "",
            unit_id,
            one.occasion,
            one.category,
        )
        for unit_id, one in sorted(refused.items(), key=lambda item: item[1].meant)
    ]
    rest = found[_MOST:]
    if rest:
        found[_MOST:] = [
            Finding(
                KEPT_OUT,
                max(finding.severity for finding in rest),
                f"not allocated: {counted(len(rest), 'more unit')}; audit run names them",
                UNITS,
                rest[0].row,
            )
        ]
    return found
