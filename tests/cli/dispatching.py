"""A small event with clients, suppliers and staff, and the books that its readers fill in, as other
programs read and write them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from tests.conftest import Result

ANA, BEN = "ana@staff.example.com", "ben@staff.example.com"
PLAIN = "Pw-Kranich-5512-am-See"
ENVELOPE = {"command", "run_id", "dry_run", "result", "changes", "findings"}


def type_by_key(
    path: Path, sheet: str, key: str, rows: dict[str, dict[str, Any]], header_row: int = 1
) -> None:
    """Somebody types into rows, by what stands in a key column, and saves."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    heads = [cell.value for cell in page[header_row]]
    found = set()
    for row in page.iter_rows(min_row=header_row + 1):
        name = row[heads.index(key)].value
        if name in rows:
            found.add(name)
            for head, value in rows[name].items():
                if head not in heads:
                    heads.append(head)
                    page.cell(header_row, len(heads)).value = head
                page.cell(row[0].row, heads.index(head) + 1).value = value
    assert found == set(rows), rows.keys() - found
    book.save(path)
    book.close()


def rows_of(path: Path, sheet: str, header_row: int = 1) -> list[dict[str, Any]]:
    """A sheet's rows below its header, as another library reads them; of headers that stand twice
    the last one counts."""
    book = openpyxl.load_workbook(path, read_only=True)
    if sheet not in book.sheetnames:
        book.close()
        return []
    rows = [
        row
        for row in book[sheet].iter_rows(min_row=header_row, values_only=True)
        if any(value is not None for value in row)
    ]
    book.close()
    return [dict(zip(rows[0], row, strict=False)) for row in rows[1:]]


def tickets_of(path: Path, *columns: str) -> dict[str, Any]:
    """{SalesID: the value, or values, of Distribution}."""
    found = {
        row["ID"]: tuple(row.get(name) for name in columns)
        for row in rows_of(path, "Distribution", 2)
    }
    return {key: values[0] for key, values in found.items()} if len(columns) == 1 else found


def fill(source: Path, target: Path, rows: dict[str, dict[str, Any]], key: str = "") -> Path:
    """A reader fills in a book and saves it under another name. key: the header of the column that
    names the rows."""
    name = (
        key or {"CLIENT": "Sales ID", "SUPPLIER": "ID", "STAFF": "TaskID"}[source.name.split()[0]]
    )
    book = openpyxl.load_workbook(source)
    title = book.sheetnames[0]
    book.close()
    if target != source:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    type_by_key(target, title, name, rows, header_row=3)
    return target


def book_rows(path: Path, key: str = "") -> dict[str, dict[str, Any]]:
    """{row's key: what a book shows}."""
    name = key or {"CLIENT": "Sales ID", "SUPPLIER": "ID", "STAFF": "TaskID"}[path.name.split()[0]]
    loaded = openpyxl.load_workbook(path, read_only=True)
    title = loaded.sheetnames[0]
    loaded.close()
    return {row[name]: row for row in rows_of(path, title, 3) if row.get(name)}


GUESTS = {
    "S1-1": ("Ada", "Byron", "ada@guests.example.com"),
    "S1-2": ("Bo", "Chan", "bo@guests.example.com"),
    "S1-3": (None, None, None),
    "S2-1": ("Cy", "Dahl", "cy@guests.example.com"),
    "S2-2": (None, None, None),
    "S4-1": ("Di", "Eco", "di@guests.example.net"),
    "S4-2": ("Ed", "Fux", "ed@guests.example.net"),
    "S4-3": (None, None, None),
}


Do = Callable[..., dict[str, Any]]


def client_book(book: Path, name: str = "acme") -> Path:
    spelled = {"acme": "Acme Ltd", "bolt": "Bolt"}
    return book.parent / "books" / f"CLIENT - {spelled[name]}.xlsx"


def staff_book(book: Path, name: str = ANA) -> Path:
    return book.parent / "books" / f"STAFF - Dispatch - {name}.xlsx"


def supplier_book(book: Path, name: str = "BEE") -> Path:
    return book.parent / "books" / f"SUPPLIER - {name}.xlsx"


def codes(done: Result) -> list[str]:
    return sorted(finding["code"] for finding in done.json["findings"])


def below(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, but for the journal's folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(part.endswith(".ticketops") for part in path.relative_to(folder).parts)
    }


SENT = ["staff", "mark", "SENT", "T00001", "T00002"]
ASSIGN = ["staff", "assign", "--unassigned", "--to", f"{ANA},{BEN}"]


def name_of(words: Sequence[str]) -> str:
    return " ".join(words[:3])


GUEST = ("First name", "Last Name", "Client Email")
