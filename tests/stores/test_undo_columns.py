"""Undo cell by cell takes the columns away that a command added, if nobody wrote in them; else it
names them (D19)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table

from tests.conftest import Result, Runner
from tests.desk import Desk
from tests.online import Google
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.stores.base import Entry
from ticketops.stores.memory import MemoryStore

ADD = ("sale", "add", "--client", "Acme", "--line", "M1:Cat 1:2@50")
CANONICAL = list(EVENT[SALES].canonical_headers)
Type = Callable[[int, int, Any], None]


def headers(store: Any) -> list[Any]:
    return [cell for cell in store.raw_rows(SALES)[SALES][0] if cell not in (None, "")]


@pytest.fixture(params=["memory", "gsheets"])
def office(request: pytest.FixtureRequest) -> tuple[Desk, Type]:
    """A desk on a workbook without the further columns of Sales, and how somebody else types."""
    if request.param == "memory":
        memory = MemoryStore(layout=EVENT)
        return Desk(memory), lambda *at: memory.edit_outside(SALES, *at)
    google: Google = request.getfixturevalue("google")
    key = google.new()
    return Desk(google.store(key)), lambda *at: google.server.set(key, SALES, *at)


def undone(desk: Desk) -> list[str]:
    run = desk.run()
    entry = Entry(run.run_id, "undo", run.user, run.now)
    stays = desk.store.undoable(entry).stays
    desk.store.undo(entry)
    return list(stays)


def test_added_columns_go_again(office: tuple[Desk, Type]) -> None:
    desk, type_in = office
    desk.sell(("M01", "Cat 1", 2))
    assert len(headers(desk.store)) > len(CANONICAL)
    type_in(5, 2, "M09")
    assert undone(desk) == []
    assert headers(desk.store) == CANONICAL
    desk.sell(("M01", "Cat 1", 1))
    assert headers(desk.store)[: len(CANONICAL)] == CANONICAL
    assert len(set(headers(desk.store))) == len(headers(desk.store)) > len(CANONICAL)


def test_a_column_that_somebody_wrote_in_stays_and_is_named(office: tuple[Desk, Type]) -> None:
    desk, type_in = office
    desk.sell(("M01", "Cat 1", 2))
    added = headers(desk.store)[len(CANONICAL) :]
    third = len(CANONICAL) + 3
    type_in(9, third, "x")
    stays = undone(desk)
    assert len(stays) == 1
    assert all(name in stays[0] for name in added[:3])
    assert not any(name in stays[0] for name in added[3:])
    assert headers(desk.store) == [*CANONICAL, *added[:3]]


def test_a_column_left_of_one_of_the_offices_stays(office: tuple[Desk, Type]) -> None:
    desk, type_in = office
    desk.sell(("M01", "Cat 1", 2))
    width = len(headers(desk.store))
    type_in(1, width + 1, "checked by")
    assert len(undone(desk)) == 1
    assert len(headers(desk.store)) == width + 1


class File:
    """An older workbook, and somebody who saves it in another program."""

    def __init__(self, path: Path, runner: Runner) -> None:
        self.path, self._runner = path, runner
        self.edit(lambda ws: ws.delete_cols(15, ws.max_column - 14))
        self.edit(lambda ws: setattr(ws.auto_filter, "ref", "A1:N1"))

    def run(self, *words: str) -> Result:
        return self._runner(*words, "-w", str(self.path), env={"TICKETOPS_ROLE": "ops_manager"})

    def edit(self, change: Callable[[Any], Any]) -> None:
        book = openpyxl.load_workbook(self.path)
        change(book[SALES])
        book.save(self.path)

    @property
    def sheet(self) -> Any:
        return openpyxl.load_workbook(self.path)[SALES]

    @property
    def headers(self) -> list[Any]:
        return [cell.value for cell in self.sheet[1] if cell.value is not None]


@pytest.fixture
def file(empty: Path, in_process: Runner) -> File:
    return File(empty, in_process)


def test_in_a_file_the_filter_is_as_wide_as_it_was(file: File) -> None:
    before = file.headers
    assert file.run(*ADD).code in (0, 1)
    assert file.sheet.auto_filter.ref != "A1:N1"
    file.edit(lambda ws: ws.cell(6, 13, "a remark"))
    done = file.run("undo", "-y")
    assert done.code == 0, done.err
    assert "not undone" not in done.out
    assert file.headers == before
    assert file.sheet.auto_filter.ref.startswith("A1:N")
    assert not any(cell.has_style for cell in file.sheet[1][14:])
    assert file.run("doctor").code == 0
    assert file.run(*ADD).code in (0, 1)
    assert file.run("doctor").code == 0


def test_in_a_file_a_table_loses_the_columns_it_had_got(file: File) -> None:
    def as_table(ws: Any) -> None:
        ws.auto_filter.ref = None
        ws["D2"] = None
        ws.add_table(Table(displayName="Deals", ref="A1:N2"))

    file.edit(as_table)
    before = file.headers
    assert file.run(*ADD).code in (0, 1)
    assert len(file.sheet.tables["Deals"].tableColumns) > 14
    file.edit(lambda ws: ws.cell(9, 13, "a remark"))
    assert file.run("undo", "-y").code == 0
    table = file.sheet.tables["Deals"]
    assert file.headers == before == [column.name for column in table.tableColumns]
    assert table.ref.startswith("A1:N")
    assert table.autoFilter is None or table.autoFilter.ref.startswith("A1:N")


@pytest.mark.parametrize("what", ["value", "formula", "note", "merge"])
def test_in_a_file_what_stands_in_a_column_keeps_it(file: File, what: str) -> None:
    assert file.run(*ADD).code in (0, 1)
    last = file.sheet.max_column

    def left(ws: Any) -> None:
        cell = ws.cell(7, last)
        if what == "value":
            cell.value = 3
        elif what == "formula":
            cell.value = '=IF(1=1,"","")'
        elif what == "note":
            cell.comment = Comment("ask Ana", "Ana")
        else:
            ws.merge_cells(start_row=7, end_row=8, start_column=last, end_column=last)

    file.edit(left)
    added = file.headers[14:]
    done = file.run("undo", "-y")
    assert done.code == 0, done.err
    assert "not undone: the columns" in done.out
    assert all(name in done.out for name in added)
    assert file.headers[14:] == added


def test_in_a_file_a_date_that_a_seat_became_is_one_again(file: File) -> None:
    line = ("--vendor", "Viagogo", "--match", "M1", "--line", "Cat 1:2@9")
    assert file.run("purchase", "add", *line).code in (0, 1)
    book = openpyxl.load_workbook(file.path)
    units, purchases = book["_PURCHASE_UNITS"], book["Purchases"]
    seat = next(cell.column for cell in units[1] if cell.value == "Seat")
    units.cell(3, seat).value = datetime(2026, 4, 3)
    number = next(cell.column for cell in purchases[1] if cell.value == "Number")
    purchases.cell(2, number).value = 1
    book.save(file.path)
    assert file.run("purchase", "expand", "-y").code in (0, 1)
    file.edit(lambda ws: ws.cell(9, 13, "a remark"))
    assert file.run("undo", "-y").code == 0
    cell = openpyxl.load_workbook(file.path)["_PURCHASE_UNITS"].cell(3, seat)
    assert (cell.is_date, cell.value) == (True, datetime(2026, 4, 3))
