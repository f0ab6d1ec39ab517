"""What an address shows of a client's tickets (§7 step 3)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.dispatch.clients import SORTABLE, Filters, through
from ticketops.domain.portal.page import (
    Unclear,
    View,
    choices,
    page_of,
    read_view,
    receivable,
    saved,
    sorted_by,
)
from ticketops.errors import UsageError
from ticketops.model import states
from ticketops.schema.book_layouts import BookRow


def row(key: str, **values: Any) -> BookRow:
    blank = {
        "match": "M01",
        "game": "A vs B",
        "category": "Cat 1",
        "delivery": "NOT_SENT",
        "sets": 1,
        "allocated": 1,
        "sales_id": key,
        **dict.fromkeys(
            ("block", "seat_row", "seat", "first_name", "last_name", "client_email", "comment")
        ),
    }
    return BookRow(key, blank | values, frozenset({"first_name", "delivery"}), "P00001")


def test_an_address_says_what_is_shown() -> None:
    pairs = [
        ("match", "M01"),
        ("match", "M34"),
        ("category", "Cat 1, side"),
        ("delivery", "sent"),
        ("block", "C"),
        ("row", "12-15"),
        ("holder", " ruiz "),
        ("allocation", "Allocated"),
        ("guests", "missing"),
        ("sort", "match,-row"),
        ("page", "3"),
        ("size", "100"),
    ]
    view, unclear = read_view(pairs)
    assert unclear == []
    assert view == View(
        Filters(
            ("M01", "M34"),
            ("Cat 1, side",),
            ("SENT",),
            "C",
            "12-15",
            "ruiz",
            "allocated",
            "missing",
            ("match", "-row"),
        ),
        3,
        100,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("delivery", "GONE"),
        ("allocation", "some"),
        ("guests", "<script>"),
        ("sort", "password"),
        ("sort", "match,nothing"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "²"),
        ("size", "1000000"),
        ("party", "bolt tours"),
        ("match", "x" * 300),
        ("holder", "a\x00b"),
    ],
)
def test_what_is_not_understood_is_said(name: str, value: str) -> None:
    view, unclear = read_view([(name, value), ("match", "M01")])
    assert unclear == [Unclear(name, value[:80])]
    assert view == View(Filters(match=("M01",)))


_TEXT = st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=20)
_VIEWS = st.builds(
    View,
    st.builds(
        Filters,
        st.lists(_TEXT, max_size=3, unique=True).map(tuple),
        st.lists(_TEXT, max_size=3, unique=True).map(tuple),
        st.lists(st.sampled_from(states.DELIVERY), max_size=3, unique=True).map(tuple),
        _TEXT,
        _TEXT,
        _TEXT,
        st.sampled_from(("", "allocated", "partial")),
        st.sampled_from(("", "missing", "complete")),
        st.lists(st.sampled_from(list(SORTABLE)), max_size=3, unique=True).map(tuple),
    ),
    st.integers(1, 900),
    st.sampled_from((25, 50, 250)),
)


@given(_VIEWS)
def test_an_address_and_its_view_say_the_same(view: View) -> None:
    assert read_view(view.pairs()) == (view, [])


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=30)), max_size=30))
def test_no_address_is_an_error(pairs: list[tuple[str, str]]) -> None:
    view, unclear = read_view(pairs)
    assert len(unclear) <= len(pairs)
    assert read_view(view.pairs()) == (view, [])


@given(st.integers(0, 400), st.integers(-3, 30), st.sampled_from((25, 50)))
def test_pages_of_rows_hold_every_row_once(count: int, number: int, size: int) -> None:
    rows = [row(f"S1-{n}") for n in range(count)]
    pages = page_of(rows, number, size).pages
    found = [page_of(rows, n + 1, size) for n in range(pages)]
    assert [one.key for page in found for one in page.rows] == [one.key for one in rows]
    assert [(page.first, page.last) for page in found if page.rows] == [
        (start + 1, min(start + size, count)) for start in range(0, count, size)
    ]
    assert page_of(rows, number, size).number == min(max(number, 1), pages)


def test_choices_are_those_of_the_rows() -> None:
    rows = [
        row("S1-1", match="M10", game="C vs D"),
        row("S1-2", match="M2", delivery="SENT"),
        row("S1-3", match="M2", category=None, delivery="SENT"),
    ]
    found = choices(rows)
    assert [(one.value, one.label, one.count) for one in found.match] == [
        ("M2", "M2 A vs B", 2),
        ("M10", "M10 C vs D", 1),
    ]
    assert [(one.value, one.count) for one in found.category] == [("Cat 1", 2)]
    assert [(one.value, one.count) for one in found.delivery] == [("NOT_SENT", 1), ("SENT", 2)]
    assert [one.key for one in receivable(rows)] == ["S1-2", "S1-3"]


def test_a_column_sorts_up_then_down_then_not() -> None:
    rows = [row("S1-1", block="B2"), row("S1-2", block="B10"), row("S1-3", block="A")]
    view, seen = View(page=4), []
    for _ in range(3):
        view = sorted_by(view, "block")
        seen.append((view.page, [one.key for one in through(rows, view.filters)]))
    assert seen == [
        (1, ["S1-3", "S1-1", "S1-2"]),
        (1, ["S1-2", "S1-1", "S1-3"]),
        (1, ["S1-1", "S1-2", "S1-3"]),
    ]


def test_a_view_is_kept_only_if_it_comes_back_the_same() -> None:
    assert saved("  My   view ", Filters(match=("M01",))) == "My view"
    for name, filters in (
        ("", Filters()),
        ("x" * 61, Filters()),
        ("Mine", Filters(category=("Cat 1, side",))),
    ):
        with pytest.raises(UsageError):
            saved(name, filters)
