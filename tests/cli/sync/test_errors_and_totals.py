"""Errors of formulas and rows of totals, in a copy that is kept in step with another one."""

from __future__ import annotations

from typing import Any

import openpyxl
import pytest

from tests.cli.sync.two_copies import Pair
from ticketops.schema.layouts.event import EVENT, SALES
from ticketops.stores.xlsx.store import XlsxStore

NEW = {"match": "M01", "client": "Acme", "category": "Cat 1", "number": 2.0, "sales_id": "S900"}


def type_in_file(pair: Pair, row: int, **cells: Any) -> None:
    book = openpyxl.load_workbook(pair.path)
    sheet = book[SALES]
    places = {cell.value: cell.column for cell in reversed(sheet[1])}
    for header, value in cells.items():
        sheet.cell(row, places[header]).value = value
    book.save(pair.path)
    book.close()


@pytest.mark.slow
def test_an_error_there_comes_as_what_it_says(pair: Pair) -> None:
    pair.type_there(SALES, {4: {"notes": "#REF!"}})
    assert pair.sync("pull").code == 0
    book = openpyxl.load_workbook(pair.path)
    notes = next(cell.column for cell in book[SALES][1] if cell.value == "Notes")
    cell = book[SALES].cell(4, notes)
    assert (cell.value, cell.data_type) == ("#REF!", "e")
    book.close()
    assert pair.sync("diff").code == 0
    assert pair.sync("pull").err == pair.sync("push").err, "there is nothing to do any more"


def test_an_error_here_goes_as_what_it_says(pair: Pair) -> None:
    type_in_file(pair, 4, Notes="#N/A")
    assert pair.sync("push").code == 0
    assert pair.both(SALES, 4, "Notes")[1] == "#N/A"


def test_a_row_that_comes_goes_above_the_totals_on_both_sides(pair: Pair) -> None:
    last = XlsxStore(pair.path, layout=EVENT).read(SALES)[SALES].last_row
    type_in_file(pair, last + 1, Client="TOTAL", Number=f"=SUM(G2:G{last})")
    pair.type_there(SALES, {last + 1: {"client": "TOTAL"}})
    assert pair.sync("pull").code == 0
    store = pair.google.store(pair.key)
    snapshot = store.read(SALES)
    assert snapshot[SALES].foot == (last + 1,)
    pair.type_there(SALES, {last + 1: {"client": None}, last + 2: {"client": "TOTAL"}})
    pair.type_there(SALES, {last + 1: NEW})
    assert pair.sync("pull").code == 0
    book = openpyxl.load_workbook(pair.path)
    sheet = book[SALES]
    places = {cell.value: cell.column for cell in reversed(sheet[1])}
    assert sheet.cell(last + 1, places["SalesID"]).value == "S900"
    assert sheet.cell(last + 2, places["Client"]).value == "TOTAL"
    assert sheet.cell(last + 2, places["Number"]).value == f"=SUM(G2:G{last + 1})"
    book.close()


def test_the_cache_holds_what_came(pair: Pair) -> None:
    pair.type_there(SALES, {4: {"notes": "#REF!", "client": "#N/A", "status": "#NAME?"}})
    assert pair.sync("pull").code == 0
    cached = XlsxStore(pair.path, layout=EVENT).read(SALES)[SALES]
    fresh = XlsxStore(pair.path, use_cache=False, layout=EVENT).read(SALES)[SALES]
    assert cached.frame.rows() == fresh.frame.rows()
    assert sorted(cached.misfits, key=repr) == sorted(fresh.misfits, key=repr)
    assert {(m.column, m.text) for m in fresh.misfits if m.row == 4} == {
        ("notes", "#REF!"),
        ("client", "#N/A"),
    }
