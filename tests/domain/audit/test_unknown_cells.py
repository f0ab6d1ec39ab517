"""What is not understood is unknown, never blank (D16): kept out of allocation, dispatch and
unallocation, and told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk
from ticketops.errors import RuleError
from ticketops.model.findings import Severity
from ticketops.model.roles import OPS_MANAGER
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SCHEDULE,
    STAFF_QUEUE,
    UNITS,
)
from ticketops.services import allocation, dispatch, purchasing, selling
from ticketops.services.reporting import position_job

TICKET, UNIT, SALE = 3, 2, 2


@pytest.fixture
def desk() -> Desk:
    desk = Desk(role=OPS_MANAGER)
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1))
    return desk


NOT_UNDERSTOOD: list[tuple[str, int, str, Any, str, str]] = [
    (DISTRIBUTION, TICKET, "status", "Cancled", "Status 'Cancled'", "CANCELLED"),
    (DISTRIBUTION, TICKET, "delivery", "Snt", "Delivery 'Snt'", "SENT"),
    (DISTRIBUTION, TICKET, "category", "CAT1", "Category 'CAT1'", "Cat 1"),
    (DISTRIBUTION, TICKET, "alloc_from", "Cat1", "AllocFromCategory 'Cat1'", "Cat 1"),
    (DISTRIBUTION, TICKET, "match", "M?1", "M-No. 'M?1'", "write M01"),
    (DISTRIBUTION, TICKET, "unit_ids", "P00001?", "AllocatedUnitIDs 'P00001?'", "P00001"),
    (DISTRIBUTION, TICKET, "row_type", "Slaes", "Purchases/Sales 'Slaes'", "Sales"),
    (SALES, SALE, "status", "on hold", "Status 'on hold'", "UNALLOCATED, PARTIAL_ALLOCATED"),
]


@pytest.mark.parametrize(
    ("sheet", "row", "column", "text", "named", "hint"),
    NOT_UNDERSTOOD,
    ids=[f"{c[0]}.{c[2]}" for c in NOT_UNDERSTOOD],
)
def test_a_ticket_with_an_unknown_cell_is_left_alone(
    desk: Desk, sheet: str, row: int, column: str, text: str, named: str, hint: str
) -> None:
    desk.set(sheet, row, column, text)
    before = desk.rows(DISTRIBUTION, "status", "unit_ids", "category", "notes")
    plan = desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "status", "unit_ids", "category", "notes") == before
    assert not plan.changes
    [told] = [finding for finding in plan.findings if finding.code == "UNKNOWN_VALUE"]
    assert told.severity is Severity.HIGH
    assert (told.sheet, told.row) == (sheet, row)
    assert named in told.message
    assert hint in told.message
    with pytest.raises(RuleError):
        desk.do(allocation.allocate_commit("S1"))


@pytest.mark.parametrize(
    ("column", "text"),
    [("status", "Availble"), ("category", "Cat1"), ("match", "M1O"), ("unit_id", "first one")],
)
def test_a_unit_with_an_unknown_cell_is_not_given_away(desk: Desk, column: str, text: str) -> None:
    desk.set(UNITS, UNIT, column, text)
    plan = desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P00002"]
    assert any(
        finding.code == "UNKNOWN_VALUE" and text in finding.message for finding in plan.findings
    )


def test_a_unit_that_an_unknown_cell_may_speak_of_is_not_sold_again(desk: Desk) -> None:
    desk.sell(("M01", "Cat 1", 1))
    desk.set(DISTRIBUTION, TICKET, "unit_ids", "P1 (Tom has it)")
    desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P1 (Tom has it)", "P00002"]


@pytest.mark.parametrize(("column", "text"), [("delivery", "Snt"), ("status", "alocated")])
def test_what_is_unknown_is_not_unallocated_even_by_force(
    desk: Desk, column: str, text: str
) -> None:
    desk.do(allocation.allocate_auto())
    desk.set(DISTRIBUTION, TICKET, column, text)
    desk.refused(
        allocation.override_unallocate("S1", "why", set_id="", keep_seats=False, force=True),
        RuleError,
        text,
    )
    desk.refused(selling.sale_cancel("S1", "why", force=True), RuleError, text)
    desk.refused(allocation.unit_substitute("P00001", "", "why", force=True), RuleError, text)


def test_the_audit_names_the_cell(desk: Desk) -> None:
    desk.set(DISTRIBUTION, TICKET, "status", "Cancled")
    _result, findings = desk.audit()
    assert [(f.code, f.row) for f in findings] == [("UNKNOWN_VALUE", TICKET)]


def test_one_unit_id_on_two_rows_is_not_given_away(desk: Desk) -> None:
    desk.set(UNITS, 3, "unit_id", "p1")
    plan = desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids") == [None]
    assert any(f.code == "KEPT_OUT" and "UNIT_ID_TWICE" in f.message for f in plan.findings)
    assert "UNIT_ID_TWICE_IN_PURCHASE_UNITS" in desk.codes()


def test_a_ticket_that_a_unit_claims_gets_no_second_one(desk: Desk) -> None:
    desk.set(UNITS, UNIT, "status", "ALLOCATED")
    desk.set(UNITS, UNIT, "sales_id", "S1-1")
    plan = desk.do(allocation.allocate_auto())
    assert desk.rows(DISTRIBUTION, "unit_ids") == [None]
    assert [f.row for f in plan.findings if f.code == "KEPT_OUT"] == [TICKET]


def test_what_is_unknown_is_neither_queued_nor_heard(desk: Desk) -> None:
    desk.do(allocation.allocate_auto())
    for column, value in (
        ("first_name", "Ann"),
        ("last_name", "Lee"),
        ("client_email", "ann@example.com"),
        ("delivery", "Snt"),
    ):
        desk.set(DISTRIBUTION, TICKET, column, value)
    plan = desk.do(dispatch.staff_queue())
    assert desk.rows(STAFF_QUEUE, "task_id") == []
    assert [f.code for f in plan.findings if f.severity is Severity.HIGH] == ["UNKNOWN_VALUE"]
    desk.set(DISTRIBUTION, TICKET, "delivery", "not sent")
    desk.do(dispatch.staff_queue())
    assert desk.rows(STAFF_QUEUE, "task_id") == ["T00001"]
    desk.set(STAFF_QUEUE, 2, "dispatch_status", "Sent")
    desk.do(dispatch.staff_queue())
    assert desk.rows(DISTRIBUTION, "delivery") == ["SENT"]


def test_the_position_says_how_it_counts(desk: Desk) -> None:
    desk.set(DISTRIBUTION, TICKET, "status", "Cancled")
    plan = desk.do(position_job(write=False))
    assert plan.result.sold == 1
    assert ["counts as not cancelled" in f.message for f in plan.findings] == [True]


def test_expand_says_what_add_would_refuse() -> None:
    desk = Desk()
    desk.type_rows(SCHEDULE, [{"match": f"M{n:02d}", "game": "A vs B"} for n in (1, 2, 12)])
    desk.type_rows(
        PURCHASES,
        [
            {"match": "M120", "vendor": "V", "category": "Cat 1", "number": 1, "price": 1},
            {"match": "M 1", "vendor": "V", "category": "CAT1", "number": 1, "price": 1},
            {
                "match": "m-01",
                "vendor": "V",
                "category": "cat 1",
                "number": 1,
                "price": 1,
                "date": "31/06/2026",
            },
            {
                "match": "M01",
                "category": "Cat 1",
                "number": 1,
                "price": 1,
                "contract": 1234567890123456.0,
            },
        ],
    )
    desk.type_rows(
        SALES,
        [
            {"match": "M120", "category": "Cat 1", "number": 1, "price": 1},
            {"match": "M01", "client": "A", "category": "CAT1", "number": 1, "price": 1},
        ],
    )
    plan = desk.do(purchasing.purchase_expand())
    told = [
        (f.code, f.row)
        for f in plan.findings
        if f.sheet == PURCHASES and f.code != "CURRENCY_ASSUMED"
    ]
    assert told == [
        ("UNKNOWN_VALUE", 2),
        ("UNKNOWN_VALUE", 3),
        ("WRONG_TYPE", 4),
        ("MISSING_VALUE", 5),
        ("DIGITS_LOST", 5),
    ]
    messages = [f.message for f in plan.findings if f.sheet == PURCHASES]
    assert "did you mean M12?" in messages[0] or "did you mean M02?" in messages[0]
    assert "did you mean Cat 1?" in messages[1]
    assert "'31/06/2026'" in messages[2]
    plan = desk.do(selling.sale_expand())
    told = [
        (f.code, f.row)
        for f in plan.findings
        if f.sheet == SALES and f.code not in ("CURRENCY_ASSUMED", "OVERSELL")
    ]
    assert told == [("UNKNOWN_VALUE", 2), ("UNKNOWN_VALUE", 3), ("MISSING_VALUE", 2)]


def test_a_category_of_the_office_s_own_is_understood_where_it_was_bought_so() -> None:
    desk = Desk()
    desk.type_rows(
        PURCHASES,
        [{"match": "M01", "vendor": "V", "category": "Gold Lounge", "number": 1, "price": 1}],
    )
    desk.do(purchasing.purchase_expand())
    desk.type_rows(SALES, [{"match": "M01", "client": "A", "category": "Gold Lounge", "number": 1}])
    plan = desk.do(selling.sale_expand())
    assert "UNKNOWN_VALUE" not in [f.code for f in plan.findings]
    plan = desk.do(allocation.allocate_auto())
    assert not plan.findings
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P00001"]
    desk.type_rows(
        SALES, [{"match": "M01", "client": "A", "category": "Silver Lounge", "number": 1}]
    )
    assert "UNKNOWN_VALUE" in [f.code for f in desk.do(selling.sale_expand()).findings]
