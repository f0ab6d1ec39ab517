"""Purchases become units (§3 steps 3, 4 and 6; D4)."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk, everything
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    PURCHASE_META,
    PURCHASES,
    SCHEDULE,
    UNITS,
    UNITS_AUDIT,
)
from ticketops.services import allocation, purchasing


@pytest.fixture
def desk() -> Desk:
    return Desk()


def expand(desk: Desk) -> dict[str, Any]:
    return desk.do(purchasing.purchase_expand()).result


def allocate(desk: Desk, quantity: int) -> None:
    desk.sell(("M01", "Cat 1", quantity))
    desk.do(allocation.allocate_auto())


def test_a_purchase_of_two_lines_becomes_units_with_the_ids_of_the_specification(
    desk: Desk,
) -> None:
    plan = desk.buy(("M1", "Cat 1", 3), ("M001", "cat 2", 2))
    assert plan.result.units_created == 5
    assert (plan.result.first_unit_id, plan.result.last_unit_id) == ("P00001", "P00005")
    assert desk.rows(
        UNITS,
        "unit_id",
        "match",
        "vendor",
        "contract",
        "category",
        "status",
        "set_id",
        "set_size",
        "set_pos",
        "source_row",
    ) == [
        ("P00001", "M01", "Viagogo", "000777", "Cat 1", "AVAILABLE", "PR0001-S01", 3, 1, 1),
        ("P00002", "M01", "Viagogo", "000777", "Cat 1", "AVAILABLE", "PR0001-S01", 3, 2, 1),
        ("P00003", "M01", "Viagogo", "000777", "Cat 1", "AVAILABLE", "PR0001-S01", 3, 3, 1),
        ("P00004", "M01", "Viagogo", "000777", "Cat 2", "AVAILABLE", "PR0002-S01", 2, 1, 2),
        ("P00005", "M01", "Viagogo", "000777", "Cat 2", "AVAILABLE", "PR0002-S01", 2, 2, 2),
    ]
    bought = desk.rows(PURCHASES, "purchase_id")
    assert all(text.startswith("P_") for text in bought)
    assert desk.rows(UNITS, "purchase_id") == [bought[0]] * 3 + [bought[1]] * 2
    assert desk.rows(PURCHASES, "number", "price", "total", "currency") == [
        (3, 120.5, 361.5, "USD"),
        (2, 120.5, 241.0, "USD"),
    ]
    assert desk.rows(PURCHASE_META, "unit_key")[:3] == [
        f"M01||Viagogo|000777|Cat 1|#{n}" for n in (1, 2, 3)
    ]


def test_expanding_again_changes_nothing(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M02", "Cat 4", 7))
    before = everything(desk.store)
    done = desk.done(purchasing.purchase_expand())
    assert not done.written
    assert everything(desk.store) == before


def test_a_purchase_that_grew_gets_the_missing_units(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 1))
    desk.set(PURCHASES, 2, "number", 5)
    result = expand(desk)
    assert (result.units_created, result.first_unit_id, result.last_unit_id) == (
        2,
        "P00005",
        "P00006",
    )
    assert desk.rows(UNITS, "unit_id", "set_id", "set_size", "set_pos") == [
        ("P00001", "PR0001-S01", 5, 1),
        ("P00002", "PR0001-S01", 5, 2),
        ("P00003", "PR0001-S01", 5, 3),
        ("P00004", "PR0002-S01", 1, 1),
        ("P00005", "PR0001-S01", 5, 4),
        ("P00006", "PR0001-S01", 5, 5),
    ]
    assert [issue.code for issue in result.issues] == ["MISSING_ROWS_ADDED"]
    assert desk.rows(
        UNITS_AUDIT, "issue", "purchases_qty", "units_before", "units_after", "unit_ids"
    ) == [("MISSING_ROWS_ADDED", 5, 3, 5, "P00005, P00006")]
    assert not desk.done(purchasing.purchase_expand()).written


def test_a_purchase_that_shrank_loses_its_last_free_units(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 5))
    desk.set(PURCHASES, 2, "number", 3)
    result = expand(desk)
    assert result.units_removed == 2
    assert [issue.code for issue in result.issues] == ["EXTRA_AVAILABLE_ROWS_REMOVED"]
    assert desk.rows(UNITS, "unit_id", "set_size") == [("P00001", 3), ("P00002", 3), ("P00003", 3)]


def test_a_removed_unit_id_is_never_given_again(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 5))
    desk.set(PURCHASES, 2, "number", 3)
    expand(desk)
    assert desk.buy(("M02", "Cat 1", 1)).result.first_unit_id == "P00006"


def test_a_unit_id_that_only_a_ticket_names_is_not_given_again(desk: Desk) -> None:
    """Its row was deleted, and the ticket still refers to it: another seat of that name would be
    served by it."""
    desk.sell(("M02", "Cat 1", 1))
    desk.set(DISTRIBUTION, 3, "unit_ids", "P00041")
    assert desk.buy(("M02", "Cat 1", 1)).result.first_unit_id == "P00042"


def test_units_never_fall_below_the_allocated_count(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 5))
    allocate(desk, 4)
    desk.set(PURCHASES, 2, "number", 2)
    plan = desk.do(purchasing.purchase_expand())
    assert desk.rows(UNITS, "unit_id", "status") == [
        (f"P0000{n}", "ALLOCATED") for n in range(1, 5)
    ]
    assert sorted(issue.code for issue in plan.result.issues) == [
        "ALLOCATED_EXCEEDS_PURCHASES_QTY",
        "EXTRA_AVAILABLE_ROWS_REMOVED",
    ]
    assert [finding.code for finding in plan.findings] == ["ALLOCATED_EXCEEDS_PURCHASES_QTY"]
    assert desk.codes() == []
    again = desk.done(purchasing.purchase_expand())
    assert not again.written, "a standing issue is logged once"
    assert [issue.code for issue in again.plan.result.issues] == ["ALLOCATED_EXCEEDS_PURCHASES_QTY"]


def test_units_that_only_distribution_refers_to_are_kept_too(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    allocate(desk, 2)
    desk.set(UNITS, 3, "status", "AVAILABLE")
    desk.set(UNITS, 3, "sales_id", None)
    desk.set(PURCHASES, 2, "number", 1)
    expand(desk)
    assert desk.rows(UNITS, "unit_id") == ["P00001", "P00002"]


def test_orphans_in_use_stay_for_ever_and_free_ones_go(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.buy(("M01", "Cat 2", 1))
    allocate(desk, 1)
    for column in (
        "date",
        "match",
        "vendor",
        "contract",
        "category",
        "number",
        "price",
        "total",
        "purchase_id",
        "currency",
        "user",
        "created_at",
    ):
        desk.set(PURCHASES, 2, column, None)
    plan = desk.do(purchasing.purchase_expand())
    assert sorted(issue.code for issue in plan.result.issues) == [
        "EXTRA_AVAILABLE_ROWS_REMOVED",
        "ORPHAN_ALLOCATED_ROW_PRESERVED",
    ]
    assert desk.rows(UNITS, "unit_id", "status") == [
        ("P00001", "ALLOCATED"),
        ("P00004", "AVAILABLE"),
    ]
    assert not desk.done(purchasing.purchase_expand()).written


def test_purchases_that_moved_keep_their_units(desk: Desk) -> None:
    """D4: matched by PurchaseID first, so rows may be sorted."""
    desk.buy(("M01", "Cat 1", 2), ("M02", "Cat 3", 1))
    first, second = desk.frame(PURCHASES).drop("row").rows()
    columns = desk.frame(PURCHASES).columns[1:]
    for row, values in ((2, second), (3, first)):
        for column, value in zip(columns, values, strict=True):
            if column in desk.store.read(PURCHASES)[PURCHASES].positions:
                desk.set(PURCHASES, row, column, value)
    assert not desk.done(purchasing.purchase_expand()).written


def test_legacy_units_without_purchase_id_are_matched_by_their_source_row(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.buy(("M02", "Cat 3", 1))
    for row in (2, 3, 4):
        desk.set(UNITS, row, "purchase_id", None)
    result = expand(desk)
    assert (result.units_created, result.units_removed) == (0, 0)
    bought = desk.rows(PURCHASES, "purchase_id")
    assert desk.rows(UNITS, "purchase_id") == [bought[0], bought[0], bought[1]]


def test_rows_typed_by_hand_get_a_purchase_id(desk: Desk) -> None:
    desk.type_rows(PURCHASES, [{"match": "M1", "vendor": "Ann", "category": "Cat 4", "number": 2}])
    expand(desk)
    (bought,) = desk.rows(PURCHASES, "purchase_id")
    assert bought.startswith("P_")
    assert desk.rows(UNITS, "match", "vendor", "purchase_id") == [("M01", "Ann", bought)] * 2


def test_a_correction_reaches_free_units_and_is_reported_for_allocated_ones(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    allocate(desk, 1)
    desk.set(PURCHASES, 2, "contract", "0042")
    plan = desk.do(purchasing.purchase_expand())
    assert desk.rows(UNITS, "contract") == ["000777", "0042", "0042"]
    assert [f.code for f in plan.findings] == ["PURCHASE_CHANGED_AFTER_ALLOCATION"]


@pytest.mark.parametrize(
    ("cells", "code"),
    [
        ({"match": "M01", "category": "Cat 1", "number": "three"}, "BAD_QUANTITY"),
        ({"match": "M01", "category": "Cat 1", "number": 2.5}, "BAD_QUANTITY"),
        ({"match": "M01", "category": "Cat 1", "number": -1}, "BAD_QUANTITY"),
        ({"match": "M01", "category": "Cat 1", "number": 10_000_000}, "BAD_QUANTITY"),
        ({"match": "M01", "number": 3}, "INCOMPLETE_PURCHASE"),
    ],
)
def test_rows_that_cannot_be_read_are_findings_and_the_others_are_expanded(
    desk: Desk, cells: dict[str, Any], code: str
) -> None:
    desk.type_rows(
        PURCHASES,
        [
            cells | {"vendor": "V", "price": 1, "purchase_id": "P_bad"},
            {
                "match": "M02",
                "vendor": "V",
                "category": "Cat 2",
                "number": 1,
                "price": 1,
                "purchase_id": "P_good",
            },
        ],
    )
    plan = desk.do(purchasing.purchase_expand())
    assert [(f.code, f.sheet, f.row) for f in plan.findings] == [(code, PURCHASES, 2)]
    assert desk.rows(UNITS, "match", "set_id") == [("M02", "PR0002-S01")]


def test_a_doubled_purchase_id_is_expanded_once(desk: Desk) -> None:
    row = {"match": "M02", "vendor": "V", "category": "Cat 2", "number": 1}
    row |= {"price": 1, "purchase_id": "P_same"}
    desk.type_rows(PURCHASES, [row, row])
    plan = desk.do(purchasing.purchase_expand())
    assert [f.code for f in plan.findings] == ["DUPLICATE_PURCHASE_ID"]
    assert len(desk.rows(UNITS, "unit_id")) == 1


def test_the_schedule_gives_the_game_and_refuses_matches_that_it_does_not_hold(desk: Desk) -> None:
    desk.type_rows(
        SCHEDULE,
        [
            {"match": "M01", "game": "Mexico vs South Africa"},
            {"match": "M02", "game": "South Korea vs TBD"},
        ],
    )
    desk.buy(("M1", "Cat 1", 1))
    assert desk.rows(UNITS, "match", "game") == [("M01", "Mexico vs South Africa")]
    for code, named in (("M3", "M03"), ("ARC01", "ARC01")):
        with pytest.raises(NotFoundError, match=f"no match {named}"):
            desk.buy((code, "Cat 1", 1))


def test_categories_are_those_of_the_scheme_or_already_in_use(desk: Desk) -> None:
    with pytest.raises(RuleError, match="no category 'Gold'"):
        desk.buy(("M01", "Gold", 1))
    desk.type_rows(PURCHASES, [{"match": "M01", "category": "Gold", "number": 1}])
    desk.buy(("M01", "gold", 1))
    assert desk.rows(PURCHASES, "category") == ["Gold", "Gold"]


def test_nothing_is_written_where_one_line_is_wrong(desk: Desk) -> None:
    before = everything(desk.store)
    with pytest.raises(RuleError):
        desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 9", 1))
    assert everything(desk.store) == before
    assert desk.rows(DISTRIBUTION, "row") == []


def swap_rows(desk: Desk, sheet: str, first: int, second: int) -> None:
    """Somebody sorts a sheet: two of its rows change places."""
    positions = desk.store.read(sheet)[sheet].positions
    rows = desk.store.rows(sheet)
    for column, places in positions.items():
        one, other = rows[first - 1][places[0] - 1], rows[second - 1][places[0] - 1]
        desk.set(sheet, first, column, other)
        desk.set(sheet, second, column, one)


def empty_row(desk: Desk, sheet: str, row: int) -> None:
    for column in desk.store.read(sheet)[sheet].positions:
        desk.set(sheet, row, column, None)


def test_a_set_id_is_never_given_twice_though_rows_were_deleted(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 2", 1), ("M01", "Cat 3", 1))
    swap_rows(desk, PURCHASES, 3, 4)
    empty_row(desk, PURCHASES, 4)  # the second is deleted, the third moved up
    desk.buy(("M02", "Cat 1", 1))
    assert desk.rows(UNITS, "set_id")[-1] == "PR0004-S01"
    assert "SET_ID_IN_TWO_PURCHASES" not in desk.codes()


def test_a_set_whose_every_row_was_deleted_is_not_given_again(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M01", "Cat 2", 1))
    empty_row(desk, PURCHASES, 3)
    empty_row(desk, UNITS, 3)
    desk.buy(("M02", "Cat 1", 1))
    assert desk.rows(UNITS, "unit_id", "set_id")[-1] == ("P00003", "PR0003-S01")


def test_the_keys_of_equal_lines_differ(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    desk.buy(("M01", "Cat 1", 1))
    keys = desk.rows(PURCHASE_META, "unit_key")
    assert keys == [f"M01||Viagogo|000777|Cat 1|#{n}" for n in range(1, 6)]


def test_legacy_units_follow_their_purchase_through_a_sort(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 2", 1))
    bought = dict(desk.rows(PURCHASES, "match", "purchase_id"))
    for row in (2, 3):
        desk.set(UNITS, row, "purchase_id", None)
    swap_rows(desk, PURCHASES, 2, 3)
    plan = desk.do(purchasing.purchase_expand())
    assert not plan.findings
    assert dict(desk.rows(UNITS, "match", "purchase_id")) == bought


def test_a_legacy_unit_that_agrees_with_no_purchase_is_told_and_left(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.set(UNITS, 2, "purchase_id", None)
    desk.set(UNITS, 2, "contract", "another")
    before = everything(desk.store)
    plan = desk.do(purchasing.purchase_expand())
    assert [f.code for f in plan.findings] == ["UNIT_WITHOUT_PURCHASE"]
    assert everything(desk.store) == before


def test_a_purchase_id_changed_by_find_and_replace_is_told_not_obeyed(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 2", 1))
    desk.set(PURCHASES, 2, "purchase_id", "P_changed")
    before = everything(desk.store)
    plan = desk.do(purchasing.purchase_expand())
    assert {f.code for f in plan.findings} == {"KEY_CHANGED"}
    assert everything(desk.store) == before


def test_a_row_of_units_that_was_copied_takes_no_other_away(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 4))
    copied = dict(desk.frame(UNITS).to_dicts()[1])
    row = copied.pop("row") and desk.store.read(UNITS)[UNITS].next_row
    for column, value in copied.items():
        if value is not None:
            desk.set(UNITS, row, column, value)
    for number in (4, 2, 6):
        desk.set(PURCHASES, 2, "number", number)
        before = desk.rows(UNITS, "unit_id")
        plan = desk.do(purchasing.purchase_expand())
        assert desk.rows(UNITS, "unit_id") == before
        assert [(f.code, f.unit_id, f.row) for f in plan.findings if f.unit_id] == [
            ("UNIT_ID_TWICE_IN_PURCHASE_UNITS", "P00002", row)
        ]


def test_unit_ids_that_were_replaced_are_told(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 4), ("M01", "Cat 2", 2))
    assert not desk.do(purchasing.purchase_expand()).findings
    for row, unit_id in enumerate(desk.rows(UNITS, "unit_id")[:3], start=2):
        desk.set(UNITS, row, "unit_id", unit_id.replace("P0000", "P1000"))
    plan = desk.do(purchasing.purchase_expand())
    assert [(f.code, f.sheet, f.row) for f in plan.findings] == [("KEY_CHANGED", UNITS, 2)]
    assert "P10001, P10002, P10003 of PR0001-S01" in plan.findings[0].message
    assert "P00001, P00002, P00003 are missing" in plan.findings[0].message
    desk.buy(("M01", "Cat 1", 1))
    assert desk.rows(UNITS, "unit_id")[-1] == "P10004"


def test_units_that_were_added_by_hand_or_removed_are_no_replaced_ones(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.set(PURCHASES, 2, "number", 3)
    expand(desk)
    desk.type_rows(UNITS, [{"unit_id": "P00900", "match": "M01", "category": "Cat 1"}])
    assert "KEY_CHANGED" not in [f.code for f in desk.do(purchasing.purchase_expand()).findings]
