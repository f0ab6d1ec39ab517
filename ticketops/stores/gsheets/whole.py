"""All that a Google Sheet holds, its journal among it."""

from __future__ import annotations

from typing import Any

from ticketops.schema.columns import ColumnType, from_serial, to_serial, with_errors
from ticketops.schema.layout import Layout
from ticketops.schema.tables import locate
from ticketops.stores.content import Content
from ticketops.stores.gsheets import ledger
from ticketops.stores.gsheets.store import GoogleSheetStore

_OF_DAYS = (ColumnType.DATE, ColumnType.DATETIME)


def content_of(store: GoogleSheetStore) -> Content:
    """What a Google Sheet holds. Formulas are taken as their values; numbers in columns of dates are
    dates, as which they show."""
    names = store.sheet_names()
    layout = store.read(*(name for name in names if name in store.layout), strict=False).layout
    raw = store.raw_rows(*names)
    sheets = {title: with_errors(_dated(rows, title, layout)) for title, rows in raw.items()}
    journal, key = store.whole_journal()
    entries = [
        (done, ledger.body_from(rows, done.entry.run_id)) for done, rows in journal
    ]
    return Content(layout, sheets, entries, bytes.fromhex(key))


def _dated(rows: list[list[Any]], title: str, layout: Layout) -> list[list[Any]]:
    sheet = layout[title] if title in layout else None
    if sheet is None or not 0 < sheet.header_row <= len(rows):
        return rows
    places = [
        place - 1
        for name, found in locate(sheet, rows[sheet.header_row - 1]).items()
        if sheet.by_name[name].type in _OF_DAYS
        for place in found
    ]
    made = [list(row) for row in rows]
    for row in made[sheet.header_row :]:
        for place in places:
            if place < len(row) and type(row[place]) in (int, float):
                row[place] = _moment(row[place])
    return made


def _moment(serial: float) -> Any:
    """The moment that a number stands for, or the number where it is none to the letter."""
    if not 1 <= serial < 2_958_466:
        return serial
    found = from_serial(float(serial))
    return found if abs(to_serial(found) - serial) < 1e-9 else serial
