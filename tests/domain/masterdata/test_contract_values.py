"""What may be traded under a contract (§2): at its border, wherever a line is recorded, changed or
typed, in several currencies, against a ledger of decimals kept by hand; and the contracts of rows that
were typed."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk
from ticketops.domain.masterdata import contract_values
from ticketops.domain.masterdata.contract_values import Traded
from ticketops.domain.purchasing.purchases import PurchaseLine
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine.job import Job
from ticketops.errors import NotPermittedError, RuleError
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import CONTRACTS, CURRENCIES, EVENT, PURCHASES, SALES, UNITS
from ticketops.schema.layouts.event.masters import CLIENT, CONTRACT, CURRENCY, VENDOR
from ticketops.services import masters, purchasing, selling
from ticketops.stores.memory import MemoryStore


def office(most: object = 1000, currency: str = "USD") -> Desk:
    """A client and a vendor with a contract each: SC and PC."""
    desk = Desk(role="ops_manager")
    desk.do(masters.master_add(CLIENT, {"client": "Acme"}))
    desk.do(masters.master_add(VENDOR, {"vendor": "Viagogo"}))
    for ref, kind, party in (("SC", "SALE", "Acme"), ("PC", "PURCHASE", "Viagogo")):
        fields = {"contract_ref": ref, "type": kind, "party": party, "currency": currency}
        desk.do(masters.master_add(CONTRACT, fields))
    for row in (2, 3):
        desk.set(CONTRACTS, row, "max_value", most)
    return desk


def sell(quantity: int, price: object, currency: str = "USD", **more: Any) -> Job:
    order = Order("Acme", currency, DAY, contract=more.pop("contract", "SC"))
    line = SaleLine("M01", "Cat 1", quantity, Decimal(str(price)))
    return selling.sales_add([(order, [line])], again=True, **more)


def buy(quantity: int, price: object, **more: Any) -> Job:
    line = PurchaseLine(
        "M01", "Viagogo", "PC", "Cat 1", quantity, Decimal(str(price)), "USD", DAY, inv_no="7"
    )
    return purchasing.purchase_add([line], again=True, **more)


def change(sale: str = "S1", *, force: bool = False, **terms: Any) -> Job:
    return selling.sale_set(sale, Terms(**terms), "x", force=force)


def said(plan: Any, code: str = "CONTRACT_EXCEEDED") -> list[Finding]:
    return [one for one in plan.findings if one.code == code]


def type_sales(desk: Desk, *lines: tuple[int, float], **more: Any) -> None:
    asked = {"match": "M01", "client": "Acme", "category": "Cat 1", **more}
    desk.type_rows(SALES, [asked | {"number": n, "price": price} for n, price in lines])


def type_purchases(desk: Desk, *lines: tuple[int, float], **more: Any) -> None:
    asked = {"match": "M01", "vendor": "Viagogo", "category": "Cat 1", **more}
    desk.type_rows(PURCHASES, [asked | {"number": n, "price": price} for n, price in lines])


# --- its value


def under_990() -> Desk:
    """A sale of 990 under a contract of 1,000, and units of a better category."""
    desk = office()
    desk.buy(("M01", "Top Cat 1", 9))
    desk.do(sell(2, 495))
    return desk


WAYS: dict[str, tuple[Callable[..., Job], Callable[..., Job]]] = {
    "sale add": (lambda **m: sell(1, 10, **m), lambda **m: sell(1, "10.01", **m)),
    "sale set --price": (
        lambda **m: change(price=Decimal(500), **m),
        lambda **m: change(price=Decimal("500.01"), **m),
    ),
    "sale set --qty": (lambda **m: change(quantity=1, **m), lambda **m: change(quantity=3, **m)),
    "sale upgrade": (
        lambda **m: selling.sale_upgrade("S1", "Top Cat 1", 500, "x", **m),
        lambda **m: selling.sale_upgrade("S1", "Top Cat 1", 500.01, "x", **m),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_up_to_its_value_is_recorded_and_a_cent_more_is_refused(way: str) -> None:
    within, beyond = WAYS[way]
    desk = under_990()
    desk.refused(beyond(), RuleError, r"contract SC allows 1,000.00 USD; with these lines it comes")
    desk.do(within())
    desk = under_990()
    desk.role = "sr_operator"
    if way != "sale upgrade":  # which is an ops_manager's anyway
        desk.refused(beyond(force=True), NotPermittedError, "going beyond a contract")
    desk.role = "ops_manager"
    (forced,) = said(desk.do(beyond(force=True)))
    assert "contract SC allows 1,000.00 USD; with these lines it comes to" in forced.message


def test_a_line_comes_under_a_contract_with_all_it_is_worth() -> None:
    desk = under_990()
    desk.do(sell(1, "10.01", contract="another"))
    desk.refused(change("S2", contract="SC"), RuleError, "comes to 1,000.01")
    desk.do(change("S2", contract=""))
    assert desk.rows(SALES, "contract") == ["SC", None]
    desk.do(change("S2", price=Decimal(10)))
    desk.do(change("S2", contract="sc"))
    desk.refused(change("S2", price=Decimal("10.01"), contract="SC"), RuleError)
    (doubt,) = said(desk.do(change("S2", contract="PC", force=True)), "CONTRACT_NOT_VALID")
    assert doubt.message == "contract PC is a PURCHASE contract of Viagogo, not of Acme"


def test_what_was_forced_may_shrink_and_be_paid() -> None:
    desk = office()
    desk.do(sell(4, 500, force=True))
    plan = desk.do(change(quantity=3))
    assert said(plan) == []
    desk.do(change(price=Decimal(450)))
    desk.do(change(payment_status="PAID"))
    desk.refused(change(price=Decimal("450.01")), RuleError, "comes to 1,350.03")


def test_a_purchase_keeps_to_its_contract() -> None:
    desk = office()
    desk.do(buy(3, "333.33"))
    desk.refused(buy(1, "0.02"), RuleError, "contract PC allows 1,000.00 USD.* comes to 1,000.01")
    desk.do(buy(1, "0.01"))
    (forced,) = said(desk.do(buy(1, 1, force=True)))
    assert "comes to 1,001.00" in forced.message


def test_rows_of_the_sheet_are_reported_when_they_are_expanded_and_not_again() -> None:
    desk = office()
    type_sales(desk, (1, 400), (1, 600.01), contract="SC")
    type_purchases(desk, (2, 500), contract="PC")
    (found,) = said(desk.do(selling.sale_expand()))
    assert (found.row, found.sheet) == (2, SALES)
    assert found.message == (
        "S1, S2: contract SC allows 1,000.00 USD; with these lines it comes to 1,000.01; `add` "
        "would refuse it"
    )
    assert said(desk.do(purchasing.purchase_expand())) == []
    assert said(desk.do(selling.sale_expand())) == []
    desk.set(PURCHASES, 2, "number", 3)
    (found,) = said(desk.do(purchasing.purchase_expand()))
    assert (found.row, found.sheet) == (2, PURCHASES)
    assert "row 2: contract PC allows 1,000.00 USD; with these lines it comes to 1,500.00" in (
        found.message
    )
    assert said(desk.do(purchasing.purchase_expand())) == []


def test_several_currencies_are_one_sum_only_where_rates_are_named() -> None:
    desk = office()
    desk.set(CONTRACTS, 2, "currency", "AED")
    (told,) = said(desk.do(sell(1, 5000)), "CONTRACT_CURRENCY")
    assert "is in AED: 5,000.00 USD under it is not compared" in told.message
    desk.do(masters.master_add(CURRENCY, {"code": "USD", "rate": "3.6725"}))
    desk.do(masters.master_add(CURRENCY, {"code": "AED", "rate": "1"}))
    desk.set(CONTRACTS, 2, "max_value", 18_363)
    desk.do(sell(1, "0.13"))  # 18,362.98 AED
    desk.refused(sell(1, "0.01"), RuleError, "allows 18,363.00 AED.* comes to 18,363.01")
    (told,) = said(desk.do(sell(1, "1", "EUR")), "CONTRACT_CURRENCY")
    assert "1.00 EUR under it" in told.message


def test_a_value_that_nobody_understands_is_no_blank() -> None:
    desk = office("a lot")
    (told,) = said(desk.do(sell(1, 99_999)), "CONTRACT_NOT_UNDERSTOOD")
    assert (
        told.message
        == "the MaxValue of contract SC is not understood: nothing under it is compared"
    )
    assert said(office(None).do(sell(1, 99_999)), "CONTRACT_NOT_UNDERSTOOD") == []
    office(0).refused(sell(1, "0.01"), RuleError, "allows 0.00 USD")


_CENTS = st.integers(0, 60_000)
_ROW = st.tuples(
    st.sampled_from(["SC", "sc ", "other", None]),
    st.sampled_from(["USD", "EUR", "AED", None]),
    st.integers(1, 3),
    _CENTS,
    st.sampled_from([None, "UNALLOCATED", "CANCELLED", "REJECTED"]),
)
_LINE = st.tuples(st.sampled_from(["USD", "EUR"]), _CENTS, _CENTS)
_IN_DOLLARS = {"USD": Decimal(1), "EUR": Decimal("1.25"), None: Decimal(1)}


def dollars(currency: str | None, amount: Decimal) -> Decimal:
    """A euro is 1.25 dollars; nobody knows what a dirham is."""
    return (amount * _IN_DOLLARS.get(currency, Decimal(0))).quantize(Decimal("0.01"))


def grid(sheet: str, rows: list[dict[str, Any]]) -> dict[int, dict[int, Any]]:
    """The cells of a sheet with all its columns."""
    columns = EVENT[sheet].columns
    cells = [[row.get(column.name) for column in columns] for row in rows]
    every = [[column.header for column in columns], *cells]
    return {at: dict(enumerate(row, start=1)) for at, row in enumerate(every, start=1)}


@settings(max_examples=60, deadline=None)
@given(st.lists(_ROW, max_size=5), st.lists(_LINE, min_size=1, max_size=3), st.integers(-2, 2))
def test_never_a_cent_beyond(
    rows: list[tuple[Any, ...]], lines: list[tuple[str, int, int]], apart: int
) -> None:
    """The value is what comes together by hand, or a cent or two beside it."""
    by_currency: dict[str | None, Decimal] = {}
    for ref, currency, number, cents, status in rows:
        if ref in ("SC", "sc ") and status not in ("CANCELLED", "REJECTED"):
            by_currency[currency or "USD"] = (
                by_currency.get(currency or "USD", Decimal(0)) + number * Decimal(cents) / 100
            )
    grows = [line for line in lines if line[1] > line[2]]
    more: dict[str | None, Decimal] = {}
    for currency, cents, before in grows:
        by_currency[currency] = by_currency.get(currency, Decimal(0)) + Decimal(cents) / 100
        more[currency] = more.get(currency, Decimal(0)) + Decimal(cents - before) / 100
    total = sum((dollars(*one) for one in by_currency.items()), Decimal(0))
    most = max(Decimal(0), total + Decimal(apart) / 100)
    beyond = bool(sum(dollars(*one) for one in more.items())) and total > most

    contract = {"contract_ref": "SC", "type": "SALE", "currency": "USD", "max_value": float(most)}
    rates = [{"code": "USD", "rate": 4}, {"code": "EUR", "rate": 5}]
    names = ("contract", "currency", "number", "price", "status")
    sales = [dict(zip(names, (*row[:3], row[3] / 100, row[4]), strict=True)) for row in rows]
    store = MemoryStore(
        {
            CONTRACTS: grid(CONTRACTS, [contract]),
            CURRENCIES: grid(CURRENCIES, rates),
            SALES: grid(SALES, sales),
        },
        layout=EVENT,
    )
    traded = [
        Traded("SC", currency, Decimal(cents) / 100, Decimal(before) / 100)
        for currency, cents, before in lines
    ]
    snapshot = store.read(SALES, CONTRACTS, CURRENCIES)
    exceeded, told = contract_values.beyond(snapshot, SALES, traded, Desk(store).run())
    assert [(one.total, one.most) for one in exceeded] == [(total, most)] * beyond
    unknown = bool(grows) and bool(by_currency.get("AED"))
    assert [one.code for one in told] == ["CONTRACT_CURRENCY"] * unknown


# --- the contracts of rows that were typed


def test_a_typed_sale_gets_the_contract_that_add_takes() -> None:
    desk = office(None)
    desk.do(sell(1, 5))
    type_sales(desk, (1, 5), (2, 5))
    type_sales(desk, (1, 5), contract="mine")
    type_sales(desk, (1, 5), client="Zed")
    plan = desk.do(selling.sale_expand())
    assert desk.rows(SALES, "contract") == ["SC", "SC", "SC", "mine", None]
    (taken,) = said(plan, "CONTRACT_TAKEN")
    assert taken.message == (
        "S2, S3: contract SC of Acme is taken; name another one in its Contract cell"
    )
    assert (taken.sheet, taken.row) == (SALES, 3)
    desk.set(SALES, 3, "contract", None)
    desk.do(selling.sale_expand())  # cleared by a person: it stays blank
    assert desk.rows(SALES, "contract")[1] is None


def test_a_typed_purchase_gets_it_too_and_its_units_say_so() -> None:
    desk = office(None)
    type_purchases(desk, (2, 5))
    type_purchases(desk, (1, 5), contract="000777")
    desk.do(purchasing.purchase_expand())
    assert desk.rows(PURCHASES, "contract") == ["PC", "000777"]
    assert desk.rows(UNITS, "contract") == ["PC", "PC", "000777"]
    assert not desk.do(purchasing.purchase_expand()).changes


@pytest.mark.parametrize(
    ("field", "value", "day", "takes"),
    [
        ("valid_to", "2026-04-16", None, False),
        ("valid_to", "2026-04-17", None, True),
        ("valid_to", "2026-04-16", "2026-04-16", True),
        ("valid_from", "2026-04-18", None, False),
        ("status", "TERMINATED", None, False),
        ("event", "EURO28", None, False),
    ],
)
@pytest.mark.parametrize("sheet", [SALES, PURCHASES])
def test_only_one_that_is_valid_is_filled_in(
    sheet: str, field: str, value: str, day: str | None, takes: bool
) -> None:
    desk = office(None)
    ref, lines, job = (
        ("SC", type_sales, selling.sale_expand())
        if sheet == SALES
        else ("PC", type_purchases, purchasing.purchase_expand())
    )
    desk.do(masters.master_set(CONTRACT, ref, {field: value}))
    lines(desk, (1, 5), **({"date": day} if day else {}))
    plan = desk.do(job)
    assert desk.rows(sheet, "contract") == [ref if takes else None]
    assert bool(said(plan, "CONTRACT_NONE")) is (not takes and field != "event")


def test_a_typed_contract_that_ended_is_a_warning_and_stays() -> None:
    desk = office(None)
    desk.do(masters.master_set(CONTRACT, "SC", {"valid_to": "2026-04-16"}))
    type_sales(desk, (1, 5), contract="SC")
    (doubt,) = said(desk.do(selling.sale_expand()), "CONTRACT_NOT_VALID")
    assert doubt.message == "S1: contract SC ended on 2026-04-16"
    assert desk.rows(SALES, "contract") == ["SC"]


def test_a_row_whose_day_nobody_understands_gets_none() -> None:
    desk = office(None)
    type_sales(desk, (1, 5), date="some day")
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "contract") == [None]


def test_undo_takes_it_away() -> None:
    desk = office(None)
    type_sales(desk, (1, 5))
    desk.do(selling.sale_expand())
    desk.undo()
    assert desk.rows(SALES, "contract", "sales_id") == [(None, None)]
