"""Payments (§13, §14e, D24): recorded, made void, paid back, taken back; what they free of a credit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk, everything
from ticketops.domain.money.payments import Given, Paid, Which
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, UnclearNameError, UsageError
from ticketops.schema.layouts.event import PAYMENTS, REFUNDS, SALES
from ticketops.schema.layouts.event.masters import CLIENT
from ticketops.services import masters, money, selling


def paying(amount: object, *refs: str, **more: Any) -> Job:
    return money.payment_add(Given(Decimal(str(amount)), DAY, refs=refs, **more))


def sell(
    desk: Desk, quantity: int, price: object, client: str = "Acme", currency: str = "USD"
) -> None:
    line = SaleLine("M01", "Cat 1", quantity, Decimal(str(price)))
    desk.do(selling.sales_add([(Order(client, currency, DAY), [line])], new=True, again=True))


def office() -> Desk:
    """S1 of Acme: 2 for 100.10; S2 of Acme: 300; S3 of Acme in EUR: 50; S4 of Zed: 70."""
    desk = Desk(role="ops_manager")
    desk.buy(("M01", "Cat 1", 9))
    sell(desk, 2, "100.10")
    sell(desk, 1, 300)
    sell(desk, 1, 50, currency="EUR")
    sell(desk, 1, 70, "Zed")
    return desk


def lines(result: Paid) -> list[tuple[Any, ...]]:
    return [(one.ref, one.paid, one.outstanding, one.payment_status) for one in result.lines]


def statuses(desk: Desk) -> list[str]:
    return desk.rows(SALES, "payment_status")


def test_a_sale_is_paid_once_its_payments_come_to_it() -> None:
    desk = office()
    first = desk.do(paying("100.20", "S1")).result
    assert lines(first) == [("S1", 100.2, 100.0, "PENDING")]
    second = desk.do(paying(100, "S1", client="acme")).result
    assert lines(second) == [("S1", 200.2, 0.0, "PAID")]
    assert desk.rows(PAYMENTS, "payment_id", "direction", "client", "currency", "paid_for") == [
        ("PM00001", "IN", "Acme", "USD", "S1"),
        ("PM00002", "IN", "Acme", "USD", "S1"),
    ]
    gone = desk.do(money.payment_void("pm1", "bounced"))
    assert lines(gone.result) == [("S1", 100.0, 100.2, "PENDING")]
    desk.refused(money.payment_void("PM00001", "x"), RuleError, "already VOID: bounced")
    desk.undo()
    assert statuses(desk)[0] == "PAID"
    desk.undo()
    desk.undo()
    assert statuses(desk)[0] == "PENDING"
    assert not desk.frame(PAYMENTS).height


def test_one_payment_for_several_sales_fills_them_in_their_order() -> None:
    desk = office()
    result = desk.do(paying(350, "S2", "S1-2")).result
    assert lines(result) == [("S2", 300, 0, "PAID"), ("S1", 50, 150.2, "PENDING")]
    told = desk.do(paying(200, "S1"))
    assert [one.code for one in told.findings] == ["PAYMENT_EXCEEDS", "PAYMENT_STATUS"]
    assert "49.80 USD more than is open" in told.findings[0].message


@pytest.mark.parametrize(
    ("job", "error", "match"),
    [
        (paying(1, "S1", "S4"), RuleError, "S4 is not of Acme"),
        (paying(1, "S1", "S3"), RuleError, "one currency"),
        (paying(1, "S1", currency="EUR"), RuleError, "S1 is in USD: a payment has one currency"),
        (paying(1, "S9"), NotFoundError, "no sale S9"),
        (paying(1, "P00099"), NotFoundError, "no purchase P00099"),
        (paying(1), UsageError, "--client or --vendor"),
        (paying(1, client="Acme", vendor="Viagogo"), UsageError, "either"),
        (paying(1, client="Nobody"), NotFoundError, "no client"),
        (paying(1, client="Acmee"), UnclearNameError, "ambiguous"),
        (paying(1, "S1", back=True), RuleError, "0.00 USD can be paid back"),
        (paying(1, client="Acme", back=True), RuleError, "on account: 0.00 USD"),
        (money.payment_void("PM00001", "x"), NotFoundError, "no payment"),
    ],
)
def test_what_is_refused(job: Job, error: type[Exception], match: str) -> None:
    office().refused(job, error, match)


def test_vendors_are_paid_for_purchases_however_they_are_named() -> None:
    desk = office()
    for name in ("PR0001-S01", "p3", desk.rows("Purchases", "purchase_id")[0]):
        result = desk.do(paying(100, name)).result
    assert (result.vendor, result.direction) == ("Viagogo", "OUT")
    assert lines(result)[0][1:] == (300, 784.5, None)
    desk.do(paying(2000, vendor="Viagogo"))
    back = desk.do(paying(500, vendor="viagogo", back=True)).result
    assert (back.direction, back.on_account) == ("IN", 715.5)


def test_only_what_was_paid_is_paid_back() -> None:
    desk = office()
    desk.do(paying(250, "S2"))
    ended = desk.do(selling.sale_cancel("S2", "ill", force=False)).result
    assert (ended.refund.amount, ended.refund.decision) == (250, "TO_BE_DECIDED")
    desk.refused(paying(250, "S2", back=True), RuleError, "waits for a decision")
    too_much = selling.refund_decide("S2", "REFUND", "x", amount=251)
    desk.refused(too_much, RuleError, "more than the price")
    desk.do(selling.refund_decide("S2", "REFUND", "half of it", amount=200))
    desk.refused(paying("200.01", "S2", back=True), RuleError, "200.00 USD can be paid back")
    desk.do(paying(150, "S2", back=True))
    desk.do(paying(50, "S2", back=True))
    desk.refused(paying("0.01", "S2", back=True), RuleError, "0.00 USD can be paid back")


def test_a_sale_that_was_not_paid_has_nothing_to_pay_back() -> None:
    desk = office()
    desk.do(money.payment_void(desk.do(paying(70, "S4")).result.payment_id, "bounced"))
    assert desk.do(selling.sale_cancel("S4", "x", force=False)).result.refund is None
    assert desk.rows(REFUNDS, "amount", "decision") == [(0, "NO_REFUND")]


def test_a_lower_price_of_a_sale_that_was_not_paid_leaves_no_row_of_a_refund() -> None:
    desk = office()
    cheaper = Terms(price=Decimal(60))
    invoiced = Terms(payment_status="INVOICED")
    desk.do(selling.sale_set("S4", invoiced, "x", force=False))
    assert desk.do(selling.sale_set("S4", cheaper, "x", force=False)).result.refund is None
    desk.do(money.payment_void(desk.do(paying(70, "S3")).result.payment_id, "bounced"))
    desk.do(selling.sale_set("S3", Terms(price=Decimal(40)), "x", force=False))
    assert desk.rows(REFUNDS, "sales_id") == []
    fewer = desk.do(selling.sale_set("S1", Terms(payment_status="INVOICED"), "x", force=False))
    assert fewer.result.refund is None
    desk.do(selling.sale_set("S1", Terms(quantity=1), "x", force=False))
    assert desk.rows(REFUNDS, "sales_id", "tickets", "decision") == [("S1", 1, "NO_REFUND")]
    desk.do(paying(300, "S2"))
    paid = desk.do(selling.sale_set("S2", Terms(price=Decimal(250)), "x", force=False)).result
    assert (paid.refund.amount, paid.refund.decision) == (50, "TO_BE_DECIDED")


def test_a_credit_pays_another_sale() -> None:
    desk = office()
    desk.do(paying(300, "S2"))
    desk.do(selling.sale_cancel("S2", "x", force=False))
    desk.do(selling.refund_decide("S2", "CREDIT", "next time"))
    result = desk.do(paying("0.20", "S1")).result
    assert lines(result) == [("S1", 200.2, 0, "PENDING")]
    assert result.on_account == 100


def test_payments_free_credit() -> None:
    desk = Desk(role="ops_manager")
    desk.do(masters.master_add(CLIENT, {"client": "Acme", "credit_currency": "USD"}))
    desk.set("_CLIENTS", 2, "credit_limit", 500)
    desk.role = "operator"
    sell(desk, 1, 400)
    grown = selling.sale_set("S1", Terms(price=Decimal(600)), "x", force=False)
    desk.refused(grown, RuleError, "exceeds it by 100.00")
    desk.role = "sr_operator"
    desk.do(paying(100, "S1"))
    desk.do(paying(200, client="Acme"))
    desk.role = "operator"
    desk.do(grown)
    sell(desk, 1, 200)
    desk.refused(
        selling.sale_add(Order("Acme", "USD", DAY), [SaleLine("M01", "Cat 1", 1, Decimal("0.01"))]),
        RuleError,
        "Acme owes 500.00 USD",
    )
    desk.role = "sr_operator"
    desk.do(paying(2000, client="Acme"))
    desk.role = "operator"
    line = SaleLine("M01", "Cat 1", 1, Decimal("2000.01"))
    desk.refused(
        selling.sale_add(Order("Acme", "USD", DAY), [line]),
        RuleError,
        "paid in advance 1,500.00 USD",
    )


def test_what_somebody_typed_counts_for_nothing_where_it_is_unclear() -> None:
    desk = office()
    desk.do(paying(10, "S1"))
    desk.type_rows(
        PAYMENTS,
        [
            {"client": "Acme", "amount": 20, "currency": "USD"},
            {
                "client": "Acme",
                "amount": 30,
                "currency": "USD",
                "direction": "in",
                "paid_for": "S4",
            },
        ],
    )
    plan = desk.do(money.payment_list(Which(client="Acme")))
    assert [one.code for one in plan.findings] == ["PAYMENT_UNCLEAR", "PAYMENT_ASTRAY"]
    assert [one.amount for one in plan.result.payments] == [10, 20, 30]
    assert lines(desk.do(paying(10, "S1")).result) == [("S1", 50, 150.2, "PENDING")]


STEPS = st.lists(
    st.tuples(st.sampled_from(["S1", "S2", "S4", "Acme", "Zed", "void"]), st.integers(1, 40_000)),
    min_size=1,
    max_size=6,
)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(STEPS)
def test_payments_in_any_order_then_undone_one_by_one(steps: list[tuple[str, int]]) -> None:
    desk = office()
    states = [everything(desk.store)]
    for what, cents in steps:
        amount = Decimal(cents) / 100
        known = [name for name, s in desk.rows(PAYMENTS, "payment_id", "status") if s != "VOID"]
        if what == "void" and not known:
            continue
        job = (
            money.payment_void(known[cents % len(known)], "x")
            if what == "void"
            else paying(amount, what)
            if what.startswith("S")
            else paying(amount, client=what)
        )
        desk.do(job)
        states.append(everything(desk.store))
    for before in states[-2::-1]:
        desk.undo()
        assert everything(desk.store) == before


def cancelled_and_paid_back() -> Desk:
    """One payment of 450 for S1 (200.20) and S2 (300); S1 is cancelled, 120 of it are paid back, the
    rest is kept."""
    desk = office()
    desk.do(paying(450, "S1", "S2"))
    desk.do(selling.sale_cancel("S1", "ill", force=False))
    desk.do(selling.refund_decide("S1", "REFUND", "goodwill", amount=120))
    desk.do(paying(120, "S1", back=True))
    return desk


def acme(desk: Desk) -> tuple[float, ...]:
    asked = money.balance("CLIENT", None, "Acme", every=False)
    (one,) = [line for line in desk.do(asked).result.lines if line.currency == "USD"]
    return one.invoiced, one.paid, one.outstanding, one.in_advance


def test_a_payment_for_two_sales_is_not_counted_twice_after_one_is_cancelled() -> None:
    desk = cancelled_and_paid_back()
    assert acme(desk) == (300, 249.8, 50.2, 0)
    desk.refused(paying("0.01", "S1", back=True), RuleError, "0.00 USD can be paid back")
    desk.undo()
    assert acme(desk) == (300, 369.8, 50.2, 120)


def test_a_payment_that_bounced_leaves_a_cancelled_sale_that_was_paid_back_unpaid() -> None:
    desk = cancelled_and_paid_back()
    desk.do(money.payment_void("PM00001", "bounced"))
    assert statuses(desk)[0] == "PENDING"
    assert acme(desk) == (300, -120, 420, 0)
    desk.undo()
    assert statuses(desk)[0] == "PAID"
    assert acme(desk) == (300, 249.8, 50.2, 0)
