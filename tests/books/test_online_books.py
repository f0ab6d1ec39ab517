"""Books as Google Sheets: they hold what their files hold, only the yellow cells are open, and they come back as files do (§7, §8, §9; D10, D11, D14)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText
from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.formula import ArrayFormula

from tests import test_confidentiality as confidentiality
from tests.books.test_handout import BOOK_ID, BUILT, FORMULAS, OPEN, TYPED, Event, _tricky, edits, hidden_letters, kinds, make_event
from tests.books.test_returned import MOVED, Field, filled, make_field
from tests.google.client import client
from tests.google.grid import BLANK, Formula, FormulaError
from tests.google.server import OWNER, Fault, GoogleServer
from tests.online import ROBOT, Google
from ticketops.books.handout import write_book
from ticketops.books.online import Present, requests_of, requests_to_close
from ticketops.domain.dispatch import clients, staff, suppliers
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.errors import TicketopsError
from ticketops.model import states
from ticketops.schema.books import CLIENT_LAYOUT, LAYOUTS, STAFF_LAYOUT, SUPPLIER_LAYOUT, Book, BookRow, Returned
from ticketops.stores.gsheets.access import identity
from ticketops.stores.gsheets.connection import Connection, Rejected
from ticketops.stores.returned import online
from ticketops.stores.returned.contents import refused, returned_of
from ticketops.stores.returned.online import look, returned_from, written_hash
from ticketops.stores.returned.reading import read_file
from ticketops.stores.xlsx.store import XlsxStore

READER = "guest@reader.example"
Cells = dict[tuple[int, int], Any]
Request = dict[str, Any]


# --- at Google


@dataclass
class Desk:
    """A folder with keys, and who works with them."""

    server: GoogleServer
    folder: Path

    @property
    def keeper(self) -> str:
        return str(self.server.service_account(ROBOT)["client_email"])

    def connect(self, key: str, info: Mapping[str, Any] | None = None) -> Connection:
        path = self.folder / "key.json"
        path.write_text(json.dumps(info or self.server.service_account(ROBOT)))
        connection = Connection(key, identity(path, self.folder), budget=20.0, api=self.server.url)
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
        connection.update(requests_of(book, present, keeper=self.keeper, **more))
        return key

    def read(self, key: str, kind: str = "", name: str = "back") -> Returned:
        return returned_from(name, look(self.connect(key).spreadsheet_with, kind), kind)

    def everything(self, key: str) -> dict[str, Any]:
        """All that Google tells of a spreadsheet."""
        address = f"https://sheets.googleapis.com/v4/spreadsheets/{key}"
        info = self.server.service_account(ROBOT)
        return dict(client(self.server, info).http_client.request("get", address, params={"includeGridData": "true"}).json())


@pytest.fixture
def desk(google: Google, tmp_path: Path) -> Desk:
    return Desk(google.server, tmp_path)


@pytest.fixture(scope="module")
def event() -> Event:
    return make_event()


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


@pytest.fixture(scope="module")
def library() -> Iterator[GoogleServer]:
    """A server of its own, whose files stay."""
    with GoogleServer() as server:
        yield server


@pytest.fixture(scope="module")
def shelf(event: Event, library: GoogleServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    """One book of each kind; not to be changed."""
    folder = tmp_path_factory.mktemp("books")
    at = Desk(library, folder)
    made = {}
    for kind, book in books_of(event).items():
        write_book(book, folder / f"{kind}.xlsx")
        made[kind] = Made(book, folder / f"{kind}.xlsx", openpyxl.load_workbook(folder / f"{kind}.xlsx"), at.build(book))
    return made


def books_of(event: Event) -> dict[str, Book]:
    return {"client": event.client(), "supplier": event.supplier(), "staff": event.staff()}


def in_file(sheet: Any) -> Cells:
    """What a sheet of a file holds, by openpyxl; a formula with the separators of every locale."""
    found = {(cell.row, cell.column): cell.value for row in sheet.iter_rows() for cell in row if cell.value not in (None, "")}
    return {place: _plain(value) for place, value in found.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return ("number", round(to_excel(value), 8))
    if isinstance(value, str):
        return ("text", value.replace(",", ";") if value.startswith("=COUNT") else value)
    return (type(value).__name__ if isinstance(value, bool) else "number", value)


def in_sheet(server: GoogleServer, key: str, title: str) -> Cells:
    """What a sheet at Google holds; a formula as its text."""
    found: Cells = {}
    for number, row in enumerate(server.sheet(key, title).rows, start=1):
        for place, cell in enumerate(row, start=1):
            if cell is None or cell.value is None:
                continue
            value = cell.value.text if isinstance(cell.value, Formula) else cell.value
            kind = "text" if isinstance(value, str) else "bool" if isinstance(value, bool) else "number"
            found[number, place] = (kind, round(value, 8) if isinstance(value, float) else value)
    return found


def formulas_in(server: GoogleServer, key: str) -> list[tuple[str, str]]:
    book = server.spreadsheet(key)
    return [(s.title, cell.value.text) for s in book.sheets for row in s.rows for cell in row if cell and isinstance(cell.value, Formula)]


def same_as_file(server: GoogleServer, key: str, path: Path) -> None:
    file = openpyxl.load_workbook(path)
    sheets = server.spreadsheet(key).sheets
    assert [sheet.title for sheet in sheets] == file.sheetnames
    assert [bool(sheet.more.get("hidden")) for sheet in sheets] == [file[name].sheet_state != "visible" for name in file.sheetnames]
    for name in file.sheetnames:
        there, here = in_sheet(server, key, name), in_file(file[name])
        if name == "How to":  # all but how it comes back
            last = max(here)
            assert "there is nothing to send" in str(there.pop(last))
            assert "send it back" in str(here.pop(last))
        assert there == here, name


def places(area: Mapping[str, int]) -> set[tuple[int, int]]:
    """The cells of a GridRange."""
    rows = range(area["startRowIndex"] + 1, area["endRowIndex"] + 1)
    return {(row, place) for row in rows for place in range(area["startColumnIndex"] + 1, area["endColumnIndex"] + 1)}


def hex_of(style: Mapping[str, Any] | None) -> str:
    colour = (style or {}).get("rgbColor", {})
    return "FF" + "".join(f"{round(colour.get(name, 0) * 255):02X}" for name in ("red", "green", "blue"))


# --- the same as the file


@kinds
def test_a_google_sheet_holds_what_the_file_holds(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    same_as_file(library, made.key, made.path)
    assert len(in_file(made.sheet)) > 30
    main = library.sheet(made.key, made.book.layout.sheet)
    assert (main.row_count, main.column_count) == (max(OPEN[kind]), made.sheet.max_column), "not a cell more"


def test_every_book_of_a_workbook_is_the_same_in_both(small: Path, desk: Desk) -> None:
    state = State.of(XlsxStore(small).read(*SHEETS))
    by_unit = suppliers.tickets_by_unit(state)
    books = [clients.book(state, group, mine) for group, mine in clients.by_group(state).items()]
    books += [suppliers.book(state, key, units, by_unit) for key, units in suppliers.units_of(state).items()]
    books += [staff.book(state, person, pairs) for person, pairs in staff.tasks_by_person(state).items()]
    for book in books:
        write_book(book, desk.folder / "book.xlsx")
        same_as_file(desk.server, desk.build(book), desk.folder / "book.xlsx")
    assert len(books) > 3
    assert sum(len(book.rows) for book in books) > 30


@pytest.mark.parametrize("layout", [CLIENT_LAYOUT, SUPPLIER_LAYOUT, STAFF_LAYOUT], ids=lambda layout: layout.kind)
def test_a_book_without_rows(layout: Any, desk: Desk) -> None:
    book = Book(layout, "g", "G", [], BOOK_ID, BUILT)
    write_book(book, desk.folder / "book.xlsx")
    key = desk.build(book)
    same_as_file(desk.server, key, desk.folder / "book.xlsx")
    assert desk.read(key, layout.kind).file_hash == written_hash(book)
    assert not desk.server.sheet(key, layout.sheet).protected.popitem()[1].get("unprotectedRanges")


@pytest.mark.parametrize("text", [*FORMULAS, "0012", "1e5", "TRUE", "2026-05-01", "5%", "'x", "'=1"])
def test_text_is_never_anything_else(text: str, desk: Desk) -> None:
    for layout in LAYOUTS.values():
        values = {column.name: text for column in layout.columns if column.type.value in ("text", "code", "datetime")}
        book = Book(layout, text, text, [BookRow("K", values, frozenset(layout.typed), "P1")], BOOK_ID, BUILT)
        key = desk.build(book)
        held = {value for place, value in in_sheet(desk.server, key, layout.sheet).items() if place[0] >= 4}
        assert held == {("text", text.strip())}
        assert len(formulas_in(desk.server, key)) == 1, "the summary alone"


def test_passwords_are_in_a_staff_book_only_where_they_are_revealed(event: Event, desk: Desk) -> None:
    asked = []

    def reveal(text: str) -> str:
        asked.append(text)
        return f"open {text}"

    key = desk.build(event.staff(passwords=True), reveal=reveal)
    assert [row[10] for row in desk.server.rows(key, "_MY_TASKS")[3:]] == ["open pw-P00001", "open pw-P00004"]
    assert sorted(asked) == ["pw-P00001", "pw-P00004"]
    desk.build(event.staff(), key, reveal=reveal)
    assert "pw-P0" not in json.dumps(desk.everything(key)), "nor in a spreadsheet that held them before"


def test_a_moment_that_no_spreadsheet_can_hold_is_a_text(event: Event, desk: Desk) -> None:
    book = event.staff()
    moment = dt.datetime(1812, 6, 24, 8, 30)
    book = replace(book, rows=[replace(row, values=dict(row.values) | {"dispatched_at": moment}) for row in book.rows])
    key = desk.build(book)
    assert desk.server.cell(key, "_MY_TASKS", 4, 18).value == "1812-06-24 08:30:00"
    back = desk.read(key, "staff")
    assert (edits(back), back.file_hash) == ({}, written_hash(book))


# --- looks and help


@kinds
def test_colours_and_formats_are_those_of_the_file(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    hidden = {column_index_from_string(letters) for letters in hidden_letters(made.sheet)}
    compared = 0
    for row in made.sheet.iter_rows(min_row=3):
        for cell in row:
            look = library.cell(made.key, made.book.layout.sheet, cell.row, cell.column).format or {}
            if cell.column not in hidden:
                filled_in = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else "none"
                assert (hex_of(look["backgroundColorStyle"]) if "backgroundColorStyle" in look else "none") == filled_in, cell.coordinate
                assert bool(look.get("borders", {}).get("left")) == bool(cell.border.left.style), cell.coordinate
            if cell.value is None and cell.protection.locked:
                continue
            compared += 1
            pattern = look.get("numberFormat", {}).get("pattern", "General")
            assert (pattern, look.get("horizontalAlignment", "").lower()) == (cell.number_format, cell.alignment.horizontal or "")
            assert look["textFormat"].get("bold", False) == cell.font.b if cell.row == 3 else True
            assert look.get("wrapStrategy") == ("WRAP" if cell.alignment.wrap_text else None)
    assert compared > 20


@kinds
def test_columns_header_and_filter_are_those_of_the_file(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    main = library.sheet(made.key, made.book.layout.sheet)
    hidden = {get_column_letter(place + 1) for place, said in main.sizes["COLUMNS"].items() if said["hiddenByUser"]}
    assert hidden == hidden_letters(made.sheet)
    frozen = f"{get_column_letter(main.grid['frozenColumnCount'] + 1)}{main.grid['frozenRowCount'] + 1}"
    assert frozen == made.sheet.freeze_panes
    assert main.filter is not None
    filtered = sorted(places(main.filter["range"]))
    corners = [f"{get_column_letter(place)}{row}" for row, place in (filtered[0], filtered[-1])]
    assert ":".join(corners) == made.sheet.auto_filter.ref
    for letters, dimension in made.sheet.column_dimensions.items():
        if not dimension.hidden and dimension.width:
            pixels = main.sizes["COLUMNS"][column_index_from_string(letters) - 1]["pixelSize"]
            assert abs(pixels - 7 * dimension.width) < 7, letters
    wrapped = library.cell(made.key, "How to", 3, 1).format
    assert (wrapped or {}).get("wrapStrategy") == "WRAP"


LENGTHS = {
    "client": {"AB": 5000, "AC": 200, "AD": 200, "AF": 5000}, "supplier": {"AF": 5000}, "staff": {"S": 5000, "T": 2000},
}  # fmt: skip
LISTS = {
    "client": {"AG": ["ACCEPTED", "ISSUE"]},
    "supplier": {"AD": ["NOT_SENT", "SENT", "PENDING", "ACCEPTED", "ISSUE", "UPLOADED"]},
    "staff": {"Q": ["NOT_SENT", "SENT", "PENDING", "ACCEPTED", "ISSUE"]},
}


@kinds
def test_what_is_typed_is_validated(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    wanted: dict[str, tuple[str, list[str]]] = {letter: ("ONE_OF_LIST", values) for letter, values in LISTS[kind].items()}
    wanted |= {letter: ("CUSTOM_FORMULA", [f"=LEN({letter}4)<={most}"]) for letter, most in LENGTHS[kind].items()}
    if kind == "client":
        of_file = next(rule.formula1 for rule in made.sheet.data_validations.dataValidation if str(rule.sqref) == "AE4:AE8")
        wanted["AE"] = ("CUSTOM_FORMULA", ["=" + of_file.lstrip("=").replace(",", ";")])
    if kind == "staff":
        wanted["R"] = ("DATE_AFTER", ["2000-01-01"])
    found: dict[str, set[int]] = {}
    for number, row in enumerate(library.sheet(made.key, made.book.layout.sheet).rows, start=1):
        for place, cell in enumerate(row, start=1):
            if cell is None or cell.validation is None:
                continue
            letter, rule = get_column_letter(place), cell.validation
            found.setdefault(letter, set()).add(number)
            condition = rule["condition"]
            assert (condition["type"], [value["userEnteredValue"] for value in condition["values"]]) == wanted[letter]
            assert rule["strict"]
            assert rule["inputMessage"]
            assert rule.get("showCustomUi", False) == (letter in LISTS[kind] or (kind, letter) == ("staff", "R"))
    assert found == {letter: set(OPEN[kind]) for letter in wanted}


@kinds
def test_states_have_the_colours_of_the_file(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    of_file = {
        (str(area.sqref), rule.formula[0].strip('"')): (rule.dxf.fill.bgColor.rgb, rule.dxf.font.color.rgb)
        for area in made.sheet.conditional_formatting for rule in area.rules
    }  # fmt: skip
    found = {}
    for rule in library.sheet(made.key, made.book.layout.sheet).conditional:
        (area,) = rule["ranges"]
        corners = [f"{get_column_letter(place)}{row}" for row, place in (min(places(area)), max(places(area)))]
        condition, look = rule["booleanRule"]["condition"], rule["booleanRule"]["format"]
        assert condition["type"] == "TEXT_EQ"
        colours = hex_of(look["backgroundColorStyle"]), hex_of(look["textFormat"]["foregroundColorStyle"])
        found[":".join(corners), condition["values"][0]["userEnteredValue"]] = colours
    assert found == of_file
    assert len(found) in (5, 10)


# --- who may type where


@kinds
def test_the_open_cells_are_those_of_the_file(kind: str, shelf: dict[str, Made], library: GoogleServer) -> None:
    made = shelf[kind]
    unlocked = {(cell.row, cell.column) for row in made.sheet.iter_rows() for cell in row if not cell.protection.locked}
    assert unlocked == {(row, column_index_from_string(letter)) for row, letters in OPEN[kind].items() for letter in letters}
    for sheet in library.spreadsheet(made.key).sheets:
        (held,) = sheet.protected.values()
        assert held["range"] == {"sheetId": sheet.id}, "the whole sheet"
        assert set(held["editors"]["users"]) == {OWNER, Desk(library, Path()).keeper}
        assert not held.get("warningOnly")
        holes = [places(hole) for hole in held.get("unprotectedRanges", [])]
        assert set().union(*holes) == (unlocked if sheet.title == made.book.layout.sheet else set())
        assert sum(map(len, holes)) == len(set().union(*holes)), "no cell twice"


@kinds
def test_a_reader_can_fill_in_the_open_cells_and_nothing_else(kind: str, event: Event, desk: Desk) -> None:
    book = books_of(event)[kind]
    key = desk.build(book)
    reader = desk.reader(key)
    may = {(row, column_index_from_string(letter)) for row, letters in OPEN[kind].items() for letter in letters}
    for sheet in desk.server.spreadsheet(key).sheets:
        width = sheet.column_count if sheet.title == book.layout.sheet else 2
        for row in range(1, sheet.row_count + 1):
            for place in range(1, min(width, sheet.column_count) + 1):
                request = typing(sheet.id, row, place, "typed")
                if sheet.title == book.layout.sheet and (row, place) in may:
                    reader.update([request])
                    assert desk.server.cell(key, sheet.title, row, place).value == "typed"
                else:
                    before = desk.server.cell(key, sheet.title, row, place)
                    with pytest.raises(Rejected, match="protected cell or object"):
                        reader.update([request])
                    assert desk.server.cell(key, sheet.title, row, place) == before


def typing(sheet_id: int, row: int, place: int, text: str) -> Request:
    start = {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": place - 1}
    cell = {"userEnteredValue": {"stringValue": text}}
    return {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}


def test_a_reader_can_change_neither_sheets_nor_protections(event: Event, desk: Desk) -> None:
    key = desk.build(event.client())
    reader, snapshot = desk.reader(key), desk.server.snapshot(key)
    mischief: list[Request] = []
    for sheet in desk.server.spreadsheet(key).sheets:
        (number,) = sheet.protected
        mischief += [
            {"deleteProtectedRange": {"protectedRangeId": number}},
            {"updateProtectedRange": {"protectedRange": {"protectedRangeId": number, "warningOnly": True}, "fields": "warningOnly"}},
            {"deleteSheet": {"sheetId": sheet.id}},
            {"updateSheetProperties": {"properties": {"sheetId": sheet.id, "title": "Mine", "hidden": False}, "fields": "title,hidden"}},
            {"insertDimension": {"range": {"sheetId": sheet.id, "dimension": "ROWS", "startIndex": 1, "endIndex": 2}}},
            {"deleteDimension": {"range": {"sheetId": sheet.id, "dimension": "ROWS", "startIndex": 3, "endIndex": 4}}},
            {"deleteDimension": {"range": {"sheetId": sheet.id, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 1}}},
        ]
    for request in mischief:
        with pytest.raises(Rejected):
            reader.update([request])
    assert desk.server.snapshot(key) == snapshot


def test_a_book_is_closed_before_it_is_read_to_be_made_anew(event: Event, desk: Desk) -> None:
    key = desk.build(event.client())
    connection, reader = desk.connect(key), desk.reader(key)
    main = desk.server.sheet(key, "Tickets").id
    reader.update([typing(main, 5, 29, "Zoë")])
    connection.update(requests_to_close(CLIENT_LAYOUT, Present.of(look(connection.spreadsheet_with, "client")), keeper=desk.keeper))
    with pytest.raises(Rejected, match="protected"):
        reader.update([typing(main, 5, 29, "Zora")])
    back = desk.read(key, "client")
    assert edits(back) == {("S1-2", "first_name"): "Zoë"}
    desk.build(event.client(), key)
    reader.update([typing(main, 5, 29, "Zora")])
    assert len(desk.server.sheet(key, "Tickets").protected) == 1
    assert requests_to_close(CLIENT_LAYOUT, Present({}), keeper=desk.keeper) == []


# --- over an older book


CANARY = "Kanarienvogel"


def older(book: Book) -> Book:
    """A longer book of the same party, full of canaries, every input cell open."""
    rows = []
    for number in range(len(book.rows) + 40):
        values = {
            column.name: f"{CANARY} {column.name} {number}" for column in book.layout.columns if column.type.value in ("text", "code")
        }
        if "dispatched_at" in book.layout.by_name:
            values["dispatched_at"] = dt.datetime(2026, 1, 1, 12)
        rows.append(BookRow(f"{CANARY}{number}", values, frozenset(book.layout.typed), f"P-{CANARY}"))
    return replace(book, rows=rows, title=f"{CANARY} party", book_id="0" * 8 + BOOK_ID[8:])


def looks_of(server: GoogleServer, key: str, titles: tuple[str, ...]) -> dict[str, Any]:
    """All there is to know of some sheets, but their ids and the size of their grids."""
    found = {}
    for title in titles:
        sheet = server.sheet(key, title)
        cells = {(i, j): cell for i, row in enumerate(sheet.rows) for j, cell in enumerate(row) if cell not in (None, BLANK)}
        sizes = {dimension: {place: said for place, said in known.items() if said != {"pixelSize": 21, "hiddenByUser": False}}
                 for dimension, known in sheet.sizes.items()}  # fmt: skip
        said = [sheet.conditional, sheet.filter, sheet.merges, sheet.grid, sheet.more, list(sheet.protected.values())]
        found[title] = cells, sizes, without_ids(said)
    return found


def without_ids(part: Any) -> Any:
    if isinstance(part, dict):
        return {name: without_ids(value) for name, value in part.items() if name not in ("sheetId", "protectedRangeId")}
    return [without_ids(value) for value in part] if isinstance(part, list) else part


@kinds
def test_nothing_is_left_of_an_older_book(kind: str, event: Event, shelf: dict[str, Made], library: GoogleServer, desk: Desk) -> None:
    book = books_of(event)[kind]
    titles = (book.layout.sheet, "How to", "_base")
    key = desk.build(older(book))
    assert json.dumps(desk.everything(key)).count(CANARY) > 300
    reader, main = desk.reader(key), desk.server.sheet(key, book.layout.sheet)
    place = next(column.place for column in book.layout.columns if column.typed)
    note = {"values": [{"note": f"{CANARY} note"}]}
    cell = {"sheetId": main.id, "startRowIndex": 5, "endRowIndex": 7, "startColumnIndex": place - 1, "endColumnIndex": place}
    reader.update([
        {"updateCells": {"start": {"sheetId": main.id, "rowIndex": 5, "columnIndex": place - 1}, "rows": [note], "fields": "note"}},
        {"mergeCells": {"range": cell, "mergeType": "MERGE_ALL"}},
        {"addConditionalFormatRule": {"index": 0, "rule": {"ranges": [cell], "booleanRule": {
            "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": CANARY}]}, "format": {"textFormat": {"bold": True}}}}}},
        {"addSheet": {"properties": {"sheetId": 77, "title": "My own", "index": 0}}},
        typing(77, 1, 1, "my own words"),
        {"addProtectedRange": {"protectedRange": {"protectedRangeId": 78, "range": {"sheetId": 77}, "editors": {"users": [READER]}}}},
    ])  # fmt: skip
    desk.server.request(
        key,
        {"setBasicFilter": {"filter": {"range": {"sheetId": desk.server.sheet(key, "How to").id}, "criteria": {"0": {"hiddenValues": [CANARY]}}}}},
        {"updateDimensionProperties": {"range": {"sheetId": main.id, "dimension": "ROWS", "startIndex": 4, "endIndex": 20},
                                       "properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}},
    )  # fmt: skip
    own = vars(desk.server.sheet(key, "My own"))
    ids = {title: desk.server.sheet(key, title).id for title in titles}
    grid = main.row_count, main.column_count
    desk.build(book, key)
    assert CANARY not in json.dumps(desk.everything(key), ensure_ascii=False)
    assert {title: desk.server.sheet(key, title).id for title in titles} == ids, "links to them stay right"
    assert vars(desk.server.sheet(key, "My own")) == own, "what is the reader's own is left alone"
    assert looks_of(desk.server, key, titles) == looks_of(library, shelf[kind].key, titles), "the same as where nothing stood before"
    again = desk.server.sheet(key, book.layout.sheet)
    assert (again.row_count, again.column_count) == grid, "what refers to its cells from elsewhere is not broken"
    assert desk.read(key, kind).file_hash == written_hash(book)
    reader.update([typing(77, 2, 1, "more")])


def test_a_longer_book_over_a_shorter_one(event: Event, desk: Desk) -> None:
    short, long = event.client(), older(event.client())
    key = desk.build(short)
    desk.build(long, key)
    write_book(long, desk.folder / "long.xlsx")
    same_as_file(desk.server, key, desk.folder / "long.xlsx")


def test_a_sheet_that_was_deleted_is_made_again_and_a_renamed_one_is_known(event: Event, desk: Desk) -> None:
    book = event.client()
    key = desk.build(book)
    ids = {sheet.title: sheet.id for sheet in desk.server.spreadsheet(key).sheets}
    desk.server.request(
        key,
        {"deleteSheet": {"sheetId": ids["How to"]}},
        {"updateSheetProperties": {"properties": {"sheetId": ids["Tickets"], "title": "Tabelle1"}, "fields": "title"}},
    )
    assert [code for code, _, _ in desk.read(key, "client").problems] == ["SHEET_RENAMED"]
    desk.build(book, key)
    write_book(book, desk.folder / "book.xlsx")
    same_as_file(desk.server, key, desk.folder / "book.xlsx")
    now = {sheet.title: sheet.id for sheet in desk.server.spreadsheet(key).sheets}
    assert (now["Tickets"], now["_base"]) == (ids["Tickets"], ids["_base"])


def test_a_spreadsheet_with_something_in_it_is_not_blank(event: Event, desk: Desk) -> None:
    key = desk.blank()
    desk.server.set(key, "Sheet1", 7, 3, "their notes")
    present = Present.of(look(desk.connect(key).spreadsheet_with, "client"))
    assert not present.is_blank
    desk.connect(key).update(requests_of(event.client(), present, keeper=desk.keeper))
    assert desk.server.rows(key, "Sheet1")[6] == [None, None, "their notes"]
    assert [sheet.title for sheet in desk.server.spreadsheet(key).sheets] == ["Tickets", "How to", "_base", "Sheet1"]
    assert not Present.of({"sheets": [{"properties": {"title": "not asked for"}}]}).is_blank


@pytest.mark.parametrize("fault", ["drop after", "status 503 after", "drop before", "status 503", "truncate"])
@pytest.mark.parametrize("before", ["blank", "older"])
def test_a_batch_whose_answer_is_lost_is_applied_once(
    fault: str, before: str, event: Event, desk: Desk, shelf: dict[str, Made], library: GoogleServer
) -> None:
    book = event.client()
    key = desk.blank() if before == "blank" else desk.build(older(book))
    connection = desk.connect(key)
    batch = requests_of(book, Present.of(look(connection.spreadsheet_with, "client")), keeper=desk.keeper)
    desk.server.faults.append(Fault(":batchUpdate", fault))
    if "after" in fault or fault == "truncate":
        with pytest.raises(Rejected) as refusal:
            connection.update(batch)
        assert refusal.value.again, "it had been sent before: whoever sends it looks"
    else:
        connection.update(batch)
    assert desk.read(key, "client").file_hash == written_hash(book)
    titles = ("Tickets", "How to", "_base")
    assert looks_of(desk.server, key, titles) == looks_of(library, shelf["client"].key, titles)


# --- what comes back


def copied(server: GoogleServer, keeper: str, path: Path) -> str:
    """A file as somebody who opens it at Google finds it: every sheet, every cell."""
    file = openpyxl.load_workbook(path, rich_text=True)
    sheets = {sheet.title: [[_at_google(cell) for cell in row] for row in sheet.iter_rows()] or [[None]] for sheet in file.worksheets}
    return server.new_spreadsheet("copy", sheets, {keeper: "writer"})


def _at_google(cell: Any) -> Any:
    if cell.data_type == "f":
        return Formula(cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value, "Eve")
    if cell.data_type == "e":
        return Formula("=NA()", FormulaError("N_A"))
    return str(cell.value) if isinstance(cell.value, CellRichText) else cell.value


def by_file(path: Path, kind: str = "") -> Returned:
    """What the reader of files says, in this process."""
    try:
        return returned_of(path.name, read_file(path, kind))
    except TicketopsError as error:
        return returned_of(path.name, refused(error))


def same_return(online: Returned, file: Returned) -> None:
    for name in ("file", "kind", "book_id", "rows", "base", "missing", "places", "problems", "unusable"):
        assert getattr(online, name) == getattr(file, name), name


@kinds
def test_what_was_filled_in_comes_back_as_from_the_file(kind: str, shelf: dict[str, Made], event: Event, desk: Desk) -> None:
    made = shelf[kind]
    key, name = desk.build(made.book), "typed.xlsx"
    file = openpyxl.load_workbook(made.path)
    reader, sheet = desk.reader(key), desk.server.sheet(key, made.book.layout.sheet)
    for place, (_key, _name, text) in TYPED[kind].items():
        cell = file[made.book.layout.sheet][place]
        cell.value = text
        reader.update([typing(sheet.id, cell.row, cell.column, text)])
    file.save(desk.folder / name)
    back = desk.read(key, kind, name)
    same_return(back, by_file(desk.folder / name))
    assert edits(back) == {(row, column): text for row, column, text in TYPED[kind].values()}
    assert back.problems == []
    desk.server.log.clear()
    desk.read(key, kind)
    assert desk.server.count("read") == 1


@pytest.fixture(scope="module")
def field(tmp_path_factory: pytest.TempPathFactory) -> Field:
    return make_field(tmp_path_factory.mktemp("event"))


@pytest.mark.parametrize("name", list(MOVED))
def test_rows_and_columns_that_were_moved_about_are_read_alike(name: str, field: Field, desk: Desk) -> None:
    """Whatever was done to a file and is done to a Google Sheet says the same."""
    path = filled(field, MOVED[name][0], name=f"{len(name)}.xlsx")
    key = copied(desk.server, desk.keeper, path)
    same_return(desk.read(key, "client", path.name), by_file(path))


VALUES: list[Any] = [
    123, 12.5, 630679135.0, 1e20, -1, True, False, dt.datetime(2026, 5, 1), dt.datetime(2026, 5, 1, 13, 30, 15), dt.datetime(1999, 12, 31, 23, 59),
    "  Ana  ", "   ", "a\nb", "0012", "TRUE", "😀👩‍👩‍👧‍👦", "שלום", "x" * 5000, "#N/B", "<b>&amp;",
]  # fmt: skip


@pytest.mark.parametrize("book", ["meridian", "supplier"])
def test_values_of_all_sorts_are_read_alike(book: str, field: Field, desk: Desk) -> None:
    path = field.books[book]
    file = openpyxl.load_workbook(path)
    sheet = file.worksheets[0]
    letters = {"meridian": "AF", "supplier": "AF"}[book]
    for row, value in enumerate([*VALUES, "=1+1", "#N/A", "=A4"], start=4):
        sheet[f"{letters}{row}"] = value
    file.save(desk.folder / "values.xlsx")
    key = copied(desk.server, desk.keeper, desk.folder / "values.xlsx")
    back, wanted = desk.read(key, "", "values.xlsx"), by_file(desk.folder / "values.xlsx")
    same_return(back, wanted)
    assert sum(bool(row.formulas) for row in back.rows) == 3


def test_a_time_is_read_as_from_a_file(field: Field, desk: Desk) -> None:
    file = openpyxl.load_workbook(field.books["meridian"])
    file["Tickets"]["AF5"] = dt.time(14, 30, 5)
    file.save(desk.folder / "time.xlsx")
    key = copied(desk.server, desk.keeper, field.books["meridian"])
    desk.server.set(key, "Tickets", 5, 32, 0.604224537037037)
    desk.server.set_format(key, "Tickets", 5, 32, {"numberFormat": {"type": "TIME", "pattern": "hh:mm:ss"}})
    same_return(desk.read(key, "client", "time.xlsx"), by_file(desk.folder / "time.xlsx"))


@pytest.mark.parametrize("number", [-3.5, 2_958_466, 1e300])
def test_a_number_that_is_no_date_stays_a_number(number: float, desk: Desk, event: Event) -> None:
    key = desk.build(event.staff())
    desk.server.set(key, "_MY_TASKS", 4, 18, number)
    assert desk.read(key, "staff").rows[0].values["dispatched_at"] == number


def test_a_cell_that_another_cells_formula_fills_is_a_formula(desk: Desk, event: Event) -> None:
    """The service tells a value that it comes to, and nothing that was typed."""
    key = desk.build(event.client())
    answer = json.loads(json.dumps(look(desk.connect(key).spreadsheet_with, "client")))
    row = next(sheet for sheet in answer["sheets"] if sheet["properties"]["title"] == "Tickets")["data"][0]["rowData"][4]["values"]
    row[28] = {"effectiveValue": {"stringValue": "Eve"}}
    row[29] = {"userEnteredValue": {"formulaValue": "=A1"}, "effectiveValue": {"stringValue": "Eve"}}
    row[30] = {"effectiveValue": {"errorValue": {"type": "REF"}}}
    back = next(row for row in returned_from("back", answer).rows if row.key == "S1-2")
    assert back.formulas == ("first_name", "last_name", "client_email")
    assert back.values == {"delivery": "NOT_SENT"}


@pytest.mark.parametrize("size", ["blank", "other", "one row of keys"])
def test_what_is_no_book_is_said_so(size: str, desk: Desk) -> None:
    key = desk.blank()
    if size == "other":
        desk.server.set(key, "Sheet1", 1, 1, "SalesID")
    if size == "one row of keys":
        desk.server.request(key, {"addSheet": {"properties": {"title": "_base"}}})
        for row, values in enumerate((["ticketops book", "x", "client"], ["key", "unit", "comment"], ["lonely"]), start=1):
            for place, value in enumerate(values, start=1):
                desk.server.set(key, "_base", row, place, value)
    back = desk.read(key, "")
    assert back.unusable
    assert [code for code, _, _ in back.problems] == ["UNUSABLE"]
    assert back.file_hash == ""
    assert Present.of(look(desk.connect(key).spreadsheet_with)).is_blank == (size == "blank")


def test_a_huge_sheet_that_somebody_added_is_not_read(desk: Desk, event: Event) -> None:
    key = desk.build(event.client())
    grid = {"rowCount": 90_000, "columnCount": 26}
    desk.server.request(key, {"addSheet": {"properties": {"sheetId": 5, "title": "Huge", "gridProperties": grid}}}, typing(5, 1, 1, CANARY))
    for kind in ("client", ""):
        answer = look(desk.connect(key).spreadsheet_with, kind)
        assert CANARY not in json.dumps(answer)
        assert returned_from("back", answer).file_hash == written_hash(event.client())
    assert not Present.of(answer).is_blank


def test_a_books_own_sheets_are_read_before_others(desk: Desk, event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(online, "MAX_CELLS", 600)  # the book has 264 + 56, and nine lines of help
    key = desk.build(event.client())
    grid = {"rowCount": 20, "columnCount": 26}
    desk.server.request(key, {"addSheet": {"properties": {"sheetId": 5, "title": "Front", "index": 0, "gridProperties": grid}}})
    assert desk.read(key).file_hash == written_hash(event.client())


# --- whether anybody touched it


@kinds
def test_the_hash_is_that_of_what_was_written_until_somebody_types(kind: str, event: Event, desk: Desk) -> None:
    book = books_of(event)[kind]
    key, written = desk.build(book), written_hash(book)
    assert desk.read(key, kind).file_hash == desk.read(key).file_hash == written
    main = book.layout.sheet
    for row, letters in OPEN[kind].items():
        for letter in letters:
            place = column_index_from_string(letter)
            before = desk.server.cell(key, main, row, place).value
            desk.server.set(key, main, row, place, "something new")
            assert desk.read(key, kind).file_hash != written, (row, letter)
            desk.server.set(key, main, row, place, before)
            assert desk.read(key, kind).file_hash == written, "it was set back"
    column = next(c for c in book.layout.columns if c.typed and c.name in ("comment", "dispatch_notes", "staff_notes"))
    row = next(row for row, letters in OPEN[kind].items() if get_column_letter(column.place) in letters)
    before = desk.server.cell(key, main, row, column.place).value
    desk.server.set_formula(key, main, row, column.place, "=A1", before)
    assert desk.read(key, kind).file_hash != written, "a formula that comes to the same"
    desk.server.set(key, main, row, column.place, before or "  ")
    assert desk.read(key, kind).file_hash == written
    desk.server.set_format(key, main, 4, 20, {"textFormat": {"bold": True}})
    desk.server.request(key, {"addSheet": {"properties": {"title": "Another"}}})
    assert desk.read(key, kind).file_hash == written, "looks and other sheets say nothing"
    desk.server.set(key, "_base", 3, 1, "S9-9")
    assert desk.read(key, kind).file_hash != written


def test_books_that_differ_have_hashes_that_differ(event: Event) -> None:
    book = event.client()
    others = [
        replace(book, book_id="x"),
        replace(book, rows=book.rows[1:]),
        replace(book, rows=book.rows[::-1]),
        event.supplier(),
        event.staff(),
    ]
    changed = [replace(row, values=dict(row.values) | {"comment": "new"}) for row in book.rows]
    opened = [replace(row, open=frozenset()) for row in book.rows]
    others += [replace(book, rows=changed), replace(book, rows=opened)]
    assert len({written_hash(one) for one in (book, *others)}) == 1 + len(others)
    assert written_hash(replace(book, title="Other", built_at=dt.datetime(2027, 1, 1))) == written_hash(book), "nobody types there"


@given(guests=st.lists(st.lists(_tricky, min_size=5, max_size=5), min_size=1, max_size=4))
@hypothesis_settings(max_examples=30, deadline=None)
def test_a_book_that_nobody_touched_says_nothing_new(guests: list[list[str]], google_server: GoogleServer) -> None:
    """Whatever the texts: what is read is what was written, and the hash is the book's."""
    names = ("client_notes", "first_name", "last_name", "client_email", "comment")
    rows = [
        BookRow(f"S{i}-1", {"key": f"S{i}-1", "sales_id": f"S{i}-1", **dict(zip(names, texts, strict=True))}, frozenset(names), f"P{i}")
        for i, texts in enumerate(guests, start=1)
    ]
    book = Book(CLIENT_LAYOUT, "g", "G", rows, BOOK_ID, BUILT)
    key = google_server.new_spreadsheet("A book", None, {})
    google_server.request(key, *requests_of(book, Present.of(_seen(google_server, key)), keeper=OWNER))
    back = returned_from("back", _seen(google_server, key))
    assert edits(back) == {}
    assert back.file_hash == written_hash(book)


