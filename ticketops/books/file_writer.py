"""A Book as an .xlsx file: what its readers may fill in is yellow and open, all else is locked (§7,
§8, §9)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from ticketops.books import page
from ticketops.errors import UnusableError
from ticketops.files import write_durably
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import BASE_SHEET, HEADER_ROW, Book, BookColumn
from ticketops.schema.columns import ColumnType
from ticketops.schema.sheets_api import HOW_TO

_LINE = 16.0
_LONGEST_FOOT = 255
_RULED = 3000
"""Rows of a book in which lines set the tickets apart: longer ones are for filters, not for paper,
and empty cells with lines would cost half as much again."""


def write_book(book: Book, path: Path, *, reveal: Callable[[str], str] | None = None) -> None:
    """Write a book into a file, which is on the disk afterwards. The same book makes the same file.

    It is made in memory: a temporary file of XlsxWriter's would hold passwords in the clear, and
    outlive a process that is killed. reveal: opens the sealed passwords of a staff book; without it
    no password column is filled. Raises OSError, UnusableError for what no workbook can hold.
    """
    made = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    try:
        with xlsxwriter.Workbook(made, options) as workbook:
            workbook.set_properties({"created": book.built_at})
            sheet = workbook.add_worksheet(book.layout.sheet)
            _write_main(workbook, sheet, book, reveal)
            _write_how_to(workbook, book)
            _write_base(workbook, book)
    except (XlsxWriterException, UnicodeError) as error:
        raise UnusableError(f"{book.party}'s book can't be built: {error}") from None
    write_durably(path, lambda file: file.write(made.getbuffer()))


def _write_main(
    made: Workbook, sheet: Worksheet, book: Book, reveal: Callable[[str], str] | None
) -> None:
    columns = book.layout.columns
    wide = page.widths(book)
    line = {"bottom": 1, "bottom_color": page.LINES}
    ruled: dict[str, Any] = line if len(book.rows) <= _RULED else {}
    _lay_out(made, sheet, book, wide)
    formats = {
        (column.name, how): made.add_format(_look(column, how, wide) | ruled)
        for column in columns
        for how in ("locked", "open", "grey")
    }
    first = HEADER_ROW
    writers = [(column, column.position - 1, _writer(sheet, column)) for column in columns]
    for i, row in enumerate(book.rows, start=first):
        closed = "locked" if row.open else "grey"
        for column, position, write in writers:
            value = page.value_of(column, row.values.get(column.name), reveal)
            is_open = column.name in row.open
            if value is None:
                if is_open or ((ruled or closed == "grey") and not column.hidden):
                    sheet.write_blank(
                        i, position, None, formats[column.name, "open" if is_open else closed]
                    )
                continue
            look = formats[column.name, "open" if is_open else closed]
            write(i, position, value, look)
    for i in page.line_rows(book):
        place = book.layout.by_name["comment"].position - 1
        sheet.write_blank(i - 1, place, None, formats["comment", "open"])
    for i in page.line_rows(book)[:1]:
        label = made.add_format({"bold": True})
        place = book.layout.by_name["game"].position - 1
        sheet.write_string(i - 1, place, page.LINES_LABEL, label)
    last = page.last_row(book) - 1
    shown = page.shown_positions(book)
    sheet.autofilter(HEADER_ROW - 1, shown[0] - 1, last, shown[-1] - 1)
    formula, now = page.summary(book)
    look = made.add_format({"bold": True, "font_color": page.SUMMARY_TEXT})
    if formula:
        sheet.write_formula(1, shown[0] - 1, formula, look, now)
    else:
        sheet.write_string(1, shown[0] - 1, now, made.add_format({"bold": True}))
    fill, text = page.DONE_COLOURS
    done = made.add_format({"bg_color": fill, "font_color": text})
    said = f'"{page.DONE[book.layout.kind]}"'
    rule = {"type": "cell", "criteria": "==", "value": said, "format": done}
    sheet.conditional_format(1, shown[0] - 1, 1, shown[0] - 1, rule)
    _help_with(made, sheet, book, first, last)


def _lay_out(made: Workbook, sheet: Worksheet, book: Book, wide: Mapping[str, int]) -> None:
    columns = book.layout.columns
    head = made.add_format(
        {"bold": True, "bg_color": page.HEAD, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    )
    typed = made.add_format(
        {"bold": True, "bg_color": page.YELLOW, "bottom": 1, "text_wrap": True, "valign": "vcenter"}
    )
    used = {column.position: column for column in columns}
    for position in range(1, max(used) + 1):
        column = used.get(position)
        if column is None or column.name not in wide:
            sheet.set_column(position - 1, position - 1, 3, None, {"hidden": True})
        else:
            sheet.set_column(position - 1, position - 1, wide[column.name])
        if column is not None:
            sheet.write_string(
                HEADER_ROW - 1, position - 1, column.header, typed if column.typed else head
            )
    sheet.set_row(HEADER_ROW - 1, page.HEADER_HEIGHT)
    left = page.shown_positions(book)[0] - 1
    aside = page.aside_position(book, wide) - 1
    sheet.write_string(
        0, left, page.title_line(book), made.add_format({"bold": True, "font_size": 14})
    )
    if said := page.aside_line(book):
        sheet.write_string(
            0, aside, said, made.add_format({"italic": True, "font_color": page.GREY_TEXT})
        )
    if book.note:
        sheet.write_string(1, aside, page.note_line(book))
    sheet.freeze_panes(HEADER_ROW, left + 1)
    _print(sheet, book, wide)
    sheet.repeat_rows(HEADER_ROW - 1)
    named = book.layout.by_name[book.layout.spare_key or book.layout.key].position - 1
    sheet.repeat_columns(named, named)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})


def _print(sheet: Worksheet, book: Book, wide: Mapping[str, int]) -> None:
    """A4 across, on as many pages side by side as it takes to be read."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.fit_to_pages(page.pages_across(wide), 0)
    sheet.set_footer(_foot(book))


