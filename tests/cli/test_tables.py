"""Tables as lines: nothing runs over the edge, nothing but whole columns is lost."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from ticketops.cli import listing
from ticketops.cli.tables import lay_out, width_of, wrap
from ticketops.model.display import cells

_words = st.text("ab é中서😀-_", max_size=30).map(lambda text: " ".join(text.split()))
_tables = st.integers(1, 6).flatmap(
    lambda columns: st.tuples(
        st.lists(
            st.text("ABCde", min_size=1, max_size=9),
            min_size=columns,
            max_size=columns,
            unique=True,
        ),
        st.lists(st.lists(_words, min_size=columns, max_size=columns), max_size=5),
    )
)


@given(table=_tables, width=st.integers(4, 90))
@settings(max_examples=80)
def test_a_table_stays_within_its_width(
    table: tuple[list[str], list[list[str]]], width: int
) -> None:
    heads, rows = table
    laid = lay_out(heads, rows, [False] * len(heads), width=width)
    for line in [*laid.head.split("\n"), *(line for row in laid.rows for line in row)]:
        assert cell_len(line) <= width
    assert len(laid.rows) == len(rows)
    assert 0 <= laid.left_out < len(heads)
    shown = "".join(c for line in laid.rows for c in "".join(line) if c != " ")
    first = "".join(c for row in rows for c in row[0] if c != " ")
    if laid.left_out == len(heads) - 1:
        assert shown == first, "the first column is never cut"
    if width_of(heads, rows) <= width:
        assert laid.left_out == 0
        assert all(len(row) == 1 for row in laid.rows)
        assert laid == lay_out(heads, rows, [False] * len(heads))


def test_what_matters_least_is_left_out_first() -> None:
    heads = ("Sale", "Date", "Match", "Client")
    rows = [["S1", "2026-01-01", "M01", "Meridian"]]
    text = [False] * 4

    def shown(width: int, *first: str) -> list[str]:
        return lay_out(heads, rows, text, width=width, first=first).head.split()

    assert shown(40) == list(heads)
    assert shown(25) == ["Sale", "Date", "Match"]
    assert shown(26, "Client") == ["Sale", "Date", "Client"]
    assert shown(25, "Client", "Match") == ["Sale", "Match", "Client"]
    assert shown(1) == ["S", "a", "l", "e"]


def test_numbers_stand_to_the_right_of_wide_letters() -> None:
    laid = lay_out(("Name", "No"), [["東京", "7"], ["ab", "1,000"]], [False, True])
    assert laid.rows == [["東京      7"], ["ab    1,000"]]


@given(text=_words, width=st.integers(2, 12))
@settings(max_examples=60)
def test_wrapping_loses_nothing(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "wide"),
    [
        ("abc", 3),
        ("", 0),
        ("東京", 4),
        ("서울", 4),
        ("é", 1),
        ("e\u0301", 1),
        ("a\u200bb", 2),
        ("😀", 2),
        ("ﾊﾝ", 2),
        ("שלום", 4),
    ],
)
def test_cells(text: str, wide: int) -> None:
    assert cells(text) == wide == cell_len(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (140562.5, "140562.5"),
        (12345.67, "12345.67"),
        (-999999.99, "-999999.99"),
        (1234567.8, "1234567.80"),
        (350.0, "350"),
        (0.1 + 0.2, "0.30"),
        (33.333333, "33.33"),
    ],
)
def test_an_amount_keeps_its_cents(value: float, text: str) -> None:
    assert listing.shown(value) == text
