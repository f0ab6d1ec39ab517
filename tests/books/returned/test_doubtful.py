"""A book whose hidden sheet is gone, touched or another's: what was closed stays closed, Delivery is
a conflict, the kind and the unit are those that the workbook knows (D26)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.books.field import GOOD, Field, filled
from tests.sampling import some
from ticketops.schema.layouts.event import DISTRIBUTION
from ticketops.services import allocation

Mischief = Callable[[Any, Any], None]
SUPPLIER = {"kind": "supplier", "party": "POVAMI"}


def gone(file: Any) -> None:
    file.remove(file["_base"])


def touched(file: Any) -> None:
    base = file["_base"]
    for row in base.iter_rows(min_row=3, min_col=3):
        for cell in row:
            cell.value = "|" + str(cell.value or "")[1:]
    base.cell(3, 3).value = "|other"


def unknown(file: Any) -> None:
    file["_base"]["B1"] = "11111111-2222-3333-4444-555555555555"


DOUBTS = pytest.mark.parametrize("doubt", [gone, touched, unknown])


@DOUBTS
def test_a_clients_closed_cells_stay_closed(event: Field, doubt: Callable[[Any], None]) -> None:
    def mischief(file: Any, sheet: Any) -> None:
        doubt(file)
        sheet["AC14"], sheet["AB15"], sheet["AF14"] = "Eve", "a note", "a comment"

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed == GOOD
    assert [row for code, row in heard.codes if code == "CLOSED_CELL"] == [14, 14, 15]


@DOUBTS
@pytest.mark.parametrize("word", ["ISSUE", "ACCEPTED"])
def test_a_clients_delivery_is_a_conflict(
    event: Field, doubt: Callable[[Any], None], word: str
) -> None:
    def mischief(file: Any, sheet: Any) -> None:
        doubt(file)
        sheet["AG5"] = word

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed == GOOD
    assert "CONFLICT" in dict(heard.codes)
    assert any("doesn't confirm" in message for message in heard.messages)


@DOUBTS
@pytest.mark.parametrize("word", some(["UPLOADED", "SENT", "ACCEPTED", "ISSUE"], 2))
def test_a_suppliers_delivery_is_a_conflict(
    event: Field, doubt: Callable[[Any], None], word: str
) -> None:
    def mischief(file: Any, sheet: Any) -> None:
        doubt(file)
        sheet["AD4"] = word

    heard = event.pull(filled(event, mischief, book="supplier"), **SUPPLIER)
    assert heard.changed == {}
    assert "CONFLICT" in dict(heard.codes)


def test_what_was_not_touched_is_no_conflict(event: Field) -> None:
    heard = event.pull(filled(event, lambda f, _s: touched(f), book="supplier"), **SUPPLIER)
    assert heard.changed == {}
    assert "CONFLICT" not in dict(heard.codes)


def test_what_is_said_of_another_unit_is_not_taken(event: Field) -> None:
    """The unit that the ticket has now counts, whatever the hidden sheet says of itself."""

    def mischief(file: Any, sheet: Any) -> None:
        touched(file)
        file["_base"]["B3"] = "P09999"
        sheet["AD4"] = "UPLOADED"

    heard = event.pull(filled(event, mischief, book="supplier"), **SUPPLIER)
    assert heard.changed == {}
    assert "OTHER_UNIT" in dict(heard.codes)


def test_a_unit_that_was_exchanged_since(event: Field) -> None:
    path = filled(event, lambda f, s: (touched(f), s.__setitem__("AD4", "SENT")), book="supplier")
    event.clock.do(
        allocation.override_unallocate("S2", "why", set_id="", keep_seats=False, force=False)
    )
    heard = event.pull(path, **SUPPLIER)
    assert heard.changed == {}


@pytest.mark.parametrize("kind", ["client", "staff"])
def test_a_book_is_of_the_kind_that_it_was_made_as(event: Field, kind: str) -> None:
    path = filled(
        event, lambda f, s: (f["_base"].__setitem__("C1", kind), s.__setitem__("AD4", "ACCEPTED")),
        book="supplier",
    )  # fmt: skip
    heard = event.pull(path, kind=kind)
    assert heard.changed == {}
    assert {code for code, _ in heard.codes} <= {"WRONG_KIND", "UNUSABLE"}


def test_a_clients_book_that_says_it_is_a_suppliers(event: Field) -> None:
    """Its headers are those of a supplier's book, its BookID that of the client's."""
    theirs = openpyxl.load_workbook(event.books["meridian"])["_base"]["B1"].value

    def mischief(file: Any, sheet: Any) -> None:
        file["_base"]["B1"] = theirs
        sheet["AD4"] = "UPLOADED"

    heard = event.pull(filled(event, mischief, book="supplier"), kind="supplier")
    assert (heard.codes, heard.changed) == ([("WRONG_KIND", None)], {})
    assert "built as a client book" in heard.messages[0]


# --- when it was dispatched


def staff_desk(event: Field) -> Path:
    """A book of staff for a ticket of Meridian that is ready."""
    from ticketops.services import books, dispatch

    event.pull(filled(event))
    event.clock.do(dispatch.staff_queue())
    event.clock.do(
        dispatch.staff_assign(
            ["kim@desk.example"],
            task_ids=["T00001"],
            matches=[],
            unassigned=False,
            from_person="",
            priority="",
            reopen=False,
        )
    )
    event.clock.do(
        books.build(event.clock.store, event.settings, "staff", [], folder=event.home / "books")
    )
    return next((event.home / "books").glob("STAFF*.xlsx"))


@pytest.mark.parametrize(
    ("days", "taken"), [(-3000, False), (-1, False), (0, True), (1, False), (400, False)]
)
def test_it_was_dispatched_between_its_allocation_and_now(
    event: Field, days: int, taken: bool
) -> None:
    path = staff_desk(event)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    heads = {cell.value: cell.column for cell in sheet[3]}
    start = datetime(2026, 4, 17, 8)
    sheet.cell(4, heads["DispatchStatus"]).value = "SENT"
    sheet.cell(4, heads["DispatchedAt"]).value = start + timedelta(days=days)
    back = event.home / "staff back.xlsx"
    book.save(back)
    before = event.clock.rows(DISTRIBUTION, "dispatched_at")
    heard = event.pull(back, kind="staff")
    assert heard.changed["S1-1", "Delivery"] == "SENT"
    at = heard.changed["S1-1", "DispatchedAt"]
    assert (at == start) is taken
    assert before[0] is None
    assert at.date() == start.date()
    assert ("REFUSED" in dict(heard.codes)) is not taken
