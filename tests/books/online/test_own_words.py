"""A supplier's own words come back to it at Google as in a file (D27)."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from tests.books.field import make_field
from tests.books.online.at_google import AtGoogle, typing
from tests.online import Google
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT
from ticketops.services import books
from ticketops.stores.returned.google_sheets import look
from ticketops.stores.xlsx.store import XlsxStore

NAMES = "Meridian Travel? Harbour Events? Viagogo? Zenith?"


def test_a_suppliers_words_at_google(google: Google, tmp_path: Path) -> None:
    event = make_field(tmp_path)
    at = AtGoogle(google.server, tmp_path)
    key = at.blank()
    settings = replace(google.settings(), workbook=event.workbook, books=event.home / "books")
    store = XlsxStore(event.workbook, layout=EVENT)

    def build() -> str:
        job = books.build(
            store, settings, "supplier", ["POVAMI"], folder=tmp_path, online={"POVAMI": key}
        )
        event.clock.do(job)
        (row,) = [row for row in at.read(key).rows if row.spare == "S2-1"]
        return str(row.values.get("dispatch_notes") or "")

    assert build() == ""
    found = at.read(key)
    row = next(row.row for row in found.rows if row.spare == "S2-1")
    place = found.positions["dispatch_notes"] + 1
    sheet = look(at.reader(key).spreadsheet_with, "supplier")
    sheet_id = next(
        one["properties"]["sheetId"]
        for one in at.everything(key)["sheets"]
        if one["properties"]["title"] == "Supplier"
    )
    assert sheet is not None
    at.reader(key).update([typing(sheet_id, row, place, NAMES)])
    assert build() == NAMES
    event.clock.do(books.pull(store, settings, [f"gsheet:{key}"], kind="supplier"))
    notes = event.clock.frame(DISTRIBUTION)["dispatch_notes"].drop_nulls().to_list()
    assert notes == [NAMES]
    assert build() == NAMES