def _foot(book: Book) -> str:
    """What stands below a printed page: as much of the title and the sender as fits."""
    texts = page.title_line(book), page.from_line(book)
    for most in (100, 70, 50):
        # a space before them: a digit at their start would be read as a size
        title, said = (f" {text[:most]}".replace("&", "&&") for text in texts)
        foot = f"&L&8{title}&C&8{said}&R&8&P / &N"
        if len(foot) <= _LONGEST_FOOT:
            break
    return foot


def _look(column: BookColumn, how: str, wide: Mapping[str, int]) -> dict[str, Any]:
    look: dict[str, Any] = {"valign": "top"}
    if page.is_wrapped(column, wide):
        look["text_wrap"] = True
    if column.type in page.NUMBERS:
        look["num_format"] = page.NUMBERS[column.type]
        look["align"] = "left"
    elif column.type in (ColumnType.INTEGER, ColumnType.FLAG):
        look["align"] = "center"
        if column.type is ColumnType.FLAG:
            look["num_format"] = page.FLAG_FORMAT
    elif column.type in (ColumnType.CODE, ColumnType.TEXT):
        look |= {"num_format": "@", "align": "left"}
    if how == "open":
        look |= {"bg_color": page.YELLOW, "locked": False, "border": 1, "border_color": page.LINES}
    elif how == "grey":
        look |= {"bg_color": page.GREY, "font_color": page.GREY_TEXT}
    return look


def _writer(sheet: Worksheet, column: BookColumn) -> Callable[[int, int, Any, Format], Any]:
    """How a column's values are written: text is always text."""
    if column.type in (ColumnType.DATE, ColumnType.DATETIME):
        return lambda i, position, value, look: (
            sheet.write_datetime(i, position, value, look)
            if isinstance(value, datetime)
            else sheet.write_string(i, position, str(value), look)
        )
    if column.type in (ColumnType.INTEGER, ColumnType.NUMBER):
        return sheet.write_number
    if column.type is ColumnType.FLAG:
        return sheet.write_boolean
    return sheet.write_string


def _help_with(made: Workbook, sheet: Worksheet, book: Book, first: int, last: int) -> None:
    """Drop-downs, checks of what is typed, colours."""
    for name, colours in page.COLOURED.items():
        if column := book.layout.by_name.get(name):
            for value, (fill, text) in colours.items():
                look = made.add_format({"bg_color": fill, "font_color": text})
                rule = {"type": "cell", "criteria": "==", "value": f'"{value}"', "format": look}
                sheet.conditional_format(
                    first, column.position - 1, last, column.position - 1, rule
                )
    for check in page.checks(book.layout):
        position = check.column.position - 1
        if check.kind == "list":
            rule = {"validate": "list", "source": list(check.column.choices)}
        elif check.kind == "email":
            rule = {
                "validate": "custom",
                "value": page.email_formula(f"{column_letters(position + 1)}{first + 1}"),
            }
        elif check.kind in ("day", "moment"):
            rule = {"validate": "date", "criteria": ">", "value": page.EARLIEST[check.kind]}
        else:
            rule = {"validate": "length", "criteria": "<=", "value": check.most}
        title = "E-mail address" if check.kind == "email" else check.column.header
        sheet.data_validation(
            first,
            position,
            last,
            position,
            rule | {"error_title": title, "error_message": check.message},
        )


def _write_how_to(made: Workbook, book: Book) -> None:
    sheet = made.add_worksheet(HOW_TO)
    sheet.set_column(0, 0, page.TEXT_WIDTH)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, page.HOW_TO_TITLE, made.add_format({"bold": True, "font_size": 14}))
    look = made.add_format({"text_wrap": True, "valign": "top"})
    for i, line in enumerate(page.how_to_lines(book), start=2):
        sheet.set_row(i, _LINE * ceil((len(line) - 4) / (page.TEXT_WIDTH - 5)))
        sheet.write_string(i, 0, line, look)
    sheet.protect()


def _write_base(made: Workbook, book: Book) -> None:
    sheet = made.add_worksheet(BASE_SHEET)
    sheet.very_hidden()
    for i, texts in enumerate(page.base_rows(book)):
        for position, text in enumerate(texts):
            sheet.write_string(i, position, text)
    sheet.protect()
