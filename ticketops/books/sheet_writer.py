"""A Book as a Google Sheet: the requests of one batchUpdate that make a spreadsheet the same book
as its .xlsx file (§7, §8, §9).

What its readers may fill in is yellow and open; everything else is protected, and only the keeper
(and the spreadsheet's owner) can change it. Formulas separate their arguments by semicolons, which
Google reads wherever a spreadsheet's locale is; commas only in some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from ticketops.books import page
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import BASE_SHEET, HEADER_ROW, Book, BookColumn, Layout, digest
from ticketops.schema.columns import ColumnType
from ticketops.schema.sheets_api import HOW_TO, Request, at, extended, new_sheet, rectangle, typed

Area = tuple[int, int, int, int]
"""First row, last row, first column, last column."""
_LINE = 21
"""Height of a line, in pixels."""
_LOCKED = "ticketops: everything is locked"
_ONLY_YELLOW = "ticketops: only the yellow cells are open"
"""Described so, a protection tells a book's main sheet, though its owner called it something
else."""


@dataclass(frozen=True, slots=True)
class PresentSheet:
    """A sheet as it stands. protections: ids of its protected ranges; rules: how many conditional
    formats it has; is_main: whether it was made as the main sheet of a book."""

    sheet_id: int
    rows: int = 0
    columns: int = 0
    protections: tuple[int, ...] = ()
    rules: int = 0
    merged: bool = False
    filtered: bool = False
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class Present:
    """What stands in a spreadsheet before it becomes a book. is_blank: no cell of it holds
    anything."""

    sheets: Mapping[str, PresentSheet]
    is_blank: bool = False

    @classmethod
    def of(cls, answer: Mapping[str, Any]) -> Present:
        """From what `stores.returned.online.look` got; a sheet whose cells were not asked for is
        not taken for blank."""
        sheets, filled = {}, False
        for sheet in answer.get("sheets", ()):
            properties = sheet["properties"]
            grid = properties.get("gridProperties", {})
            held = sheet.get("protectedRanges", ())
            sheets[properties["title"]] = PresentSheet(
                properties.get("sheetId", 0),
                grid.get("rowCount", 0),
                grid.get("columnCount", 0),
                tuple(one["protectedRangeId"] for one in held),
                len(sheet.get("conditionalFormats", ())),
                bool(sheet.get("merges")),
                "basicFilter" in sheet,
                any(one.get("description") == _ONLY_YELLOW for one in held),
            )
            filled = (
                filled
                or "data" not in sheet
                or any(
                    cell.get("userEnteredValue") or cell.get("effectiveValue")
                    for block in sheet["data"]
                    for row in block.get("rowData", ())
                    for cell in row.get("values", ())
                )
            )
        return cls(sheets, bool(sheets) and not filled)

    def main(self, layout: Layout) -> PresentSheet | None:
        """The main sheet of a book: by its title, else by what was made of it."""
        return self.sheets.get(layout.sheet) or next(
            (sheet for sheet in self.sheets.values() if sheet.is_main), None
        )


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet of the book. old: what stood there before."""

    sheet_id: int
    title: str
    rows: int
    columns: int
    old: PresentSheet | None


