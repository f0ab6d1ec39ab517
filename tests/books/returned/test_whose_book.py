"""Whose book it is: forged, exchanged and made-up files open no cell."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from msgspec import structs

from tests.books.field import GOOD, Field, filled, make_field, put
from tests.desk import DAY
from ticketops.domain.money.payments import Given
from ticketops.schema.layouts.event import EVENT
from ticketops.services import books, money
from ticketops.stores.xlsx.store import XlsxStore


def of_base(change: Callable[[Any], None]) -> Callable[[Any, Any], None]:
    return lambda file, _sheet: change(file["_base"])


def open_everything(base: Any) -> None:
    for row in base.iter_rows(min_row=3, min_col=3):
        for cell in row:
            cell.value = "|" + cell.value[1:]


def test_a_book_without_its_hidden_sheet(event: Field) -> None:
    path = filled(event, lambda file, sheet: file.remove(file["_base"]))
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})
    assert "--company" in heard.messages[0]
    heard = event.pull(path, party="MERIDIAN TRAVEL Ltd")
    assert (heard.codes, heard.changed) == ([("NO_BASE", None)], GOOD)


@pytest.mark.parametrize("party", ["", "meridian travel"])
def test_a_forged_hidden_sheet_opens_no_cell(event: Field, party: str) -> None:
    def mischief(file: Any, sheet: Any) -> None:
        open_everything(file["_base"])
        sheet["AC14"], sheet["AG5"] = "Eve", "ACCEPTED"

    heard = event.pull(filled(event, mischief), party=party)
    assert ("BASE_CHANGED", None) in heard.codes
    assert heard.changed == GOOD


@pytest.mark.parametrize("book_id", ["", "11111111-2222-3333-4444-555555555555", "=1", "x" * 5000])
def test_a_made_up_book_is_refused(book_id: str, event: Field) -> None:
    heard = event.pull(
        filled(event, of_base(lambda base: setattr(base["B1"], "value", book_id or None)))
    )
    assert (heard.codes, heard.changed) == ([("UNKNOWN_BOOK", None)], {})


@pytest.mark.parametrize("book_id", ["", "11111111-2222-3333-4444-555555555555"])
def test_a_made_up_book_of_a_named_party_opens_no_cell(book_id: str, event: Field) -> None:
    """Nobody knows this base, so that it is not to be trusted, even if a person says whose file it
    is."""

    def mischief(file: Any, sheet: Any) -> None:
        file["_base"]["B1"] = book_id or None
        open_everything(file["_base"])
        sheet["AC14"], sheet["AG5"] = "Eve", "ACCEPTED"

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed.keys() <= GOOD.keys()


def test_a_made_up_base_overwrites_nothing(event: Field) -> None:
    """What the office changed meanwhile is kept, though the forged base says that the client had
    read it."""
    event.pull(filled(event))

    def mischief(file: Any, sheet: Any) -> None:
        base = file["_base"]
        base["B1"] = "11111111-2222-3333-4444-555555555555"
        base["D3"] = "|Ana"
        sheet["AC4"] = "Eve"

    heard = event.pull(filled(event, mischief), party="meridian travel")
    assert heard.changed == {}
    assert "CONFLICT" in dict(heard.codes)


@pytest.mark.slow
def test_the_name_of_another_book_gives_no_access(event: Field) -> None:
    """The BookID of Harbour's book in Meridian's file, the rows of either."""
    theirs = openpyxl.load_workbook(event.books["harbour"])["_base"]["B1"].value

    def mischief(file: Any, sheet: Any) -> None:
        file["_base"]["B1"] = theirs
        sheet["A5"] = sheet["J5"] = "S2-1"
        sheet["AC5"] = "Eve"

    heard = event.pull(filled(event, mischief))
    assert {code for code, _ in heard.codes} <= {"BASE_CHANGED", "FOREIGN_ROW", "INCOMPLETE"}
    assert ("FOREIGN_ROW", 4) in heard.codes
    assert heard.changed.keys() <= {("S2-1", "First name")}, (
        "what Harbour's own book may say, with Harbour's own BookID"
    )


def test_a_party_that_is_not_the_books_own(event: Field) -> None:
    heard = event.pull(filled(event), party="Harbour Events")
    assert (heard.codes, heard.changed) == ([("WRONG_PARTY", None)], {})


def test_a_book_of_another_workbook(event: Field, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = make_field(tmp_path / "other")
    forged = filled(
        other,
        of_base(lambda base: setattr(base["B1"], "value", "99999999-0000-0000-0000-000000000001")),
    )
    heard = event.pull(forged)
    assert (heard.codes, heard.changed) == ([("UNKNOWN_BOOK", None)], {})


def test_a_suppliers_book_is_no_clients(event: Field) -> None:
    path = filled(event, put(AD4="UPLOADED"), book="supplier")
    heard = event.pull(path)
    assert (heard.codes, heard.changed) == ([("WRONG_KIND", None)], {})
    heard = event.pull(path, kind="supplier")
    assert heard.codes == [("UNPAID", None)]
    assert heard.changed == {
        ("S2-1", "Delivery"): "UPLOADED",
        ("S2-1", "DispatchStatus"): "UPLOADED",
        ("S2-1", "DispatchedAt"): heard.changed["S2-1", "DispatchedAt"],
    }


def test_a_suppliers_book_that_says_it_is_a_clients(event: Field) -> None:
    path = filled(
        event,
        lambda f, s: (s.__setitem__("AD4", "UPLOADED"), f["_base"].__setitem__("C1", "client")),
        book="supplier",
    )
    heard = event.pull(path)
    assert heard.changed == {}
    assert heard.codes


def test_a_clients_file_with_a_kind_that_there_is_not(event: Field) -> None:
    heard = event.pull(filled(event, of_base(lambda base: setattr(base["C1"], "value", "office"))))
    assert (heard.codes, heard.changed) == ([("UNUSABLE", None)], {})


@pytest.mark.parametrize("setting", ["warn", "block", "ignore"])
def test_what_is_sent_unpaid_is_said_or_refused_where_it_comes_from_a_book(
    event: Field, setting: str
) -> None:
    path = filled(event, put(AD4="UPLOADED"), book="supplier")
    settings = structs.replace(event.settings, unpaid_tickets=setting)
    store = XlsxStore(event.workbook, layout=EVENT)
    made = event.clock.do(books.pull(store, settings, [path], kind="supplier"))
    codes = {finding.code for finding in made.findings}
    told = [finding.message for finding in made.findings if finding.code == "REFUSED"]
    delivery = event.clock.ticket("S2-1")["delivery"]
    assert (delivery == "UPLOADED") == (setting != "block")
    assert ("UNPAID" in codes) == (setting == "warn")
    assert ["the payment of S2 is PENDING" in one for one in told] == [True] * (setting == "block")


@pytest.mark.slow
def test_what_was_refused_until_it_is_paid_is_taken_from_the_same_file_then(event: Field) -> None:
    path = filled(event, put(AD4="UPLOADED"), book="supplier")
    settings = structs.replace(event.settings, unpaid_tickets="block")
    store = XlsxStore(event.workbook, layout=EVENT)

    def pulled() -> Any:
        return event.clock.do(books.pull(store, settings, [path], kind="supplier"))

    for _again in range(2):
        told = [one.message for one in pulled().findings if one.code == "REFUSED"]
        assert ["the payment of S2 is PENDING" in one for one in told] == [True] * len(told) != []
        assert event.clock.ticket("S2-1")["delivery"] in (None, "NOT_SENT")
    event.clock.do(money.payment_add(Given(Decimal(99_999), DAY, refs=("S2",))))
    assert "REFUSED" not in {one.code for one in pulled().findings}
    assert event.clock.ticket("S2-1")["delivery"] == "UPLOADED"
    assert pulled().result.edits == 0
