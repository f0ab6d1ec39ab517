"""Cells of foreign lists of trade: tables made by hand."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.intake import values
from ticketops.domain.schedule import cells


@pytest.mark.parametrize(
    ("raw", "mark", "currency", "wanted"),
    [
        ("120.50", "", "", "120.50"),
        ("1.234,50", "", "", "1234.50"),
        ("1,234.50", "", "", "1234.50"),
        ("€ 1 234.50", "", "EUR", "1234.50"),
        ("1'234.50 USD", "", "USD", "1234.50"),
        ("$1,234", "point", "USD", "1234"),
        ("1.234", "comma", "", "1234"),
        ("1.234 €", "comma", "EUR", "1234"),
        ("1.234.567", "comma", "", "1234567"),
        ("1,35", "comma", "", "1.35"),
        ("(12.00)", "", "", "-12.00"),
        ("-12,5", "comma", "", "-12.5"),
        ("12.50-", "", "", "-12.50"),
        ("€ -12", "", "EUR", "-12"),
        ("350,-", "comma", "", "350"),
        ("1\u00a0234,50", "", "", "1234.50"),
        (110, "comma", "", "110"),
        (110.25, "comma", "", "110.25"),
        (0.1 + 0.2, "", "", "0.30"),
    ],
)
def test_amounts(raw: Any, mark: str, currency: str, wanted: str) -> None:
    found = values.amount(raw, mark)
    assert (found.currency, found.value) == (currency, Decimal(wanted))


@pytest.mark.parametrize(
    ("raw", "mark"),
    [
        ("1,234", ""),
        ("1.234", ""),
        ("1.2345", "point"),
        ("12.345", "point"),
        ("£ 100", ""),
        ("on request", ""),
        ("", ""),
        ("12 / 13", ""),
        (1.005, ""),
        (float("nan"), ""),
    ],
)
def test_amounts_that_are_refused(raw: Any, mark: str) -> None:
    with pytest.raises(ValueError, match=r"amount|ambiguous|decimals"):
        values.amount(raw, mark)


def test_a_mark_that_was_given_is_kept_to() -> None:
    with pytest.raises(ValueError, match="decimal comma"):
        values.amount("120.5", "comma", given=True)
    assert values.amount("120.5", "comma").value == Decimal("120.5")


@pytest.mark.parametrize(
    ("texts", "wanted"),
    [
        (["1.234", "12,50"], "comma"),
        (["1,234", "12.50 €"], "point"),
        (["1.234", "2.345"], ""),
        (["1.234.567"], "comma"),
        (["12,50", "12.50"], ""),
        (["1 234,5"], "comma"),
        ([], ""),
    ],
)
def test_the_mark_of_a_column(texts: list[str], wanted: str) -> None:
    assert values.decimal_mark(texts) == wanted


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("2", 2),
        (2.0, 2),
        ("2.0", 2),
        ("2 tickets", 2),
        ("x4", 4),
        ("4x", 4),
        ("Qty: 3", 3),
        ("pair", 2),
        ("3 Karten", 3),
    ],
)
def test_quantities(raw: Any, wanted: int) -> None:
    assert values.quantity(raw) == wanted


@pytest.mark.parametrize("raw", ["0", "-2", "2.5", 2.5, "some", "2-4", "200000", "1,000"])
def test_quantities_that_are_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match="ticket"):
        values.quantity(raw)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [("2 @ 110", (2, "110")), ("4x € 95,50", (4, "€ 95,50")), ("2 tickets @ $110", (2, "$110"))],
)
def test_lots(raw: str, wanted: tuple[int, str]) -> None:
    assert values.lot(raw) == wanted


def test_an_amount_is_no_lot() -> None:
    assert values.lot("110.00") is None
    assert values.lot(110) is None


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        ("1-4", ("1", "2", "3", "4")),
        ("12,14,16", ("12", "14", "16")),
        ("12 14 16", ("12", "14", "16")),
        ("Seats 7 & 8", ("7", "8")),
        ("A1-A3", ("A1", "A2", "A3")),
        ("9 to 11", ("9", "10", "11")),
        ("1-9 odd", ("1", "3", "5", "7", "9")),
        ("2-6 (even numbers)", ("2", "4", "6")),
        ("odd 11-15, 2", ("11", "13", "15", "2")),
        ("GA", ()),
        ("General Admission", ()),
        (7, ("7",)),
        ("7", ("7",)),
        ("A", ("A",)),
    ],
)
def test_seats(raw: Any, wanted: tuple[str, ...]) -> None:
    assert values.seats(raw) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        "4-1",
        "1-5000",
        "1,1",
        "A1-B4",
        "together",
        "5 odd",
        "2-2 odd",
        "1-9 odd even",
        datetime(2026, 4, 1),
        "1-",
    ],
)
def test_seats_that_are_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"seat|ends before"):
        values.seats(raw)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Block 101 / Row C", {"block": "101", "row": "C"}),
        ("Section 12, Row 4, Seats 1-4", {"block": "12", "row": "4", "seats": "1-4"}),
        ("Block 101 Row C 1-12", {"block": "101", "row": "C", "seats": "1-12"}),
        ("Block 101, Row C: 1-23 odd", {"block": "101", "row": "C", "seats": "1-23 odd"}),
        ("Block 101 Row C-D 5-6 piggyback", {"block": "101", "row": "C-D", "seats": "5-6"}),
        ("Block 101 Row A-F", {"block": "101", "row": "A-F"}),
        ("Section 12 Row 4 near the aisle", {"block": "12", "row": "4"}),
        ("Block A12 Reihe 7", {"block": "A12", "row": "7"}),
        ("101", {}),
    ],
)
def test_places(text: str, wanted: dict[str, str]) -> None:
    assert values.place(text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("CAT1", "Cat 1"),
        ("Category 2", "Cat 2"),
        ("C3", "Cat 3"),
        ("Kategorie 4", "Cat 4"),
        ("Top Cat 1", "Top Cat 1"),
        ("TOP CATEGORY 1", "Top Cat 1"),
        ("Top Cat 2", "Top Cat 2"),
        ("Lounge", "Lounge"),
        ("C", "C"),
        ("Category 5", "Category 5"),
    ],
)
def test_categories(text: str, wanted: str) -> None:
    assert values.category(text) == wanted


@pytest.mark.parametrize(
    ("raw", "order", "wanted"),
    [
        ("2026-06-03", "", (2026, 6, 3)),
        ("3.6.2026", "", (2026, 6, 3)),
        ("03/06/2026", "dmy", (2026, 6, 3)),
        ("06/03/26", "mdy", (2026, 6, 3)),
        ("26/06/03", "ymd", (2026, 6, 3)),
        ("3 June 2026", "", (2026, 6, 3)),
        (datetime(2026, 6, 3, 18, 0), "", (2026, 6, 3)),
    ],
)
def test_days(raw: Any, order: str, wanted: tuple[int, int, int]) -> None:
    assert values.day(raw, order) == datetime(*wanted)


@pytest.mark.parametrize("raw", ["03/04/2026", "soon", "31/31/2026", "1.1.1900", 46000])
def test_days_that_are_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"date|can be|years"):
        values.day(raw)


_AMOUNTS = st.decimals(0, 9_999_999, places=2, allow_nan=False, allow_infinity=False)


@given(_AMOUNTS, st.sampled_from([",", "."]), st.sampled_from(["", " ", "'", "other"]))
def test_an_amount_is_read_back_in_every_country(value: Decimal, decimal: str, group: str) -> None:
    between = {"other": "." if decimal == "," else ","}.get(group, group)
    text = f"{value:,.2f}".replace(",", "\0").replace(".", decimal).replace("\0", between)
    assert values.amount(text).value == value
    assert values.amount(text, values.COMMA if decimal == "," else values.POINT).value == value


@pytest.mark.parametrize("reader", ["purchases", "schedules"])
@pytest.mark.parametrize(
    ("text", "order", "wanted"),
    [
        ("Thu 11.06.2026", "", "2026-06-11"),
        ("Thursday, 11 June 2026", "", "2026-06-11"),
        ("13/06/2026 7 pm", "", "2026-06-13"),
        ("03/04/2026 19:00 UTC-6", "dmy", "2026-04-03"),
        ("03/04/2026 21h00", "mdy", "2026-03-04"),
        ("26/06/11", "ymd", "2026-06-11"),
        ("2026-06-11T19:00:00", "", "2026-06-11"),
        ("11-Jun-26", "", "2026-06-11"),
        ("03/04/2026", "", None),
        ("31/02/2026", "dmy", None),
        ("June", "", None),
        ("11 June 2026 banana", "", None),
        ("1873-01-01", "", None),
    ],
)
def test_days_are_read_alike_in_every_kind_of_file(
    reader: str, text: str, order: str, wanted: str | None
) -> None:
    read = values.day if reader == "purchases" else cells.day_of
    if wanted is None:
        with pytest.raises((ValueError, cells.Wrong)):
            read(text, order)
    else:
        assert f"{read(text, order):%Y-%m-%d}" == wanted
