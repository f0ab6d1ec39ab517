"""A canonical workbook: the 18 sheets of §16b as an .xlsx file that a person likes to work in.

In: for each sheet its rows, as tuples in the layout's canonical column order. Out: the file.
Extension sheets are left out; they are made when first needed (D12). The extension columns of a
ledger are there from the start where nothing is said of its content, so that they lie under the
arrows of its filter: sorting takes them along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from pathlib import Path

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from ticketops.model import categories, states
from ticketops.model.display import cells
from ticketops.model.spelling import Kind
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import Column, ColumnType
from ticketops.schema.layout import Layout
from ticketops.schema.layouts.event import (
    ALLOCATION_AUDIT,
    CLIENTS,
    DISTRIBUTION,
    PURCHASES,
    REPORT_POSITION,
    SALES,
    SCHEDULE,
    UNITS,
    VENDORS,
)
from ticketops.schema.sheets import Sheet, SheetKind

Value = str | int | float | bool | datetime | None
Row = Sequence[Value]

ROWS_AHEAD = 3000
"""Drop-downs and colours reach this far below the data, for the rows that people will add."""

_TEXT, DATETIME = "@", "yyyy-mm-dd hh:mm:ss"
"""How cells show a text as it is, and a moment."""
_LOOKS: dict[ColumnType, dict[str, object]] = {
    ColumnType.TEXT: {"align": "left"},
    ColumnType.CODE: {"num_format": _TEXT, "align": "left"},
    ColumnType.DATE: {"num_format": "yyyy-mm-dd", "align": "left"},
    ColumnType.DATETIME: {"num_format": DATETIME, "align": "left"},
    ColumnType.INTEGER: {"align": "center"},
    ColumnType.NUMBER: {"num_format": "#,##0.00_)"},
    ColumnType.FLAG: {"num_format": '"TRUE";"TRUE";"FALSE"', "align": "center"},
}
"""Aligned left, names in Arabic and Hebrew do not run into the next column. The format of a FLAG is
how LibreOffice knows a Boolean; Excel and Google Sheets show TRUE and FALSE by themselves."""
_GRID_WIDTHS = {
    ALLOCATION_AUDIT: (40, 12, 46, 12, 16, 12, 22, 8, 12, 70),
    REPORT_POSITION: (14, 14, 14, 20, 16, 20, 17, 16, 17, 15),
}
_TYPED_INTO = (PURCHASES, SALES)
"""Where people type matches and categories."""
_OFFERED = 1500
"""Rows of the schedule, the clients or the vendors that are offered."""
_PARTIES = {(SALES, "client"): CLIENTS, (PURCHASES, "vendor"): VENDORS}
"""{(sheet, column): the sheet of master data whose names are offered there}."""
_WIDEST = 70
_LINE = 15.0
"""Height of a line of text, in points."""
_PAGE_WIDTH = 190
"""Characters that a printed page shows side by side and that can still be read."""
TABS = {
    SheetKind.LEDGER: "#2F75B5",
    SheetKind.LOG: "#7F7F7F",
    SheetKind.QUEUE: "#ED7D31",
    SheetKind.REPORT: "#548235",
    SheetKind.REFERENCE: "#8064A2",
}
_FILLS = {
    SheetKind.LEDGER: "#DDEBF7",
    SheetKind.LOG: "#EDEDED",
    SheetKind.QUEUE: "#FCE4D6",
    SheetKind.REPORT: "#E2EFDA",
    SheetKind.REFERENCE: "#E4DFEC",
}
_GREEN, _AMBER, _RED, _GREY = (
    ("#E2EFDA", "#375623"),
    ("#FFE699", "#7F6000"),
    ("#F8CBAD", "#843C0C"),
    ("#EDEDED", "#595959"),
)
_COLOURS: dict[str, dict[str, dict[str, tuple[str, str]]]] = {
    DISTRIBUTION: {
        "status": {states.ALLOCATED: _GREEN, states.WAITING_STOCK: _AMBER},
        "delivery": {
            states.SENT: _GREEN,
            states.UPLOADED: _GREEN,
            states.ACCEPTED: _GREEN,
            states.ISSUE: _RED,
        },
    },
    UNITS: {"status": {states.ALLOCATED: _GREEN, states.CANCELLED: _GREY, states.REPLACED: _GREY}},
}
"""{sheet: {column: {value: (fill, text)}}}"""
_BANNERS = {
    DISTRIBUTION: "DISTRIBUTION  ·  one row per ticket, headers in row 2  ·  add sales in Sales, "
    "then `ticketops sale expand`  ·  "
    "allocate with `ticketops allocate`"
}


@dataclass(frozen=True, slots=True)
class SheetContent:
    """What one sheet holds.

    rows: its data from below the header on; for a free layout (header row 0) the raw grid from A1.
    headers: texts instead of the layout's, and further ones at the right end. above: the rows over
    the header, from row 1 on.
    """

    rows: Iterable[Row] = ()
    headers: Row | None = None
    above: Sequence[Row] | None = None


def write_workbook(
    path: Path, layout: Layout, contents: Mapping[str, SheetContent], *, created: datetime
) -> None:
    """Write the canonical workbook of a layout, and those of its extension sheets that `contents`
    names. Sheets that `contents` lacks get their headers only.

    The same contents and `created` make the same file. Raises ValueError for a text that no cell
    can hold, OSError where the file can't be written.
    """
    try:
        _write(path, layout, contents, created)
    except FileCreateError as error:  # no OSError, and what it says is one
        raise OSError(*error.args[0].args) from None


def _write(
    path: Path, layout: Layout, contents: Mapping[str, SheetContent], created: datetime
) -> None:
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        book.set_properties({"created": created})
        formats = Formats(book)
        layout = layout.anew()
        further = [sheet for sheet in layout if sheet.extension and sheet.name in contents]
        for sheet in (*sheet_order(layout), *further):
            content = contents.get(layout.name_of(sheet.name), SheetContent())
            worksheet = book.add_worksheet(sheet.name)
            worksheet.set_tab_color(TABS[sheet.kind])
            worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
            worksheet.set_landscape()
            worksheet.set_paper(9)
            if sheet.header_row:
                records = [one.name for one in further]
                _write_columns(worksheet, sheet, content, formats, layout, records)
            else:
                _write_grid(worksheet, sheet, content, formats)


def sheet_order(layout: Layout) -> list[Sheet]:
    """The canonical sheets as a workbook shows them: those that people work in first, then those
    named with `_`."""
    return sorted(layout.canonical(), key=lambda sheet: sheet.name.startswith("_"))


class Formats:
    """Cell formats by what they show; each is made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, object], ...], Format] = {}

    def of(self, **properties: object) -> Format:
        """The format that shows this."""
        key = tuple(sorted(properties.items(), key=lambda item: item[0]))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def column(self, column: Column) -> Format:
        """The format of a column's cells: what is typed into a code or a password stays the text
        that it is."""
        return self.of(**_LOOKS[ColumnType.CODE if column.secret else column.type])

    def header(self, kind: SheetKind) -> Format:
        """The format of the headers of such a sheet."""
        return self.of(
            bold=True,
            bg_color=_FILLS[kind],
            bottom=1,
            bottom_color="#7F7F7F",
            text_wrap=True,
            valign="vcenter",
        )


