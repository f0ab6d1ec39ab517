"""Conditions of triggers (§10 step 2): what they mean, held against python's own reading of them, and what
is refused."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.messages.conditions import WrongConditionError, holds, read
from ticketops.domain.messages.facts import sample_of
from ticketops.model.states import FOR_OFFICE

FACT = "sale.created"
SAMPLE = sample_of(FACT, FOR_OFFICE)
"""S147, 4 tickets of M06 in Cat 2 for 1,400 USD, on 2026-06-11."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("   ", True),
        ("sale.totalValue > 100000", False),
        ("sale.total_value > 1399.99", True),
        ("SALE.TOTALVALUE >= 1400", True),
        ("sale.quantity = 4", True),
        ("sale.quantity == 4.0", True),
        ("sale.quantity != 4", False),
        ("sale.quantity < -4", False),
        ('event.code == "WC2026" and sale.quantity > 3', True),
        ("event.code == 'wc2026'", True),
        ("event.code == 'wc' or not sale.quantity > 9", True),
        ("not (event.code == 'wc' or sale.quantity <= 4)", False),
        ("sale.category in ('Cat 1', \"Cat 2\")", True),
        ("sale.category not in ('Cat 1', 'Cat 2')", False),
        ("sale.quantity in (1, 2, 3)", False),
        ("match.date < '2026-06-12'", True),
        ("match.date >= '2026-06-11'", True),
        ("match.date > '2026-06-11T12:00'", False),
        ("sale.quantity>3 AND sale.quantity<5", True),
    ],
)
def test_what_a_condition_means(text: str, expected: bool) -> None:
    assert holds(read(text, FACT), SAMPLE) is expected


def test_and_binds_closer_than_or() -> None:
    said = "sale.quantity = 4 or sale.quantity = 5 and sale.quantity = 6"
    assert holds(read(said, FACT), SAMPLE)
    assert not holds(read(said.replace("4", "9", 1), FACT), SAMPLE)


def test_nothing_holds_of_what_is_not_known() -> None:
    blank = {**SAMPLE, "sale": {**SAMPLE["sale"], "total_value": None}}
    for sign in ("==", "!=", "<", "<=", ">", ">="):
        assert not holds(read(f"sale.total_value {sign} 5", FACT), blank)
    assert not holds(read("sale.total_value in (5)", FACT), blank)
    assert holds(read("not sale.total_value > 5", FACT), blank)
    assert not holds(read("sale.total_value > 5", FACT), {})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("sale.nothing > 5", "sale.created has no sale.nothing"),
        ("ticket.count > 5", "sale.created has no ticket.count"),
        ("sale > 5", "a variable such as sale.id"),
        ("5 > sale.quantity", "a variable such as sale.id is missing where 5 is"),
        ("sale.quantity > 'a'", "can only be compared with a number, not 'a'"),
        ("sale.category > 5", "can only be compared with a text in quotes, not 5"),
        ("sale.category == Cat", "a text in quotes, not Cat"),
        ("match.date > 'soon'", "is not a day"),
        ("match.date > 5", "a day in quotes"),
        ("sale.quantity", "must be followed by one of"),
        ("sale.quantity >", "can only be compared with a number"),
        ("sale.quantity => 5", "can only be compared with a number, not >"),
        ("(sale.quantity > 5", r"\) is missing"),
        ("sale.quantity > 5)", r"\) is not expected"),
        ("sale.quantity > 5 sale.quantity", "is not expected"),
        ("sale.quantity in 5", r"\( is missing"),
        ("sale.quantity in ()", "can only be compared"),
        ("sale.quantity not 5", r"in \(…\) is missing"),
        ("and", "a variable"),
        ("sale.quantity > 5 and", "at the end"),
        ("sale.quantity + 1 > 5", "not understood"),
        ("__import__('os')", "a variable such as"),
        ("sale.id.x == 'y'", "not understood"),
        ("sale.category == 'open", "not understood"),
        ("sale.quantity > 1e9", "not understood|is not expected"),
        ("(" * 50 + "sale.quantity > 5" + ")" * 50, "nested too deeply"),
        ("not " * 50 + "sale.quantity > 5", "nested too deeply"),
        ("sale.quantity > 5 or " * 50, "at most 500"),
        ("sale.quantity ＞ 5", "not understood"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(WrongConditionError, match=why):
        read(text, FACT)


NAMES = ("sale.quantity", "sale.unit_price")
COMPARED: Any = st.tuples(
    st.sampled_from(NAMES), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.integers(-3, 3)
).map(lambda one: f"{one[0]} {one[1]} {one[2]}")
CONDITIONS: Any = st.recursive(
    COMPARED,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
        inner.map(lambda one: f"({one})"),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=6,
)


@given(text=CONDITIONS, quantity=st.integers(-3, 3), price=st.integers(-3, 3))
def test_python_reads_it_alike(text: str, quantity: int, price: int) -> None:
    if len(text) > 500:
        return
    payload = {"sale": {"quantity": quantity, "unit_price": float(price)}}
    said = text.replace("sale.quantity", str(quantity)).replace("sale.unit_price", str(price))
    assert holds(read(text, FACT), payload) is bool(eval(said))


@given(text=st.text(alphabet=" ()'\",.<>=!abeinorst_5-", max_size=40))
def test_anything_else_is_refused_in_a_line(text: str) -> None:
    with suppress(WrongConditionError):
        assert isinstance(holds(read(text, FACT), SAMPLE), bool)
