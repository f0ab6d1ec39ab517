"""The credit of clients (§4, D24): at its border, in two currencies, with payments in any order,
against a ledger of decimals kept by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import CLIENTS, DISTRIBUTION, SALES
from ticketops.schema.layouts.event.masters import CLIENT, CURRENCY
from ticketops.services import lists, masters, selling


def office(limit: object = 1000, currency: str = "USD", role: str = "operator") -> Desk:
    desk = Desk(role="ops_manager")
    desk.do(masters.master_add(CLIENT, {"client": "Acme", "credit_currency": currency}))
    if limit is not None:
        desk.set(CLIENTS, 2, "credit_limit", limit)
    desk.role = role
    return desk


def sell(
    *lines: tuple[int, object], client: str = "Acme", currency: str = "USD", override: str = ""
) -> Any:
    """(quantity, price) each."""
    order = Order(client, currency, DAY)
    return selling.sales_add(
        [(order, [SaleLine("M01", "Cat 1", n, Decimal(str(price))) for n, price in lines])],
        override=override,
        again=True,
    )


def codes(found: list[Finding]) -> list[str]:
    return [one.code for one in found if one.code.startswith("CREDIT")]


@pytest.mark.parametrize("price", ["0.01", "999.99", "1000", "1000.00"])
def test_up_to_the_limit_is_recorded(price: str) -> None:
    desk = office()
    assert codes(desk.do(sell((1, price))).findings) == []


@pytest.mark.parametrize("price", ["1000.01", "5000"])
def test_a_cent_more_is_refused(price: str) -> None:
    desk = office()
    desk.refused(sell((1, price)), RuleError, "Acme owes 0.00 USD and has a credit of 1,000.00")


def test_the_lines_of_an_order_count_together() -> None:
    desk = office()
    desk.refused(sell((2, 300), (1, 401)), RuleError, "1,001.00 more exceeds it by 1.00")
    desk.do(sell((2, 300), (1, 400)))


@pytest.mark.parametrize("client", ["acme", "ACME ", "Acme"])
def test_another_spelling_is_the_same_client(client: str) -> None:
    desk = office()
    desk.do(sell((1, 900)))
    desk.refused(sell((1, 101), client=client), RuleError, "exceeds it by 1.00")


def test_blank_is_no_limit_and_zero_is_none() -> None:
    office(None).do(sell((9, 99_999)))
    office(0).refused(sell((1, "0.01")), RuleError, "credit of 0.00")
    office(0).do(sell((1, 0)))


def test_a_limit_that_nobody_understands_is_no_credit() -> None:
    office("a lot").refused(sell((1, 1)), RuleError, "credit of 0.00")


def test_a_client_without_a_record_has_no_limit() -> None:
    office().do(sell((1, 99_999), client="Zed"))


def test_paid_and_ended_sales_owe_nothing() -> None:
    desk = office()
    desk.do(sell((1, 600)))
    desk.do(sell((1, 400)))
    desk.refused(sell((1, 1)), RuleError, "owes 1,000.00 USD")
    desk.do(selling.sale_set("S1", Terms(payment_status="PAID"), "x", force=False))
    desk.do(sell((1, 600)))
    desk.refused(sell((1, 1)), RuleError, "owes 1,000.00 USD")
    desk.role = "sr_operator"
    desk.do(selling.sale_cancel("S2", "x", force=False))
    desk.do(sell((1, 400)))


def test_only_an_ops_manager_goes_beyond_it_and_every_line_says_why() -> None:
    desk = office()
    desk.refused(sell((1, 2000), override="old friend"), NotPermittedError, "ops_manager")
    desk.role = "ops_manager"
    plan = desk.do(sell((1, 900), (1, 900), override="old friend"))
    assert codes(plan.findings) == ["CREDIT_OVERRIDDEN"]
    kept = [(True, "old friend")] * 2
    assert desk.rows(SALES, "credit_overridden", "credit_reason") == kept
    desk.undo()
    desk.do(sell((1, 900), override="needless"))
    assert not any(desk.rows(SALES, "credit_overridden"))


def test_the_reason_is_shown_with_the_sale() -> None:
    desk = office(role="ops_manager")
    desk.do(sell((1, 1001), override="he pays tomorrow"))
    shown = desk.do(lists.sale_show("S1")).result
    assert shown.sale.credit_reason == "he pays tomorrow"


def test_two_currencies_are_one_sum_only_where_rates_are_named() -> None:
    desk = office()
    desk.do(sell((1, 5000), currency="EUR"))
    told = desk.do(sell((1, 900))).findings
    assert codes(told) == ["CREDIT_NOT_COMPARED"]
    assert "5,000.00 EUR" in told[-1].message or any("5,000.00 EUR" in t.message for t in told)
    desk.role = "ops_manager"
    desk.do(masters.master_add(CURRENCY, {"code": "USD", "rate": "3.6725"}))
    desk.do(masters.master_add(CURRENCY, {"code": "EUR", "rate": "4"}))
    desk.role = "operator"
    desk.refused(sell((1, 1)), RuleError, "owes 6,345.88 USD")


def test_a_limit_in_another_currency() -> None:
    desk = office(currency="EUR")
    desk.do(sell((1, 1000), currency="EUR"))
    desk.refused(sell((1, 1), currency="EUR"), RuleError, "owes 1,000.00 EUR")


def typed(desk: Desk, *prices: float | None) -> None:
    desk.type_rows(
        SALES,
        [
            {"match": "M01", "client": "Acme", "category": "Cat 1", "number": 1, "price": price}
            for price in prices
        ],
    )


def test_typed_sales_get_tickets_as_far_as_the_credit_reaches() -> None:
    desk = office()
    typed(desk, 600, 500, 400)
    plan = desk.do(selling.sale_expand())
    assert [(one.code, one.row) for one in plan.findings if one.code == "CREDIT_EXCEEDED"] == [
        ("CREDIT_EXCEEDED", 3)
    ]
    assert desk.rows(DISTRIBUTION, "src_row") == [2, 4]
    again = desk.do(selling.sale_expand())
    assert codes(again.findings) == ["CREDIT_EXCEEDED"]
    assert not again.changes.for_sheet(DISTRIBUTION)
    desk.refused(selling.sale_expand(override="x"), NotPermittedError)
    desk.role = "ops_manager"
    plan = desk.do(selling.sale_expand(override="he pays tomorrow"))
    assert codes(plan.findings) == ["CREDIT_OVERRIDDEN"]
    assert sorted(desk.rows(DISTRIBUTION, "src_row")) == [2, 3, 4]
    assert desk.rows(SALES, "credit_reason") == [None, "he pays tomorrow", None]
    assert codes(desk.do(selling.sale_expand()).findings) == []


def test_a_code_in_the_sheet_owes_what_its_client_owes() -> None:
    desk = office()
    desk.set(CLIENTS, 2, "code", "AC")
    row = {"match": "M01", "client": "ac", "category": "Cat 1", "number": 1}
    desk.type_rows(SALES, [{**row, "price": 900.0}, {**row, "price": 200.0}])
    plan = desk.do(selling.sale_expand())
    assert [(one.code, one.row) for one in plan.findings if one.code.startswith("CREDIT")] == [
        ("CREDIT_EXCEEDED", 3)
    ]
    for client in ("AC", "ac", "Acme"):
        desk.refused(sell((1, 101), client=client), RuleError, "Acme owes 900.00 USD")
    desk.do(sell((1, 100), client="AC"))
    assert desk.rows(SALES, "client") == ["ac", "ac", "Acme"]


def test_a_sale_that_grows_in_the_sheet_is_looked_at() -> None:
    desk = office()
    desk.do(sell((2, 400)))
    desk.set(SALES, 2, "number", 3)
    plan = desk.do(selling.sale_expand())
    assert codes(plan.findings) == ["CREDIT_EXCEEDED"]
    assert len(desk.tickets()) == 2


def test_a_price_or_a_client_that_changes_in_the_sheet_is_told() -> None:
    desk = office()
    typed(desk, None, 600)
    desk.do(selling.sale_expand())
    desk.set(SALES, 2, "price", 400.01)
    plan = desk.do(selling.sale_expand())
    said = [one.message for one in plan.findings if one.code == "CREDIT_EXCEEDED"]
    assert len(said) == 1
    assert "Acme owes 1,000.01 USD and has a credit of 1,000.00: 0.01 beyond it" in said[0]
    assert desk.rows(DISTRIBUTION, "src_row") == [2, 3]  # a ticket that was made stays
    desk.set(SALES, 2, "price", 400.0)
    assert codes(desk.do(selling.sale_expand()).findings) == []
    desk.do(sell((1, 9000), client="Bolt"))
    desk.set(SALES, 4, "client", "Acme")
    assert codes(desk.do(selling.sale_expand()).findings) == ["CREDIT_EXCEEDED"]
    desk.role = "ops_manager"
    plan = desk.do(selling.sale_expand(override="they merged"))
    assert codes(plan.findings) == ["CREDIT_OVERRIDDEN"]
    assert desk.rows(SALES, "credit_reason") == [None, None, "they merged"]
    assert codes(desk.do(selling.sale_expand()).findings) == []


def test_sale_set_keeps_within_the_credit() -> None:
    desk = office()
    desk.do(sell((2, 400)))

    def grown(**terms: Any) -> Any:
        return selling.sale_set("S1", Terms(**terms), "x", force=False)

    desk.refused(grown(quantity=3), RuleError, "400.00 more exceeds it by 200.00")
    desk.refused(grown(price=Decimal("500.01")), RuleError, "exceeds it by 0.02")
    desk.do(grown(price=Decimal(500)))
    desk.role = "sr_operator"
    desk.do(grown(quantity=1))


def test_an_upgrade_keeps_within_the_credit_and_proposes_the_price_of_last_sale() -> None:
    desk = office(role="ops_manager")
    desk.buy(("M01", "Cat 1", 2), ("M01", "Top Cat 1", 2))
    desk.do(sell((1, 400)))

    def upgraded(price: float | None = None, override: str = "") -> Any:
        return selling.sale_upgrade("S1", "Top Cat 1", price, "x", override=override)

    desk.refused(upgraded(), Exception, "no Top Cat 1 of M01 was sold in USD yet")
    for price, currency in ((700, "USD"), (900, "USD"), (5000, "EUR")):
        line = SaleLine("M01", "Top Cat 1", 1, Decimal(price))
        desk.do(selling.sale_add(Order("Zed", currency, DAY), [line], new=True))
    desk.refused(upgraded(1000.01), RuleError, "600.01 more exceeds it by 0.01")
    plan = desk.do(upgraded())
    assert (plan.result.price_before, plan.result.price) == (400, 900)
    desk.undo()
    desk.do(upgraded(2000, "a friend"))
    assert desk.rows(SALES, "credit_reason")[0] == "a friend"


@dataclass
class Ledger:
    """What Acme owes, by hand. sales: {SalesID: (amount, paid)}."""

    limit: Decimal
    sales: dict[str, tuple[Decimal, bool]] = field(default_factory=dict)

    @property
    def owed(self) -> Decimal:
        return sum((amount for amount, paid in self.sales.values() if not paid), Decimal(0))


STEP = st.one_of(
    st.tuples(st.just("sell"), st.integers(1, 4), st.decimals("0.01", "400", places=2)),
    st.tuples(st.sampled_from(["PAID", "INVOICED", "cancel"]), st.integers(0, 9), st.just(0)),
)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.decimals(0, 2000, places=2), st.lists(STEP, max_size=8))
def test_sales_and_payments_in_any_order(limit: Decimal, steps: list[Any]) -> None:
    desk, ledger = office(float(limit), role="sr_operator"), Ledger(limit)
    for what, number, price in steps:
        if what == "sell":
            more = number * price
            if ledger.owed + more <= limit:
                (key,) = desk.do(sell((number, price))).result.sales_ids
                ledger.sales[key] = (more, False)
            else:
                desk.refused(sell((number, price)), RuleError, "exceeds it by")
            continue
        if not ledger.sales:
            continue
        key = list(ledger.sales)[number % len(ledger.sales)]
        amount, _paid = ledger.sales[key]
        if what == "cancel":
            desk.do(selling.sale_cancel(key, "x", force=False))
            del ledger.sales[key]
            continue
        paying = selling.sale_set(key, Terms(payment_status=what), "x", force=False)
        others = ledger.owed - (Decimal(0) if ledger.sales[key][1] else amount)
        if what != "PAID" and ledger.sales[key][1] and others + amount > limit:
            desk.refused(paying, RuleError, "exceeds it by")
        else:
            desk.do(paying)
            ledger.sales[key] = (amount, what == "PAID")
