"""Rows typed into Purchases and Sales get what `add` gives (§3, §4); Totals follow quantity and
price."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import Desk, everything
from ticketops.domain.plan import Plan
from ticketops.schema.layouts.event import (
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SALES_RECON_AUDIT,
    SCHEDULE,
    UNITS,
)
from ticketops.services import allocation, purchasing, selling

TODAY = datetime(2026, 4, 17)


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    desk.type_rows(
        SCHEDULE,
        [
            {"match": "M01", "game": "Mexico vs South Africa"},
            {"match": "M02", "game": "Korea vs TBD"},
        ],
    )
    for sheet in (SALES, PURCHASES):  # as `init` makes it
        head(desk, sheet, ["total_computed"])
    return desk


def head(desk: Desk, sheet: str, names: Iterable[str]) -> None:
    """Somebody types the headers of columns that the sheet lacks."""
    table = desk.store.read(sheet)[sheet]
    for place, name in enumerate(
        sorted(set(names) - set(table.positions)), start=table.next_column
    ):
        desk.store.edit_outside(sheet, 1, place, table.sheet.by_name[name].header)


def type_rows(desk: Desk, sheet: str, rows: list[dict[str, Any]]) -> None:
    """Somebody types rows, and the headers of columns that the sheet lacks."""
    head(desk, sheet, {name for cells in rows for name in cells})
    desk.type_rows(sheet, rows)


def told(plan: Plan, code: str) -> list[str]:
    return [finding.message for finding in plan.findings if finding.code == code]


def sale(**cells: Any) -> dict[str, Any]:
    return {
        "match": "M01",
        "client": "Acme",
        "category": "Cat 1",
        "number": 2,
        "price": 350.0,
        **cells,
    }


def purchase(**cells: Any) -> dict[str, Any]:
    return {
        "match": "M01",
        "vendor": "Viagogo",
        "category": "Cat 1",
        "number": 3,
        "price": 120.5,
        **cells,
    }


def test_a_typed_sale_gets_what_sale_add_gives(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    type_rows(desk, SALES, [sale()])
    done = desk.done(selling.sale_expand())
    assert desk.rows(
        SALES,
        "date",
        "game",
        "total",
        "status",
        "run_id",
        "currency",
        "payment_status",
        "user",
        "created_at",
        "oversell",
    ) == [
        (
            TODAY,
            "Mexico vs South Africa",
            700.0,
            "UNALLOCATED",
            done.run.run_id,
            "USD",
            "PENDING",
            "tester",
            done.run.now,
            None,
        )
    ]
    assert desk.rows(SALES, "order_id")[0].startswith("O_")
    assert desk.rows(DISTRIBUTION, "game") == ["Mexico vs South Africa"] * 2
    assert told(done.plan, "CURRENCY_ASSUMED") == [
        "S1: Currency USD, the default of `add`; correct it if that is wrong"
    ]


def test_a_typed_purchase_gets_what_purchase_add_gives(desk: Desk) -> None:
    desk.type_rows(PURCHASES, [purchase(), purchase(vendor="Ann", price=33.335)])
    done = desk.done(purchasing.purchase_expand())
    assert desk.rows(PURCHASES, "date", "game", "total", "currency", "user", "created_at") == [
        (TODAY, "Mexico vs South Africa", 361.5, "USD", "tester", done.run.now),
        (
            TODAY,
            "Mexico vs South Africa",
            100.01,
            "USD",
            "tester",
            done.run.now,
        ),  # 100.005, rounded half up as `add` does
    ]
    orders = desk.rows(PURCHASES, "purchase_order_id")
    assert all(order.startswith("Q_") for order in orders)
    assert len(set(orders)) == 2
    assert desk.rows(UNITS, "game") == ["Mexico vs South Africa"] * 6


def test_lines_of_one_purchase_share_an_id(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 2", 1))
    plan = desk.buy(("M01", "Cat 1", 1))
    first, second, third = desk.rows(PURCHASES, "purchase_order_id")
    assert first == second != third
    assert plan.result.purchase_order_ids == [third]


def test_what_was_typed_stays(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    typed = {
        "date": datetime(2026, 1, 2),
        "currency": "EUR",
        "payment_status": "PAID",
        "user": "ann",
        "order_id": "O_mine",
        "total": 650.0,
    }
    type_rows(desk, SALES, [sale(**typed)])
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, *typed) == [tuple(typed.values())]
    assert told(plan, "TOTAL_DIFFERS") == [
        "S1: Total is 650.00, but 2 × 350.00 is 700.00: it is kept; clear the cell and expand computes it"
    ]
    assert told(plan, "CURRENCY_ASSUMED") == []


def test_a_date_that_is_none_is_not_replaced(desk: Desk) -> None:
    desk.type_rows(PURCHASES, [purchase(date="31/06/2026", total="see invoice")])
    desk.do(purchasing.purchase_expand())
    assert desk.rows(PURCHASES, "date", "total") == [(None, None)]
    assert {(m.column, m.text) for m in desk.store.read(PURCHASES)[PURCHASES].misfits} == {
        ("date", "31/06/2026"),
        ("total", "see invoice"),
    }


@pytest.mark.parametrize(
    ("known", "currency", "said"),
    [
        ([("Acme", "EUR"), ("Beta", "USD")], "EUR", "as in the other rows of Acme"),
        ([("Beta", "EUR")], "EUR", "as in all other rows"),
        ([("Beta", "EUR"), ("Gamma", "USD")], "USD", "the default of `add`"),
        ([("ACME", "EUR"), ("Acme", "USD")], None, ""),
    ],
)
def test_the_currency_is_the_one_that_is_used_and_never_assumed_silently(
    desk: Desk, known: list[tuple[str, str]], currency: str | None, said: str
) -> None:
    type_rows(desk, SALES, [sale(client=client, currency=used) for client, used in known])
    type_rows(desk, SALES, [sale()])
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "currency")[-1] == currency
    assert [said in message for message in told(plan, "CURRENCY_ASSUMED")] == [True] * bool(
        currency
    )
    assert len(told(plan, "CURRENCY_UNKNOWN")) == (currency is None)


def test_a_typed_sale_that_asks_for_too_much_waits_for_approval_as_one_that_was_added(
    desk: Desk,
) -> None:
    desk.buy(("M01", "Cat 1", 4))
    type_rows(
        desk,
        SALES,
        [sale(number=3), sale(number=2, status="UNALLOCATED"), sale(category="Cat 2", number=1)],
    )
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status", "oversell") == [
        ("UNALLOCATED", None),
        ("PENDING_APPROVAL", True),
        ("PENDING_APPROVAL", True),
    ]
    assert told(plan, "OVERSELL") == [
        "S2: 2 tickets of M01 Cat 1, but 1 available: oversold by 1, waits for approval",
        "S3: 1 ticket of M01 Cat 2, but 0 available: oversold by 1, waits for approval",
    ]
    desk.do(allocation.allocate_auto())
    assert [bool(ids) for ids in desk.rows(DISTRIBUTION, "unit_ids")] == [True] * 3 + [False] * 3


def test_units_held_for_the_client_count(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(
        allocation.unit_hold(["P00001", "P00002"], "Acme", datetime(2099, 1, 1), "option", new=True)
    )
    type_rows(desk, SALES, [sale(client="Beta", number=1), sale(client="Acme", number=1)])
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status") == ["PENDING_APPROVAL", "UNALLOCATED"]


def test_a_sale_that_grew_is_checked_for_what_it_asks_beyond(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    desk.set(SALES, 2, "number", 3)
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status") == ["UNALLOCATED", "UNALLOCATED"]
    desk.set(SALES, 3, "number", 2)
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status", "oversell") == [
        ("UNALLOCATED", None),
        ("PENDING_APPROVAL", True),
    ]
    assert told(plan, "OVERSELL") == [
        "S2: 1 ticket of M01 Cat 1, but 0 available: oversold by 1, waits for approval"
    ]


def test_what_a_sale_that_is_served_already_grew_by_waits(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(allocation.allocate_auto())
    desk.set(SALES, 2, "number", 4)
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status", "oversell") == [("PARTIAL_ALLOCATED", True)]
    assert told(plan, "OVERSELL") == [
        "S1: 2 tickets of M01 Cat 1, but 0 available: oversold by 2, its tickets without a unit wait for approval (PARTIAL_PENDING)"
    ]


def test_sales_that_stood_there_with_their_ids_are_not_stamped_nor_checked(desk: Desk) -> None:
    type_rows(
        desk,
        SALES,
        [sale(sales_id="S7", source_sale_id="S_7", status="ALLOCATED", run_id="R20250101-080000")],
    )
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status", "run_id", "user", "created_at", "currency", "order_id") == [
        ("ALLOCATED", "R20250101-080000", None, None, None, None)
    ]
    assert told(plan, "OVERSELL") == []


def test_recon_apply_checks_what_it_makes(desk: Desk) -> None:
    type_rows(desk, SALES, [sale(number=1)])
    desk.do(selling.recon_run())
    desk.set(SALES_RECON_AUDIT, 2, "process_now", True)
    desk.do(selling.recon_apply())
    assert desk.rows(SALES, "status", "oversell", "currency") == [("PENDING_APPROVAL", True, "USD")]


@pytest.mark.parametrize(
    ("column", "value", "total"),
    [("number", 5, 602.5), ("number", 2, 241.0), ("price", 130.1, 390.3)],
)
def test_a_total_follows_its_purchase(desk: Desk, column: str, value: float, total: float) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.set(PURCHASES, 2, column, value)
    plan = desk.do(purchasing.purchase_expand())
    assert desk.rows(PURCHASES, "total") == [total]
    assert told(plan, "TOTAL_DIFFERS") == []


@pytest.mark.parametrize(
    ("column", "value", "total"),
    [("number", 5, 1750.0), ("number", 2, 700.0), ("price", 333.33, 999.99)],
)
def test_a_total_follows_its_sale(desk: Desk, column: str, value: float, total: float) -> None:
    desk.buy(("M01", "Cat 1", 9))
    desk.sell(("M01", "Cat 1", 3))
    desk.set(SALES, 2, column, value)
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "total") == [total]


def test_a_total_that_was_typed_is_kept_whatever_changes(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.set(PURCHASES, 2, "total", 300.0)
    for column, value in (("number", 3), ("number", 4), ("price", 100.5)):
        desk.set(PURCHASES, 2, column, value)
        plan = desk.do(purchasing.purchase_expand())
        assert desk.rows(PURCHASES, "total") == [300.0]
        assert len(told(plan, "TOTAL_DIFFERS")) == 1


def test_a_total_from_before_follows_a_quantity_that_is_known_from_its_units(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 3))
    for row in (2, 3):
        desk.set(PURCHASES, row, "total_computed", None)
    desk.set(PURCHASES, 2, "number", 5)
    desk.set(PURCHASES, 3, "price", 100)
    plan = desk.do(purchasing.purchase_expand())
    assert desk.rows(PURCHASES, "total") == [602.5, 361.5]
    assert len(told(plan, "TOTAL_DIFFERS")) == 1


def test_an_older_workbook_gets_no_column_for_what_was_computed() -> None:
    desk = Desk()
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 3))
    desk.set(PURCHASES, 2, "number", 5)
    desk.set(SALES, 2, "number", 2)
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    assert desk.rows(PURCHASES, "total") == [602.5]
    assert desk.rows(SALES, "total") == [700.0]
    assert not any(
        "total_computed" in desk.store.read(sheet)[sheet].positions for sheet in (PURCHASES, SALES)
    )


_CELLS = {
    "match": st.sampled_from(["M01", "M2", "M77", None]),
    "category": st.sampled_from(["Cat 1", "Cat 2", None]),
    "number": st.sampled_from([0, 1, 2, 5, "two", None]),
    "price": st.sampled_from([10.0, 33.335, -1.0, "free", None]),
    "total": st.sampled_from([None, None, 20.0, "x"]),
    "currency": st.sampled_from([None, None, "USD", "EUR", "GBP"]),
    "date": st.sampled_from([None, datetime(2026, 1, 2), "31/06/2026"]),
    "game": st.sampled_from([None, "TBD vs TBD"]),
}


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    sold=st.lists(
        st.fixed_dictionaries(
            _CELLS
            | {
                "client": st.sampled_from(["Acme", "Beta", None]),
                "status": st.sampled_from([None, "UNALLOCATED", "Cancelled", "?"]),
            }
        ),
        max_size=4,
    ),
    bought=st.lists(
        st.fixed_dictionaries(_CELLS | {"vendor": st.sampled_from(["V", "W", None])}), max_size=4
    ),
)
def test_expanding_again_writes_nothing(
    sold: list[dict[str, Any]], bought: list[dict[str, Any]]
) -> None:
    desk = Desk()
    desk.type_rows(
        SCHEDULE,
        [{"match": "M01", "game": "Mexico vs South Africa"}, {"match": "M02", "game": None}],
    )
    for sheet, rows in ((SALES, sold), (PURCHASES, bought)):
        type_rows(
            desk,
            sheet,
            [{name: value for name, value in cells.items() if value is not None} for cells in rows],
        )
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    before = everything(desk.store)
    assert not desk.done(purchasing.purchase_expand()).written
    assert not desk.done(selling.sale_expand()).written
    assert everything(desk.store) == before