def _seen(server: GoogleServer, key: str) -> Any:
    from tests.google.render import View

    return View(server.spreadsheet(key), OWNER, {OWNER}).spreadsheet(None, grid_data=True)


# --- who reads what


class Searched(confidentiality.Inside):
    """Everything that a Google Sheet tells whoever opens it."""

    def __init__(self, answer: Any) -> None:
        everything = confidentiality.APART.join(strings(answer))
        self.folded, self.squeezed = confidentiality.folded(everything), confidentiality.squeezed(everything)


def strings(part: Any) -> Iterator[str]:
    """Every text of JSON, names and numbers too."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield name
            yield from strings(value)
    elif isinstance(part, list):
        for value in part:
            yield from strings(value)
    else:
        yield str(part)


CHECKS: dict[str, Callable[[Any, Any], None]] = {
    states.CLIENT: confidentiality.check_client,
    states.SUPPLIER: confidentiality.check_supplier,
    states.STAFF_BOOK: confidentiality.check_staff,
}


@pytest.mark.parametrize("seed", range(6))
def test_no_google_sheet_holds_what_its_reader_may_not_know(seed: int, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the files (tests/test_confidentiality.py): the whole answer is searched, cells, checks, colours, protections and all."""
    world = confidentiality.make(seed, office=bool(seed % 2))
    books: list[Book] = []
    monkeypatch.setattr(confidentiality, "write_book", lambda book, path, **more: (books.append(book), write_book(book, path, **more)))
    checked = set()
    for made in confidentiality.books_of(confidentiality.settled(world), desk.folder):
        write_book(books[-1], made.path, reveal=str if made.passwords else None)
        key = desk.build(books[-1], desk.blank(made.path.stem), reveal=str if made.passwords else None)
        inside = Searched(desk.everything(key))
        CHECKS[made.kind](world, replace(made, inside=inside))
        same_as_file(desk.server, key, made.path)
        checked.add(made.kind)
    assert checked >= {states.CLIENT}


