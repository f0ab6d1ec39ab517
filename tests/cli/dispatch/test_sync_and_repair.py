"""`ticketops dispatch sync`, and sheets that can be mended."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.cli.dispatching import (
    ANA,
    ASSIGN,
    BEN,
    Do,
    below,
    book_rows,
    client_book,
    rows_of,
    supplier_book,
    type_by_key,
)
from tests.cli.workbooks import type_into
from tests.conftest import Runner


def test_sync_brings_everything_into_agreement_once(do: Do, here: Runner, book: Path) -> None:
    """What is typed by hand reaches the queues and the books; the second run finds nothing to
    do."""
    do(*ASSIGN)
    for kind in ("client", "supplier", "staff"):
        do(kind, "build", "--all")
    type_by_key(
        book,
        "Distribution",
        "ID",
        {
            "S2-2": {
                "Client Email": "new@guests.example.com",
                "First name": "Nia",
                "Last Name": "Orr",
            },
            "S4-1": {"Delivery": "SENT"},
            "S1-1": {"Client Email": "ada2@guests.example.com"},
        },
        2,
    )
    done = here("dispatch", "sync", "--json")
    assert (done.code, done.json["result"]["new_tasks"]) == (0, 1)
    assert {made["party"]: made["state"] for made in done.json["result"]["books"]} == {
        "acme": "rebuilt",
        "bolt": "rebuilt",
        "BEE": "rebuilt",
        ANA: "unchanged",
        BEN: "rebuilt",
    }
    queue = {row["SalesID"]: row for row in rows_of(book, "_STAFF_QUEUE")}
    assert (queue["S2-2"]["ClientEmail"], queue["S2-2"]["DispatchStatus"]) == (
        "new@guests.example.com",
        "NOT_SENT",
    )
    assert queue["S4-1"]["DispatchStatus"] == "SENT"
    assert book_rows(supplier_book(book))["S1-1"]["Client Email"] == "ada2@guests.example.com"
    assert book_rows(client_book(book, "bolt"))["S4-1"]["Status"] == "SENT"
    before = below(book.parent)
    for _ in range(2):
        done = here("dispatch", "sync", "--json")
        assert (done.code, done.json["changes"], done.json["findings"]) == (0, {}, [])
        assert below(book.parent) == before
    (book.parent / "books" / "CLIENT - Bolt.xlsx").unlink()
    assert "1 book missing from where they were built" in here("dispatch", "sync").out


def test_a_sheet_that_lacks_a_column_can_be_mended(here: Runner, book: Path) -> None:
    heads = list(rows_of(book, "_CLIENT_INPUTS")[0])
    place = heads.index("UpdatedAt") + 1
    type_into(book, "_CLIENT_INPUTS", **{f"{openpyxl.utils.get_column_letter(place)}1": None})
    done = here("client", "groups")
    if (
        done.code == 3
    ):  # its cells may be that column (D17): a person says so, no command adds another
        assert "'UpdatedAt' may be column" in done.err
        assert "rename that header" in done.err
        type_into(
            book, "_CLIENT_INPUTS", **{f"{openpyxl.utils.get_column_letter(place)}1": "UpdatedAt"}
        )
    assert here("client", "groups").code == 0