def _write_columns(
    worksheet: Worksheet,
    sheet: Sheet,
    content: SheetContent,
    formats: Formats,
    layout: Layout,
    records: Collection[str],
) -> None:
    """A sheet with a header: looks first, then rows from the top down, then what needs to know the
    last row."""
    whole = sheet.kind is SheetKind.LEDGER and content.headers is None and not content.rows
    columns = [column for column in sheet.columns if whole or not column.extension]
    for i, column in enumerate(columns):
        worksheet.set_column(i, i, column.shown_width, formats.column(column))
    header = sheet.header_row
    worksheet.freeze_panes(header, 0)
    worksheet.repeat_rows(header - 1)
    above = content.above if content.above is not None else [(_BANNERS.get(sheet.name),)]
    title = formats.of(bold=True, font_size=12, font_color="#1F4E78")
    for number, row in enumerate(above[: header - 1]):
        _write_row(worksheet, number, row, title)
    headers = content.headers or tuple(column.header for column in columns)
    worksheet.set_row(header - 1, _height(headers, [column.shown_width for column in columns]))
    _write_row(worksheet, header - 1, headers, formats.header(sheet.kind))
    last = header - 1
    wide = [column.shown_width for column in columns]
    for row in content.rows:
        last += 1
        _write_row(worksheet, last, row)
        for i, value in enumerate(row[: len(wide)]):
            if isinstance(value, str) and (needed := cells(value) + 1) > wide[i]:
                wide[i] = min(needed, _WIDEST) if wide[i] < _WIDEST else wide[i]
    for i, column in enumerate(columns):
        if wide[i] > column.shown_width:
            worksheet.set_column(i, i, wide[i], formats.column(column))
    worksheet.fit_to_pages(ceil(sum(wide) / _PAGE_WIDTH), 0)
    worksheet.autofilter(header - 1, 0, last, len(headers) - 1)
    for i, column in enumerate(columns):
        area = (header, i, last + ROWS_AHEAD, i)
        help_with(worksheet, sheet, column, area, formats)
        name = layout.name_of(sheet.name)
        if name in _TYPED_INTO and column.kind in (Kind.MATCH, Kind.CATEGORY):
            worksheet.data_validation(*area, _suggested(layout, column))
        party = _PARTIES.get((name, column.name), "")
        if party in records:
            said = f"{party} has no such {column.name}. Use it anyway?"
            worksheet.data_validation(*area, _choice(column, _names_in(layout[party]), said))


