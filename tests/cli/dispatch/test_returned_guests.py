"""Guests that are erased, changed after they were sent, copied over others or missing in a book that
came back; receipts that are not the client's; issues that are (D26)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.dispatching import (
    GUEST,
    GUESTS,
    Do,
    book_rows,
    client_book,
    codes,
    fill,
    rows_of,
    supplier_book,
    tickets_of,
)
from tests.conftest import Result, Runner

NOTHING = dict.fromkeys(GUEST)
OTHER = dict(zip(GUEST, ("Oda", "Other", "oda@guests.example.com"), strict=True))
Sheet = Any


def edited(source: Path, target: Path, change: Callable[[Sheet], None]) -> Path:
    """A copy of a client's book in which somebody changed the sheet itself."""
    book = openpyxl.load_workbook(source)
    change(book.worksheets[0])
    book.save(target)
    book.close()
    return target


def adds_up(done: Result) -> bool:
    """Whether every cell that says something new was taken, in conflict or refused, and each that
    was not taken has a finding."""
    result = done.json["result"]
    found = codes(done)
    told = sum(
        found.count(code) for code in ("ERASED", "REFUSED", "BAD_EMAIL", "FORMULA", "NO_KEY")
    )
    told += sum(found.count(code) for code in ("CLOSED_CELL", "KEY_CHANGED", "FOREIGN_ROW"))
    return (
        result["refused"] == told
        and result["conflicts"] == found.count("CONFLICT") + found.count("CHANGED_AFTER_SENT")
        and result["edits"] == result["taken"] + result["conflicts"] + result["refused"]
        and sum(file["edits"] for file in result["files"]) == result["edits"]
    )


def pulled(here: Runner, *words: str) -> Result:
    done = here("client", "pull", *words, "--json")
    assert adds_up(done), done.out
    return done


