"""Books that came back as Google Sheets: what Google is asked for, and what its answer says (see
`contents`).

Only what people typed counts: a formula is reported, not read, and so is a cell that another cell's
formula fills.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from ticketops.errors import TicketopsError
from ticketops.schema.book_layouts import (
    BASE_SHEET,
    LAYOUTS,
    BaseRow,
    Book,
    BookColumn,
    Layout,
    Returned,
    ReturnedRow,
    digest,
    hash_of_base,
    tidy,
    typed_text,
)
from ticketops.schema.columns import ColumnType, from_serial, text_of
from ticketops.schema.sheets_api import HOW_TO, quoted, typed
from ticketops.stores.returned.contents import read_pages, refused, returned_of

Ask = Callable[[Sequence[str], str], Mapping[str, Any]]
"""GET of a spreadsheet: its `ranges` (none: all sheets) and `fields`."""

_SHEET = "properties(sheetId,title,index,hidden,gridProperties(rowCount,columnCount)),protectedRanges(protectedRangeId,description),conditionalFormats(ranges),merges,basicFilter(range)"
_CELLS = "data(startRow,startColumn,rowData(values(userEnteredValue,effectiveValue,chipRuns,effectiveFormat(numberFormat(type)))))"
STRUCTURE = f"properties(title),sheets({_SHEET})"
FIELDS = f"properties(title),sheets({_SHEET},{_CELLS})"
MAX_CELLS = 2_000_000
"""Cells of the sheets that are read where a book is not found under its own names."""
_DAYS = 2_958_466
"""The serial of the first day that is no date any more."""


def look(ask: Ask, kind: str = "") -> Mapping[str, Any]:
    """A spreadsheet's sheets, and what its cells hold: for `returned_from` and for
    `books.online.Present`.

    One request for a book of this kind whose sheets have their names; any other spreadsheet takes
    two more.
    """
    from ticketops.stores.gsheets.connection import Rejected

    if kind in LAYOUTS:
        try:
            return ask(
                [quoted(LAYOUTS[kind].sheet), quoted(HOW_TO, "A1"), quoted(BASE_SHEET)], FIELDS
            )
        except Rejected:  # one of the sheets is not there
            pass
    structure = ask([], STRUCTURE)
    wanted = _within_reason(structure.get("sheets", ()))
    if not wanted:
        return structure
    read = {
        sheet["properties"].get("sheetId", 0): sheet
        for sheet in ask(wanted, FIELDS).get("sheets", ())
    }
    return {
        **structure,
        "sheets": [
            read.get(sheet["properties"].get("sheetId", 0), sheet) for sheet in structure["sheets"]
        ],
    }


def look_at_all(ask: Ask) -> Mapping[str, Any]:
    """The same of a spreadsheet that was made just now: one request."""
    return ask([], FIELDS)


def _within_reason(sheets: Iterable[Mapping[str, Any]]) -> list[str]:
    """The sheets to be read, as ranges: a book's own first, others while they are not too large."""
    own = (BASE_SHEET, *(layout.sheet for layout in LAYOUTS.values()))
    sizes = {}
    for sheet in sheets:
        grid = sheet["properties"].get("gridProperties", {})
        sizes[sheet["properties"]["title"]] = grid.get("rowCount", 0) * grid.get("columnCount", 0)
    left, found = MAX_CELLS, []
    for title in sorted(sizes, key=lambda title: title not in own):
        if 0 < sizes[title] <= left:
            left -= sizes[title]
            found.append(quoted(title))
    return found


def returned_from(name: str, answer: Mapping[str, Any], kind: str = "") -> Returned:
    """What a book says, as its .xlsx file would. answer: of `look`; kind: of a book whose hidden
    sheet is gone.

    Its file_hash is that of what its keys, input cells and base hold: `written_hash` of the book
    where nobody has typed since.
    """
    pages = {page.title: page for page in map(_Page, answer.get("sheets", ()))}
    try:
        back = returned_of(name, read_pages(pages, kind, name))
    except TicketopsError as error:
        return returned_of(name, refused(error))
    return replace(back, file_hash=_hash(back.kind, back.book_id, back.base, back.rows))