def _suggested(layout: Layout, column: Column) -> dict[str, object]:
    """What a match or a category may be, to choose from. Another one can be typed after a question:
    events differ, and commands read `m 1` and `cat 1` as well."""
    if column.kind is Kind.MATCH:
        return _choice(
            column, _names_in(layout[SCHEDULE]), "The schedule has no such match. Use it anyway?"
        )
    return _choice(
        column,
        [*categories.FIFA_CATEGORIES, *categories.OLYMPIC_CATEGORIES],
        "This is not one of the usual categories. Use it anyway?",
    )


def _names_in(sheet: Sheet) -> str:
    """The cells of a sheet that name its records."""
    names = [column.name for column in sheet.columns]
    letters = column_letters(names.index(sheet.identity[0]) + 1)
    title = sheet.name.replace("'", "''")
    first = sheet.header_row + 1
    return f"='{title}'!${letters}${first}:${letters}${first + _OFFERED}"


def _choice(column: Column, source: object, said: str) -> dict[str, object]:
    """A drop-down beside which another value can be typed after a question."""
    return {
        "validate": "list",
        "source": source,
        "error_type": "warning",
        "error_title": column.header,
        "error_message": said,
    }


def help_with(
    worksheet: Worksheet,
    sheet: Sheet,
    column: Column,
    area: tuple[int, int, int, int],
    formats: Formats,
) -> None:
    """Drop-downs for closed sets and tick-boxes, colours for states."""
    choices = (
        ("TRUE", "FALSE")
        if column.type is ColumnType.FLAG
        else ()
        if sheet.kind is SheetKind.LOG
        else column.choices
    )
    if choices:
        worksheet.data_validation(
            *area,
            {
                "validate": "list",
                "source": list(choices),
                "error_title": column.header,
                "error_message": f"must be one of: {', '.join(choices)}",
            },
        )
    for value, (fill, text) in _COLOURS.get(sheet.name, {}).get(column.name, {}).items():
        worksheet.conditional_format(
            *area,
            {
                "type": "cell",
                "criteria": "==",
                "value": f'"{value}"',
                "format": formats.of(bg_color=fill, font_color=text),
            },
        )


def _write_grid(
    worksheet: Worksheet, sheet: Sheet, content: SheetContent, formats: Formats
) -> None:
    """A free layout: a title in row 1; a row of four texts or more, and nothing else, is a
    header."""
    widths = _GRID_WIDTHS[sheet.name]
    for i, width in enumerate(widths):
        worksheet.set_column(i, i, width)
    worksheet.fit_to_pages(1, 0)
    dated = formats.of(num_format=DATETIME, align="left")
    counted = formats.of(num_format="#,##0", align="left")
    for number, row in enumerate(content.rows):
        filled = [value for value in row if value is not None]
        text: Format | None = None
        if number == 0:
            text = formats.of(bold=True, font_size=14, font_color="#375623")
        elif len(filled) >= 4 and all(isinstance(value, str) for value in filled):
            text = formats.header(sheet.kind)
            worksheet.set_row(number, _height(row, widths))
        for position, value in enumerate(row):
            style = (
                dated
                if isinstance(value, datetime)
                else counted
                if isinstance(value, int)
                else text
            )
            _write_cell(worksheet, number, position, value, style)


def _height(headers: Row, widths: Sequence[int]) -> float:
    """How high a row of wrapped bold headers has to be."""
    lines = (
        ceil(1.2 * len(str(text)) / width)
        for text, width in zip(headers, widths, strict=False)
        if text is not None
    )
    return _LINE * max(lines, default=1)


def _write_row(worksheet: Worksheet, number: int, row: Row, style: Format | None = None) -> None:
    for position, value in enumerate(row):
        _write_cell(worksheet, number, position, value, style)


def _write_cell(
    worksheet: Worksheet, row: int, column: int, value: Value, style: Format | None
) -> None:
    """One cell; without a style it takes its column's. Raises ValueError for a text that is too
    long."""
    if value is None or value == "":
        return
    if isinstance(value, str):
        if worksheet.write_string(row, column, value, style) < 0:
            raise ValueError(f"a cell holds at most 32,767 characters, not {len(value):,}")
    elif isinstance(value, bool):
        worksheet.write_boolean(row, column, value, style)
    elif isinstance(value, datetime):
        worksheet.write_datetime(row, column, value, style)
    else:
        worksheet.write_number(row, column, value, style)
