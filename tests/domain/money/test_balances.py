"""Balances (§13, D24): by hand-computed tables, and against sums of decimals kept beside."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk
from ticketops.domain.money.balances import Balance
from ticketops.domain.money.payments import Given
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.errors import NotFoundError
from ticketops.schema.layouts.event import CLIENTS, SALES
from ticketops.schema.layouts.event.masters import CLIENT, VENDOR
from ticketops.services import masters, money, selling


def sell(desk: Desk, client: str, total: object, day: datetime, currency: str = "USD") -> None:
    line = SaleLine("M01", "Cat 1", 1, Decimal(str(total)))
    order = Order(client, currency, day)
    desk.do(selling.sales_add([(order, [line])], new=True, again=True))


def pay(desk: Desk, amount: object, day: datetime = DAY, **more: Any) -> None:
    desk.do(money.payment_add(Given(Decimal(str(amount)), day, **more)))


def of(desk: Desk, kind: str = CLIENT.name.upper(), **more: Any) -> dict[tuple[str, str], Balance]:
    asked = {"as_of": None, "name": "", "every": False, **more}
    result = desk.do(
        money.balance(kind, asked["as_of"], asked["name"], every=asked["every"])
    ).result
    return {(one.client or one.vendor, one.currency): one for one in result.lines}


def ages(one: Balance) -> tuple[float, ...]:
    return one.aging.to_30, one.aging.to_60, one.aging.to_90, one.aging.older


@pytest.mark.parametrize(
    ("terms", "expected", "overdue"),
    [
        (None, (30, 40, 50, 60), 180),
        ("30 days", (70, 50, 60, 0), 150),
        ("Net 60", (120, 60, 0, 0), 110),
        ("on receipt", (30, 40, 50, 60), 180),
        ("when the moon is full", (30, 40, 50, 60), 180),
    ],
)
def test_ages_count_from_the_due_date(
    terms: str | None, expected: tuple[float, ...], overdue: float
) -> None:
    desk = Desk(role="ops_manager")
    desk.do(masters.master_add(CLIENT, {"client": "Acme"}))
    desk.set(CLIENTS, 2, "payment_terms", terms)
    for total, day in (
        (30, "2026-03-18"),
        (40, "2026-03-17"),
        (50, "2026-02-15"),
        (60, "2026-01-10"),
    ):
        sell(desk, "Acme", total, datetime.fromisoformat(day))
    plan = desk.do(money.balance("CLIENT", datetime(2026, 4, 17), "", every=False))
    (one,) = plan.result.lines
    assert (ages(one), one.overdue, one.no_invoice) == (expected, overdue, 180)
    assert [f.code for f in plan.findings] == ["TERMS_UNCLEAR"] * (
        terms is not None and "moon" in terms
    )


def test_what_is_dated_later_is_not_part_of_it() -> None:
    desk = Desk(role="ops_manager")
    sell(desk, "Acme", 100, datetime(2026, 1, 1))
    sell(desk, "Acme", 50, datetime(2026, 2, 1))
    pay(desk, 80, datetime(2026, 2, 2), client="Acme")
    asked = {
        day: of(desk, as_of=datetime.fromisoformat(day))
        for day in ("2025-12-31", "2026-01-31", "2026-02-01")
    }
    sums = {
        day: [(one.invoiced, one.paid, one.outstanding) for one in found.values()]
        for day, found in asked.items()
    }
    assert sums == {"2025-12-31": [], "2026-01-31": [(100, 0, 100)], "2026-02-01": [(150, 0, 150)]}
    (now,) = of(desk).values()
    assert (now.invoiced, now.paid, now.outstanding) == (150, 80, 70)


def test_every_currency_apart_and_those_who_are_even_only_where_asked_for() -> None:
    desk = Desk(role="ops_manager")
    sell(desk, "Acme", 100, DAY)
    sell(desk, "Acme", 70, DAY, "EUR")
    sell(desk, "Zed", 9, DAY)
    pay(desk, 100, refs=("S1",))
    pay(desk, 80, client="Acme", currency="EUR")
    assert set(of(desk)) == {("Acme", "EUR"), ("Zed", "USD")}
    assert set(of(desk, every=True)) == {("Acme", "EUR"), ("Acme", "USD"), ("Zed", "USD")}
    one = of(desk, name="acme")["Acme", "EUR"]
    assert (one.outstanding, one.in_advance, one.paid) == (0, 10, 80)
    desk.refused(money.balance("CLIENT", None, "Nobody", every=False), NotFoundError)


def test_vendors_with_their_type() -> None:
    desk = Desk(role="ops_manager")
    desk.do(
        masters.master_add(
            VENDOR, {"vendor": "StubHub", "type": "MARKETPLACE", "payment_terms": "14 days"}
        )
    )
    desk.buy(("M01", "Cat 1", 2), vendor="StubHub", price=Decimal(50))
    pay(desk, 30, refs=("P00001",))
    (one,) = of(desk, "VENDOR", as_of=datetime(2026, 5, 1)).values()
    assert (one.vendor, one.type, one.outstanding, one.overdue) == ("StubHub", "MARKETPLACE", 70, 0)
    assert of(desk, "VENDOR", as_of=datetime(2026, 5, 2))["StubHub", "USD"].overdue == 70


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["sale", "for", "account", "cancel", "paid"]),
        st.sampled_from(["Acme", "Zed"]),
        st.sampled_from(["USD", "EUR"]),
        st.integers(1, 90_000),
    ),
    min_size=2,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(MOVES)
def test_invoiced_and_paid_agree_with_sums_kept_beside(
    moves: list[tuple[str, str, str, int]],
) -> None:
    desk = Desk(role="ops_manager")
    invoiced: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    paid: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    sales: list[tuple[str, str, str, Decimal]] = []
    touched: set[str] = set()
    sell(desk, "Acme", 1, DAY)
    sell(desk, "Zed", 1, DAY)
    invoiced["Acme", "USD"] = invoiced["Zed", "USD"] = Decimal(1)
    for what, named, code, cents in moves:
        client, currency = named, code
        amount = Decimal(cents) / 100
        open_ = [one for one in sales if one[0] not in touched]
        if what == "sale":
            sell(desk, client, amount, DAY, currency)
            sales.append((f"S{len(sales) + 3}", client, currency, amount))
            invoiced[client, currency] += amount
        elif what == "account":
            pay(desk, amount, client=client, currency=currency)
            paid[client, currency] += amount
        elif what == "for" and sales:
            ref, client, currency, _ = sales[cents % len(sales)]
            if desk.rows(SALES, "sales_id", "status")[int(ref[1:]) - 1][1] == "CANCELLED":
                continue
            pay(desk, amount, refs=(ref,))
            paid[client, currency] += amount
            touched.add(ref)
        elif what == "cancel" and open_:
            ref, client, currency, total = open_[0]
            touched.add(ref)
            desk.do(selling.sale_cancel(ref, "x", force=False))
            invoiced[client, currency] -= total
    found = of(desk, every=True)
    for whose in {*invoiced, *paid}:
        one = found.get(whose)
        if one is None:
            assert invoiced[whose] == paid[whose] == Decimal(0)
            continue
        exact = {
            name: Decimal(str(getattr(one, name)))
            for name in ("invoiced", "paid", "outstanding", "in_advance")
        }
        assert exact["invoiced"] == invoiced[whose]
        assert exact["paid"] == paid[whose]
        assert exact["outstanding"] - exact["in_advance"] == invoiced[whose] - paid[whose]
        assert sum(map(Decimal, map(str, ages(one)))) == exact["outstanding"]
