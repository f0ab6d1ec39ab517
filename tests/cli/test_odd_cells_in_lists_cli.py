"""What a list can't show of its rows it says: a number in a cell that is formatted as a date, a price
that is none."""

from __future__ import annotations

from pathlib import Path

import openpyxl

from tests.cli.workbooks import done, type_into
from tests.conftest import Runner


def test_numbers_in_cells_formatted_as_dates(in_process: Runner, empty: Path) -> None:
    at = ("-w", str(empty))
    done(in_process("sale", "add", "--client", "Acme", "--line", "M01:Cat 1:2@200", *at))
    done(in_process("sale", "add", "--client", "Bolt", "--line", "M01:Cat 1:2@200", *at))
    assert in_process("sale", "list", *at).code == 0
    book = openpyxl.load_workbook(empty)
    book["Sales"]["H2"].number_format = book["Sales"]["G2"].number_format = "yyyy-mm-dd"
    book.save(empty)
    shown = done(in_process("sale", "list", *at), 1)
    assert "Sales row 2: Price '1900-07-18' is not understood; type a number" in shown.out
    assert "Sales row 2: Number '1900-01-02' is not understood" in shown.out
    assert done(in_process("sale", "list", "--json", *at), 1).json["findings"]
    assert done(in_process("sale", "list", "--client", "Bolt", *at)).code == 0  # not of its rows


def test_the_same_of_purchases(in_process: Runner, empty: Path) -> None:
    at = ("-w", str(empty))
    type_into(empty, "Purchases", B2="M01", D2="Ann", F2="Cat 1", G2=2, H2="$99")
    shown = done(in_process("purchase", "list", *at), 1)
    assert "Purchases row 2: Price '$99' is not understood" in shown.out
