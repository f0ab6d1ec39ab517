"""A workbook file of all that another workbook holds, cell by cell where it stood there (D29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from ticketops.books.canonical import DATETIME, ROWS_AHEAD, TABS, Formats, help_with
from ticketops.errors import UnusableError
from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import ErrorValue, to_serial
from ticketops.schema.layout import Layout
from ticketops.schema.sheets import Sheet
from ticketops.schema.tables import locate

_LONGEST = 32_767
"""Characters that a cell holds."""
_ROWS, _COLUMNS = 1_048_576, 16_384


class _Failed(float):
    """What stands for an error in a cell."""

    text: str


class _Exact(Worksheet):
    """A worksheet whose numbers have all their digits, and whose errors are no formulas."""

    def _xml_number_element(self, number: Any, attributes: Any = None) -> None:
        spelt = "".join(f' {name}="{value}"' for name, value in attributes or ())
        file: Any = self.fh
        if isinstance(number, _Failed):
            file.write(f'<c{spelt} t="e"><v>{escape(number.text)}</v></c>')
        else:
            file.write(f"<c{spelt}><v>{number!r}</v></c>")


def write_copy(
    path: Path, layout: Layout, sheets: Mapping[str, Sequence[Sequence[Any]]], *, created: datetime
) -> None:
    """Write the file. layout: with the titles of the workbook; sheets: {title: raw rows}. Raises UnusableError for a cell that no workbook file can hold, OSError where
    the file can't be written."""
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    try:
        with xlsxwriter.Workbook(str(path), options) as book:
            book.set_properties({"created": created})
            formats = Formats(book)
            for title, rows in sheets.items():
                worksheet = book.add_worksheet(title, worksheet_class=_Exact)
                if len(rows) > _ROWS or max(map(len, rows), default=0) > _COLUMNS:
                    raise UnusableError(
                        f"{title} has {len(rows):,} rows, and a sheet of a file at most {_ROWS:,}"
                    )
                _write(worksheet, title, rows, formats, layout)
    except FileCreateError as error:  # no OSError, and what it says is one
        raise OSError(*error.args[0].args) from None


def _write(
    worksheet: Worksheet,
    title: str,
    rows: Sequence[Sequence[Any]],
    formats: Formats,
    layout: Layout,
) -> None:
    is_ours = title in layout
    sheet = layout[title] if is_ours else None
    header = sheet.header_row if sheet else 0
    looks: dict[int, Format] = {}
    if sheet:
        worksheet.set_tab_color(TABS[sheet.kind])
        worksheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
        worksheet.set_landscape()
        if sheet.hidden:
            worksheet.hide()
    if sheet and 0 < header <= len(rows):
        looks = _columns(worksheet, sheet, rows, formats)
    for number, row in enumerate(rows, start=1):
        style = formats.header(sheet.kind) if sheet and number == header else None
        for place, value in enumerate(row, start=1):
            if value is not None and value != "":
                where = f"{title}!{column_letters(place)}{number}"
                own = looks.get(place) if number > header else None
                _cell(worksheet, (number - 1, place - 1), value, style or own, formats, where)


def _columns(
    worksheet: Worksheet, sheet: Sheet, rows: Sequence[Sequence[Any]], formats: Formats
) -> dict[int, Format]:
    """How the columns of ours look; {sheet column: format}."""
    header = sheet.header_row
    worksheet.freeze_panes(header, 0)
    worksheet.repeat_rows(header - 1)
    looks = {}
    for name, places in locate(sheet, rows[header - 1]).items():
        column = sheet.by_name[name]
        for place in places:
            looks[place] = formats.column(column)
            worksheet.set_column(place - 1, place - 1, column.shown_width, looks[place])
            area = (header, place - 1, min(len(rows) + ROWS_AHEAD, _ROWS) - 1, place - 1)
            help_with(worksheet, sheet, column, area, formats)
    if looks:
        worksheet.autofilter(header - 1, 0, max(len(rows), header) - 1, max(looks) - 1)
    return looks


def _cell(
    worksheet: Worksheet,
    at: tuple[int, int],
    value: Any,
    style: Format | None,
    formats: Formats,
    where: str,
) -> None:
    if isinstance(value, ErrorValue):
        failed = _Failed(0.0)
        failed.text = str(value)
        worksheet.write_number(*at, failed, style)
    elif isinstance(value, str):
        _text(worksheet, at, value, style, where)
    elif isinstance(value, bool):
        worksheet.write_boolean(*at, value, style)
    elif isinstance(value, (int, float)):
        worksheet.write_number(*at, value, style)
    elif isinstance(value, time):
        worksheet.write_number(*at, _share(value), formats.of(num_format="hh:mm:ss"))
    elif isinstance(value, timedelta):
        worksheet.write_number(*at, value / timedelta(days=1), formats.of(num_format="[h]:mm:ss"))
    elif isinstance(value, date):
        moment = isinstance(value, datetime)
        whole = value if isinstance(value, datetime) else datetime(*value.timetuple()[:3])
        looks = style if style and style.num_format.startswith("yyyy") else None
        try:
            serial = to_serial(whole)
        except ValueError as error:
            raise UnusableError(f"{where}: {error}") from None
        shown = DATETIME if moment and whole.time() != time() else "yyyy-mm-dd"
        worksheet.write_number(*at, serial, looks or formats.of(num_format=shown, align="left"))
    else:
        raise UnusableError(f"{where} holds {value!r}, which no workbook file can hold")


def _text(
    worksheet: Worksheet, at: tuple[int, int], value: str, style: Format | None, where: str
) -> None:
    if len(value) > _LONGEST:
        raise UnusableError(f"{where}: a cell holds at most {_LONGEST:,} characters")
    if any("\ud800" <= c <= "\udfff" for c in value):
        raise UnusableError(f"{where} holds half a character, which no workbook file can hold")
    worksheet.write_string(*at, value, style)


def _share(value: time) -> float:
    """A time of day as a share of the day."""
    seconds = value.hour * 3600 + value.minute * 60 + value.second + value.microsecond / 1e6
    return seconds / 86_400
