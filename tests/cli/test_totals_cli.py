"""Rows of totals below a ledger, in the words and places that people choose: new rows go above them and
into their sums."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from tests.conftest import Runner
from ticketops.schema.layouts.event import EVENT, SALES, UNITS

Cells = list[dict[str, str]]
KINDS: dict[str, Cells] = {
    "in Match": [{"Match": "TOTAL", "Total": "=SUM({T}2:{T}3)"}],
    "in SalesID": [{"SalesID": "Total:", "Total": "=SUM({T}2:{T}3)"}],
    "of two currencies": [
        {"Date": "Total USD", "Total": '=SUMIF({C}2:{C}3,"USD",{T}2:{T}3)'},
        {"Date": "Total EUR", "Total": '=SUMIF({C}2:{C}3,"EUR",{T}2:{T}3)'},
    ],
    "counted only": [{"Client": "Σ", "Number": '=COUNTIF({T}2:{T}3,">0")'}],
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_goes_above_the_totals(in_process: Runner, empty: Path, kind: str) -> None:
    for client in ("Acme", "Berta"):
        sell(in_process, empty, client)
    places = type_below(empty, SALES, KINDS[kind])
    sell(in_process, empty, "Cora")
    rows = rows_of(empty, SALES)
    assert [row["Client"] for row in rows[:3]] == ["Acme", "Berta", "Cora"]
    assert rows[2]["Total"] == 9
    below = [
        {name: text.replace("3", "4").format(**places) for name, text in cells.items()}
        for cells in KINDS[kind]
    ]
    assert [{name: row[name] for name in below[i]} for i, row in enumerate(rows[3:])] == below
    assert in_process("doctor", "-w", str(empty)).code == 0


def test_units_go_above_the_totals(in_process: Runner, empty: Path) -> None:
    for vendor in ("V", "W"):
        if vendor == "W":
            type_below(empty, UNITS, [{"UnitID": "Total", "Match": "=COUNTA({M}2:{M}3)"}])
        words = ("--match", "M1", "--vendor", vendor, "--line", "Cat 1:2@5", "-w", str(empty), "-y")
        assert in_process("purchase", "add", *words).code == 0
    found = [row["UnitID"] for row in rows_of(empty, UNITS)]
    assert found == ["P00001", "P00002", "P00003", "P00004", "Total"]


def sell(command: Runner, path: Path, client: str) -> None:
    words = ("--client", client, "--line", "M1:Cat 1:1@9", "-w", str(path), "-y")
    assert command("sale", "add", *words).code == 0


def type_below(path: Path, sheet: str, rows: Cells) -> dict[str, str]:
    """Somebody types rows below the last one; the letters of the columns that formulas name."""
    book = openpyxl.load_workbook(path)
    cells = book[sheet]
    header = {cell.value: cell for cell in cells[EVENT[sheet].header_row]}
    letters = {
        short: header[name].column_letter
        for short, name in (("T", "Total"), ("C", "Currency"), ("M", "Match"))
        if name in header
    }
    below = cells.max_row + 1
    for at, row in enumerate(rows, start=below):
        for name, text in row.items():
            cells.cell(at, header[name].column, text.format(**letters))
    book.save(path)
    return letters


def rows_of(path: Path, sheet: str) -> list[dict[str, object]]:
    cells = openpyxl.load_workbook(path)[sheet]
    names, *rows = cells.iter_rows(min_row=EVENT[sheet].header_row, values_only=True)
    found = [dict(zip(map(str, names), row, strict=True)) for row in rows]
    return [row for row in found if any(value is not None for value in row.values())]
