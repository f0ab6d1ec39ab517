"""What was filled in at Google comes back as from a file."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.cell.rich_text import CellRichText
from openpyxl.worksheet.formula import ArrayFormula

from tests.books.builders import TYPED, Event, edits, kinds
from tests.books.field import Field, filled, make_field
from tests.books.moved_about import MOVED
from tests.books.online.at_google import CANARY, AtGoogle, Made, typing
from tests.google.grid import Chip, Formula, FormulaError
from tests.google.server import GoogleServer
from tests.sampling import some
from ticketops.books.sheet_writer import Present
from ticketops.errors import TicketopsError
from ticketops.schema.book_layouts import Returned
from ticketops.stores.returned import google_sheets
from ticketops.stores.returned.contents import refused, returned_of
from ticketops.stores.returned.google_sheets import look, returned_from, written_hash
from ticketops.stores.returned.reading import read_file


def copied(server: GoogleServer, keeper: str, path: Path) -> str:
    """A file as somebody who opens it at Google finds it: every sheet, every cell."""
    file = openpyxl.load_workbook(path, rich_text=True)
    sheets = {
        sheet.title: [[_at_google(cell) for cell in row] for row in sheet.iter_rows()] or [[None]]
        for sheet in file.worksheets
    }
    return server.new_spreadsheet("copy", sheets, {keeper: "writer"})


def _at_google(cell: Any) -> Any:
    if cell.data_type == "f":
        return Formula(
            cell.value.text if isinstance(cell.value, ArrayFormula) else cell.value, "Eve"
        )
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
    for name in (
        "file",
        "kind",
        "book_id",
        "rows",
        "base",
        "missing",
        "positions",
        "problems",
        "unusable",
    ):
        assert getattr(online, name) == getattr(file, name), name


@kinds
def test_what_was_filled_in_comes_back_as_from_the_file(
    kind: str, shelf: dict[str, Made], event: Event, desk: AtGoogle
) -> None:
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


@pytest.mark.parametrize("name", some(MOVED, 4))
def test_rows_and_columns_that_were_moved_about_are_read_alike(
    name: str, field: Field, desk: AtGoogle
) -> None:
    """Whatever was done to a file and is done to a Google Sheet says the same."""
    path = filled(field, MOVED[name][0], name=f"{len(name)}.xlsx")
    key = copied(desk.server, desk.keeper, path)
    same_return(desk.read(key, "client", path.name), by_file(path))


VALUES: list[Any] = [
    123,
    12.5,
    630679135.0,
    1e20,
    -1,
    True,
    False,
    dt.datetime(2026, 5, 1),
    dt.datetime(2026, 5, 1, 13, 30, 15),
    dt.datetime(1999, 12, 31, 23, 59),
    "  Ana  ",
    "   ",
    "a\nb",
    "0012",
    "TRUE",
    "😀👩‍👩‍👧‍👦",
    "שלום",
    "x" * 5000,
    "#N/B",
    "<b>&amp;",
]


@pytest.mark.parametrize("book", ["meridian", "supplier"])
def test_values_of_all_sorts_are_read_alike(book: str, field: Field, desk: AtGoogle) -> None:
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


def test_a_time_is_read_as_from_a_file(field: Field, desk: AtGoogle) -> None:
    file = openpyxl.load_workbook(field.books["meridian"])
    file["Tickets"]["AF5"] = dt.time(14, 30, 5)
    file.save(desk.folder / "time.xlsx")
    key = copied(desk.server, desk.keeper, field.books["meridian"])
    desk.server.set(key, "Tickets", 5, 32, 0.604224537037037)
    desk.server.set_format(
        key, "Tickets", 5, 32, {"numberFormat": {"type": "TIME", "pattern": "hh:mm:ss"}}
    )
    same_return(desk.read(key, "client", "time.xlsx"), by_file(desk.folder / "time.xlsx"))


@pytest.mark.parametrize("number", [-3.5, 2_958_466, 1e300])
def test_a_number_that_is_no_date_stays_a_number(
    number: float, desk: AtGoogle, event: Event
) -> None:
    key = desk.build(event.staff())
    desk.server.set(key, "_MY_TASKS", 4, 18, number)
    assert desk.read(key, "staff").rows[0].values["dispatched_at"] == number


def test_a_cell_that_another_cells_formula_fills_is_a_formula(desk: AtGoogle, event: Event) -> None:
    """The service tells a value that it comes to, and nothing that was typed."""
    key = desk.build(event.client())
    answer = json.loads(json.dumps(look(desk.connect(key).spreadsheet_with, "client")))
    row = next(sheet for sheet in answer["sheets"] if sheet["properties"]["title"] == "Tickets")[
        "data"
    ][0]["rowData"][4]["values"]
    row[28] = {"effectiveValue": {"stringValue": "Eve"}}
    row[29] = {
        "userEnteredValue": {"formulaValue": "=A1"},
        "effectiveValue": {"stringValue": "Eve"},
    }
    row[30] = {"effectiveValue": {"errorValue": {"type": "REF"}}}
    back = next(row for row in returned_from("back", answer).rows if row.key == "S1-2")
    assert back.formulas == ("first_name", "last_name", "client_email")
    assert back.values == {"delivery": "NOT_SENT"}


def test_a_smart_chip_is_its_person_else_what_it_shows(desk: AtGoogle, event: Event) -> None:
    """It is entered as an @."""
    key = desk.build(event.client())
    desk.server.set(key, "Tickets", 5, 29, Chip("Ada Byron", uri="https://docs.example/1"))
    desk.server.set(key, "Tickets", 5, 31, Chip("Ada Byron", "ada@guest.example"))
    back = next(row for row in desk.read(key, "client").rows if row.key == "S1-2")
    assert back.values["first_name"] == "Ada Byron"
    assert back.values["client_email"] == "ada@guest.example"


@pytest.mark.parametrize("size", ["blank", "other", "one row of keys"])
def test_what_is_no_book_is_said_so(size: str, desk: AtGoogle) -> None:
    key = desk.blank()
    if size == "other":
        desk.server.set(key, "Sheet1", 1, 1, "SalesID")
    if size == "one row of keys":
        desk.server.request(key, {"addSheet": {"properties": {"title": "_base"}}})
        for row, values in enumerate(
            (["ticketops book", "x", "client"], ["key", "unit", "comment"], ["lonely"]), start=1
        ):
            for place, value in enumerate(values, start=1):
                desk.server.set(key, "_base", row, place, value)
    back = desk.read(key, "")
    assert back.unusable
    assert [code for code, _, _ in back.problems] == ["UNUSABLE"]
    assert back.file_hash == ""
    assert Present.of(look(desk.connect(key).spreadsheet_with)).is_blank == (size == "blank")


def test_a_huge_sheet_that_somebody_added_is_not_read(desk: AtGoogle, event: Event) -> None:
    key = desk.build(event.client())
    grid = {"rowCount": 90_000, "columnCount": 26}
    desk.server.request(
        key,
        {"addSheet": {"properties": {"sheetId": 5, "title": "Huge", "gridProperties": grid}}},
        typing(5, 1, 1, CANARY),
    )
    for kind in ("client", ""):
        answer = look(desk.connect(key).spreadsheet_with, kind)
        assert CANARY not in json.dumps(answer)
        assert returned_from("back", answer).file_hash == written_hash(event.client())
    assert not Present.of(answer).is_blank


def test_a_books_own_sheets_are_read_before_others(
    desk: AtGoogle, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        google_sheets, "MAX_CELLS", 600
    )  # the book has 264 + 56, and nine lines of help
    key = desk.build(event.client())
    grid = {"rowCount": 20, "columnCount": 26}
    desk.server.request(
        key,
        {
            "addSheet": {
                "properties": {"sheetId": 5, "title": "Front", "index": 0, "gridProperties": grid}
            }
        },
    )
    assert desk.read(key).file_hash == written_hash(event.client())
