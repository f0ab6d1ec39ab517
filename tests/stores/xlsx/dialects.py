"""A commit that touches everything, and what other programs see of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from python_calamine import CalamineWorkbook

from tests.stores.xlsx.archive import DATE, Address, Archive, Cell, column_of
from tests.stores.xlsx.plain_workbook import DIALECTS
from ticketops.errors import SpliceError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layouts.event import ALLOC_LOG, DISTRIBUTION, EVENT, PURCHASES
from ticketops.stores.base import Entry
from ticketops.stores.xlsx.store import XlsxStore

EXCEL = DIALECTS["excel"]
ENTRY = Entry("R20260417-143022", "test", "ana", datetime(2026, 4, 17, 14, 30, 22))
NOON = datetime(2026, 6, 11, 12, 30, 15)
ILLEGAL = "".join(chr(n) for n in range(32))


def counts_from_1904(path: Path) -> bool:
    book = etree.fromstring(Archive(path).parts["xl/workbook.xml"])
    return any(e.get("date1904") in ("1", "true") for e in book.iter("{*}workbookPr"))


Meant = dict[str, dict[Address, Any]]


def edit(store: XlsxStore) -> tuple[ChangeSet, Meant]:
    """Cells set, rows deleted and rows appended on three sheets; and what the edited cells hold
    then."""
    changes = ChangeSet()
    meant: Meant = {PURCHASES: {}, DISTRIBUTION: {}, ALLOC_LOG: {}}

    def put(sheet: str, row: int, cells: Mapping[str, Any]) -> None:
        meant[sheet] |= {(row, column_of(sheet, name)): value for name, value in cells.items()}

    def set_cells(sheet: str, row: int, cells: Mapping[str, Any]) -> None:
        changes.set(
            sheet,
            row,
            str(row),
            {
                name: (None if value is not None else "something", value)
                for name, value in cells.items()
            },
        )
        put(sheet, row, cells)

    def append(sheet: str, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        first = store.read(sheet)[sheet].next_row
        changes.append(sheet, first, columns, rows)
        for number, values in enumerate(rows, start=first):
            put(
                sheet,
                number,
                {
                    name: value
                    for name, value in zip(columns, values, strict=True)
                    if value is not None
                },
            )

    set_cells(
        PURCHASES,
        3,
        {
            "date": NOON,
            "game": "Größe & <b>",
            "vendor": None,
            "price": 99.5,
            "email_password": " s3cret ",
        },
    )
    changes.delete(PURCHASES, {5: "P_5"})
    put(PURCHASES, 5, {c.name: None for c in EVENT[PURCHASES].columns if not c.extension})
    append(
        PURCHASES,
        ("date", "match", "vendor", "number", "price", "purchase_id"),
        [
            (DATE, "M02", "Seat & pick", 3, 0.1, "P_7"),
            (NOON, None, "_x0041_ </row>", 10**9, -2.5, "P_8"),
        ],
    )
    set_cells(
        DISTRIBUTION,
        4,
        {
            "process_now": True,
            "status": "WAITING_STOCK",
            "notes": "  two\n\tlines  ",
            "dispatched_at": NOON,
        },
    )
    changes.delete(DISTRIBUTION, {7: "S1-3"})
    put(DISTRIBUTION, 7, {c.name: None for c in EVENT[DISTRIBUTION].columns if not c.extension})
    append(
        DISTRIBUTION,
        ("sales_id", "date", "process_now", "notes"),
        [("S2-1", DATE, True, "é"), ("S2-2", DATE, None, None)],
    )
    append(
        ALLOC_LOG,
        ("timestamp", "user", "units_affected", "clear_seats"),
        [(NOON, "ana", 2, False), (NOON, "bo", 1, True)],
    )
    return changes, meant


def commit(path: Path, changes: ChangeSet) -> XlsxStore:
    store = XlsxStore(path, use_cache=False, layout=EVENT)
    store.commit(changes, store.revision(), ENTRY)
    return store


def filled(cells: Mapping[Address, Cell]) -> dict[Address, Cell]:
    return {at: cell for at, cell in cells.items() if cell[:1] + cell[2:] != (None, 0, None)}


def values(cells: Mapping[Address, Cell]) -> dict[Address, Any]:
    return {at: cell.value for at, cell in cells.items() if cell.value is not None}


def grids(path: Path) -> dict[str, dict[Address, Any]]:
    """All cells that hold something, by python-calamine."""
    book = CalamineWorkbook.from_path(path)
    return {
        name: {
            (r, c): value
            for r, row in enumerate(
                book.get_sheet_by_name(name).to_python(skip_empty_area=False), start=1
            )
            for c, value in enumerate(row, start=1)
            if value != ""
        }
        for name in book.sheet_names
    }


def looks(cell: Any) -> tuple[Any, ...]:
    """What openpyxl finds in a cell."""
    return cell.value, cell.data_type, cell.number_format, cell.fill.fgColor.rgb, cell.font.b


def same_in_calamine(found: Any, value: Any) -> bool:
    if isinstance(value, datetime):
        return datetime.fromisoformat(found.isoformat()) == value
    return found == value


def state_of(path: Path) -> tuple[bytes, list[str], list[str]]:
    """The file, the other files beside it, and the journal."""
    journal = path.with_name(f"{path.name}.ticketops") / "journal"
    return (
        path.read_bytes(),
        sorted(p.name for p in path.parent.iterdir() if not p.name.endswith(".ticketops")),
        sorted(p.name for p in journal.glob("*.json.gz")) if journal.is_dir() else [],
    )


def refused(path: Path, changes: ChangeSet, match: str) -> None:
    before = state_of(path)
    store = XlsxStore(path, use_cache=False, layout=EVENT)
    with pytest.raises(SpliceError, match=match) as caught:
        store.commit(changes, store.revision(), ENTRY)
    assert caught.value.exit_code == 3
    assert state_of(path) == before
