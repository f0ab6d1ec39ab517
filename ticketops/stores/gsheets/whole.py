"""All that a Google Sheet holds, its journal among it."""

from __future__ import annotations

from typing import Any

from ticketops.schema.columns import ColumnType, from_serial, to_serial, with_errors
from ticketops.schema.layout import Layout
from ticketops.schema.sheets_api import quoted
from ticketops.schema.tables import locate
from ticketops.stores.base import Transaction
from ticketops.stores.content import Content
from ticketops.stores.gsheets import ledger
from ticketops.stores.gsheets.connection import Connection
from ticketops.stores.gsheets.control import CFG, JOURNAL, control_of
from ticketops.stores.gsheets.store import GoogleSheetStore

_OF_DAYS = (ColumnType.DATE, ColumnType.DATETIME)


def content_of(store: GoogleSheetStore) -> Content:
    """What a Google Sheet holds. Formulas are taken as their values; numbers in columns of dates are
    dates, as which they show."""
    names = store.sheet_names()
    layout = store.read(*(name for name in names if name in store.layout), strict=False).layout
    raw = store.raw_rows(*names)
    sheets = {title: with_errors(_dated(rows, title, layout)) for title, rows in raw.items()}
    entries, key = _journal(store.connection)
    return Content(layout, sheets, entries, bytes.fromhex(key))


def _journal(connection: Connection) -> tuple[list[tuple[Transaction, dict[str, Any]]], str]:
    """Each transaction with its body, oldest first; and the key of digests."""
    titles = [sheet["properties"]["title"] for sheet in connection.properties()["sheets"]]
    if JOURNAL not in titles or CFG not in titles:
        return [], ""
    heads, cfg = connection.values([quoted(JOURNAL, ledger.HEADS), quoted(CFG)])
    rows = ledger.transactions(heads)
    asked = [quoted(JOURNAL, ledger.body_cells(rows, t.number)) for _, t in rows]
    bodies = connection.values(asked) if asked else []
    entries = [
        (t, ledger.body_from(body, t.entry.run_id))
        for (_, t), body in zip(rows, bodies, strict=True)
    ]
    return entries, control_of(cfg).digest_key


def _dated(rows: list[list[Any]], title: str, layout: Layout) -> list[list[Any]]:
    if title not in layout or not 0 < layout[title].header_row <= len(rows):
        return rows
    sheet = layout[title]
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
