"""The audit (§12a): a sound workbook, one thing broken, exactly the findings that the definitions give; and repair."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from ticketops.schema.workbook import DISTRIBUTION, REPAIR_LOG, UNITS
from ticketops.services import jobs

UNIT_ROW, TICKET_ROW = 2, 3  # P00001 and S1-1 belong together


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S1"))
    assert desk.codes() == []
    return desk


BREAKS: list[tuple[str, list[tuple[str, int, str, Any]], list[str]]] = [
    ("the ticket names a unit that does not exist", [(DISTRIBUTION, TICKET_ROW, "unit_ids", "P00099")],
     ["MISSING_UNIT_IN_PURCHASE_UNITS", "ORPHAN_ALLOCATED_PURCHASE_UNIT"]),
    ("two tickets name one unit", [(DISTRIBUTION, TICKET_ROW, "unit_ids", "P00002")],
     ["DUPLICATE_UNIT_IN_DISTRIBUTION", "ORPHAN_ALLOCATED_PURCHASE_UNIT", "SALES_ID_MISMATCH"]),
    ("the unit points to another ticket", [(UNITS, UNIT_ROW, "sales_id", "S2-1")], ["SALES_ID_MISMATCH"]),
    ("a unit is allocated but nobody has it", [(UNITS, 4, "status", "ALLOCATED")], ["ORPHAN_ALLOCATED_PURCHASE_UNIT"]),
    ("the unit points to a ticket that is gone", [(UNITS, UNIT_ROW, "sales_id", "S77-1")],
     ["PURCHASE_UNIT_POINTS_TO_MISSING_SALES_ID", "SALES_ID_MISMATCH"]),
    ("the count is off", [(DISTRIBUTION, TICKET_ROW, "unit_count", 2)], ["COUNT_MISMATCH"]),
    ("the count is blank", [(DISTRIBUTION, TICKET_ROW, "unit_count", None)], ["COUNT_MISMATCH"]),
    ("the unit has no back-pointer", [(UNITS, UNIT_ROW, "sales_id", None)], ["PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID"]),
    ("the unit looks free", [(UNITS, UNIT_ROW, "status", "AVAILABLE")], ["STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"]),
    ("the unit's status is blank", [(UNITS, UNIT_ROW, "status", None)], ["STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"]),
    ("a ticket looks allocated", [(DISTRIBUTION, 5, "status", "ALLOCATED")], ["STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"]),
    ("a free unit claims a ticket", [(UNITS, 5, "sales_id", "S2-1")], ["STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"]),
]  # fmt: skip


@pytest.mark.parametrize(("cells", "codes"), [b[1:] for b in BREAKS], ids=[b[0] for b in BREAKS])
def test_one_break_gives_its_findings(desk: Desk, cells: list[tuple[str, int, str, Any]], codes: list[str]) -> None:
    for cell in cells:
        desk.set(*cell)
    assert desk.codes() == codes


def test_findings_say_where(desk: Desk) -> None:
    desk.set(UNITS, UNIT_ROW, "sales_id", "S2-1")
    result, (finding,) = desk.audit()
    assert (finding.severity.name, finding.sheet, finding.row, finding.sales_id, finding.unit_id, finding.match, finding.category) == (
        "CRITICAL", DISTRIBUTION, TICKET_ROW, "S1-1", "P00001", "M01", "Cat 1",
    )  # fmt: skip
    assert result == {
        "distribution_rows": 3, "unique_unit_ids": 2, "purchase_units": 4, "allocated_units": 2, "issues": 1,
        "by_code": {"SALES_ID_MISMATCH": 1}, "invariant_holds": True,
    }  # fmt: skip


def test_the_invariant_is_counted(desk: Desk) -> None:
    desk.set(UNITS, 4, "status", "ALLOCATED")
    assert desk.audit()[0]["invariant_holds"] is False


def test_several_units_on_one_row(desk: Desk) -> None:
    desk.set(DISTRIBUTION, 5, "unit_ids", "P00003, P00004")
    desk.set(DISTRIBUTION, 5, "unit_count", 2)
    for row in (4, 5):
        desk.set(UNITS, row, "sales_id", "S2-1")
        desk.set(UNITS, row, "status", "ALLOCATED")
    assert desk.codes() == []


REPAIRABLE = ["the unit points to another ticket", "a unit is allocated but nobody has it", "the unit points to a ticket that is gone",
              "the count is off", "the count is blank", "the unit has no back-pointer", "the unit looks free", "the unit's status is blank",
              "a ticket looks allocated", "a free unit claims a ticket"]  # fmt: skip


@pytest.mark.parametrize("name", REPAIRABLE)
def test_certain_repairs_leave_the_audit_clean_and_are_logged(desk: Desk, name: str) -> None:
    for cell in next(b[1] for b in BREAKS if b[0] == name):
        desk.set(*cell)
    plan = desk.do(jobs.audit_repair())
    assert desk.codes() == []
    assert plan.findings == []
    assert plan.result["repairs"] == len(desk.rows(REPAIR_LOG, "action")) >= 1
    assert all(action.startswith("REPAIR_") for action in desk.rows(REPAIR_LOG, "action"))
    assert not desk.done(jobs.audit_repair()).written


@pytest.mark.parametrize("name", [b[0] for b in BREAKS if b[0] not in REPAIRABLE])
def test_what_a_person_must_decide_is_left_and_listed(desk: Desk, name: str) -> None:
    for cell in next(b[1] for b in BREAKS if b[0] == name):
        desk.set(*cell)
    before = desk.rows(DISTRIBUTION, "unit_ids"), desk.rows(UNITS, "unit_id", "status", "sales_id")
    plan = desk.do(jobs.audit_repair())
    assert plan.findings
    assert (desk.rows(DISTRIBUTION, "unit_ids"), desk.rows(UNITS, "unit_id", "status", "sales_id")) == before


def test_a_sent_ticket_is_never_set_back(desk: Desk) -> None:
    desk.set(DISTRIBUTION, 5, "status", "ALLOCATED")
    desk.set(DISTRIBUTION, 5, "delivery", "SENT")
    desk.do(jobs.audit_repair())
    assert desk.rows(DISTRIBUTION, "status")[2] == "ALLOCATED"


def test_free_units_are_no_repair_where_a_row_has_no_id() -> None:
    """A row of Distribution without an ID is nobody's: free units, which point nowhere, do not point to it."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3))
    desk.type_rows(DISTRIBUTION, [{"row_type": "Purchases", "match": "M01", "category": "Cat 1"}])
    assert desk.do(jobs.audit_repair()).result["repairs"] == 0
