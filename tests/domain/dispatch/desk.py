"""A desk with two sales of three tickets, for what follows from a word."""

from __future__ import annotations

import functools
from datetime import datetime
from decimal import Decimal
from typing import Any

from tests.desk import CopiedDesk
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.schema.layouts.event import DISTRIBUTION, STAFF_QUEUE, SUPPLIER_QUEUE
from ticketops.services import allocation, dispatch

EARLIER = datetime(2026, 4, 17, 9, 30)
GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")


class DispatchDesk(CopiedDesk):
    """A desk with two sales of three tickets: S1 of Acme Travel, S2 of Bolt Tours. Salvi's units
    are a supplier's (SALVI), Povami's too (POVAMI), Viagogo's are sent by staff."""

    def __init__(self, like: DispatchDesk | None = None) -> None:
        super().__init__(like)
        if like:
            return
        for vendor in ("Salvi Tickets", "Povami", "Viagogo"):
            self.buy(("M01", "Cat 1", 4), vendor=vendor, price=Decimal(100))
        self.do(dispatch.supplier_map("SALVI", ["Salvi Tickets"], []))
        self.do(dispatch.supplier_map("POVAMI", ["Povami"], []))
        for client in ("Acme Travel", "Bolt Tours"):
            self.sell(("M01", "Cat 1", 3), client=client, contract="")

    def set(self, sheet: str, row: int, column: str, value: Any) -> None:
        """As `Desk.set`; a column that a sheet lacks is made."""
        table = self.store.read(sheet)[sheet]
        if column not in table.positions:
            place = len(self.store.rows(sheet)[table.sheet.header_row - 1]) + 1
            self.store.edit_outside(
                sheet, table.sheet.header_row, place, table.sheet.by_name[column].header
            )
        super().set(sheet, row, column, value)

    def give(self, sale: str, *sets: tuple[str, int]) -> None:
        self.do(allocation.allocate_commit(sale, Choice(sets=sets)))

    def write(self, sales_id: str, **values: Any) -> None:
        """Somebody types into a row of Distribution."""
        row = self.ticket(sales_id)["row"]
        for name, value in values.items():
            self.set(DISTRIBUTION, row, name, value)

    def tasks(self, sales_id: str = "") -> list[dict[str, Any]]:
        return [
            t
            for t in self.frame(STAFF_QUEUE).to_dicts()
            if t["task_id"] and sales_id in ("", t["sales_id"])
        ]

    def task(self, sales_id: str) -> dict[str, Any]:
        (found,) = self.tasks(sales_id)
        return found

    def supplier_row(self, unit_id: str) -> dict[str, Any]:
        (found,) = [
            row for row in self.frame(SUPPLIER_QUEUE).to_dicts() if row["unit_ids"] == unit_id
        ]
        return found

    def write_task(self, sales_id: str, **values: Any) -> None:
        for name, value in values.items():
            self.set(STAFF_QUEUE, self.task(sales_id)["row"], name, value)

    def write_supplier(self, unit_id: str, **values: Any) -> None:
        for name, value in values.items():
            self.set(SUPPLIER_QUEUE, self.supplier_row(unit_id)["row"], name, value)

    def reconcile(self, *edits: FieldEdit) -> Plan:
        """Hear words and bring everything into agreement; a second run finds nothing to do."""

        def plan(snapshot: Any, run: Run) -> Plan:
            state = State.of(snapshot)
            return plan_of(state, reconcile(state, run, edits))

        made = self.do(Job("dispatch.sync", plan, SHEETS))
        assert not self.do(dispatch.staff_queue()).changes
        assert self.codes() == []
        return made


def codes(plan: Plan) -> list[str]:
    return sorted(finding.code for finding in plan.findings)


@functools.cache
def served() -> DispatchDesk:
    """S1-1 has a Salvi unit (P00001), S1-2 and S1-3 Viagogo's (P00009, P00010); all guests have an
    address."""
    desk = DispatchDesk()
    desk.give("S1", ("PR0001-S01", 1), ("PR0003-S01", 2))
    for number in (1, 2, 3):
        desk.write(
            f"S1-{number}",
            client_email=f"g{number}@guest.example",
            first_name=f"Ana{number}",
            last_name="Berg",
        )
    desk.reconcile()
    return desk


def edit(source: str, sales_id: str, field: str, base: Any, value: Any, **more: Any) -> FieldEdit:
    return FieldEdit(
        source,
        {"client": "acme travel", "supplier": "SALVI", "staff": "ada@desk.example"}.get(
            source, "tester"
        ),
        sales_id,
        field,
        base,
        value,
        "returned.xlsx!X4",
        **more,
    )


N, P, S, A, I, U = "NOT_SENT", "PENDING", "SENT", "ACCEPTED", "ISSUE", "UPLOADED"  # noqa: E741
