"""Books at Google: who keeps and who reads them, and what they hold beside what their files hold."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.utils.datetime import to_excel

from tests.books.builders import Event
from tests.google.client import client
from tests.google.grid import Formula
from tests.google.server import GoogleServer
from tests.online import ROBOT
from ticketops.books.page import LINES_LABEL
from ticketops.books.sheet_writer import Present, requests_of
from ticketops.schema.book_layouts import Book, Returned
from ticketops.stores.gsheets.access import identity
from ticketops.stores.gsheets.connection import Connection
from ticketops.stores.returned.google_sheets import look, returned_from

READER = "guest@reader.example"
Cells = dict[tuple[int, int], Any]
Request = dict[str, Any]


@dataclass
class AtGoogle:
    """A folder with keys, and who works with them."""

    server: GoogleServer
    folder: Path

    @property
    def keeper(self) -> str:
        return str(self.server.service_account(ROBOT)["client_email"])

    def connect(
        self, key: str = "none-yet", info: Mapping[str, Any] | None = None, *, budget: float = 20.0
    ) -> Connection:
        path = self.folder / "key.json"
        path.write_text(json.dumps(info or self.server.service_account(ROBOT)))
        connection = Connection(
            key, identity(path, self.folder), budget=budget, api=self.server.url
        )
        self.server.closing.append(connection)
        return connection

    def reader(self, key: str) -> Connection:
        return self.connect(key, self.server.authorized_user(READER))

    def blank(self, title: str = "A book") -> str:
        """A new spreadsheet, as its owner makes it by hand: shared with us and with its reader."""
        return self.server.new_spreadsheet(title, None, {self.keeper: "writer", READER: "writer"})

    def build(self, book: Book, key: str = "", **more: Any) -> str:
        key = key or self.blank()
        connection = self.connect(key)
        present = Present.of(look(connection.spreadsheet_with, book.layout.kind))
        connection.update(requests_of(book, present, keepers=(self.keeper,), **more))
        return key

    def read(self, key: str, kind: str = "", name: str = "back") -> Returned:
        return returned_from(name, look(self.connect(key).spreadsheet_with, kind), kind)

    def everything(self, key: str) -> dict[str, Any]:
        """All that Google tells of a spreadsheet."""
        address = f"https://sheets.googleapis.com/v4/spreadsheets/{key}"
        info = self.server.service_account(ROBOT)
        return dict(
            client(self.server, info)
            .http_client.request("get", address, params={"includeGridData": "true"})
            .json()
        )


@dataclass
class Made:
    """A book as a file and as a Google Sheet."""

    book: Book
    path: Path
    file: Any
    key: str

    @property
    def sheet(self) -> Any:
        return self.file[self.book.layout.sheet]


def books_of(event: Event) -> dict[str, Book]:
    return {"client": event.client(), "supplier": event.supplier(), "staff": event.staff()}


def in_file(sheet: Any) -> Cells:
    """What a sheet of a file holds, by openpyxl, but for the label of its lines, which only files
    have; a formula with the separators of every locale."""
    found = {
        (cell.row, cell.column): cell.value
        for row in sheet.iter_rows()
        for cell in row
        if cell.value not in (None, "", LINES_LABEL)
    }
    return {place: _plain(value) for place, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return ("number", round(to_excel(value), 8))
    if isinstance(value, str):
        return ("text", value.replace(",", ";") if value.startswith("=TRIM(") else value)
    return (type(value).__name__ if isinstance(value, bool) else "number", value)


def in_sheet(server: GoogleServer, key: str, title: str) -> Cells:
    """What a sheet at Google holds; a formula as its text."""
    found: Cells = {}
    for number, row in enumerate(server.sheet(key, title).rows, start=1):
        for place, cell in enumerate(row, start=1):
            if cell is None or cell.value is None:
                continue
            value = cell.value.text if isinstance(cell.value, Formula) else cell.value
            kind = (
                "text"
                if isinstance(value, str)
                else "bool"
                if isinstance(value, bool)
                else "number"
            )
            found[number, place] = (kind, round(value, 8) if isinstance(value, float) else value)
    return found


def formulas_in(server: GoogleServer, key: str) -> list[tuple[str, str]]:
    book = server.spreadsheet(key)
    return [
        (s.title, cell.value.text)
        for s in book.sheets
        for row in s.rows
        for cell in row
        if cell and isinstance(cell.value, Formula)
    ]


def same_as_file(server: GoogleServer, key: str, path: Path) -> None:
    file = openpyxl.load_workbook(path)
    sheets = server.spreadsheet(key).sheets
    assert [sheet.title for sheet in sheets] == file.sheetnames
    assert [bool(sheet.more.get("hidden")) for sheet in sheets] == [
        file[name].sheet_state != "visible" for name in file.sheetnames
    ]
    for name in file.sheetnames:
        there, here = in_sheet(server, key, name), in_file(file[name])
        if name == "How to":  # all but how it comes back
            last = max(here)
            assert "you don't need to send anything" in str(there.pop(last))
            assert "send it back" in str(here.pop(last))
        assert there == here, name


def places(area: Mapping[str, int]) -> set[tuple[int, int]]:
    """The cells of a GridRange."""
    rows = range(area["startRowIndex"] + 1, area["endRowIndex"] + 1)
    return {
        (row, place)
        for row in rows
        for place in range(area["startColumnIndex"] + 1, area["endColumnIndex"] + 1)
    }


def hex_of(style: Mapping[str, Any] | None) -> str:
    colour = (style or {}).get("rgbColor", {})
    return "FF" + "".join(
        f"{round(colour.get(name, 0) * 255):02X}" for name in ("red", "green", "blue")
    )


def typing(sheet_id: int, row: int, place: int, text: str) -> Request:
    start = {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": place - 1}
    cell = {"userEnteredValue": {"stringValue": text}}
    return {
        "updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}
    }


CANARY = "Kanarienvogel"
