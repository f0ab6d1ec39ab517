"""A desk to work at in tests: a store, a clock that ticks, and the jobs of the product by name."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ticketops.domain.audit import checks
from ticketops.domain.plan import Plan, Run
from ticketops.domain.position import position
from ticketops.domain.procurement import PurchaseLine
from ticketops.domain.sales import Order, SaleLine
from ticketops.model import states
from ticketops.model.findings import Finding
from ticketops.model.ids import run_id
from ticketops.schema.workbook import DISTRIBUTION, MANIFEST, UNITS
from ticketops.services import jobs
from ticketops.services.transaction import Done, Job, carry_out
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore

START = datetime(2026, 4, 17, 14, 30, 22)


class Desk:
    """Runs jobs one after the other on a store; every run is a minute later, UUIDs are counted."""

    def __init__(self, store: Any = None, *, role: str = states.SR_OPERATOR) -> None:
        self.store = store or MemoryStore()
        self.role = role
        self._minutes = itertools.count()
        self._uuids = itertools.count(1)

    def run(self) -> Run:
        now = START + timedelta(minutes=next(self._minutes))
        return Run(run_id(now), "tester", now, lambda: str(uuid.UUID(int=next(self._uuids))), self.role)

    def do(self, job: Job) -> Plan:
        return self.done(job).plan

    def done(self, job: Job) -> Done:
        return carry_out(self.store, job, self.run())

    def refused(self, job: Job, error: type[Exception], match: str = ".") -> None:
        """The job is refused and nothing changes."""
        before = everything(self.store)
        with pytest.raises(error, match=match):
            self.do(job)
        assert everything(self.store) == before

    def buy(self, *lines: tuple[str, str, int], vendor: str = "Viagogo", contract: str = "000777") -> Plan:
        """(match, category, quantity) each."""
        return self.do(jobs.purchase_add([
            PurchaseLine(match, vendor, contract, category, quantity, Decimal("120.50"), "USD", datetime(2026, 4, 17))
            for match, category, quantity in lines
        ]))  # fmt: skip

    def sell(self, *lines: tuple[str, str, int], client: str = "Meridian Travel") -> Plan:
        """(match, category, quantity) each, in one order."""
        order = Order(client, "USD", datetime(2026, 4, 17), contract="2025-3008")
        return self.do(jobs.sale_add(order, [SaleLine(match, category, n, Decimal(350)) for match, category, n in lines]))

    def undo(self) -> None:
        run = self.run()
        self.store.undo(Entry(run.run_id, "undo", run.user, run.now))

    def frame(self, sheet: str) -> Any:
        return self.store.read(sheet)[sheet].frame

    def rows(self, sheet: str, *columns: str) -> list[Any]:
        """The rows of a sheet; one column gives plain values."""
        frame = self.frame(sheet)
        return frame[columns[0]].to_list() if len(columns) == 1 else frame.select(columns).rows()

    def audit(self) -> tuple[dict[str, Any], list[Finding]]:
        return checks.audit(self.store.read(DISTRIBUTION, UNITS))

    def codes(self) -> list[str]:
        return sorted(finding.code for finding in self.audit()[1])

    def position(self) -> dict[str, Any]:
        return position(self.store.read(DISTRIBUTION, UNITS))

    def set(self, sheet: str, row: int, column: str, value: Any) -> None:
        """Somebody types into a cell (memory store only)."""
        place = self.store.read(sheet)[sheet].positions[column][0]
        self.store.edit_outside(sheet, row, place, value)

    def type_rows(self, sheet: str, rows: Sequence[dict[str, Any]]) -> None:
        """Somebody types whole rows below the last one (memory store only)."""
        for cells in rows:
            row = self.store.read(sheet)[sheet].next_row
            for column, value in cells.items():
                self.set(sheet, row, column, value)


def everything(store: Any) -> dict[str, list[Any]]:
    """All rows of all sheets, for «nothing changed»."""
    names = [sheet.name for sheet in MANIFEST if sheet.header_row]
    tables = store.read(*names).tables
    return {name: table.frame.rows() for name, table in tables.items()}
