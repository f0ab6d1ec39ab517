"""Sales become Distribution rows (§4 steps 3–5; D2, D3)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.desk import DAY, Desk, everything
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    IMPORT_META,
    SALES,
    SALES_PARENT_RECON,
    SALES_RECON_AUDIT,
)
from ticketops.services import allocation, masterdata, selling


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 4), ("M06", "Cat 2", 4))
    return desk


def expand(desk: Desk) -> dict[str, Any]:
    return desk.do(selling.sale_expand()).result


def test_an_order_over_two_matches_is_two_lines_with_one_order_id(desk: Desk) -> None:
    desk.buy(("M06", "Cat 2", 2), ("M104", "Top Cat 1", 4))
    plan = desk.sell(("M06", "Cat 2", 2), ("M104", "Top Cat 1", 4))
    assert plan.result.sales_ids == ["S1", "S2"]
    assert plan.result.rows_created == 6
    assert len(set(desk.rows(SALES, "order_id"))) == 1
    assert desk.rows(SALES, "sales_id", "match", "number", "total", "currency", "status") == [
        ("S1", "M06", 2, 700.0, "USD", "UNALLOCATED"),
        ("S2", "M104", 4, 1400.0, "USD", "UNALLOCATED"),
    ]
    sources = desk.rows(SALES, "source_sale_id")
    assert desk.rows(
        DISTRIBUTION,
        "sales_id",
        "row_type",
        "match",
        "company",
        "inv_no",
        "category",
        "sets",
        "qty",
        "src_row",
        "child",
        "line_key",
    ) == [
        ("S1-1", "Sales", "M06", "Meridian Travel", None, "Cat 2", 2, 1, 2, 1, f"{sources[0]}#1"),
        ("S1-2", "Sales", "M06", "Meridian Travel", None, "Cat 2", 0, 1, 2, 2, f"{sources[0]}#2"),
        (
            "S2-1",
            "Sales",
            "M104",
            "Meridian Travel",
            None,
            "Top Cat 1",
            4,
            1,
            3,
            1,
            f"{sources[1]}#1",
        ),
        (
            "S2-2",
            "Sales",
            "M104",
            "Meridian Travel",
            None,
            "Top Cat 1",
            0,
            1,
            3,
            2,
            f"{sources[1]}#2",
        ),
        (
            "S2-3",
            "Sales",
            "M104",
            "Meridian Travel",
            None,
            "Top Cat 1",
            0,
            1,
            3,
            3,
            f"{sources[1]}#3",
        ),
        (
            "S2-4",
            "Sales",
            "M104",
            "Meridian Travel",
            None,
            "Top Cat 1",
            0,
            1,
            3,
            4,
            f"{sources[1]}#4",
        ),
    ]
    assert desk.rows(IMPORT_META, "row_key") == desk.rows(DISTRIBUTION, "line_key")


def test_expanding_again_changes_nothing(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3))
    expand(desk)
    before = everything(desk.store)
    assert not desk.done(selling.sale_expand()).written
    assert everything(desk.store) == before


def test_what_operators_typed_is_kept_and_sale_driven_columns_follow(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    typed = {
        "first_name": "Ana",
        "last_name": "Ωmega",
        "client_email": "ana@example.org",
        "comment": "aisle",
        "client_notes": "vip",
        "notes": "call first",
        "delivery": "PENDING",
        "dispatch_notes": "asked",
        "alloc_from": "Cat 1",
        "process_now": True,
        "device": "iPad",
    }
    for column, value in typed.items():
        desk.set(DISTRIBUTION, 3, column, value)
    desk.set(SALES, 2, "client", "Meridian Travel Group")
    desk.set(SALES, 2, "contract", "0099")
    result = expand(desk)
    assert (result.rows_created, result.rows_refreshed) == (0, 2)
    assert desk.rows(DISTRIBUTION, *typed)[0] == tuple(typed.values())
    assert desk.rows(DISTRIBUTION, "company", "inv_no") == [("Meridian Travel Group", None)] * 2, (
        "the contract stays in Sales (D20)"
    )


def test_a_sale_that_grew_gets_rows_and_one_that_shrank_keeps_its_rows(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3))
    desk.set(SALES, 2, "number", 4)
    desk.set(SALES, 3, "number", 1)
    result = expand(desk)
    assert (result.rows_created, result.rows_missing, result.rows_excess) == (2, 2, 2)
    assert desk.rows(DISTRIBUTION, "sales_id", "sets") == [
        ("S1-1", 4),
        ("S1-2", 0),
        ("S2-1", 1),
        ("S2-2", 0),
        ("S2-3", 0),
        ("S1-3", 0),
        ("S1-4", 0),
    ]


def test_rows_typed_by_hand_get_their_ids(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    desk.type_rows(SALES, [{"match": "M1", "client": "Ünal", "category": "Cat 1", "number": 2}])
    expand(desk)
    assert desk.rows(SALES, "sales_id") == ["S1", "S2"]
    assert desk.rows(SALES, "source_sale_id")[1].startswith("S_")
    assert desk.rows(DISTRIBUTION, "sales_id", "match", "company") == [
        ("S1-1", "M06", "Meridian Travel"),
        ("S2-1", "M01", "Ünal"),
        ("S2-2", "M01", "Ünal"),
    ]


def test_an_allocated_ticket_does_not_follow_to_another_match(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    desk.do(allocation.allocate_auto())
    desk.set(SALES, 2, "match", "M07")
    plan = desk.do(selling.sale_expand())
    assert desk.rows(DISTRIBUTION, "match") == ["M06"]
    assert "SALE_CHANGED_AFTER_ALLOCATION" in [f.code for f in plan.findings]
    assert desk.codes() == []


def test_legacy_rows_without_keys_are_recognised_by_their_id(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    for row in (3, 4):
        for column in ("line_key", "source_sale_id", "child"):
            desk.set(DISTRIBUTION, row, column, None)
    result = expand(desk)
    assert (result.rows_created, result.rows_refreshed) == (0, 2)
    assert desk.rows(DISTRIBUTION, "child") == [1, 2]


def test_doubled_sales_are_reported_and_expanded_once(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    source = desk.rows(SALES, "source_sale_id")[0]
    desk.type_rows(
        SALES,
        [
            {
                "match": "M06",
                "category": "Cat 2",
                "number": 1,
                "sales_id": "S9",
                "source_sale_id": source,
            }
        ],
    )
    plan = desk.do(selling.sale_expand())
    assert "DUPLICATE_SALE" in [f.code for f in plan.findings]
    assert desk.rows(DISTRIBUTION, "sales_id") == ["S1-1"]


def recon(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows(SALES_RECON_AUDIT, "action", "dist_row", "sales_id", "expected")


def test_each_of_the_five_actions(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1), ("M06", "Cat 2", 2))
    desk.do(allocation.allocate_commit("S2"))
    desk.set(SALES, 2, "number", 1)  # S1-2 is one too many
    desk.set(SALES, 3, "number", 2)  # S2-3 too, but it is allocated
    desk.set(SALES, 4, "number", 2)  # S3-2 is missing
    for column, value in (
        ("match", "M06"),
        ("category", "Cat 2"),
        ("number", 2),
        ("source_sale_id", desk.rows(SALES, "source_sale_id")[3]),
        ("sales_id", "S9"),
    ):
        desk.set(SALES, 6, column, value)  # two rows of Sales claim S4
    plan = desk.do(selling.recon_run())
    assert plan.result.by_action == {
        "KEEP": 0,
        "DELETE_CANDIDATE": 1,
        "MANUAL_REVIEW": 6,
        "PROTECTED_EXCESS": 1,
        "MISSING_IN_DIST": 1,
    }
    assert recon(desk) == [
        ("MANUAL_REVIEW", 3, "S1-1", 1),
        ("DELETE_CANDIDATE", 4, "S1-2", 1),
        ("MANUAL_REVIEW", 5, "S2-1", 2),
        ("MANUAL_REVIEW", 6, "S2-2", 2),
        ("PROTECTED_EXCESS", 7, "S2-3", 2),
        ("MANUAL_REVIEW", 8, "S3-1", 2),
        ("MANUAL_REVIEW", 9, "S4-1", 2),
        ("MANUAL_REVIEW", 10, "S4-2", 2),
        ("MISSING_IN_DIST", None, "S3-2", 2),
    ]
    assert [row[0] for row in desk.rows(SALES_PARENT_RECON, "action", "actual")] == [
        row[0] for row in recon(desk)
    ]


def tick(desk: Desk, sales_id: str) -> None:
    row = desk.rows(SALES_RECON_AUDIT, "row", "sales_id")
    desk.set(SALES_RECON_AUDIT, next(r for r, s in row if s == sales_id), "process_now", True)


def test_apply_carries_out_ticked_rows_only_and_never_removes_an_allocated_one(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 3), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S2"))
    desk.set(SALES, 2, "number", 1)
    desk.set(SALES, 3, "number", 2)
    desk.set(SALES, 4, "number", 2)
    desk.do(selling.recon_run())
    tick(desk, "S1-2")
    tick(desk, "S2-3")
    tick(desk, "S3-2")
    plan = desk.do(selling.recon_apply())
    assert {
        k: getattr(plan.result, k) for k in ("ticked", "rows_deleted", "rows_created", "refused")
    } == {"ticked": 3, "rows_deleted": 1, "rows_created": 1, "refused": 1}
    assert sorted(desk.rows(DISTRIBUTION, "sales_id")) == [
        "S1-1",
        "S1-3",
        "S2-1",
        "S2-2",
        "S2-3",
        "S3-1",
        "S3-2",
    ]
    assert [(f.code, f.sales_id) for f in plan.findings] == [
        ("PROTECTED_EXCESS", "S2-3"),
        ("OVERSELL", "S3"),
    ]
    assert desk.rows(SALES, "status")[2] == "PENDING_APPROVAL"
    ticks = [s for s, t in desk.rows(SALES_RECON_AUDIT, "sales_id", "process_now") if t]
    assert ticks == ["S2-3"]
    assert desk.codes() == []


def test_apply_counts_every_ticked_row(desk: Desk) -> None:
    """Deleted, created, left unchanged, and those that need nothing: together all of them."""
    desk.sell(("M06", "Cat 2", 3), ("M01", "Cat 1", 2))
    desk.set(SALES, 2, "number", 2)
    desk.do(selling.recon_run())
    for ticket in ("S1-1", "S1-2", "S1-3", "S2-1"):
        tick(desk, ticket)
    result = desk.do(selling.recon_apply()).result
    assert (result.ticked, result.rows_deleted, result.rows_created) == (4, 1, 0)
    assert (result.refused, result.needed_nothing) == (0, 3)


def test_a_row_that_was_allocated_after_it_was_ticked_is_not_removed(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    desk.set(SALES, 2, "number", 1)
    desk.do(selling.recon_run())
    tick(desk, "S1-2")
    desk.do(allocation.allocate_commit("S1"))
    plan = desk.do(selling.recon_apply())
    assert plan.result.rows_deleted == 0
    assert desk.rows(DISTRIBUTION, "sales_id") == ["S1-1", "S1-2"]


def test_ticks_survive_the_next_run(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    desk.set(SALES, 2, "number", 1)
    desk.do(selling.recon_run())
    tick(desk, "S1-2")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(selling.recon_run())
    assert [s for s, t in desk.rows(SALES_RECON_AUDIT, "sales_id", "process_now") if t] == ["S1-2"]


def test_a_ticket_that_stands_twice_is_one_too_many(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    row = dict(
        zip(desk.frame(DISTRIBUTION).columns, desk.frame(DISTRIBUTION).rows()[0], strict=True)
    )
    desk.type_rows(DISTRIBUTION, [{k: v for k, v in row.items() if v is not None and k != "row"}])
    plan = desk.do(selling.recon_run())
    assert [(line[0], line[1]) for line in recon(desk)] == [
        ("MANUAL_REVIEW", 3),
        ("DELETE_CANDIDATE", 4),
    ]
    assert [f.code for f in plan.findings] == ["DELETE_CANDIDATE"]


@pytest.mark.parametrize(
    ("column", "value", "now"), [("match", "M07", "M07 Cat 2"), ("category", "Cat 1", "M06 Cat 1")]
)
@pytest.mark.parametrize("sign", ["unit", "status"])
def test_what_is_said_of_an_allocated_ticket_whose_sale_moved(
    desk: Desk, column: str, value: str, now: str, sign: str
) -> None:
    """A unit or the status alone freezes match and category; all else follows the sale."""
    desk.sell(("M06", "Cat 2", 2))
    if sign == "unit":
        desk.do(allocation.allocate_auto())
    else:
        desk.set(DISTRIBUTION, 4, "status", "ALLOCATED")
    unit = "P00006" if sign == "unit" else ""
    desk.set(SALES, 2, column, value)
    desk.set(SALES, 2, "client", "Bolt Tours")
    plan = desk.do(selling.sale_expand())
    found = [
        (f.severity.name, f.sheet, f.row, f.sales_id, f.unit_id, f.match, f.category, f.message)
        for f in plan.findings
        if f.code == "SALE_CHANGED_AFTER_ALLOCATION" and f.row == 4
    ]
    command = "override unallocate S1-2" if sign == "unit" else "audit repair"
    message = f"S1 is now {now} but this ticket is allocated: `{command}` and sale expand give it what its sale says"
    assert found == [("HIGH", DISTRIBUTION, 4, "S1-2", unit, "M06", "Cat 2", message)]
    assert desk.rows(DISTRIBUTION, "match", "category")[1] == ("M06", "Cat 2")
    assert desk.rows(DISTRIBUTION, "company") == ["Bolt Tours"] * 2
    free = desk.rows(DISTRIBUTION, "match", "category")[0]
    assert free == (("M06", "Cat 2") if sign == "unit" else tuple(now.split(" ", 1)))


def test_why_each_line_of_the_reconciliation_is_what_it_is(desk: Desk) -> None:
    desk.sell(
        ("M06", "Cat 2", 2),
        ("M01", "Cat 1", 3),
        ("M01", "Cat 1", 1),
        ("M06", "Cat 2", 1),
        ("M06", "Cat 2", 1),
    )
    desk.do(allocation.allocate_commit("S2"))
    desk.do(allocation.allocate_commit("S5"))
    desk.set(SALES, 2, "number", 1)  # S1-2 is one too many
    desk.set(SALES, 3, "number", 2)  # S2-3 too, but it is allocated
    desk.set(SALES, 3, "category", "Cat 2")  # and the others are of another category now
    desk.set(SALES, 4, "number", 2)  # S3-2 is missing
    desk.set(SALES, 5, "category", "Cat 1")  # S4-1 is to follow
    desk.set(
        SALES, 6, "client", "Bolt Tours"
    )  # S5-1 too: it is allocated, but match and category stay
    row = next(row for row in desk.frame(DISTRIBUTION).to_dicts() if row["sales_id"] == "S3-1")
    desk.type_rows(
        DISTRIBUTION, [{k: v for k, v in row.items() if v is not None and k != "row"}]
    )  # S3-1 stands twice
    desk.type_rows(
        DISTRIBUTION,
        [{"sales_id": "S99-1", "match": "M01", "category": "Cat 1", "row_type": "Sales"}],
    )
    plan = desk.do(selling.recon_run())
    lines = sorted(
        desk.rows(SALES_RECON_AUDIT, "sales_id", "dist_row", "action", "reason"),
        key=lambda line: (line[0], line[1] or 0),
    )
    moved = "allocated, but the sale is now M01 Cat 2"

    def changed(ticket: str) -> str:
        return f"S2 is now M01 Cat 2 but this ticket is allocated: `override unallocate {ticket}` and sale expand give it what its sale says"

    assert lines == [
        ("S1-1", 3, "MANUAL_REVIEW", "Sales asks for 1, but Distribution has 2; this one can stay"),
        (
            "S1-2",
            4,
            "DELETE_CANDIDATE",
            "Sales asks for 1, but Distribution has 2: this is one too many",
        ),
        ("S2-1", 5, "MANUAL_REVIEW", moved),
        ("S2-2", 6, "MANUAL_REVIEW", moved),
        (
            "S2-3",
            7,
            "PROTECTED_EXCESS",
            "Sales asks for 2, but Distribution has 3: this is one too many; it is allocated or sent; `sale cancel S2-3` resolves it",
        ),
        ("S3-1", 8, "MANUAL_REVIEW", "Sales asks for 2, but Distribution has 2; this one can stay"),
        ("S3-1", 11, "DELETE_CANDIDATE", "row 8 is the same ticket"),
        ("S3-2", None, "MISSING_IN_DIST", "Distribution has no ticket 2 of 2"),
        (
            "S4-1",
            9,
            "KEEP",
            "counts match; the sale has changed since, and sale expand updates the ticket",
        ),
        (
            "S5-1",
            10,
            "KEEP",
            "counts match; the sale has changed since, and sale expand updates the ticket",
        ),
        ("S99-1", 12, "DELETE_CANDIDATE", "Sales has no such sale"),
    ]
    found = sorted((f.sales_id, f.row or 0, f.code, f.sheet, f.message) for f in plan.findings)
    assert found == [
        (one[0], one[1] or 0, one[2], DISTRIBUTION, f"{one[0]}: {one[3]}")
        if one[3] != moved
        else (one[0], one[1], "SALE_CHANGED_AFTER_ALLOCATION", DISTRIBUTION, changed(one[0]))
        for one in lines
        if one[2] != "KEEP" and "can stay" not in one[3]
    ]


@pytest.mark.parametrize("number", ["three", 2.5, -1, 100_001, 10_000_000])
def test_a_sale_whose_number_cannot_be_read_is_told(desk: Desk, number: Any) -> None:
    desk.sell(("M06", "Cat 2", 2))
    desk.type_rows(
        SALES,
        [
            {
                "match": "M1",
                "client": "Acme",
                "category": "Cat 1",
                "number": number,
                "price": 1,
                "sales_id": "S7",
            }
        ],
    )
    plan = desk.do(selling.sale_expand())
    found = [
        (f.code, f.severity.name, f.sheet, f.row, f.sales_id, f.match, f.message)
        for f in plan.findings
    ]
    message = "the Number of this sale must be a whole number from 0 to 100,000"
    assert found == [("BAD_QUANTITY", "MEDIUM", SALES, 3, "S7", "M01", message)]
    assert desk.rows(DISTRIBUTION, "sales_id") == ["S1-1", "S1-2"]


@pytest.mark.parametrize("blank", ["match", "category"])
def test_a_sale_without_match_or_category_is_told(desk: Desk, blank: str) -> None:
    row = {"match": "M01", "client": "Acme", "category": "Cat 1", "number": 2, "sales_id": "S7"}
    desk.type_rows(SALES, [{name: value for name, value in row.items() if name != blank}])
    plan = desk.do(selling.sale_expand())
    found = [
        (f.code, f.severity.name, f.sheet, f.row, f.sales_id, f.message) for f in plan.findings
    ]
    assert found == [
        (
            "INCOMPLETE_SALE",
            "MEDIUM",
            SALES,
            2,
            "S7",
            "a sale without match or category has no tickets",
        )
    ]
    assert desk.rows(DISTRIBUTION, "sales_id") == []


def test_keys_changed_by_find_and_replace_make_no_second_tickets() -> None:
    desk = Desk()
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "source_sale_id", "S_changed")
    before = desk.rows(DISTRIBUTION, "sales_id", "line_key")
    plan = desk.do(selling.sale_expand())
    assert desk.rows(DISTRIBUTION, "sales_id", "line_key") == before
    assert [f.row for f in plan.findings if f.code == "KEY_CHANGED"] == [3, 4]


def test_recon_keeps_nothing_of_a_sale_whose_number_cannot_be_read(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.set(SALES, 2, "number", "two")
    done = desk.do(selling.recon_run())
    assert [f.code for f in done.findings] == ["BAD_QUANTITY"]
    assert done.result.by_action["MANUAL_REVIEW"] == 2
    assert done.result.by_action["KEEP"] == 0


def test_a_sales_id_that_a_unit_still_names_is_not_given_again(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    for sheet, row in ((SALES, 3), (DISTRIBUTION, 4)):
        for column in desk.store.read(sheet)[sheet].positions:
            desk.set(sheet, row, column, None)
    assert "S2" not in desk.rows(SALES, "sales_id")
    desk.sell(("M01", "Cat 1", 1))
    assert desk.rows(SALES, "sales_id")[-1] == "S3"


def test_a_sale_is_looked_after_by_somebody_of_the_workbook() -> None:
    desk = Desk(role="super_admin")
    desk.buy(("M01", "Cat 1", 9))
    line = SaleLine("M01", "Cat 1", 1, Decimal(5))
    desk.do(selling.sales_add([(Order("Acme", "USD", DAY), [line])], new=True))

    def by(name: str) -> Job:
        return selling.sale_set("S1", Terms(operator=name), "x", force=False)

    desk.do(by("anybody"))  # nobody is named in _USERS
    desk.do(masterdata.user_set("tester", role="super_admin", name="", email="", active=None))
    with pytest.raises(RuleError, match="zoe can't look after S1: zoe is not in _USERS") as refused:
        desk.do(by("zoe"))
    assert refused.value.hint == "tester can be named"
    assert desk.rows("Sales", "operator") == ["anybody"]
    desk.do(by("Tester"))
    desk.do(by(""))
    assert desk.rows("Sales", "operator") == [None]
    assert desk.do(selling.sale_set("S1", Terms(notes="n"), "x", force=False)).changes