def test_the_search_finds_a_leak(event: Event, desk: Desk) -> None:
    """Wherever in a Google Sheet a word stands, it is found."""
    key = desk.build(event.client())
    for number, request in enumerate((
        {"addConditionalFormatRule": {"index": 0, "rule": {"ranges": [{"sheetId": 0}], "booleanRule": {
            "condition": {"type": "TEXT_EQ", "values": [{"userEnteredValue": "canary0"}]}, "format": {}}}}},
        {"setDataValidation": {"range": {"sheetId": 0, "endRowIndex": 1}, "rule": {"condition": {"type": "ONE_OF_LIST", "values": [
            {"userEnteredValue": "canary1"}]}}}},
        {"updateCells": {"start": {"sheetId": 0}, "rows": [{"values": [{"note": "canary2"}]}], "fields": "note"}},
        {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0, "endRowIndex": 1}, "description": "canary3"}}},
        {"addSheet": {"properties": {"title": "canary4", "hidden": True}}},
        {"updateSpreadsheetProperties": {"properties": {"title": "canary5"}, "fields": "title"}},
    )):  # fmt: skip
        assert not Searched(desk.everything(key)).holds(f"canary{number}")
        desk.server.request(key, request)
        assert Searched(desk.everything(key)).holds(f"canary{number}")
