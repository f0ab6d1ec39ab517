"""What of a book a page shows, by its address."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.portal import listing
from ticketops.domain.portal.listing import Listing, chosen, read, seen, values_of
from ticketops.model import states
from ticketops.schema.book_layouts import BookRow


def unit(number: int, **values: Any) -> BookRow:
    base = {"match": "M01", "category": "Cat 1", "unit_ids": f"P{number:05}", "seat": number}
    return BookRow("", base | values, unit_id=f"P{number:05}")


UNITS = [
    unit(1, sales_id="S1-1", first_name="José", client_email="jose@x.example", delivery="SENT"),
    unit(2, sales_id="S1-2", delivery="NOT_SENT"),
    unit(3),
    unit(4, match="M12", category="Cat 2", contract="0012"),
    unit(10, match="M02", sales_id="S3-1", client_email="a@x.example", delivery=None),
]


def ids(rows: Any) -> list[int]:
    return [row.values["seat"] for row in rows]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ([], [1, 2, 3, 4, 10]),
        ([("match", "M01")], [1, 2, 3]),
        ([("match", "M02"), ("match", "M12")], [4, 10]),
        ([("sold", "no")], [3, 4]),
        ([("guest", "missing")], [2]),
        ([("guest", "complete"), ("delivery", "NOT_SENT")], [10]),
        ([("delivery", "SENT")], [1]),
        ([("q", "jose")], [1]),
        ([("q", "JOSÉ X.example")], [1]),
        ([("q", "0012")], [4]),
        ([("q", "nobody")], []),
        ([("sort", "-seat")], [10, 4, 3, 2, 1]),
        ([("sort", "match"), ("sort", "-seat")], [3, 2, 1, 10, 4]),
        ([("sort", "client_email")], [10, 1, 2, 3, 4]),
        ([("sort", "-client_email")], [1, 10, 2, 3, 4]),
    ],
)
def test_a_suppliers_view(query: list[tuple[str, str]], wanted: list[int]) -> None:
    view, unclear = read("supplier", query)
    assert unclear == ()
    assert ids(chosen(UNITS, view)) == wanted


def test_what_an_address_says_that_nobody_understands_is_named() -> None:
    pairs = [
        ("match", "M01"),
        ("delivery", "GONE"),
        ("sort", "password"),
        ("sort", "line_key"),
        ("page", "-3"),
        ("size", "100000"),
        ("SalesID", "S9-9"),
        ("sold", ""),
    ]
    view, unclear = read("supplier", pairs)
    assert unclear == ("delivery", "sort", "page", "size", "SalesID")
    assert view == Listing("supplier", {"match": ("M01",)})


def test_a_column_that_a_supplier_does_not_see_is_not_searched() -> None:
    rows = [unit(1, line_key="K77", dist_row=4711, source_sale_id="SRC9")]
    for word in ("K77", "4711", "SRC9"):
        assert chosen(rows, Listing("supplier", q=word)) == []


def task(number: int, priority: str | None = "Normal", **values: Any) -> BookRow:
    is_open = values.pop("open", True)
    base = {"task_id": f"T{number:05}", "seat": number, "priority": priority}
    return BookRow(f"T{number:05}", base | values, frozenset({"proof_url"} if is_open else ()))


def test_a_staff_members_view() -> None:
    tasks = [
        task(1, "Low", dispatch_status="SENT"),
        task(2, None, dispatch_status=None),
        task(3, "High", open=False),
        task(4, "High"),
    ]
    for query, wanted in (
        ([("todo", "now")], [2, 4]),
        ([("todo", "waiting")], [3]),
        ([("todo", "done")], [1]),
        ([("priority", "Normal")], [2]),
        ([("status", "NOT_SENT")], [2, 3, 4]),
        ([("sort", "priority")], [3, 4, 1, 2]),
    ):
        view, unclear = read("staff", query)
        assert unclear == ()
        assert ids(chosen(tasks, view)) == wanted, query
    assert values_of(tasks, "staff", "priority") == {"High": 2, "Normal": 1, "Low": 1}
    assert values_of(tasks, "staff", "todo") == {"now": 2, "waiting": 1, "done": 1}


def test_the_values_of_a_filter_are_those_of_the_book() -> None:
    assert values_of(UNITS, "supplier", "match") == {"M01": 3, "M02": 1, "M12": 1}
    assert values_of(UNITS, "supplier", "delivery") == {"NOT_SENT": 2, "SENT": 1}
    assert values_of(UNITS, "supplier", "guest") == {"missing": 1, "complete": 2}


def test_pages() -> None:
    rows = [unit(number) for number in range(1, 121)]
    page = seen(rows, Listing("supplier", page=3))
    assert (page.first, ids(page.rows)[0], len(page.rows), page.pages) == (101, 101, 20, 3)
    assert seen(rows, Listing("supplier", page=99)) == page
    nothing = seen(rows, Listing("supplier", q="zzz", page=4))
    assert (nothing.rows, nothing.first, nothing.total, nothing.every, nothing.pages) == (
        (),
        0,
        0,
        120,
        1,
    )


_VALUES = {name: st.sampled_from([*of, "?"]) for name, of in listing._FIXED.items()}


@st.composite
def queries(draw: Any, kind: Literal["supplier", "staff"]) -> list[tuple[str, str]]:
    picks = st.sampled_from(sorted(listing.PICKS[kind]))
    pairs = draw(
        st.lists(
            picks.flatmap(
                lambda name: st.tuples(st.just(name), _VALUES.get(name, st.text(max_size=8)))
            )
        )
    )
    sort = st.sampled_from(listing.sortable(kind)).flatmap(lambda c: st.sampled_from([c, f"-{c}"]))
    pairs += [("sort", one) for one in draw(st.lists(sort, max_size=3))]
    pairs += draw(st.lists(st.tuples(st.sampled_from(["q", "page", "size"]), st.text(max_size=6))))
    return list(draw(st.permutations(pairs)))


@given(st.data(), st.sampled_from(["supplier", "staff"]))
def test_an_address_is_spelled_one_way(
    data: st.DataObject, kind: Literal["supplier", "staff"]
) -> None:
    view, _unclear = read(kind, data.draw(queries(kind)))
    again, unclear = read(kind, view.pairs())
    assert (again, unclear) == (view, ())
    assert again.pairs() == view.pairs()


@pytest.mark.slow
@given(st.data(), st.integers(0, 130), st.integers(1, 9))
def test_pages_hold_every_row_of_the_view_once(data: st.DataObject, number: int, size: int) -> None:
    states_ = st.sampled_from([None, *states.DELIVERY])
    rows = [
        unit(n, sales_id=data.draw(states_), delivery=data.draw(states_)) for n in range(number)
    ]
    view, _unclear = read("supplier", data.draw(queries("supplier")))
    view = Listing("supplier", {n: of for n, of in view.picks.items() if n != "match"}, size=size)
    pages = seen(rows, view).pages
    found = [
        row
        for n in range(pages)
        for row in seen(rows, Listing("supplier", view.picks, page=n + 1, size=size)).rows
    ]
    assert found == chosen(rows, view)
