"""Sales become Distribution rows (§4 steps 3–5; D2, D3)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.schema.workbook import DISTRIBUTION, IMPORT_META, SALES, SALES_PARENT_RECON, SALES_RECON_AUDIT
from ticketops.services import jobs


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 4), ("M06", "Cat 2", 4))
    return desk


def expand(desk: Desk) -> dict[str, Any]:
    return desk.do(jobs.sale_expand()).result


def test_an_order_over_two_matches_is_two_lines_with_one_order_id(desk: Desk) -> None:
    desk.buy(("M06", "Cat 2", 2), ("M104", "Top Cat 1", 4))
    plan = desk.sell(("M06", "Cat 2", 2), ("M104", "Top Cat 1", 4))
    assert plan.result["sales_ids"] == ["S1", "S2"]
    assert plan.result["rows_created"] == 6
    assert len(set(desk.rows(SALES, "order_id"))) == 1
    assert desk.rows(SALES, "sales_id", "match", "number", "total", "currency", "status") == [
        ("S1", "M06", 2, 700.0, "USD", "UNALLOCATED"),
        ("S2", "M104", 4, 1400.0, "USD", "UNALLOCATED"),
    ]
    sources = desk.rows(SALES, "source_sale_id")
    assert desk.rows(DISTRIBUTION, "sales_id", "row_type", "match", "company", "inv_no", "category", "sets", "qty", "src_row", "child", "line_key") == [
        ("S1-1", "Sales", "M06", "Meridian Travel", "2025-3008", "Cat 2", 2, 1, 2, 1, f"{sources[0]}#1"),
        ("S1-2", "Sales", "M06", "Meridian Travel", "2025-3008", "Cat 2", 0, 1, 2, 2, f"{sources[0]}#2"),
        ("S2-1", "Sales", "M104", "Meridian Travel", "2025-3008", "Top Cat 1", 4, 1, 3, 1, f"{sources[1]}#1"),
        ("S2-2", "Sales", "M104", "Meridian Travel", "2025-3008", "Top Cat 1", 0, 1, 3, 2, f"{sources[1]}#2"),
        ("S2-3", "Sales", "M104", "Meridian Travel", "2025-3008", "Top Cat 1", 0, 1, 3, 3, f"{sources[1]}#3"),
        ("S2-4", "Sales", "M104", "Meridian Travel", "2025-3008", "Top Cat 1", 0, 1, 3, 4, f"{sources[1]}#4"),
    ]  # fmt: skip
    assert desk.rows(IMPORT_META, "row_key") == desk.rows(DISTRIBUTION, "line_key")


def test_expanding_again_changes_nothing(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3))
    expand(desk)
    before = everything(desk.store)
    assert not desk.done(jobs.sale_expand()).written
    assert everything(desk.store) == before


def test_what_operators_typed_is_kept_and_sale_driven_columns_follow(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    typed = {
        "first_name": "Ana", "last_name": "Ωmega", "client_email": "ana@example.org", "comment": "aisle", "client_notes": "vip",
        "notes": "call first", "delivery": "PENDING", "dispatch_notes": "asked", "alloc_from": "Cat 1", "process_now": True, "device": "iPad",
    }  # fmt: skip
    for column, value in typed.items():
        desk.set(DISTRIBUTION, 3, column, value)
    desk.set(SALES, 2, "client", "Meridian Travel Group")
    desk.set(SALES, 2, "contract", "0099")
    result = expand(desk)
    assert (result["rows_created"], result["rows_refreshed"]) == (0, 2)
    assert desk.rows(DISTRIBUTION, *typed)[0] == tuple(typed.values())
    assert desk.rows(DISTRIBUTION, "company", "inv_no") == [("Meridian Travel Group", "0099")] * 2


def test_a_sale_that_grew_gets_rows_and_one_that_shrank_keeps_its_rows(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3))
    desk.set(SALES, 2, "number", 4)
    desk.set(SALES, 3, "number", 1)
    result = expand(desk)
    assert (result["rows_created"], result["rows_missing"], result["rows_excess"]) == (2, 2, 2)
    assert desk.rows(DISTRIBUTION, "sales_id", "sets") == [
        ("S1-1", 4), ("S1-2", 0), ("S2-1", 1), ("S2-2", 0), ("S2-3", 0), ("S1-3", 0), ("S1-4", 0),
    ]  # fmt: skip


def test_rows_typed_by_hand_get_their_ids(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    desk.type_rows(SALES, [{"match": "M1", "client": "Ünal", "category": "Cat 1", "number": 2}])
    expand(desk)
    assert desk.rows(SALES, "sales_id") == ["S1", "S2"]
    assert desk.rows(SALES, "source_sale_id")[1].startswith("S_")
    assert desk.rows(DISTRIBUTION, "sales_id", "match", "company") == [
        ("S1-1", "M06", "Meridian Travel"), ("S2-1", "M01", "Ünal"), ("S2-2", "M01", "Ünal"),
    ]  # fmt: skip


def test_an_allocated_ticket_does_not_follow_to_another_match(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    desk.do(jobs.allocate_auto())
    desk.set(SALES, 2, "match", "M07")
    plan = desk.do(jobs.sale_expand())
    assert desk.rows(DISTRIBUTION, "match") == ["M06"]
    assert "SALE_CHANGED_AFTER_ALLOCATION" in [f.code for f in plan.findings]
    assert desk.codes() == []


def test_legacy_rows_without_keys_are_recognised_by_their_id(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    for row in (3, 4):
        for column in ("line_key", "source_sale_id", "child"):
            desk.set(DISTRIBUTION, row, column, None)
    result = expand(desk)
    assert (result["rows_created"], result["rows_refreshed"]) == (0, 2)
    assert desk.rows(DISTRIBUTION, "child") == [1, 2]


def test_doubled_sales_are_reported_and_expanded_once(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    source = desk.rows(SALES, "source_sale_id")[0]
    desk.type_rows(SALES, [{"match": "M06", "category": "Cat 2", "number": 1, "sales_id": "S9", "source_sale_id": source}])
    plan = desk.do(jobs.sale_expand())
    assert "DUPLICATE_SALE" in [f.code for f in plan.findings]
    assert desk.rows(DISTRIBUTION, "sales_id") == ["S1-1"]


def recon(desk: Desk) -> list[tuple[Any, ...]]:
    return desk.rows(SALES_RECON_AUDIT, "action", "dist_row", "sales_id", "expected")


def test_each_of_the_five_actions(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1), ("M06", "Cat 2", 2))
    desk.do(jobs.allocate_commit("S2"))
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
    plan = desk.do(jobs.recon_run())
    assert plan.result["by_action"] == {"KEEP": 4, "DELETE_CANDIDATE": 1, "MANUAL_REVIEW": 2, "PROTECTED_EXCESS": 1, "MISSING_IN_DIST": 1}
    assert recon(desk) == [
        ("KEEP", 3, "S1-1", 1),
        ("DELETE_CANDIDATE", 4, "S1-2", 1),
        ("KEEP", 5, "S2-1", 2),
        ("KEEP", 6, "S2-2", 2),
        ("PROTECTED_EXCESS", 7, "S2-3", 2),
        ("KEEP", 8, "S3-1", 2),
        ("MANUAL_REVIEW", 9, "S4-1", 2),
        ("MANUAL_REVIEW", 10, "S4-2", 2),
        ("MISSING_IN_DIST", None, "S3-2", 2),
    ]
    assert [row[0] for row in desk.rows(SALES_PARENT_RECON, "action", "actual")] == [row[0] for row in recon(desk)]


def tick(desk: Desk, sales_id: str) -> None:
    row = desk.rows(SALES_RECON_AUDIT, "row", "sales_id")
    desk.set(SALES_RECON_AUDIT, next(r for r, s in row if s == sales_id), "process_now", True)


def test_apply_carries_out_ticked_rows_only_and_never_removes_an_allocated_one(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 3), ("M01", "Cat 1", 3), ("M01", "Cat 1", 1))
    desk.do(jobs.allocate_commit("S2"))
    desk.set(SALES, 2, "number", 1)
    desk.set(SALES, 3, "number", 2)
    desk.set(SALES, 4, "number", 2)
    desk.do(jobs.recon_run())
    tick(desk, "S1-2")
    tick(desk, "S2-3")
    tick(desk, "S3-2")
    plan = desk.do(jobs.recon_apply())
    assert {k: plan.result[k] for k in ("ticked", "rows_deleted", "rows_created", "refused")} == {
        "ticked": 3, "rows_deleted": 1, "rows_created": 1, "refused": 1,
    }  # fmt: skip
    assert sorted(desk.rows(DISTRIBUTION, "sales_id")) == ["S1-1", "S1-3", "S2-1", "S2-2", "S2-3", "S3-1", "S3-2"]
    assert [f.code for f in plan.findings] == ["PROTECTED_EXCESS"]
    ticks = [s for s, t in desk.rows(SALES_RECON_AUDIT, "sales_id", "process_now") if t]
    assert ticks == ["S2-3"]
    assert desk.codes() == []


def test_a_row_that_was_allocated_after_it_was_ticked_is_not_removed(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    desk.set(SALES, 2, "number", 1)
    desk.do(jobs.recon_run())
    tick(desk, "S1-2")
    desk.do(jobs.allocate_commit("S1"))
    plan = desk.do(jobs.recon_apply())
    assert plan.result["rows_deleted"] == 0
    assert desk.rows(DISTRIBUTION, "sales_id") == ["S1-1", "S1-2"]


def test_ticks_survive_the_next_run(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 2))
    desk.set(SALES, 2, "number", 1)
    desk.do(jobs.recon_run())
    tick(desk, "S1-2")
    desk.sell(("M01", "Cat 1", 1))
    desk.do(jobs.recon_run())
    assert [s for s, t in desk.rows(SALES_RECON_AUDIT, "sales_id", "process_now") if t] == ["S1-2"]


def test_a_ticket_that_stands_twice_is_one_too_many(desk: Desk) -> None:
    desk.sell(("M06", "Cat 2", 1))
    row = dict(zip(desk.frame(DISTRIBUTION).columns, desk.frame(DISTRIBUTION).rows()[0], strict=True))
    desk.type_rows(DISTRIBUTION, [{k: v for k, v in row.items() if v is not None and k != "row"}])
    plan = desk.do(jobs.recon_run())
    assert [(line[0], line[1]) for line in recon(desk)] == [("KEEP", 3), ("DELETE_CANDIDATE", 4)]
    assert [f.code for f in plan.findings] == ["DELETE_CANDIDATE"]
