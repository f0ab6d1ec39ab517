"""Margins (§13): they reconcile to the cent with sales, purchases, fees and refunds, whatever they are
grouped by, against sums of decimals kept beside."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk
from ticketops.domain.money import fees, payments
from ticketops.domain.money.margin import BY, MarginLine, Margins
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.schema.layouts.event import PURCHASES
from ticketops.services import allocation, lists, money, purchasing, selling


def buy(
    desk: Desk,
    match: str,
    number: int,
    price: object,
    vendor: str = "V",
    currency: str = "USD",
    listing: str = "",
) -> None:
    line = PurchaseLine(
        match, vendor, "1", "Cat 1", number, Decimal(str(price)), currency, DAY, inv_no=listing
    )
    desk.do(purchasing.purchase_add([line], new=True, again=True))


def sell(
    desk: Desk, match: str, number: int, price: object, client: str = "Acme", currency: str = "USD"
) -> None:
    line = SaleLine(match, "Cat 1", number, Decimal(str(price)))
    desk.do(selling.sales_add([(Order(client, currency, DAY), [line])], new=True, again=True))


def margins(desk: Desk, by: str = "match") -> Margins:
    result: Margins = desk.do(money.margins(by)).result
    return result


def row(one: MarginLine) -> tuple[Any, ...]:
    return (one.key, one.currency, one.tickets, one.revenue, one.cost, one.fees, one.margin)


def office() -> Desk:
    """M01: 3 of V for 100 and 2 of W in EUR for 80; S1 sells 3 for 150.10, S2 in EUR 1 for 90. M02: 2
    of V for 33.33; S3 of Zed sells 1 for 50."""
    desk = Desk(role="ops_manager")
    buy(desk, "M01", 3, 100)
    buy(desk, "M01", 2, 80, "W", "EUR")
    buy(desk, "M02", 2, "33.33")
    sell(desk, "M01", 3, "150.10")
    sell(desk, "M01", 1, 90, currency="EUR")
    sell(desk, "M02", 1, 50, "Zed")
    return desk


def test_revenue_cost_and_unsold_stock_before_and_after_allocation() -> None:
    desk = office()
    plan = desk.do(money.margins("match"))
    assert [row(one)[:5] for one in plan.result.lines] == [
        ("M01", "EUR", 1, 90, 0),
        ("M01", "USD", 3, 450.3, 0),
        ("M02", "USD", 1, 50, 0),
    ]
    assert "5 of 5 tickets have no unit yet" in plan.findings[0].message
    desk.do(allocation.allocate_commit("S1"))
    desk.do(allocation.allocate_commit("S2"))
    desk.do(allocation.allocate_commit("S3"))
    found = margins(desk)
    assert [row(one) for one in found.lines] == [
        ("M01", "EUR", 1, 90, 80, 0, 10),
        ("M01", "USD", 3, 450.3, 300, 0, 150.3),
        ("M02", "USD", 1, 50, 33.33, 0, 16.67),
    ]
    assert [one.margin_pct for one in found.lines] == [11.11, 33.38, 33.34]
    assert [(one.key, one.status, one.currency, one.units, one.cost) for one in found.unsold] == [
        ("M01", "AVAILABLE", "EUR", 1, 80),
        ("M02", "AVAILABLE", "USD", 1, 33.33),
    ]
    assert [row(one)[:3] for one in margins(desk, "vendor").lines] == [
        ("V", "USD", 4),
        ("W", "EUR", 1),
    ]
    assert [row(one)[:3] for one in margins(desk, "sale").lines] == [
        ("S1", "USD", 3),
        ("S2", "EUR", 1),
        ("S3", "USD", 1),
    ]


def test_a_sale_served_in_another_currency_is_a_line_of_its_own() -> None:
    desk = office()
    buy(desk, "M03", 1, 4, "W", "EUR")
    sell(desk, "M03", 1, 10)
    desk.do(allocation.allocate_commit("S4"))
    last = [row(one) for one in margins(desk).lines if one.key == "M03"]
    assert last == [("M03", "EUR", 0, 0, 4, 0, -4), ("M03", "USD", 1, 10, 0, 0, 10)]


def test_fees_are_borne_by_the_units_and_sales_that_they_are_for() -> None:
    desk = office()
    desk.do(allocation.allocate_commit("S1"))
    desk.do(allocation.allocate_commit("S3"))
    desk.do(money.fee_add(fees.Given("PLATFORM", "p1", Decimal("1.00"), DAY)))
    desk.do(money.fee_add(fees.Given("DELIVERY", "s3-1", Decimal("2.50"), DAY)))
    desk.do(money.fee_add(fees.Given("OTHER", "PR0003-S01", Decimal("0.03"), DAY)))
    lines = {(one.key, one.currency): one.fees for one in margins(desk).lines}
    assert lines == {("M01", "EUR"): 0, ("M01", "USD"): 1, ("M02", "USD"): 2.52}
    assert [one.fees for one in margins(desk).unsold if one.key == "M02"] == [0.01]
    desk.do(money.fee_void("fe1", "x"))
    assert {one.fees for one in margins(desk).lines if one.key == "M01"} == {0}


def test_cancelled_tickets_are_out_and_what_is_kept_of_them_is_in() -> None:
    desk = office()
    desk.do(selling.sale_set("S1", Terms(payment_status="PAID"), "x", force=False))
    desk.do(selling.sale_cancel(["S1-1"], "x", force=False))
    desk.do(selling.refund_decide("S1-1", "REFUND", "x", amount=100))
    (line,) = [one for one in margins(desk).lines if (one.key, one.currency) == ("M01", "USD")]
    assert (line.tickets, line.revenue, line.refunds) == (2, 350.3, 100)
    desk.do(money.payment_add(payments.Given(Decimal(100), DAY, refs=("S1",), back=True)))
    (again,) = [one for one in margins(desk).lines if (one.key, one.currency) == ("M01", "USD")]
    assert again == line


def test_unknown_costs_are_said() -> None:
    desk = office()
    desk.do(allocation.allocate_commit("S3"))
    for column in ("price", "total"):
        desk.set(PURCHASES, 4, column, None)
    found = desk.do(money.margins("match")).findings
    assert [one.code for one in found] == ["NOT_SERVED", "COST_UNKNOWN"]


def test_a_sale_by_itself_bears_what_it_bears_among_all() -> None:
    desk = Desk(role="ops_manager")
    buy(desk, "M01", 1, 100, listing="L1")
    buy(desk, "M02", 3, 40, listing="L1")
    sell(desk, "M01", 1, 150)
    desk.do(allocation.allocate_commit("S1"))
    desk.do(money.fee_add(fees.Given("OTHER", "L1", Decimal("8.00"), DAY)))
    shown = desk.do(lists.sale_show("S1")).result
    assert [row(one)[1:6] for one in shown.money.margins] == [("USD", 1, 150, 100, 2)]
    assert shown.money.margins == margins(desk, "sale").lines


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell", "allocate", "cancel", "fee", "listing fee", "price"]),
        st.sampled_from(["M01", "M02"]),
        st.integers(1, 3),
        st.integers(1, 20_000),
        st.sampled_from(["USD", "EUR"]),
    ),
    min_size=3,
    max_size=9,
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(MOVES)
def test_every_grouping_adds_up_to_sales_purchases_and_fees(
    moves: list[tuple[str, str, int, int, str]],
) -> None:
    desk = Desk(role="ops_manager")
    sold: dict[str, tuple[str, int, Decimal]] = {}
    bought: dict[str, Decimal] = defaultdict(Decimal)
    charged: dict[str, Decimal] = defaultdict(Decimal)
    first = ("buy", "M01", 2, 3333, "USD")
    for what, match, number, cents, currency in [first, *moves]:
        price = Decimal(cents) / 100
        live = [ref for ref, (_, n, _p) in sold.items() if n]
        if what == "buy":
            buy(desk, match, number, price, "VW"[number % 2], currency, "L1")
            bought[currency] += number * price
        elif what == "sell":
            sold[f"S{len(sold) + 1}"] = currency, number, price
            sell(desk, match, number, price, ("Acme", "Zed")[number % 2], currency)
        elif what == "allocate":
            desk.do(allocation.allocate_auto())
        elif what == "fee":
            desk.do(money.fee_add(fees.Given("OTHER", "P00001", price, DAY)))
            charged["USD"] += price
        elif what == "listing fee":
            desk.do(money.fee_add(fees.Given("OTHER", "L1", price, DAY, "EUR")))
            charged["EUR"] += price
        elif live and what == "cancel":
            ref = live[cents % len(live)]
            code, left, each = sold[ref]
            ticket = next(
                t
                for t, of in desk.tickets().items()
                if t.startswith(f"{ref}-") and of["status"] != "CANCELLED"
            )
            desk.do(selling.sale_cancel([ticket], "x", force=False))
            sold[ref] = code, left - 1, each
        elif live:
            ref = live[cents % len(live)]
            code, left, _each = sold[ref]
            desk.do(selling.sale_set(ref, Terms(price=price), "x", force=False))
            sold[ref] = code, left, price
    revenue: dict[str, Decimal] = defaultdict(Decimal)
    for code, left, each in sold.values():
        revenue[code] += left * each
    for by in BY:
        found = margins(desk, by)
        for code in ("USD", "EUR"):
            lines = [one for one in found.lines if one.currency == code]
            unsold = [one for one in found.unsold if one.currency == code]
            assert exact(lines, "revenue") == revenue[code]
            assert exact(lines, "cost") + exact(unsold, "cost") == bought[code]
            assert exact(lines, "fees") + exact(unsold, "fees") == charged[code]
            assert exact(lines, "margin") == revenue[code] - exact(lines, "cost") - exact(
                lines, "fees"
            )
        assert sum(one.tickets for one in found.lines) == sum(left for _, left, _ in sold.values())
    lines = margins(desk, "sale").lines
    for ref in sold:
        shown = desk.do(lists.sale_show(ref)).result
        assert shown.money.margins == tuple(one for one in lines if one.key == ref)


def exact(lines: Any, name: str) -> Decimal:
    return sum((Decimal(str(getattr(one, name))) for one in lines), Decimal(0))
