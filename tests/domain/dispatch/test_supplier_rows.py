"""The rows of suppliers' queues."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.dispatch.desk import DispatchDesk
from ticketops.schema.layouts.event import SUPPLIER_QUEUE, UNITS


def supplier_rows(desk: DispatchDesk) -> list[Any]:
    return sorted(
        desk.rows(SUPPLIER_QUEUE, "supplier_key", "unit_ids", "sales_id", "client_email", "company")
    )


def test_a_suppliers_rows_stand_before_any_allocation() -> None:
    desk = DispatchDesk()
    desk.reconcile()
    salvi = [("SALVI", f"P0000{n}", None, None, "MIRRA") for n in (1, 2, 3, 4)]
    povami = [("POVAMI", f"P0000{n}", None, None, "MIRRA") for n in (5, 6, 7, 8)]
    assert supplier_rows(desk) == povami + salvi
    row = desk.supplier_row("P00001")
    assert (row["match"], row["category"], row["contract"], row["qty"], row["delivery"]) == (
        "M01",
        "Cat 1",
        "000777",
        1,
        None,
    )


def test_a_suppliers_row_follows_its_unit(desk: DispatchDesk) -> None:
    salvi = [row for row in supplier_rows(desk) if row[0] == "SALVI"]
    assert salvi[0] == ("SALVI", "P00001", "S1-1", "g1@guest.example", "MIRRA")
    assert all(row[2:] == (None, None, "MIRRA") for row in salvi[1:])
    assert desk.supplier_row("P00001")["line_key"] == desk.ticket("S1-1")["line_key"]
    assert desk.supplier_row("P00001")["dist_row"] == desk.ticket("S1-1")["row"]
    desk.unallocate("S1", force=True)
    desk.reconcile()
    assert [row[2:] for row in supplier_rows(desk)] == [(None, None, "MIRRA")] * 8
    assert desk.supplier_row("P00001")["first_name"] is None


@pytest.mark.parametrize("status", ["CANCELLED", "REPLACED"])
def test_the_row_of_a_unit_that_is_gone_is_removed(desk: DispatchDesk, status: str) -> None:
    row = next(row for row, unit in desk.rows(UNITS, "row", "unit_id") if unit == "P00003")
    desk.set(UNITS, row, "status", status)
    desk.reconcile()
    assert [row[1] for row in supplier_rows(desk) if row[0] == "SALVI"] == [
        "P00001",
        "P00002",
        "P00004",
    ]


def test_rows_of_suppliers_that_are_not_mapped_are_left_alone(desk: DispatchDesk) -> None:
    desk.type_rows(
        SUPPLIER_QUEUE,
        [{"supplier_key": "OLDCO", "unit_ids": "P00001", "sales_id": "S1-1", "delivery": "SENT"}],
    )
    desk.reconcile()
    assert ("OLDCO", "P00001", "S1-1", None, None) in supplier_rows(desk)
    assert desk.ticket("S1-1")["delivery"] is None


def test_a_unit_of_another_supplier(desk: DispatchDesk) -> None:
    """The ticket is re-allocated from SALVI to POVAMI."""
    desk.unallocate("S1", force=True)
    desk.give("S1", ("PR0002-S01", 1), ("PR0003-S01", 2))
    desk.reconcile()
    assert desk.supplier_row("P00005")["client_email"] == "g1@guest.example"
    assert desk.supplier_row("P00001")["client_email"] is None
    assert desk.tasks("S1-1") == []
