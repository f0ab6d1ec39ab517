"""What a party types into its book stands there to the letter after every way round: build, pull,
sync, copy-down, a note of the office (D27)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.dispatching import (
    Do,
    book_rows,
    client_book,
    fill,
    supplier_book,
    tickets_of,
    type_by_key,
)

NAMES = "Acme Ltd? Bolt? Ann Tickets? Zenith? Cy, Bee Seats"


@pytest.mark.slow
def test_a_suppliers_words(do: Do, book: Path) -> None:
    do("supplier", "build", "--all")

    def typed(text: str) -> None:
        source = supplier_book(book)
        back = fill(source, book.parent / "back" / source.name, {"S1-1": {"DispatchNotes": text}})
        do("supplier", "pull", str(back))

    def shown() -> str:
        do("dispatch", "sync")
        return str(book_rows(supplier_book(book))["S1-1"]["DispatchNotes"])

    typed(NAMES)
    assert shown() == NAMES
    whole = f"{NAMES} | for Acme Ltd, Bolt is next"
    type_by_key(book, "Distribution", "ID", {"S1-1": {"DispatchNotes": whole}}, 2)
    assert shown() == f"{NAMES} | for MIRRA, MIRRA is next"
    typed(f"{NAMES} | for MIRRA, MIRRA is next | Acme? Bolt!")
    assert shown() == f"{NAMES} | for MIRRA, MIRRA is next | Acme? Bolt!"
    assert tickets_of(book, "DispatchNotes")["S1-1"] == f"{whole} | Acme? Bolt!"
    do("undo", "--yes")
    do("supplier", "build", "--all")
    assert "Acme Ltd?" in shown()
    assert "for MIRRA" in shown()


def test_a_clients_words(do: Do, book: Path) -> None:
    do("client", "build", "--all")
    source = client_book(book, "bolt")
    typed = {"S4-1": {"Clients notes": NAMES, "Comments": f"{NAMES}\nBee Seats"}}
    do("client", "pull", str(fill(source, book.parent / "back" / source.name, typed)))
    do("client", "copy-down", "S4-1", "--overwrite")
    whole = f"{NAMES}\nBee Seats | Bee Seats was asked"
    type_by_key(book, "Distribution", "ID", {"S4-1": {"Comment": whole}}, 2)
    do("dispatch", "sync")
    rows = book_rows(source)
    for sales_id in ("S4-1", "S4-2", "S4-3"):
        assert rows[sales_id]["Clients notes"] == NAMES
    assert rows["S4-1"]["Comments"] == f"{NAMES}\nBee Seats | our supplier was asked"
    assert rows["S4-2"]["Comments"] == f"{NAMES}\nBee Seats"