def requests_of(
    book: Book,
    present: Present,
    *,
    keepers: Sequence[str],
    reveal: Callable[[str], str] | None = None,
) -> list[Request]:
    """What turns a spreadsheet that is blank, or an older book of the same party, into this book.
    Sheets that are not the book's are left alone; the book's own keep their ids and never shrink,
    so that what refers to them stays right.

    keepers: the addresses of whoever sends this and of others who may lift the protection. reveal: opens the sealed passwords of a staff book;
    without it no password column is filled.
    """
    base = list(page.base_rows(book))
    lines = page.how_to_lines(book, online=True)
    main = _sheet(
        book,
        present,
        book.layout.sheet,
        page.last_row(book),
        max(column.position for column in book.layout.columns),
    )
    help_ = _sheet(book, present, HOW_TO, len(lines) + 2, 1)
    hidden = _sheet(book, present, BASE_SHEET, len(base), max(map(len, base)))
    requests: list[Request] = []
    for position, sheet in enumerate((main, help_, hidden)):
        requests += _emptied(sheet, position)
    requests += _shaped(main, rows=HEADER_ROW, columns=page.shown_positions(book)[0])
    requests += _shaped(help_)
    requests += _shaped(hidden, hidden=True)
    areas = open_areas(book)
    requests += _main(main, book, areas, reveal)
    requests += _how_to(help_, lines)
    requests.append(
        _values(hidden, 1, [[extended(text) for text in row] for row in base], hidden.columns)
    )
    requests.append(_protected(main, keepers, _ONLY_YELLOW, areas))
    requests += [_protected(sheet, keepers, _LOCKED) for sheet in (help_, hidden)]
    return requests


def requests_to_close(layout: Layout, present: Present, *, keepers: Sequence[str]) -> list[Request]:
    """Lock the open cells of a book: sent before it is read to be made anew, so that nobody types
    what nobody would read."""
    main = present.main(layout)
    if main is None:
        return []
    sheet = _Sheet(main.sheet_id, layout.sheet, main.rows, main.columns, main)
    return [*_unprotected(main), _protected(sheet, keepers, _ONLY_YELLOW)]


def open_areas(book: Book) -> list[Area]:
    """The cells that readers may fill in, as few rectangles as rows below each other allow."""
    found: list[Area] = []
    running: dict[tuple[int, int], int] = {}
    for number, row in enumerate([*book.rows, None], start=page.FIRST):
        positions = sorted(book.layout.by_name[name].position for name in row.open) if row else []
        spans = page.runs(positions)
        found += [
            (running.pop(span), number - 1, *span) for span in list(running) if span not in spans
        ]
        for span in spans:
            running.setdefault(span, number)
    return sorted(found)


# --- sheets


def _sheet(book: Book, present: Present, title: str, rows: int, columns: int) -> _Sheet:
    """The sheet of that title; in a blank spreadsheet its first one becomes the book's first."""
    old = present.main(book.layout) if title == book.layout.sheet else present.sheets.get(title)
    if old is None and title == book.layout.sheet and present.is_blank:
        old = next(iter(present.sheets.values()))
        return _Sheet(
            old.sheet_id, title, rows, columns, old
        )  # nothing refers to its cells: it gets the size of the book
    if old is not None:
        return _Sheet(old.sheet_id, title, max(rows, old.rows), max(columns, old.columns), old)
    taken = {sheet.sheet_id for sheet in present.sheets.values()}
    sheet_id = int(digest([book.book_id, title])[:7], 16)
    while sheet_id in taken:
        sheet_id += 1
    return _Sheet(sheet_id, title, rows, columns, None)


def _emptied(sheet: _Sheet, position: int) -> Iterator[Request]:
    """A sheet with nothing in it: a new one, or one whose values, looks, checks, notes, colours and
    protections are gone."""
    old = sheet.old
    if old is None:
        yield new_sheet(sheet.title, sheet.sheet_id, sheet.rows, sheet.columns, index=position)
        return
    yield from _unprotected(old)
    if old.filtered:
        yield {"clearBasicFilter": {"sheetId": sheet.sheet_id}}
    if old.merged:
        yield {"unmergeCells": {"range": {"sheetId": sheet.sheet_id}}}
    yield from (
        {"deleteConditionalFormatRule": {"sheetId": sheet.sheet_id, "index": 0}}
        for _ in range(old.rules)
    )
    yield {"updateCells": {"range": {"sheetId": sheet.sheet_id}, "fields": "*"}}


