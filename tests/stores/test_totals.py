"""Rows of totals below a ledger, where values alone are seen (in memory) and on a Google Sheet:
new rows go above them, as they do in a file (tests/stores/xlsx/test_office_cells.py)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.desk import Desk
from tests.online import Google
from ticketops.errors import SpliceError
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.stores.memory import MemoryStore

CLIENT, NUMBER, TOTAL, NOTE = 4, 7, 9, 13


def desk(sold: int) -> Desk:
    made = Desk(MemoryStore(layout=EVENT))
    for _ in range(sold):
        made.sell(("M01", "Cat 1", 2))
    return made


def numbered(rows: list[list[Any]]) -> list[int]:
    """The sheet rows with a SalesID below the header."""
    at = rows[0].index("SalesID")
    return [n for n, row in enumerate(rows, 1) if n > 1 and len(row) > at and row[at]]


@pytest.mark.parametrize("gap", [0, 1, 4])
def test_in_memory_new_rows_go_above_the_totals(gap: int) -> None:
    at, work = 4 + gap, desk(2)
    for column, value in {CLIENT: "TOTAL", NUMBER: 4, TOTAL: 1400}.items():
        work.store.edit_outside(SALES, at, column, value)
    work.store.edit_outside(SALES, at + 2, CLIENT, "checked by Ana")
    before = work.cells()
    for _ in range(3):
        work.sell(("M01", "Cat 1", 2))
    rows, end = work.store.rows(SALES), max(at, 7)
    assert numbered(rows) == [2, 3, 4, 5, 6]
    assert [rows[end - 1][c - 1] for c in (CLIENT, NUMBER, TOTAL)] == ["TOTAL", 4, 1400]
    assert rows[end + 1][CLIENT - 1] == "checked by Ana"
    assert [row[CLIENT - 1] for row in rows].count("TOTAL") == 1
    for _ in range(3):
        work.undo()
    assert work.cells() == before


def test_an_undo_cell_by_cell_leaves_the_totals_where_they_went() -> None:
    work = desk(2)
    work.store.edit_outside(SALES, 4, CLIENT, "Total")
    work.sell(("M01", "Cat 1", 2))
    work.store.edit_outside(SALES, 2, NOTE, "seen")
    work.undo()
    rows = work.store.rows(SALES)
    assert numbered(rows) == [2, 3]
    assert [n for n, row in enumerate(rows, 1) if row[CLIENT - 1] == "Total"] == [5]
    assert not any(rows[3])
    work.sell(("M01", "Cat 1", 2))
    assert numbered(work.store.rows(SALES)) == [2, 3, 4]


def test_what_is_in_the_way_of_the_totals_is_not_overwritten() -> None:
    work = desk(2)
    work.store.edit_outside(SALES, 4, CLIENT, "Total")
    edge = work.store.read(SALES)[SALES].next_column
    work.store.edit_outside(SALES, 1, edge, "ours")
    work.store.edit_outside(SALES, 5, edge, "a remark")
    before = work.cells()
    with pytest.raises(SpliceError, match="in the way of the totals in row 4"):
        work.sell(("M01", "Cat 1", 2))
    assert work.cells() == before


class Online:
    """Two sales on a Google Sheet, and what stands below them."""

    def __init__(self, google: Google, *, tight: bool = False) -> None:
        self.server = google.server
        sold = desk(2)
        sheets = dict(sold.store.raw_rows(*sold.store.sheet_names()))
        self.key = google.new(sheets, tight=tight)
        self.desk = Desk(google.store(self.key))
        self.desk._minutes = sold._minutes

    def put(self, **cells: Any) -> None:
        for where, value in cells.items():
            row, column = int(where[1:]), ord(where[0]) - 64
            if isinstance(value, str) and value.startswith("="):
                self.server.set_formula(self.key, SALES, row, column, value, 0)
            else:
                self.server.set(self.key, SALES, row, column, value)

    def at(self, where: str) -> Any:
        value = self.server.cell(self.key, SALES, int(where[1:]), ord(where[0]) - 64).value
        return getattr(value, "text", value)

    def numbered(self) -> list[int]:
        return numbered(self.server.rows(self.key, SALES))


@pytest.fixture
def online(google: Google) -> Callable[..., Online]:
    return lambda **more: Online(google, **more)


@pytest.mark.parametrize("tight", [False, True])
@pytest.mark.parametrize("gap", [0, 1, 3])
def test_on_a_google_sheet_totals_move_down_and_their_sums_reach_over_new_rows(
    online: Callable[..., Online], gap: int, tight: bool
) -> None:
    book, at = online(tight=tight and not gap), 4 + gap
    if tight and not gap:
        sheet = book.server.sheet(book.key, SALES)
        sheet.resize("ROWS", at + 1)
    book.put(
        **{
            f"D{at}": "TOTAL",
            f"G{at}": f"=SUM(G2:G{at - 1})",
            f"I{at}": "=SUBTOTAL(9,I2:I3)",
            f"H{at}": f"=I{at}/G{at}",
        }
    )
    for _ in range(3):
        book.desk.sell(("M01", "Cat 1", 2))
    assert book.numbered() == [2, 3, 4, 5, 6]
    end = max(at, 7)
    assert book.at(f"D{end}") == "TOTAL"
    assert book.at(f"G{end}") == f"=SUM(G2:G{end - 1})"
    assert book.at(f"I{end}") == "=SUBTOTAL(9,I2:I6)"
    assert book.at(f"H{end}") == f"=I{end}/G{end}"
    assert [book.at(f"D{row}") for row in range(2, end + 1)].count("TOTAL") == 1
    book.desk.undo()
    assert book.numbered() == [2, 3, 4, 5]
    assert (book.at(f"D{end}"), book.at(f"D{6}")) == ("TOTAL", "TOTAL" if end == 6 else None)
    assert book.desk.store.read(SALES)[SALES].foot == (end,)


def test_on_a_google_sheet_totals_that_do_not_say_so_are_refused(
    online: Callable[..., Online],
) -> None:
    book = online()
    book.put(G4="=SUM(G2:G3)")
    with pytest.raises(SpliceError, match=r"row 4 holds totals that are in the way of new rows"):
        book.desk.sell(("M01", "Cat 1", 2))
    assert book.numbered() == [2, 3]
    assert book.at("G4") == "=SUM(G2:G3)"
    book.put(C4="Total")
    book.desk.sell(("M01", "Cat 1", 2))
    assert (book.numbered(), book.at("G5")) == ([2, 3, 4], "=SUM(G2:G4)")


def test_on_a_google_sheet_what_is_in_the_way_is_not_overwritten(
    online: Callable[..., Online],
) -> None:
    book = online()
    edge = book.desk.store.read(SALES)[SALES].next_column
    book.put(D4="Total", G4="=SUM(G2:G3)")
    book.server.set(book.key, SALES, 1, edge, "ours")
    book.server.set(book.key, SALES, 5, edge, "a remark")
    with pytest.raises(SpliceError, match="in the way of the totals in row 4"):
        book.desk.sell(("M01", "Cat 1", 2))
    assert (book.numbered(), book.at("D4")) == ([2, 3], "Total")
