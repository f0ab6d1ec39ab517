"""Suppliers: groups and vendors, and what a supplier says."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.cli.dispatching import (
    Do,
    book_rows,
    client_book,
    codes,
    fill,
    rows_of,
    supplier_book,
    tickets_of,
    type_by_key,
)
from tests.conftest import Runner


def test_supplier_groups(here: Runner, do: Do, book: Path) -> None:
    assert do("supplier", "groups") == {
        "groups": [{"supplier_key": "BEE", "vendor": "Bee Seats", "email_pattern": None}],
        "units": {"BEE": 3},
    }
    assert do(
        "supplier",
        "map",
        "ann  x",
        "--vendor",
        "Ann Tickets",
        "--email",
        "ann*@*",
        "--email",
        "a2@*",
    )["added"] == [
        {"supplier_key": "ANN X", "vendor": "Ann Tickets", "email_pattern": None},
        {"supplier_key": "ANN X", "vendor": None, "email_pattern": "ann*@*"},
        {"supplier_key": "ANN X", "vendor": None, "email_pattern": "a2@*"},
    ]
    assert do("supplier", "map", "ANN X", "--vendor", "ann tickets")["added"] == [], "again"
    assert do("supplier", "groups")["units"] == {"ANN X": 9, "BEE": 3}
    do("supplier", "build", "--all")
    assert {row["SupplierKey"] for row in rows_of(book, "_SUPPLIER_QUEUE")} == {"ANN X", "BEE"}
    assert do("supplier", "unmap", "Ann X", "ANN TICKETS")["removed"] == ["ANN X Ann Tickets"]
    assert do("supplier", "groups")["units"] == {"BEE": 3}
    assert len(do("supplier", "unmap", "ann x")["removed"]) == 2
    assert do("supplier", "learn")["added"] == [
        {"supplier_key": "ANN X", "vendor": "Ann Tickets", "email_pattern": None}
    ]
    assert do("supplier", "learn")["added"] == []


@pytest.mark.slow
def test_a_vendor_that_two_suppliers_claim_is_in_no_book(here: Runner, do: Do, book: Path) -> None:
    type_by_key(
        book,
        "_PURCHASE_UNITS",
        "UnitID",
        {f"P{n:05d}": {"Email": "sales@ann.example.com"} for n in (1, 2, 4)},
    )
    do("supplier", "map", "CEE", "--email", "sales@ann*")
    do("supplier", "map", "DEE", "--email", "*@ann.example.com")
    done = here("supplier", "build", "--all", "--json")
    assert (done.code, codes(done)) == (1, ["AMBIGUOUS_SUPPLIER"])
    (finding,) = done.json["findings"]
    assert ("Ann Tickets" in finding["message"], "CEE and DEE" in finding["message"]) == (
        True,
        True,
    )
    assert [made["party"] for made in done.json["result"]["books"]] == ["BEE"]
    do("supplier", "unmap", "DEE")
    built = do("supplier", "build", "--all")["books"]
    assert {made["party"]: made["rows"] for made in built} == {"BEE": 3, "CEE": 3}


@pytest.mark.slow
def test_what_a_supplier_says_reaches_all(do: Do, book: Path) -> None:
    do("client", "build", "--all")
    do("supplier", "build", "BEE")
    assert {
        key: row["Delivery"] for key, row in book_rows(supplier_book(book)).items()
    } == dict.fromkeys(("S1-1", "S1-2", "S1-3"), "NOT_SENT")
    fill(
        supplier_book(book),
        book.parent / "back.xlsx",
        {"S1-1": {"Delivery": "UPLOADED"}, "S1-2": {"Delivery": "sent", "DispatchNotes": "by app"}},
        key="ID",
    )
    assert do("supplier", "pull", "back.xlsx")["taken"] == 3
    assert tickets_of(book, "Delivery", "DispatchNotes")["S1-1"] == ("UPLOADED", None)
    assert tickets_of(book, "Delivery", "DispatchNotes")["S1-2"] == ("SENT", "by app")
    do("dispatch", "sync")
    assert {
        key: row["Status"]
        for key, row in book_rows(client_book(book)).items()
        if key.startswith("S1-")
    } == {"S1-1": "UPLOADED", "S1-2": "SENT", "S1-3": "NOT_SENT"}
    queue = {row["ID"]: row["Delivery"] for row in rows_of(book, "_SUPPLIER_QUEUE")}
    assert (queue["S1-1"], queue["S1-2"]) == ("UPLOADED", "SENT")


def test_a_supplier_is_told_of_locked_rows(here: Runner, do: Do, book: Path) -> None:
    do("supplier", "map", "ANN", "--vendor", "Ann Tickets")
    do("supplier", "build", "ANN")
    path = supplier_book(book, "ANN")
    loaded = openpyxl.load_workbook(path)
    page = loaded.worksheets[0]
    heads = [cell.value for cell in page[3]]
    row = next(
        row
        for row in page.iter_rows(min_row=4)
        if row[heads.index("AllocatedUnitIDs")].value == "P00005"
    )
    row[heads.index("Delivery")].value = "SENT"
    loaded.save(book.parent / "back.xlsx")
    assert "CLOSED_CELL" in codes(here("supplier", "pull", "back.xlsx", "--json"))