@pytest.mark.slow
def test_an_erased_guest_is_kept_until_it_is_accepted(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")
    back = fill(client_book(book), book.parent / "back.xlsx", {"S1-1": NOTHING}, key="Sales ID")
    for _again in range(2):
        done = pulled(here, str(back))
        assert (done.code, codes(done)) == (1, ["ERASED"] * 3)
        assert {finding["severity"] for finding in done.json["findings"]} == {"MEDIUM"}
        assert tickets_of(book, *GUEST)["S1-1"] == GUESTS["S1-1"]
    assert pulled(here, str(back), "--accept-erased").json["result"]["taken"] == 3
    assert tickets_of(book, *GUEST)["S1-1"] == (None, None, None)


def test_a_guest_erased_in_a_book_in_its_place(here: Runner, do: Do, book: Path) -> None:
    """`dispatch sync` keeps it, too, and the book shows it again."""
    do("client", "build", "acme")
    fill(client_book(book), client_book(book), {"S1-2": NOTHING}, key="Sales ID")
    done = here("dispatch", "sync", "--json")
    assert (codes(done).count("ERASED"), done.json["result"]["refused"]) == (3, 3)
    assert tickets_of(book, *GUEST)["S1-2"] == GUESTS["S1-2"]
    assert book_rows(client_book(book), "Sales ID")["S1-2"]["First name"] == "Bo"


def test_merged_cells_take_no_guest_away(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")

    def merge(sheet: Sheet) -> None:
        for letters in ("AC", "AD", "AE"):
            sheet.merge_cells(f"{letters}4:{letters}5")

    back = edited(client_book(book), book.parent / "merged.xlsx", merge)
    done = pulled(here, str(back))
    assert codes(done) == ["ERASED"] * 3 + ["MERGED_CELLS"]
    assert {key: tickets_of(book, *GUEST)[key] for key in ("S1-1", "S1-2")} == {
        key: GUESTS[key] for key in ("S1-1", "S1-2")
    }


@pytest.mark.slow
@pytest.mark.parametrize(("guest", "cells"), [(OTHER, 3), (NOTHING, 3), ({"Last Name": "X"}, 1)])
@pytest.mark.parametrize("accept", [[], ["--accept-erased"]])
def test_what_was_sent_is_kept(
    here: Runner, do: Do, book: Path, guest: dict[str, Any], cells: int, accept: list[str]
) -> None:
    do("staff", "mark", "SENT", "T00002")  # S4-1
    do("client", "build", "bolt")
    back = fill(client_book(book, "bolt"), book.parent / "b.xlsx", {"S4-1": guest}, key="Sales ID")
    done = pulled(here, str(back), *accept)
    assert (done.code, codes(done)) == (1, ["CHANGED_AFTER_SENT"] * cells)
    assert tickets_of(book, *GUEST)["S4-1"] == GUESTS["S4-1"]
    assert tickets_of(book, "Delivery")["S4-1"] == "ISSUE"
    queue = {row["SalesID"]: row["DispatchStatus"] for row in rows_of(book, "_STAFF_QUEUE")}
    assert queue["S4-1"] == "ISSUE"
    do("staff", "mark", "SENT", "T00002")  # the office decides
    assert here("client", "pull", str(back), "--json").json["changes"] == {}, "said once"
    assert tickets_of(book, "Delivery")["S4-1"] == "SENT"


def test_the_office_decides_for_the_file(here: Runner, do: Do, book: Path) -> None:
    do("staff", "mark", "SENT", "T00002")
    do("client", "build", "bolt")
    back = fill(client_book(book, "bolt"), book.parent / "b.xlsx", {"S4-1": OTHER}, key="Sales ID")
    here("client", "pull", str(back), "--prefer", "theirs")
    assert tickets_of(book, *GUEST)["S4-1"] == tuple(OTHER.values())
    assert tickets_of(book, "Delivery")["S4-1"] == "ISSUE", "what was sent was not sent to her"


def _copy(sheet: Sheet, first: int) -> None:
    """Row 4 from a column on over the two rows below it."""
    for row in (5, 6):
        for column in range(first, 34):
            sheet.cell(row, column).value = sheet.cell(4, column).value


@pytest.mark.parametrize(
    ("first", "found", "guest"),
    [
        (1, ["DUPLICATE_ROW", "MISSING_ROWS"], "Bo"),
        (10, ["KEY_CHANGED", "KEY_CHANGED"], "Bo"),
        (28, ["SAME_GUEST"], "Ada"),
    ],
)
def test_a_row_copied_over_others(
    here: Runner, do: Do, book: Path, first: int, found: list[str], guest: str
) -> None:
    """With its keys, with the visible one, or only what is typed, which is meant perhaps."""
    do("client", "build", "acme")
    back = edited(client_book(book), book.parent / "c.xlsx", lambda sheet: _copy(sheet, first))
    done = pulled(here, str(back))
    assert (done.code, codes(done)) == (1, found)
    assert tickets_of(book, "First name")["S1-2"] == guest


@pytest.mark.parametrize("kind", ["client", "supplier"])
def test_rows_that_are_missing_are_named(here: Runner, do: Do, book: Path, kind: str) -> None:
    do(kind, "build", "--all")
    place = client_book(book) if kind == "client" else supplier_book(book)
    before = tickets_of(book, *GUEST, "Delivery")
    back = edited(place, book.parent / "short.xlsx", lambda sheet: sheet.delete_rows(4, 2))
    done = here(kind, "pull", str(back), "--json")
    assert (done.code, codes(done)) == (1, ["MISSING_ROWS"])
    assert "S1-1, S1-2" in done.json["findings"][0]["message"]
    assert tickets_of(book, *GUEST, "Delivery") == before


def test_everything_refused_is_counted(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")
    said = {
        "S1-1": {"Client Email": "no address"},
        "S1-2": {"First name": "=1+1", "Last Name": None},
        "S1-3": {"Comments": "aisle"},
    }
    back = fill(client_book(book), book.parent / "b.xlsx", said, key="Sales ID")
    result = pulled(here, str(back)).json["result"]
    assert (result["edits"], result["taken"], result["refused"]) == (4, 1, 3)
    again = here("client", "pull", str(back)).out
    assert "3 edits: 0 taken, 0 conflicts, 3 refused" in again


@pytest.mark.slow
@pytest.mark.parametrize("first", [[], ["SENT"]])
def test_a_suppliers_receipt_is_a_claim(here: Runner, do: Do, book: Path, first: list[str]) -> None:
    for said in [*first, "ACCEPTED", "ACCEPTED"]:
        do("supplier", "build", "--all")
        place = supplier_book(book)
        back = fill(place, book.parent / "s.xlsx", {"S1-1": {"Delivery": said}})
        done = here("supplier", "pull", str(back), "--json")
        assert "ACCEPTED" not in tickets_of(book, "Delivery").values()
    assert codes(done) == ["CLAIMED"]
    delivery, notes, by = tickets_of(book, "Delivery", "DispatchNotes", "AcceptedBy")["S1-1"]
    assert (delivery, notes, by) == ("SENT", "supplier says ACCEPTED", None)
    queue = {row["ID"]: row["Delivery"] for row in rows_of(book, "_SUPPLIER_QUEUE")}
    assert queue["S1-1"] == "SENT"
    do("supplier", "build", "--all")
    assert book_rows(place)["S1-1"]["Delivery"] == "SENT"
    do("client", "build", "acme")
    complaint = {"S1-1": {"Status": "ISSUE", "Comments": "nothing came"}}
    back = fill(client_book(book), book.parent / "c.xlsx", complaint, key="Sales ID")
    pulled(here, str(back))
    assert tickets_of(book, "Delivery", "Comment")["S1-1"] == ("ISSUE", "nothing came")


def test_staffs_receipt_is_a_claim(here: Runner, do: Do, book: Path) -> None:
    do("staff", "mark", "SENT", "T00002")
    done = here("staff", "mark", "ACCEPTED", "T00002", "--json")
    assert (done.json["result"]["delivery"], codes(done)) == ("SENT", ["CLAIMED"])
    assert tickets_of(book, "Delivery", "DispatchNotes")["S4-1"] == ("SENT", "staff says ACCEPTED")


@pytest.mark.slow
def test_a_clients_issue_ends_with_its_receipt(here: Runner, do: Do, book: Path) -> None:
    """Only sending again moves Delivery; the ticket stays listed until the client accepts."""

    def listed() -> int:
        return int(do("dispatch", "status")["clients"]["Acme Ltd"]["issues"])

    def client_says(status: str) -> None:
        do("client", "build", "acme")
        said = {"S1-1": {"Status": status}}
        pulled(here, str(fill(client_book(book), book.parent / "c.xlsx", said, key="Sales ID")))

    def supplier_says(delivery: str) -> Result:
        do("supplier", "build", "--all")
        said = {"S1-1": {"Delivery": delivery}}
        return here(
            "supplier",
            "pull",
            str(fill(supplier_book(book), book.parent / "s.xlsx", said)),
            "--json",
        )

    client_says("ISSUE")  # a ticket that was not sent may be wrong, too
    assert (tickets_of(book, "Delivery")["S1-1"], listed()) == ("ISSUE", 1)
    for said in ("PENDING", "NOT_SENT", "ACCEPTED"):
        assert supplier_says(said).code in (0, 1)
        assert tickets_of(book, "Delivery")["S1-1"] == "ISSUE", said
    supplier_says("SENT")
    assert (tickets_of(book, "Delivery")["S1-1"], listed()) == ("SENT", 1)
    client_says("ACCEPTED")
    assert (tickets_of(book, "Delivery")["S1-1"], listed()) == ("ACCEPTED", 0)
    client_says("ISSUE")
    assert (tickets_of(book, "Delivery")["S1-1"], listed()) == ("ISSUE", 1)


def test_merged_blank_cells_are_said(here: Runner, do: Do, book: Path) -> None:
    """One guest written over several rows that were blank: nothing is lost, and nothing guessed."""
    do("client", "build", "acme")

    def merge(sheet: Sheet) -> None:
        sheet["AC6"] = "Eve"
        sheet.merge_cells("AC6:AC8")

    back = edited(client_book(book), book.parent / "merged.xlsx", merge)
    done = pulled(here, str(back))
    assert "MERGED_CELLS" in codes(done)
    assert "AC6:AC8" in done.out


@pytest.mark.slow
def test_a_line_below_the_tickets_is_an_issue(here: Runner, do: Do, book: Path) -> None:
    do("client", "build", "acme")

    def write(sheet: Sheet) -> None:
        row = max(cell.row for cell in sheet["L"] if "missing or wrong" in str(cell.value))
        assert not sheet[f"AF{row}"].protection.locked
        sheet[f"AF{row}"] = "the ticket for Joe is missing"

    back = edited(client_book(book), book.parent / "line.xlsx", write)
    done = pulled(here, str(back))
    assert (done.code, codes(done)) == (1, ["CLIENT_ISSUE"])
    assert "the ticket for Joe is missing" in done.json["findings"][0]["message"]
    line = rows_of(book, "_BOOK_EDITS")[-1]
    assert (line["Party"], line["Comments"]) == ("acme", "the ticket for Joe is missing")
    assert codes(pulled(here, str(back))) == [], "said once"
