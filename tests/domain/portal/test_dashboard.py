"""A supplier's dashboard: counted from its book, which is all that it may know."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.dispatch.desk import DispatchDesk, S, edit, served
from ticketops.domain.dispatch import suppliers
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.portal.dashboard import Figures, dashboard, figures_of
from ticketops.model import states
from ticketops.schema.book_layouts import Book, BookRow


def book_of(desk: DispatchDesk, key: str = "SALVI") -> Book:
    state = State.of(desk.store.read(*SHEETS, strict=False))
    units = suppliers.units_of(state).get(key, [])
    return suppliers.book(state, key, units, suppliers.tickets_by_unit(state))


def row(**values: Any) -> BookRow:
    return BookRow(values.get("sales_id") or "", {"match": "M01", "category": "Cat 1"} | values)


def test_the_inventory_stands_before_any_sale_and_fills_as_guests_arrive() -> None:
    desk = DispatchDesk(served())
    (match,) = dashboard(book_of(desk).rows).matches
    assert match.match == "M01"
    assert match.figures == Figures(units=4, sold=1, open=1)
    assert [(one.category, one.contract, one.figures) for one in match.sets] == [
        ("Cat 1", "000777", Figures(units=4, sold=1, open=1))
    ]
    desk.reconcile(edit("supplier", "S1-1", "delivery", "NOT_SENT", S))
    assert dashboard(book_of(desk).rows).figures == Figures(units=4, sold=1, sent=1)


def test_a_sold_unit_without_an_address_waits_for_its_guest() -> None:
    desk = DispatchDesk()
    desk.give("S1", ("PR0001-S01", 2))
    desk.write("S1-1", client_email="g@guest.example")
    desk.reconcile()
    figures = dashboard(book_of(desk).rows).figures
    assert (figures.units, figures.sold, figures.without_guest) == (4, 2, 1)


def test_another_suppliers_units_are_not_counted() -> None:
    desk = DispatchDesk(served())
    assert dashboard(book_of(desk, "POVAMI").rows).figures == Figures(units=4)
    assert dashboard(book_of(desk, "NOBODY").rows) == dashboard(())


def test_matches_stand_by_their_day() -> None:
    rows = [
        row(match="M10"),
        row(match="M9", match_date=datetime(2026, 6, 20)),
        row(match="M2"),
        row(match="M11", match_date=datetime(2026, 6, 12)),
    ]
    assert [one.match for one in dashboard(rows).matches] == ["M11", "M9", "M2", "M10"]


_DELIVERIES = st.sampled_from([None, *states.DELIVERY])
_ROWS = st.lists(
    st.builds(
        row,
        match=st.sampled_from(["M01", "M02", None]),
        category=st.sampled_from(["Cat 1", "Cat 2", None]),
        contract=st.sampled_from(["7", "8", None]),
        sales_id=st.sampled_from([None, "S1-1"]),
        client_email=st.sampled_from([None, "g@guest.example"]),
        delivery=_DELIVERIES,
    ),
    max_size=30,
)


@given(_ROWS)
def test_every_row_is_counted_once(rows: list[BookRow]) -> None:
    found = dashboard(rows)
    total = found.figures
    assert total.units == len(rows)
    assert total.sold == sum(bool(one.values["sales_id"]) for one in rows)
    assert total.sold == (total.open + total.uploaded + total.sent + total.accepted + total.issues)
    assert total.without_guest <= total.open
    assert sum((m.figures for m in found.matches), Figures()) == total
    assert sum((s.figures for m in found.matches for s in m.sets), Figures()) == total
    assert sum(map(figures_of, rows), Figures()) == total