def _shaped(
    sheet: _Sheet, *, rows: int = 0, columns: int = 0, hidden: bool = False
) -> Iterator[Request]:
    """Its title, size and frozen rows and columns."""
    grid = {
        "rowCount": sheet.rows,
        "columnCount": sheet.columns,
        "frozenRowCount": rows,
        "frozenColumnCount": columns,
    }
    properties = {
        "sheetId": sheet.sheet_id,
        "title": sheet.title,
        "hidden": hidden,
        "gridProperties": grid,
    }
    fields = f"title,hidden,gridProperties({','.join(grid)})"
    yield {"updateSheetProperties": {"properties": properties, "fields": fields}}
    if sheet.old is not None:
        yield _sized(sheet, "ROWS", 1, sheet.rows, _LINE)


def _unprotected(old: PresentSheet) -> Iterator[Request]:
    return ({"deleteProtectedRange": {"protectedRangeId": number}} for number in old.protections)


def _protected(
    sheet: _Sheet, keepers: Sequence[str], why: str, areas: Sequence[Area] = ()
) -> Request:
    held = {
        "range": {"sheetId": sheet.sheet_id},
        "description": why,
        "editors": {"users": list(dict.fromkeys(filter(None, keepers)))},
    }
    holes = (
        {"unprotectedRanges": [rectangle(sheet.sheet_id, *area) for area in areas]} if areas else {}
    )
    return {"addProtectedRange": {"protectedRange": held | holes}}


# --- what stands in them


def _main(
    sheet: _Sheet, book: Book, areas: Sequence[Area], reveal: Callable[[str], str] | None
) -> Iterator[Request]:
    columns, left = book.layout.columns, page.shown_positions(book)[0]
    wide = page.widths(book)
    aside, said = page.aside_position(book, wide), page.aside_line(book)
    titles = {left: extended(page.title_line(book))} | ({aside: extended(said)} if said else {})
    notes = {aside: extended(page.note_line(book))} if book.note else {}
    headers = {column.position: extended(column.header) for column in columns}
    width = max(headers)
    yield _values(
        sheet,
        1,
        [
            [row.get(position, {}) for position in range(1, width + 1)]
            for row in (titles, notes, headers)
        ],
        width,
    )
    formula, now = page.summary(book, ";")
    summary = {"userEnteredValue": {"formulaValue": formula} if formula else {"stringValue": now}}
    where = rectangle(
        sheet.sheet_id, 2, 2, left, left
    )  # no block of values: whoever sends those ahead must leave it as it is
    yield {
        "updateCells": {
            "range": where,
            "rows": [{"values": [summary]}],
            "fields": "userEnteredValue",
        }
    }
    by_position = {column.position: column for column in columns}
    rows = [
        [
            typed(page.value_of(column, row.values.get(column.name), reveal))
            if (column := by_position.get(position))
            else {}
            for position in range(1, width + 1)
        ]
        for row in book.rows
    ]
    if rows:
        yield _values(sheet, page.FIRST, rows, width)
    yield from _columns(sheet, by_position, wide)
    yield from _looks(sheet, book, areas, wide)
    yield from _help_with(sheet, book)


def _values(
    sheet: _Sheet, first: int, rows: Iterable[Sequence[Mapping[str, Any]]], width: int
) -> Request:
    """Rows of one width, typed: nothing is guessed from a text (D14)."""
    cells = [
        [
            {"userEnteredValue": value} if value else {}
            for value in (*row, *[{}] * (width - len(row)))
        ]
        for row in rows
    ]
    return {
        "updateCells": {
            "start": at(sheet.sheet_id, first, 1),
            "rows": [{"values": row} for row in cells],
            "fields": "userEnteredValue",
        }
    }


