"""The vendor's listing number and the client's contract through the real command line (D20)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.workbooks import type_into
from tests.conftest import Result, Runner

CONTRACT = "Vertrag-Ünï-88"
"""No supplier and no staff member reads it."""
KIM = "kim@desk.example"


@pytest.fixture
def do(in_process: Runner, empty: Path, tmp_path: Path) -> Runner:
    def command(
        *words: str, code: int | None = 0, role: str = "ops_manager", stdin: str | None = None
    ) -> Result:
        env = {
            "TICKETOPS_WORKBOOK": str(empty),
            "TICKETOPS_ROLE": role,
            "TICKETOPS_BOOKS": str(tmp_path / "books"),
        }
        done = in_process(*words, env=env, cwd=tmp_path, stdin=stdin)
        assert code is None or done.code == code, done.err + done.out
        return done

    return command


def column(path: Path, sheet: str, header: str, row: int = 1) -> list[Any]:
    """The cells below a header, the last of that name."""
    book = openpyxl.load_workbook(path, read_only=True)
    rows = [
        row
        for row in book[sheet].iter_rows(min_row=row, values_only=True)
        if any(value is not None for value in row)
    ]
    book.close()
    place = max(i for i, text in enumerate(rows[0]) if text == header)
    return [row[place] if place < len(row) else None for row in rows[1:]]


def inv_nos(path: Path) -> list[Any]:
    return column(path, "Distribution", "INV-NO", 2)


def texts(path: Path) -> str:
    """All that stands in a file, hidden or not."""
    with zipfile.ZipFile(path) as archive:
        return "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())


@pytest.mark.parametrize("header", ["inv_no", "InvNo", "INV-NO", "Inv No", "listing", "Listing No"])
def test_a_csv_names_the_number_of_each_line(do: Runner, empty: Path, header: str) -> None:
    lines = f"match;category;qty;unit_price;{header}\nM01;Cat 1;1;100;000123\nM01;Cat 2;1;100;\n"
    done = do(
        "purchase", "add", "--vendor", "Ann", "--inv-no", "for all", "--csv", "-", stdin=lines
    )
    assert "not used" not in done.err
    assert column(empty, "Purchases", "InvNo") == ["000123", "for all"]
    assert column(empty, "_PURCHASE_UNITS", "InvNo") == ["000123", "for all"]


def test_a_number_with_a_control_character_is_refused(do: Runner, empty: Path) -> None:
    before = empty.read_bytes()
    done = do(
        "purchase",
        "add",
        "--match",
        "M01",
        "--vendor",
        "Ann",
        "--line",
        "Cat 1:1@1",
        "--inv-no",
        "a\x07b",
        code=2,
    )
    assert "--inv-no" in done.err
    assert empty.read_bytes() == before


def trade(do: Runner) -> None:
    """P00001 of Ann, listed as A-1, serves S1-1; P00002 of Bee, who sends tickets herself and calls
    it B-2, serves S1-2."""
    for vendor, number in (("Ann", "A-1"), ("Bee", "B-2")):
        do(
            "purchase",
            "add",
            "--match",
            "M01",
            "--vendor",
            vendor,
            "--line",
            "Cat 1:1@100",
            "--inv-no",
            number,
        )
    do("sale", "add", "--client", "Acme", "--contract", CONTRACT, "--line", "M01:Cat 1:2@200")
    do("allocate", "commit", "S1", "--set", "PR0001-S01:1", "--set", "PR0002-S01:1")


def test_from_the_purchase_to_the_books_and_back(do: Runner, empty: Path) -> None:
    trade(do)
    assert inv_nos(empty) == ["A-1", "B-2"]
    allocated = empty.read_bytes()
    do("override", "unallocate", "S1", "--confirm", "UNDO", "--reason", "wrong")
    assert inv_nos(empty) == [None, None]
    do("allocate", "commit", "S1", "-n")
    assert inv_nos(empty) == [None, None]
    assert column(empty, "Sales", "Contract") == [CONTRACT]
    assert empty.read_bytes() != allocated


def test_a_workbook_of_before_is_set_right_once_shown_and_undone(do: Runner, empty: Path) -> None:
    trade(do)
    do("sale", "add", "--client", "Acme", "--contract", CONTRACT, "--line", "M01:Cat 2:2@200")
    place = next(
        cell.column_letter
        for cell in openpyxl.load_workbook(empty)["Distribution"][2]
        if cell.value == "INV-NO"
    )
    type_into(
        empty,
        "Distribution",
        **{
            f"{place}3": CONTRACT,
            f"{place}4": "TYPED",
            f"{place}5": f" {CONTRACT.upper()}",
            f"{place}6": "X",
        },
    )
    before = empty.read_bytes()
    shown = do("sale", "expand", "-n", "--json", code=None)
    assert empty.read_bytes() == before
    assert [f["code"] for f in shown.json["findings"] if "INV_NO" in f["code"]] == [
        "INV_NO_DIFFERS",
        "INV_NO_WAS_CONTRACT",
    ]
    do("sale", "expand", code=None)
    assert inv_nos(empty) == ["A-1", "TYPED", None, "X"]
    again = do("sale", "expand", "--json", code=None)
    assert not again.json["changes"]
    assert column(empty, "Sales", "Contract") == [CONTRACT] * 2
    do("undo", "-y")
    assert empty.read_bytes() == before


def test_no_contract_reaches_a_supplier_or_staff_not_even_from_a_workbook_of_before(
    do: Runner, empty: Path, tmp_path: Path
) -> None:
    trade(do)
    place = {
        cell.value: cell.column_letter for cell in openpyxl.load_workbook(empty)["Distribution"][2]
    }
    cells = {
        f"{place[name]}{row}": value
        for row in (3, 4)
        for name, value in (("INV-NO", CONTRACT), ("Client Email", f"g{row}@guest.example"))
    }
    type_into(empty, "Distribution", **cells)
    do("supplier", "map", "BEE", "--vendor", "Bee")
    told = [
        do("staff", "queue", "--json", code=None),
        do("staff", "tasks", "--json", code=None),
        do("staff", "tasks", code=None),
    ]
    do("staff", "assign", "T00001", "--to", KIM)
    told += [
        do("staff", "tasks", KIM, "--json", role="staff", code=None),
        do("supplier", "groups", "--json", code=None),
    ]
    told += [
        do(kind, "build", "--all", "--json", code=None) for kind in ("staff", "supplier", "client")
    ]
    told += [
        do("dispatch", "sync", "--json", code=None),
        do("dispatch", "status", "--json", code=None),
        do("client", "view", "Acme", "--json"),
    ]
    assert not [
        done.out
        for done in told
        if CONTRACT in done.out + done.err
        or CONTRACT.encode("ascii", "backslashreplace").decode() in done.out
    ]
    books = sorted((tmp_path / "books").rglob("*.xlsx"))
    assert [path.name.split()[0] for path in books] == ["CLIENT", "STAFF", "SUPPLIER"]
    assert not [path.name for path in books if CONTRACT in texts(path)]
    client, staff, supplier = books
    assert column(staff, "_MY_TASKS", "INV_NO", 3) == ["A-1"]
    assert column(staff, "_MY_TASKS", "Vendor", 3) == ["Ann"]
    assert column(supplier, "Supplier", "INV-NO", 3) == ["B-2"]
    assert [n for n in column(client, "Tickets", "INV-NO", 3) if n] == ["A-1", "B-2"]
    assert "Ann" not in texts(supplier)
    assert column(empty, "_STAFF_QUEUE", "INV_NO") == ["A-1"]
    assert column(empty, "_SUPPLIER_QUEUE", "INV-NO") == ["B-2"]
    assert column(empty, "Sales", "Contract") == [CONTRACT]