def written_hash(book: Book) -> str:
    """The file_hash of a book that was just written and that nobody has touched."""
    layout = book.layout
    rows = []
    for row in book.rows:
        cells = {
            name: _as_written(layout.by_name[name], row.values.get(name))
            for name in (layout.key, layout.spare_key, *layout.typed)
            if name
        }
        key, spare = (_text(cells[name]) if name else "" for name in (layout.key, layout.spare_key))
        values = {name: cells[name] for name in layout.typed if cells[name] not in (None, "")}
        rows.append(ReturnedRow(0, key, spare, values))
    return _hash(layout.kind, book.book_id, book.base(), rows)


def _as_written(column: BookColumn, value: Any) -> Any:
    """A value as it is read back."""
    entered = typed(tidy(value) if isinstance(value, str) else value)
    form = (
        {"numberFormat": {"type": "DATE_TIME"}}
        if column.type in (ColumnType.DATE, ColumnType.DATETIME)
        else {}
    )
    return _cell({"userEnteredValue": entered, "effectiveFormat": form}).value


def _text(value: Any) -> str:
    return "" if value is None else text_of(value).strip()


def _hash(
    kind: str, book_id: str, base: Sequence[BaseRow] | None, rows: Iterable[ReturnedRow]
) -> str:
    texts = [said for row in rows if any(said := _said(LAYOUTS[kind], row))]
    return digest([kind, book_id, None if base is None else hash_of_base(base), texts])


def _said(layout: Layout, row: ReturnedRow) -> list[Any]:
    texts = {name: typed_text(layout.by_name[name], value) for name, value in row.values.items()}
    return [
        row.key,
        row.spare,
        sorted((name, text) for name, text in texts.items() if text),
        sorted(row.formulas),
    ]


# --- cells


class _Cell(NamedTuple):
    value: Any = None
    data_type: str = "n"


_BLANK = _Cell()


class _Page:
    """A sheet of the answer."""

    def __init__(self, sheet: Mapping[str, Any]) -> None:
        self.title: str = sheet["properties"]["title"]
        self._blocks = sheet.get("data", ())

    def rows(self) -> Iterator[Sequence[_Cell]]:
        number = 0
        for block in self._blocks:
            before = block.get("startRow", 0) - number
            yield from ([] for _ in range(before))
            number += before
            blanks = [_BLANK] * block.get("startColumn", 0)
            for row in block.get("rowData", ()):
                yield [*blanks, *map(_cell, row.get("values", ()))]
                number += 1


def _cell(said: Mapping[str, Any]) -> _Cell:
    entered = said.get("userEnteredValue")
    if not entered:
        return _Cell("=", "f") if said.get("effectiveValue") else _BLANK
    if chips := said.get("chipRuns"):
        return _Cell(_behind(chips) or _shown(said), "s")
    kind, value = next(iter(entered.items()))
    if kind == "stringValue":
        return _Cell(value, "s")
    if kind == "numberValue":
        form = said.get("effectiveFormat", {}).get("numberFormat", {}).get("type", "")
        return (
            _Cell(_moment(value, form), "d")
            if form in ("DATE", "DATE_TIME", "TIME")
            else _Cell(value, "n")
        )
    if kind == "boolValue":
        return _Cell(value, "b")
    return _Cell(value, "f") if kind == "formulaValue" else _Cell("#ERROR!", "e")


def _behind(chips: Sequence[Mapping[str, Any]]) -> str:
    """The address of a person's smart chip, which is entered as an @; "" where the chips of a cell
    are no one person."""
    people = [
        str(email)
        for run in chips
        if (email := run.get("chip", {}).get("personProperties", {}).get("email"))
    ]
    return people[0] if len(people) == 1 else ""


def _shown(said: Mapping[str, Any]) -> str:
    """What a cell shows."""
    return text_of(next(iter(said.get("effectiveValue", {}).values()), ""))


def _moment(value: float, form: str) -> Any:
    """A number that looks like a date or a time."""
    if not 0 <= value < _DAYS:
        return value
    moment: datetime = from_serial(float(value))
    return moment.time() if form == "TIME" and value < 1 else moment
