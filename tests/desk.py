"""Desks to work at in tests: a store, a clock that ticks, who is at work, and the jobs of the
product by name. A subject's tests derive a desk of their own, with what only they need."""

from __future__ import annotations

import copy
import itertools
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from ticketops.domain.audit import checks
from ticketops.domain.audit.figures import Audit
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.reporting.figures import Position
from ticketops.domain.reporting.position import position
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.engine.not_undoable import not_undoable
from ticketops.engine.transaction import Done, carry_out
from ticketops.model import roles
from ticketops.model.findings import Finding
from ticketops.model.ids import run_id
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, UNITS
from ticketops.schema.tables import Snapshot
from ticketops.services import allocation, purchasing, selling
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore

START = datetime(2026, 4, 17, 14, 30, 22)
DAY = datetime(START.year, START.month, START.day)
Cells = dict[str, dict[tuple[int, int], Any]]
"""{sheet: {(row, column), from 0: what it holds}}"""


class Desk:
    """Runs jobs one after the other on a store; every run is a minute later, UUIDs are counted.

    role, user: who is at work; days: how far the clock was put forward.
    """

    def __init__(self, store: Any = None, *, role: str = roles.SR_OPERATOR) -> None:
        self.store = store or MemoryStore(layout=EVENT, not_undoable=not_undoable)
        self.role = role
        self.user = "tester"
        self.days = 0
        self._minutes = itertools.count()
        self._uuids = itertools.count(1)

    def run(self) -> Run:
        now = START + timedelta(minutes=next(self._minutes), days=self.days)
        return Run(
            run_id(now), self.user, now, lambda: str(uuid.UUID(int=next(self._uuids))), self.role
        )

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

    def buy(
        self,
        *lines: tuple[str, str, int],
        vendor: str = "Viagogo",
        contract: str = "000777",
        price: Decimal = Decimal("120.50"),
        inv_no: str = "",
    ) -> Plan:
        """(match, category, quantity) each."""
        return self.do(
            purchasing.purchase_add(
                [
                    PurchaseLine(
                        match,
                        vendor,
                        contract,
                        category,
                        quantity,
                        price,
                        "USD",
                        DAY,
                        inv_no=inv_no,
                    )
                    for match, category, quantity in lines
                ]
            )
        )

    def sell(
        self,
        *lines: tuple[str, str, int],
        client: str = "Meridian Travel",
        contract: str = "2025-3008",
    ) -> Plan:
        """(match, category, quantity) each, in one order."""
        order = Order(client, "USD", DAY, contract=contract)
        return self.do(
            selling.sale_add(
                order,
                [SaleLine(match, category, n, Decimal(350)) for match, category, n in lines],
                new=True,
            )
        )

    def unallocate(self, sale: str = "S1", *, force: bool = False) -> None:
        self.do(
            allocation.override_unallocate(sale, "why", set_id="", keep_seats=False, force=force)
        )

    def undo(self) -> None:
        run = self.run()
        self.store.undo(Entry(run.run_id, "undo", run.user, run.now))

    def frame(self, sheet: str) -> Any:
        return self.store.read(sheet)[sheet].frame

    def rows(self, sheet: str, *columns: str) -> list[Any]:
        """The rows of a sheet; one column gives plain values."""
        frame = self.frame(sheet)
        return frame[columns[0]].to_list() if len(columns) == 1 else frame.select(columns).rows()

    def tickets(self) -> dict[str, dict[str, Any]]:
        """{SalesID: the row of Distribution}."""
        return {t["sales_id"]: t for t in self.frame(DISTRIBUTION).to_dicts() if t["sales_id"]}

    def ticket(self, sales_id: str) -> dict[str, Any]:
        return self.tickets()[sales_id]

    def cells(self) -> Cells:
        """Every cell that is not empty (memory store only)."""
        return {
            name: {
                (r, c): v
                for r, row in enumerate(self.store.rows(name))
                for c, v in enumerate(row)
                if v is not None
            }
            for name in self.store.sheet_names()
        }

    def audit(self) -> tuple[Audit, list[Finding]]:
        return checks.audit(self.store.read(DISTRIBUTION, UNITS))

    def codes(self) -> list[str]:
        return sorted(finding.code for finding in self.audit()[1])

    def position(self) -> Position:
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


class QuickStore(MemoryStore):
    """A sheet that holds what it held before is not built again."""

    _tables: ClassVar[dict[Any, Any]] = {}

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        tables = {}
        for name in sheets:
            key = name, strict, tuple(map(tuple, self.rows(name))) if name in self._sheets else None
            if key not in self._tables:
                if len(self._tables) > 300:
                    self._tables.clear()
                self._tables[key] = super().read(name, strict=strict)[name]
            tables[name] = self._tables[key]
        return Snapshot(self.revision(), tables, self.layout)


class CopiedDesk(Desk):
    """A manager's desk, empty or like another one: a copy is made sooner than its work is done
    again."""

    def __init__(self, like: CopiedDesk | None = None) -> None:
        super().__init__(
            QuickStore(like.store._sheets if like else None, layout=EVENT), role=roles.OPS_MANAGER
        )
        if like:
            self._minutes, self._uuids = copy.copy(like._minutes), copy.copy(like._uuids)


def everything(store: Any) -> dict[str, list[Any]]:
    """All rows of all sheets, for «nothing changed»."""
    names = [name for name in store.layout.names if store.layout[name].header_row]
    tables = store.read(*names).tables
    return {name: table.frame.rows() for name, table in tables.items()}
