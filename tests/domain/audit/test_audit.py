"""The audit (§12a): a sound workbook, one thing broken, exactly the findings that the definitions
give; and repair."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.audit.figures import Audit
from ticketops.schema.layouts.event import DISTRIBUTION, REPAIR_LOG, UNITS
from ticketops.services import allocation, audit

UNIT_ROW, TICKET_ROW = 2, 3  # P00001 and S1-1 belong together


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    assert desk.codes() == []
    return desk


BREAKS: list[tuple[str, list[tuple[str, int, str, Any]], list[str]]] = [
    (
        "the ticket names a unit that does not exist",
        [(DISTRIBUTION, TICKET_ROW, "unit_ids", "P00099")],
        ["MISSING_UNIT_IN_PURCHASE_UNITS", "ORPHAN_ALLOCATED_PURCHASE_UNIT"],
    ),
    (
        "two tickets name one unit",
        [(DISTRIBUTION, TICKET_ROW, "unit_ids", "P00002")],
        ["DUPLICATE_UNIT_IN_DISTRIBUTION", "ORPHAN_ALLOCATED_PURCHASE_UNIT", "SALES_ID_MISMATCH"],
    ),
    (
        "the unit points to another ticket",
        [(UNITS, UNIT_ROW, "sales_id", "S2-1")],
        ["SALES_ID_MISMATCH"],
    ),
    (
        "a unit is allocated but nobody has it",
        [(UNITS, 4, "status", "ALLOCATED")],
        ["ORPHAN_ALLOCATED_PURCHASE_UNIT"],
    ),
    (
        "the unit points to a ticket that is gone",
        [(UNITS, UNIT_ROW, "sales_id", "S77-1")],
        ["PURCHASE_UNIT_POINTS_TO_MISSING_SALES_ID", "SALES_ID_MISMATCH"],
    ),
    ("the count is off", [(DISTRIBUTION, TICKET_ROW, "unit_count", 2)], ["COUNT_MISMATCH"]),
    ("the count is blank", [(DISTRIBUTION, TICKET_ROW, "unit_count", None)], ["COUNT_MISMATCH"]),
    (
        "the unit has no back-pointer",
        [(UNITS, UNIT_ROW, "sales_id", None)],
        ["PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID"],
    ),
    (
        "the unit looks free",
        [(UNITS, UNIT_ROW, "status", "AVAILABLE")],
        ["STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"],
    ),
    (
        "the unit's status is blank",
        [(UNITS, UNIT_ROW, "status", None)],
        ["STATUS_LOOKS_AVAILABLE_BUT_REFERENCED"],
    ),
    (
        "a ticket looks allocated",
        [(DISTRIBUTION, 5, "status", "ALLOCATED")],
        ["STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"],
    ),
    (
        "two rows have one UnitID",
        [(UNITS, 5, "unit_id", "P00003")],
        ["UNIT_ID_TWICE_IN_PURCHASE_UNITS"],
    ),
    (
        "the unit was sold elsewhere",
        [(UNITS, UNIT_ROW, "status", "sold")],
        ["REFERENCED_UNIT_IS_NOT_FOR_SALE"],
    ),
    (
        "one set in two purchases",
        [(UNITS, 5, "purchase_id", "P_other")],
        ["SET_ID_IN_TWO_PURCHASES"],
    ),
    (
        "two units on one seat",
        [
            (UNITS, row, column, value)
            for row, seat in ((4, ("B1", "a", "12")), (5, (" b1", "A", "12")))
            for column, value in zip(("block", "seat_row", "seat"), seat, strict=True)
        ],
        ["SEAT_TWICE_IN_PURCHASE_UNITS"],
    ),
    ("a state that nobody understands", [(UNITS, 5, "status", "free?")], ["UNKNOWN_VALUE"]),
    (
        "a free unit claims a ticket",
        [(UNITS, 5, "sales_id", "S2-1")],
        ["STATUS_LOOKS_ALLOCATED_BUT_UNLINKED"],
    ),
]


@pytest.mark.parametrize(("cells", "codes"), [b[1:] for b in BREAKS], ids=[b[0] for b in BREAKS])
def test_one_break_gives_its_findings(
    desk: Desk, cells: list[tuple[str, int, str, Any]], codes: list[str]
) -> None:
    for cell in cells:
        desk.set(*cell)
    assert desk.codes() == codes


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("status", "CANCELLED"),
        ("status", "REPLACED"),
        ("category", "Cat 2"),
        ("match", "M02"),
        ("block", "B2"),
        ("block", None),
        ("seat_row", None),
        ("seat", "13"),
    ],
)
def test_units_that_are_gone_or_elsewhere_share_no_seat(
    desk: Desk, column: str, value: str | None
) -> None:
    for row in (4, 5):
        for name, text in zip(("block", "seat_row", "seat"), ("B1", "A", "12"), strict=True):
            desk.set(UNITS, row, name, text)
    assert desk.codes() == ["SEAT_TWICE_IN_PURCHASE_UNITS"]
    desk.set(UNITS, 5, "match", "M1")
    assert desk.codes() == ["SEAT_TWICE_IN_PURCHASE_UNITS"]
    desk.set(UNITS, 5, column, value)
    assert "SEAT_TWICE_IN_PURCHASE_UNITS" not in desk.codes()


def test_findings_say_where(desk: Desk) -> None:
    desk.set(UNITS, UNIT_ROW, "sales_id", "S2-1")
    result, (finding,) = desk.audit()
    assert (
        finding.severity.name,
        finding.sheet,
        finding.row,
        finding.sales_id,
        finding.unit_id,
        finding.match,
        finding.category,
    ) == ("CRITICAL", DISTRIBUTION, TICKET_ROW, "S1-1", "P00001", "M01", "Cat 1")
    assert result == Audit(
        distribution_rows=3,
        unique_unit_ids=2,
        purchase_units=4,
        allocated_units=2,
        issues=1,
        by_code={"SALES_ID_MISMATCH": 1},
        invariant_holds=True,
    )


def test_the_invariant_is_counted(desk: Desk) -> None:
    desk.set(UNITS, 4, "status", "ALLOCATED")
    assert desk.audit()[0].invariant_holds is False


def test_several_units_on_one_row(desk: Desk) -> None:
    desk.set(DISTRIBUTION, 5, "unit_ids", "P00003, P00004")
    desk.set(DISTRIBUTION, 5, "unit_count", 2)
    for row in (4, 5):
        desk.set(UNITS, row, "sales_id", "S2-1")
        desk.set(UNITS, row, "status", "ALLOCATED")
    assert desk.codes() == []


REPAIRABLE = [
    "the unit points to another ticket",
    "a unit is allocated but nobody has it",
    "the unit points to a ticket that is gone",
    "the count is off",
    "the count is blank",
    "the unit has no back-pointer",
    "the unit looks free",
    "the unit's status is blank",
    "a ticket looks allocated",
    "a free unit claims a ticket",
]


@pytest.mark.parametrize("name", REPAIRABLE)
def test_certain_repairs_leave_the_audit_clean_and_are_logged(desk: Desk, name: str) -> None:
    for cell in next(b[1] for b in BREAKS if b[0] == name):
        desk.set(*cell)
    plan = desk.do(audit.audit_repair())
    assert desk.codes() == []
    assert plan.findings == []
    assert plan.result.repairs == len(desk.rows(REPAIR_LOG, "action")) >= 1
    assert all(action.startswith("REPAIR_") for action in desk.rows(REPAIR_LOG, "action"))
    assert not desk.done(audit.audit_repair()).written


@pytest.mark.parametrize("name", [b[0] for b in BREAKS if b[0] not in REPAIRABLE])
def test_what_a_person_must_decide_is_left_and_listed(desk: Desk, name: str) -> None:
    for cell in next(b[1] for b in BREAKS if b[0] == name):
        desk.set(*cell)
    before = desk.rows(DISTRIBUTION, "unit_ids"), desk.rows(UNITS, "unit_id", "status", "sales_id")
    plan = desk.do(audit.audit_repair())
    assert plan.findings
    assert (
        desk.rows(DISTRIBUTION, "unit_ids"),
        desk.rows(UNITS, "unit_id", "status", "sales_id"),
    ) == before


def test_a_sent_ticket_is_never_set_back(desk: Desk) -> None:
    desk.set(DISTRIBUTION, 5, "status", "ALLOCATED")
    desk.set(DISTRIBUTION, 5, "delivery", "SENT")
    desk.do(audit.audit_repair())
    assert desk.rows(DISTRIBUTION, "status")[2] == "ALLOCATED"


def test_free_units_are_no_repair_where_a_row_has_no_id() -> None:
    """A row of Distribution without an ID is nobody's: free units, which point nowhere, do not
    point to it."""
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3))
    desk.type_rows(DISTRIBUTION, [{"row_type": "Purchases", "match": "M01", "category": "Cat 1"}])
    assert desk.do(audit.audit_repair()).result.repairs == 0


CRITICAL, HIGH, MEDIUM = "CRITICAL", "HIGH", "MEDIUM"
DETAILS: dict[str, list[tuple[str, str, str, int, str, str, str]]] = {
    # severity, code, sheet, row, SalesID, UnitID, message
    "the ticket names a unit that does not exist": [
        (
            CRITICAL,
            "MISSING_UNIT_IN_PURCHASE_UNITS",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00099",
            "S1-1: P00099 is not in _PURCHASE_UNITS",
        ),
        (
            CRITICAL,
            "ORPHAN_ALLOCATED_PURCHASE_UNIT",
            UNITS,
            2,
            "S1-1",
            "P00001",
            "P00001 is ALLOCATED but no ticket refers to it",
        ),
    ],
    "two tickets name one unit": [
        (
            CRITICAL,
            "DUPLICATE_UNIT_IN_DISTRIBUTION",
            DISTRIBUTION,
            4,
            "S1-2",
            "P00002",
            "S1-2: P00002 is also on row 3",
        ),
        (
            CRITICAL,
            "ORPHAN_ALLOCATED_PURCHASE_UNIT",
            UNITS,
            2,
            "S1-1",
            "P00001",
            "P00001 is ALLOCATED but no ticket refers to it",
        ),
        (
            CRITICAL,
            "SALES_ID_MISMATCH",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00002",
            "S1-1: P00002 points to S1-2",
        ),
    ],
    "a unit is allocated but nobody has it": [
        (
            CRITICAL,
            "ORPHAN_ALLOCATED_PURCHASE_UNIT",
            UNITS,
            4,
            "",
            "P00003",
            "P00003 is ALLOCATED but no ticket refers to it",
        )
    ],
    "the unit points to a ticket that is gone": [
        (
            CRITICAL,
            "PURCHASE_UNIT_POINTS_TO_MISSING_SALES_ID",
            UNITS,
            2,
            "S77-1",
            "P00001",
            "P00001 points to S77-1, which is not in Distribution",
        ),
        (
            CRITICAL,
            "SALES_ID_MISMATCH",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 points to S77-1",
        ),
    ],
    "the count is off": [
        (
            HIGH,
            "COUNT_MISMATCH",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: AllocatedCount is 2, but AllocatedUnitIDs lists 1",
        )
    ],
    "the count is blank": [
        (
            HIGH,
            "COUNT_MISMATCH",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: AllocatedCount is 0, but AllocatedUnitIDs lists 1",
        )
    ],
    "the unit has no back-pointer": [
        (
            HIGH,
            "PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 points to no ticket",
        )
    ],
    "the unit looks free": [
        (
            MEDIUM,
            "STATUS_LOOKS_AVAILABLE_BUT_REFERENCED",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 is referenced but its Status is AVAILABLE",
        )
    ],
    "the unit's status is blank": [
        (
            MEDIUM,
            "STATUS_LOOKS_AVAILABLE_BUT_REFERENCED",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 is referenced but its Status is blank",
        )
    ],
    "a ticket looks allocated": [
        (
            MEDIUM,
            "STATUS_LOOKS_ALLOCATED_BUT_UNLINKED",
            DISTRIBUTION,
            5,
            "S2-1",
            "",
            "S2-1: Status is ALLOCATED but there is no unit",
        )
    ],
    "a free unit claims a ticket": [
        (
            MEDIUM,
            "STATUS_LOOKS_ALLOCATED_BUT_UNLINKED",
            UNITS,
            5,
            "S2-1",
            "P00004",
            "P00004 is free but points to S2-1, which does not refer to it",
        )
    ],
    "the unit points to another ticket": [
        (
            CRITICAL,
            "SALES_ID_MISMATCH",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 points to S2-1",
        )
    ],
    "two rows have one UnitID": [
        (
            CRITICAL,
            "UNIT_ID_TWICE_IN_PURCHASE_UNITS",
            UNITS,
            5,
            "",
            "P00003",
            "P00003 is also on row 4",
        )
    ],
    "the unit was sold elsewhere": [
        (
            CRITICAL,
            "REFERENCED_UNIT_IS_NOT_FOR_SALE",
            DISTRIBUTION,
            3,
            "S1-1",
            "P00001",
            "S1-1: P00001 is SOLD but this ticket has it",
        )
    ],
    "one set in two purchases": [
        (
            HIGH,
            "SET_ID_IN_TWO_PURCHASES",
            UNITS,
            5,
            "",
            "P00004",
            "PR0001-S01 belongs to P_00000000-0000-0000-0000-000000000002, but P00004 is of P_other",
        )
    ],
    "two units on one seat": [
        (
            HIGH,
            "SEAT_TWICE_IN_PURCHASE_UNITS",
            UNITS,
            5,
            "",
            "P00004",
            "P00004 has the seat b1/A/12, as P00003 has: correct one of the two",
        )
    ],
    "a state that nobody understands": [
        (
            HIGH,
            "UNKNOWN_VALUE",
            UNITS,
            5,
            "",
            "P00004",
            "_PURCHASE_UNITS row 5: Status 'free?' is not understood; write one of AVAILABLE, ALLOCATED, CANCELLED, REPLACED, SOLD; the row is skipped until the cell is corrected",
        )
    ],
}


@pytest.mark.parametrize("name", [b[0] for b in BREAKS])
def test_each_finding_says_where_and_what(desk: Desk, name: str) -> None:
    for cell in next(b[1] for b in BREAKS if b[0] == name):
        desk.set(*cell)
    _result, findings = desk.audit()
    found = [
        (f.severity.name, f.code, f.sheet, f.row, f.sales_id, f.unit_id, f.message)
        for f in findings
    ]
    assert sorted(found) == sorted(DETAILS[name])
    cells = (
        name == "a state that nobody understands"
    )  # what a cell says is told of the cell, not of a match
    assert {(f.match, f.category) for f in findings} == {("", "") if cells else ("M01", "Cat 1")}


def test_the_figures_of_the_summary() -> None:
    """unique_unit_ids counts units, not references; an empty workbook has none of anything."""
    figures = (
        "distribution_rows",
        "unique_unit_ids",
        "purchase_units",
        "allocated_units",
        "invariant_holds",
    )
    desk = Desk()
    assert [getattr(desk.audit()[0], name) for name in figures] == [0, 0, 0, 0, True]
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 3))
    assert [getattr(desk.audit()[0], name) for name in figures] == [3, 0, 4, 0, True]
    desk.do(allocation.allocate_commit("S1"))
    assert [getattr(desk.audit()[0], name) for name in figures] == [3, 3, 4, 3, True]
    desk.set(DISTRIBUTION, 4, "unit_ids", "P00001")
    desk.set(DISTRIBUTION, 5, "unit_ids", "P00001, P00001")
    assert [getattr(desk.audit()[0], name) for name in figures] == [3, 1, 4, 3, False]
    duplicates = [
        (f.row, f.sales_id, f.message)
        for f in desk.audit()[1]
        if f.code == "DUPLICATE_UNIT_IN_DISTRIBUTION"
    ]
    assert duplicates == [
        (4, "S1-2", "S1-2: P00001 is also on row 3"),
        (5, "S1-3", "S1-3: P00001 is also on row 3"),
        (5, "S1-3", "S1-3: P00001 is also on row 3"),
    ]
