"""Cells in other spellings are read as what they say, and stay as they are spelt until a command
writes them (D16)."""

from __future__ import annotations

import pytest

from tests.desk import Desk
from ticketops.schema.layouts.event import DISTRIBUTION, SALES, UNITS
from ticketops.services import allocation


def _desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    return desk


def _raw(desk: Desk, sheet: str, row: int, column: str):
    place = desk.store.read(sheet)[sheet].positions[column][0]
    return desk.store.rows(sheet)[row - 1][place - 1]


def test_a_cancelled_ticket_takes_no_seat() -> None:
    desk = _desk()
    desk.set(DISTRIBUTION, 3, "status", "Cancelled")
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "status", "unit_ids")[0] == ("CANCELLED", None)
    assert _raw(desk, DISTRIBUTION, 3, "status") == "Cancelled"  # nobody wrote it


@pytest.mark.slow
def test_a_unit_in_another_spelling_is_not_sold_twice() -> None:
    for spelt in ("p00001", "P1", "P00001/P00002", "P00001–P00002", " P 1\n"):
        desk = _desk()
        desk.set(DISTRIBUTION, 3, "unit_ids", spelt)
        desk.set(DISTRIBUTION, 3, "status", "allocated")
        desk.do(allocation.allocate_auto())
        used = [
            unit
            for cell in desk.rows(DISTRIBUTION, "unit_ids")
            if cell
            for unit in cell.split(", ")
        ]
        assert len(used) == len(set(used))
        assert _raw(desk, DISTRIBUTION, 3, "unit_ids") == spelt


def test_stock_in_another_spelling_is_found() -> None:
    desk = _desk()
    for row, (match, category) in enumerate(
        [("M 1", "cat 1"), ("m-01", "CAT\u00a01"), ("Match 1", "Cat  1"), ("M001", "Cat 1\u200b")],
        start=2,
    ):
        desk.set(UNITS, row, "match", match)
        desk.set(UNITS, row, "category", category)
    assert desk.position().available == 4
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P00001", "P00002", "P00003", "P00004"]
    assert _raw(desk, UNITS, 3, "category") == "CAT\u00a01"


def test_undo_gives_the_old_spelling_back() -> None:
    desk = _desk()
    desk.set(UNITS, 2, "status", " available ")
    desk.set(SALES, 2, "status", "Unallocated")
    desk.do(allocation.allocate_auto())
    assert _raw(desk, UNITS, 2, "status") == "ALLOCATED"
    desk.undo()
    assert _raw(desk, UNITS, 2, "status") == " available "
    assert _raw(desk, SALES, 2, "status") == "Unallocated"
