"""Amounts as spreadsheets of other countries write them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.model.money import parse_local_amount


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("350,00", "", "350"),
        ("350,5", "", "350.5"),
        ("350", "", "350"),
        ("120.50", "", "120.50"),
        ("1.234,56", "", "1234.56"),
        ("1,234.56", "", "1234.56"),
        ("1 234,56", "", "1234.56"),
        ("1\u202f234,56", "", "1234.56"),
        ("1\u00a0350", "", "1350"),
        ("1'350", "", "1350"),
        ("1’350.50", "", "1350.50"),
        ("1.234.567", "", "1234567"),
        ("12.345.678,9", "", "12345678.9"),
        ("350,-", "", "350"),
        ("1.350,–", "", "1350"),
        ("€ 350,00", "EUR", "350"),
        ("1.350,00 €", "EUR", "1350"),
        ("$1,350.00", "USD", "1350"),
        ("US$ 350", "USD", "350"),
        ("350,00 eur", "EUR", "350"),
    ],
)
def test_local_amounts(text: str, currency: str, amount: str) -> None:
    assert parse_local_amount(text) == (currency, Decimal(amount))


@pytest.mark.parametrize("text", ["1.350", "1,350", "12.345", "€ 1.350", "1.350 EUR", "999,999"])
def test_what_can_be_read_two_ways(text: str) -> None:
    with pytest.raises(ValueError, match="ambiguous"):
        parse_local_amount(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "€",
        ",",
        ",50",
        "350,",
        "1,23,456",
        "1 35",
        "1.23.456",
        "12 34,50",
        "1 2345",
        "1.234,567",
        "0,001",
        "-5,00",
        "£5",
        "5 CHF",
        "€5€",
        "1,2,3",
        "1.2,3.4",
        "1e3",
        "٣",
        "1 234'567",
    ],
)
def test_what_is_no_amount_anywhere(text: str) -> None:
    with pytest.raises(ValueError, match=r"amount|decimals|ambiguous"):
        parse_local_amount(text)


@given(
    st.integers(0, 10**11),
    st.integers(0, 99),
    st.sampled_from([".,", ",.", " ,", " .", "'.", "',"]),
)
def test_any_two_marks_say_the_same(whole: int, cents: int, marks: str) -> None:
    text = f"{whole:,}".replace(",", marks[0]) + f"{marks[1]}{cents:02}"
    assert parse_local_amount(text) == ("", Decimal(whole) + Decimal(cents) / 100)
