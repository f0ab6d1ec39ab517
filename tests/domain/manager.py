"""A manager's desk: the audit is clean after every job."""

from __future__ import annotations

from typing import Any

from tests.desk import Desk
from ticketops.engine.job import Job
from ticketops.engine.transaction import Done, carry_out
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, UNITS
from ticketops.services import allocation

MANAGER = "ops_manager"


class ManagerDesk(Desk):
    """A desk at which every job leaves the audit clean."""

    def __init__(self) -> None:
        super().__init__(role=MANAGER)

    def done(self, job: Job) -> Done:
        """As `Desk.done`; the audit is clean after every job."""
        done = carry_out(self.store, job, self.run())
        assert self.codes() == []
        report = self.position()
        assert report.open - report.available == report.oversold - report.surplus
        return done

    def actions(self) -> list[Any]:
        return self.rows(ALLOC_LOG, "action", "sale_id", "set_id", "units_affected")

    def seats(self, *seats: str, first: int = 2, line: str = "7") -> None:
        """Seats of the units from sheet row `first` on, in block A."""
        for row, seat in enumerate(seats, start=first):
            for column, value in (("block", "A"), ("seat_row", line), ("seat", seat)):
                self.set(UNITS, row, column, value)

    def units(self) -> list[Any]:
        """The AllocatedUnitIDs of every ticket."""
        return self.rows(DISTRIBUTION, "unit_ids")

    def statuses(self) -> list[Any]:
        return self.rows(UNITS, "status")


def substitute(unit: str, with_unit: str = "", *, force: bool = False) -> Job:
    return allocation.unit_substitute(unit, with_unit, "the seat is broken", force=force)


def chosen(text: str) -> Any:
    from ticketops.domain.allocation.commit import Choice, parse_sets

    return Choice(sets=parse_sets([text]))
