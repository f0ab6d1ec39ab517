"""A Book as an .xlsx file: what its readers may fill in is yellow and open, all else is locked (§7, §8, §9)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from math import ceil
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from ticketops.books import page
from ticketops.schema.addresses import column_letters
from ticketops.schema.books import BASE_SHEET, HEADER_ROW, Book, BookColumn
from ticketops.schema.columns import ColumnType
from ticketops.schema.online import HOW_TO

_PAGE_WIDTH = 290
"""Characters that a printed page shows side by side and that can still be read."""
_LINE = 16.0


def write_book(book: Book, path: Path, *, reveal: Callable[[str], str] | None = None) -> None:
    """Write a book. The same book makes the same file.

    reveal: opens the sealed passwords of a staff book; without it no password column is filled.
    """
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as made:
        made.set_properties({"created": book.built_at})
        sheet = made.add_worksheet(book.layout.sheet)
        _write_main(made, sheet, book, reveal)
        _write_how_to(made, book)
        _write_base(made, book)


def _write_main(made: Workbook, sheet: Worksheet, book: Book, reveal: Callable[[str], str] | None) -> None:
    columns = book.layout.columns
    _lay_out(made, sheet, book)
    formats = {(column.name, how): made.add_format(_look(column, how)) for column in columns for how in ("locked", "open", "grey")}
    first = HEADER_ROW
    writers = [(column, column.place - 1, _writer(sheet, column)) for column in columns]
    for i, row in enumerate(book.rows, start=first):
        closed = "locked" if row.open else "grey"
        for column, place, write in writers:
            value = page.value_of(column, row.values.get(column.name), reveal)
            is_open = column.name in row.open
            if value is None:
                if is_open or (closed == "grey" and not column.hidden):
                    sheet.write_blank(i, place, None, formats[column.name, "open" if is_open else closed])
                continue
            write(i, place, value, formats[column.name, "open" if is_open else closed])
    last = page.last_row(book) - 1
    shown = page.shown_places(book.layout)
    sheet.autofilter(HEADER_ROW - 1, shown[0] - 1, last, shown[-1] - 1)
    formula, now = page.summary(book)
    sheet.write_formula(1, shown[0] - 1, formula, made.add_format({"bold": True, "font_color": page.SUMMARY_TEXT}), now)
    _help_with(made, sheet, book, first, last)


def _lay_out(made: Workbook, sheet: Worksheet, book: Book) -> None:
    columns = book.layout.columns
    head = made.add_format({"bold": True, "bg_color": page.HEAD, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    typed = made.add_format({"bold": True, "bg_color": page.YELLOW, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    used = {column.place: column for column in columns}
    for place in range(1, max(used) + 1):
        column = used.get(place)
        if column is None or column.hidden:
            sheet.set_column(place - 1, place - 1, 3, None, {"hidden": True})
        else:
            word = max(map(len, re.findall(r"[^\s]+", column.header)))
            sheet.set_column(place - 1, place - 1, max(column.width, word + 3))
        if column is not None:
            sheet.write_string(HEADER_ROW - 1, place - 1, column.header, typed if column.typed else head)
    sheet.set_row(HEADER_ROW - 1, page.HEADER_HEIGHT)
    left = page.shown_places(book.layout)[0] - 1
    sheet.write_string(0, left, page.title_line(book), made.add_format({"bold": True, "font_size": 14}))
    if book.layout.notice:
        sheet.write_string(0, left + 6, book.layout.notice, made.add_format({"italic": True, "font_color": page.GREY_TEXT}))
    sheet.freeze_panes(HEADER_ROW, left + 1)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(ceil(sum(column.width for column in columns if not column.hidden) / _PAGE_WIDTH), 0)
    sheet.repeat_rows(HEADER_ROW - 1)
    sheet.repeat_columns(left, left)
    sheet.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    sheet.protect("", {"autofilter": True, "format_columns": True, "format_rows": True})


def _look(column: BookColumn, how: str) -> dict[str, Any]:
    look: dict[str, Any] = {"valign": "top"}
    if column.type in page.NUMBERS:
        look["num_format"] = page.NUMBERS[column.type]
        look["align"] = "left"
    elif column.type in (ColumnType.INTEGER, ColumnType.FLAG):
        look["align"] = "center"
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
        return lambda i, place, value, look: (
            sheet.write_datetime(i, place, value, look) if isinstance(value, datetime) else sheet.write_string(i, place, str(value), look)
        )
    if column.type in (ColumnType.INTEGER, ColumnType.NUMBER):
        return sheet.write_number
    if column.type is ColumnType.FLAG:
        return sheet.write_boolean
    return sheet.write_string


def _help_with(made: Workbook, sheet: Worksheet, book: Book, first: int, last: int) -> None:
    """Drop-downs, checks of what is typed, colours."""
    for name in page.STATUS_COLUMNS:
        if column := book.layout.by_name.get(name):
            for value, (fill, text) in page.STATUS_COLOURS.items():
                look = made.add_format({"bg_color": fill, "font_color": text})
                rule = {"type": "cell", "criteria": "==", "value": f'"{value}"', "format": look}
                sheet.conditional_format(first, column.place - 1, last, column.place - 1, rule)
    for check in page.checks(book.layout):
        place = check.column.place - 1
        if check.kind == "list":
            rule = {"validate": "list", "source": list(check.column.choices)}
        elif check.kind == "email":
            rule = {"validate": "custom", "value": page.email_formula(f"{column_letters(place + 1)}{first + 1}")}
        elif check.kind == "moment":
            rule = {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1)}
        else:
            rule = {"validate": "length", "criteria": "<=", "value": check.most}
        title = "E-mail address" if check.kind == "email" else check.column.header
        sheet.data_validation(first, place, last, place, rule | {"error_title": title, "error_message": check.message})


def _write_how_to(made: Workbook, book: Book) -> None:
    sheet = made.add_worksheet(HOW_TO)
    sheet.set_column(0, 0, page.TEXT_WIDTH)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, page.HOW_TO_TITLE, made.add_format({"bold": True, "font_size": 14}))
    look = made.add_format({"text_wrap": True, "valign": "top"})
    for i, line in enumerate(page.how_to_lines(book.layout), start=2):
        sheet.set_row(i, _LINE * ceil((len(line) - 4) / (page.TEXT_WIDTH - 5)))
        sheet.write_string(i, 0, line, look)
    sheet.protect()


def _write_base(made: Workbook, book: Book) -> None:
    sheet = made.add_worksheet(BASE_SHEET)
    sheet.very_hidden()
    for i, texts in enumerate(page.base_rows(book)):
        for place, text in enumerate(texts):
            sheet.write_string(i, place, text)
    sheet.protect()