def _columns(
    sheet: _Sheet, by_position: Mapping[int, BookColumn], wide: Mapping[str, int]
) -> Iterator[Request]:
    """Widths; unused and hidden columns are not seen."""
    for position in range(1, max(by_position) + 1):
        column = by_position.get(position)
        if column is None or column.name not in wide:
            yield _sized(sheet, "COLUMNS", position, position, _pixels(3), hidden=True)
        else:
            yield _sized(sheet, "COLUMNS", position, position, _pixels(wide[column.name]))
    yield _sized(sheet, "ROWS", HEADER_ROW, HEADER_ROW, page.HEADER_HEIGHT * 4 // 3)


def _looks(
    sheet: _Sheet, book: Book, areas: Sequence[Area], wide: Mapping[str, int]
) -> Iterator[Request]:
    layout, last = book.layout, page.last_row(book)
    left, aside = page.shown_positions(book)[0], page.aside_position(book, wide)
    bold = {"bold": True, "fontSize": 14}
    yield _painted(sheet, (1, 1, left, left), textFormat=bold)
    if page.aside_line(book):
        grey = {"italic": True, "foregroundColorStyle": _colour(page.GREY_TEXT)}
        yield _painted(sheet, (1, 1, aside, aside), textFormat=grey)
    yield _painted(
        sheet,
        (2, 2, left, left),
        textFormat={"bold": True, "foregroundColorStyle": _colour(page.SUMMARY_TEXT)},
    )
    line = {"bottom": {"style": "SOLID", "colorStyle": _colour("#000000")}}
    for colour, for_typing in ((page.HEAD, False), (page.YELLOW, True)):
        for first, end in page.runs(
            sorted(column.position for column in layout.columns if column.typed is for_typing)
        ):
            yield _painted(
                sheet,
                (HEADER_ROW, HEADER_ROW, first, end),
                textFormat={"bold": True},
                backgroundColorStyle=_colour(colour),
                borders=line,
                wrapStrategy="WRAP",
                verticalAlignment="MIDDLE",
            )
    for column in layout.columns:
        yield _painted(
            sheet, (page.FIRST, last, column.position, column.position), **_look(column, wide)
        )
    grey_look = {
        "backgroundColorStyle": _colour(page.GREY),
        "textFormat": {"foregroundColorStyle": _colour(page.GREY_TEXT)},
    }
    for start, end in page.runs(
        [i for i, row in enumerate(book.rows, start=page.FIRST) if not row.open]
    ):
        for first, final in page.runs(page.shown_positions(book)):
            yield _painted(sheet, (start, end, first, final), **grey_look)
    box = {"style": "SOLID", "colorStyle": _colour(page.LINES)}
    borders = dict.fromkeys(("top", "bottom", "left", "right"), box)
    for area in areas:
        yield _painted(sheet, area, backgroundColorStyle=_colour(page.YELLOW), borders=borders)


def _look(column: BookColumn, wide: Mapping[str, int]) -> dict[str, Any]:
    look: dict[str, Any] = {"verticalAlignment": "TOP"}
    if page.is_wrapped(column, wide):
        look["wrapStrategy"] = "WRAP"
    if column.type in page.NUMBERS:
        kind = "DATE" if column.type is ColumnType.DATE else "DATE_TIME"
        look |= {
            "numberFormat": {"type": kind, "pattern": page.NUMBERS[column.type]},
            "horizontalAlignment": "LEFT",
        }
    elif column.type in (ColumnType.INTEGER, ColumnType.FLAG):
        look["horizontalAlignment"] = "CENTER"
    elif column.type in (ColumnType.CODE, ColumnType.TEXT):
        look |= {"numberFormat": {"type": "TEXT", "pattern": "@"}, "horizontalAlignment": "LEFT"}
    return look


def _help_with(sheet: _Sheet, book: Book) -> Iterator[Request]:
    """Drop-downs, checks of what is typed, colours, the filter."""
    last, shown = page.last_row(book), page.shown_positions(book)
    index = 0
    for name, colours in page.COLOURED.items():
        if column := book.layout.by_name.get(name):
            where = rectangle(sheet.sheet_id, page.FIRST, last, column.position, column.position)
            for status, (fill, text) in colours.items():
                look = {
                    "backgroundColorStyle": _colour(fill),
                    "textFormat": {"foregroundColorStyle": _colour(text)},
                }
                condition = {"type": "TEXT_EQ", "values": [{"userEnteredValue": status}]}
                coloured = {
                    "ranges": [where],
                    "booleanRule": {"condition": condition, "format": look},
                }
                yield {"addConditionalFormatRule": {"rule": coloured, "index": index}}
                index += 1
    fill, text = page.DONE_COLOURS
    look = {
        "backgroundColorStyle": _colour(fill),
        "textFormat": {"foregroundColorStyle": _colour(text)},
    }
    done = [{"userEnteredValue": page.DONE[book.layout.kind]}]
    coloured = {
        "ranges": [rectangle(sheet.sheet_id, 2, 2, shown[0], shown[0])],
        "booleanRule": {"condition": {"type": "TEXT_EQ", "values": done}, "format": look},
    }
    yield {"addConditionalFormatRule": {"rule": coloured, "index": index}}
    for check in page.checks(book.layout):
        position = check.column.position
        where = rectangle(sheet.sheet_id, page.FIRST, last, position, position)
        rule: dict[str, Any] = {
            "condition": _condition(check, f"{column_letters(position)}{page.FIRST}"),
            "inputMessage": check.message,
            "strict": True,
        }
        yield {
            "setDataValidation": {
                "range": where,
                "rule": rule
                | ({"showCustomUi": True} if check.kind in ("list", "day", "moment") else {}),
            }
        }
    yield {
        "setBasicFilter": {
            "filter": {"range": rectangle(sheet.sheet_id, HEADER_ROW, last, shown[0], shown[-1])}
        }
    }


def _condition(check: page.Check, cell: str) -> dict[str, Any]:
    """A BooleanCondition; its formula moves with the row."""
    if check.kind == "list":
        return {
            "type": "ONE_OF_LIST",
            "values": [{"userEnteredValue": choice} for choice in check.column.choices],
        }
    if check.kind in ("day", "moment"):
        first = f"{page.EARLIEST[check.kind]:%Y-%m-%d}"
        return {"type": "DATE_AFTER", "values": [{"userEnteredValue": first}]}
    formula = (
        page.email_formula(cell, ";") if check.kind == "email" else f"=LEN({cell})<={check.most}"
    )
    return {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}


def _how_to(sheet: _Sheet, lines: Sequence[str]) -> Iterator[Request]:
    yield _values(sheet, 1, [[extended(text)] for text in (page.HOW_TO_TITLE, "", *lines)], 1)
    yield _painted(sheet, (1, 1, 1, 1), textFormat={"bold": True, "fontSize": 14})
    yield _painted(sheet, (3, len(lines) + 2, 1, 1), wrapStrategy="WRAP", verticalAlignment="TOP")
    yield _sized(sheet, "COLUMNS", 1, 1, _pixels(page.TEXT_WIDTH))
    for number, line in enumerate(lines, start=3):
        yield _sized(sheet, "ROWS", number, number, _LINE * ceil(len(line) / (page.TEXT_WIDTH - 5)))


def _painted(sheet: _Sheet, area: Area, **look: Any) -> Request:
    """The parts of a CellFormat that are given, for all cells of an area."""
    fields = f"userEnteredFormat({','.join(look)})"
    return {
        "repeatCell": {
            "range": rectangle(sheet.sheet_id, *area),
            "cell": {"userEnteredFormat": look},
            "fields": fields,
        }
    }


def _sized(
    sheet: _Sheet, dimension: str, first: int, last: int, pixels: int, *, hidden: bool = False
) -> Request:
    where = {
        "sheetId": sheet.sheet_id,
        "dimension": dimension,
        "startIndex": first - 1,
        "endIndex": last,
    }
    properties = {"pixelSize": pixels, "hiddenByUser": hidden}
    return {
        "updateDimensionProperties": {
            "range": where,
            "properties": properties,
            "fields": "pixelSize,hiddenByUser",
        }
    }


def _pixels(characters: int) -> int:
    return 7 * characters + 5


def _colour(text: str) -> dict[str, Any]:
    red, green, blue = (round(int(text[i : i + 2], 16) / 255, 4) for i in (1, 3, 5))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}
