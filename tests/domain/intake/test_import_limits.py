"""Lines of a file that go beyond a contract, a client's credit or the stock (§1, §2, §4): each by
itself, so that the others go."""

from __future__ import annotations

import functools
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import everything
from tests.domain.intake.trade_files import FileDesk
from ticketops.schema.layouts.event import CLIENTS, PURCHASES, SALES
from ticketops.schema.layouts.event.masters import CLIENT, CONTRACT, VENDOR
from ticketops.services import events, masters

MOST = 500


@functools.cache
def _stand() -> FileDesk:
    desk = FileDesk()
    desk.do(masters.master_add(VENDOR, {"vendor": "Bee Seats"}))
    desk.do(masters.master_add(CLIENT, {"client": "Zed"}))
    for ref, kind, party in (("P1", "PURCHASE", "Bee Seats"), ("S1", "SALE", "Zed")):
        fields = {"contract_ref": ref, "type": kind, "party": party, "max_value": str(MOST)}
        desk.do(masters.master_add(CONTRACT, {**fields, "currency": "USD"}))
    return desk


@pytest.fixture
def desk() -> FileDesk:
    return FileDesk(_stand())


def lines(*prices: int, column: str = "ref") -> str:
    told = [f"{at},M1,Cat 1,1,{price}\n" for at, price in enumerate(prices)]
    return f"{column},match,category,qty,price\n" + "".join(told)


def wrong(result: Any) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in result.rejected]


def greedy(prices: tuple[int, ...] | list[int], most: int = MOST) -> list[int]:
    """The prices that fit, one after the other."""
    taken: list[int] = []
    for price in prices:
        if sum(taken) + price <= most:
            taken.append(price)
    return taken


def test_a_contract_refuses_the_line_that_goes_beyond_it(desk: FileDesk) -> None:
    before = everything(desk.store)
    text = lines(300, 150, 100, 50)
    assert wrong(desk.take(text, vendor="Bee Seats")) == [(4, "CONTRACT_EXCEEDED")]
    assert everything(desk.store) == before
    result = desk.take(text, vendor="Bee Seats", partial=True)
    assert (result.taken, wrong(result)) == (3, [(4, "CONTRACT_EXCEEDED")])
    assert desk.rows(PURCHASES, "price") == [300.0, 150.0, 50.0]
    assert desk.take(lines(100), vendor="Bee Seats", force=True, again=True).taken == 1


def test_a_sale_keeps_to_contract_credit_and_stock_line_by_line(desk: FileDesk) -> None:
    result = desk.sell_file(lines(300, 150, 100, 50), client="Zed", partial=True)
    assert wrong(result) == [(4, "CONTRACT_EXCEEDED")]
    desk.undo()
    desk.set(CLIENTS, 2, "credit_limit", 320)
    result = desk.sell_file(lines(300, 150, 20, 1), client="Zed", partial=True)
    assert wrong(result) == [(3, "CREDIT_EXCEEDED"), (5, "CREDIT_EXCEEDED")]
    assert desk.rows(SALES, "price") == [300.0, 20.0]
    result = desk.sell_file(lines(7, column="order"), client="Zed", partial=True, override="agreed")
    assert result.taken == 1


def test_stock_refuses_lines_where_the_event_does(desk: FileDesk) -> None:
    desk.buy(("M01", "Cat 1", 3), vendor="Viagogo")
    desk.do(
        events.event_set({"code": "X26", "name": "Cup", "allow_oversell": False}, state="SELLING")
    )
    text = "match,category,qty,price\nM1,Cat 1,2,9\nM1,Cat 1,2,9\nM1,Cat 1,1,9\n"
    result = desk.sell_file(text, client="Yot", partial=True, new=True)
    assert wrong(result) == [(3, "OVERSOLD")]
    assert desk.rows(SALES, "number") == [2, 1]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_what_is_taken_is_what_fits_in_order(prices: list[int]) -> None:
    desk = FileDesk(_stand())
    desk.take(lines(*prices), vendor="Bee Seats", partial=True)
    assert desk.rows(PURCHASES, "price") == [float(Decimal(one)) for one in greedy(prices)]
