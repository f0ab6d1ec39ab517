"""Money and quantities as they are typed."""

from decimal import Decimal

import pytest

from ticketops.model.money import line_total, parse_amount
from ticketops.model.quantity import parse_quantity


@pytest.mark.parametrize(
    ("text", "amount"), [("120.50", "120.50"), ("0", "0"), (" 7.5 ", "7.5"), ("7.5000", "7.50")]
)
def test_amounts(text: str, amount: str) -> None:
    assert parse_amount(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "-1",
        "NaN",
        "inf",
        "1.234",
        "1.350",
        "7.500",
        "1,000.50",
        "1000000000000",
        "$5",
        "1e3",
        "1_000",
        "٣",
        ".5",
    ],
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals"):
        parse_amount(text)


def test_totals_are_exact() -> None:
    assert line_total(3, Decimal("0.10")) == Decimal("0.30")


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "abc", "", "1e3", "100001", "٣", "99999999999"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="tickets"):
        parse_quantity(text)


def test_quantities() -> None:
    assert parse_quantity(" 43 ") == 43
    assert parse_quantity("100000") == 100_000
