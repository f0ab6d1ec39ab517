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
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from ticketops.model import states
from ticketops.schema.books import BASE_SHEET, CLOSED_MARK, HEADER_ROW, LONGEST, LONGEST_TEXT, OPEN_MARK, STAMP, Book, BookColumn, tidy
from ticketops.schema.columns import ColumnType

_YELLOW, _GREY, _GREY_TEXT, _HEAD = "#FFF2CC", "#EDEDED", "#808080", "#DDEBF7"
_GREEN, _AMBER, _RED = ("#E2EFDA", "#375623"), ("#FFE699", "#7F6000"), ("#F8CBAD", "#843C0C")
_STATUS = {states.SENT: _GREEN, states.UPLOADED: _GREEN, states.ACCEPTED: _GREEN, states.PENDING: _AMBER, states.ISSUE: _RED}
_NUMBERS = {ColumnType.DATE: "yyyy-mm-dd", ColumnType.DATETIME: "yyyy-mm-dd hh:mm"}
_MOST_RUNS = 150
"""Runs of open rows that a counting formula still names one by one."""
_PAGE_WIDTH = 290
"""Characters that a printed page shows side by side and that can still be read."""
_TEXT_WIDTH, _LINE = 100, 16.0
_STATUS_COLUMNS = ("delivery", "dispatch_status")


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
            value = row.values.get(column.name)
            is_open = column.name in row.open
            if value is None or value == "":
                if is_open or (closed == "grey" and not column.hidden):
                    sheet.write_blank(i, place, None, formats[column.name, "open" if is_open else closed])
                continue
            if column.name == "vendor_password" and reveal:
                value = reveal(value)
            if isinstance(value, str):
                value = tidy(value)
            write(i, place, value, formats[column.name, "open" if is_open else closed])
    last = max(first, first + len(book.rows) - 1)
    shown = [column.place for column in columns if not column.hidden]
    sheet.autofilter(HEADER_ROW - 1, min(shown) - 1, last, max(shown) - 1)
    sheet.write_formula(1, min(shown) - 1, *_summary(made, book, first))
    _help_with(made, sheet, book, first, last)


def _lay_out(made: Workbook, sheet: Worksheet, book: Book) -> None:
    columns = book.layout.columns
    shown = [column.place for column in columns if not column.hidden]
    head = made.add_format({"bold": True, "bg_color": _HEAD, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    typed = made.add_format({"bold": True, "bg_color": _YELLOW, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
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
    sheet.set_row(HEADER_ROW - 1, 32)
    left = min(shown) - 1
    sheet.write_string(0, left, f"{tidy(book.title)} · {book.built_at:%Y-%m-%d %H:%M}", made.add_format({"bold": True, "font_size": 14}))
    if book.layout.notice:
        sheet.write_string(0, left + 6, book.layout.notice, made.add_format({"italic": True, "font_color": _GREY_TEXT}))
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
    if column.type in _NUMBERS:
        look["num_format"] = _NUMBERS[column.type]
        look["align"] = "left"
    elif column.type in (ColumnType.INTEGER, ColumnType.FLAG):
        look["align"] = "center"
    elif column.type in (ColumnType.CODE, ColumnType.TEXT):
        look |= {"num_format": "@", "align": "left"}
    if how == "open":
        look |= {"bg_color": _YELLOW, "locked": False, "border": 1, "border_color": "#D9D9D9"}
    elif how == "grey":
        look |= {"bg_color": _GREY, "font_color": _GREY_TEXT}
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


def _summary(made: Workbook, book: Book, first: int) -> tuple[str, Format, str]:
    """What is still to be done, as a formula that counts while the reader types; its look; its value now."""
    look = made.add_format({"bold": True, "font_color": "#C00000"})
    if book.layout.kind == states.CLIENT:
        name, ending = "client_email", " rows still missing e-mail"
        wanting = [i for i, row in enumerate(book.rows) if name in row.open]
        now = sum(1 for i in wanting if not book.rows[i].values.get(name))
        parts = [f"COUNTBLANK({_area(book, name, first + start, first + end)})" for start, end in _runs(wanting)]
    else:
        name = "delivery" if book.layout.kind == states.SUPPLIER else "dispatch_status"
        ending = " tickets to send"
        now = sum(1 for row in book.rows if row.open and row.values.get(name) == states.NOT_SENT)
        open_rows = [i for i, row in enumerate(book.rows) if row.open]
        parts = [f'COUNTIF({_area(book, name, first + start, first + end)},"NOT_SENT")' for start, end in _runs(open_rows)]
    counting = "+".join(parts) if parts and len(parts) <= _MOST_RUNS else str(now)
    return f'={counting}&"{ending}"', look, f"{now}{ending}"


def _area(book: Book, name: str, start: int, end: int) -> str:
    letter = xl_col_to_name(book.layout.by_name[name].place - 1)
    return f"{letter}{start + 1}:{letter}{end + 1}"


def _runs(places: list[int]) -> list[tuple[int, int]]:
    """[0, 1, 2, 5] → [(0, 2), (5, 5)]."""
    found: list[tuple[int, int]] = []
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return found


def _help_with(made: Workbook, sheet: Worksheet, book: Book, first: int, last: int) -> None:
    """Drop-downs, checks of what is typed, colours."""
    for column in book.layout.columns:
        place = column.place - 1
        area = (first, place, last, place)
        cell = f"{xl_col_to_name(place)}{first + 1}"
        if column.name in _STATUS_COLUMNS:
            for value, (fill, text) in _STATUS.items():
                look = made.add_format({"bg_color": fill, "font_color": text})
                sheet.conditional_format(*area, {"type": "cell", "criteria": "==", "value": f'"{value}"', "format": look})
        if not column.typed:
            continue
        if column.choices:
            sheet.data_validation(*area, {"validate": "list", "source": list(column.choices), "error_title": column.header,
                                          "error_message": f"one of: {', '.join(column.choices)}"})  # fmt: skip
        elif column.name == "client_email":
            sheet.data_validation(*area, {
                "validate": "custom", "value": _EMAIL.format(cell=cell), "error_title": "E-mail address",
                "error_message": "This does not look like an e-mail address: name@example.com",
            })  # fmt: skip
        elif column.type is ColumnType.DATETIME:
            sheet.data_validation(*area, {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1),
                                          "error_title": column.header, "error_message": "A date and time: 2026-06-11 14:30"})  # fmt: skip
        else:
            most = LONGEST.get(column.name, LONGEST_TEXT)
            sheet.data_validation(*area, {"validate": "length", "criteria": "<=", "value": most, "error_title": column.header,
                                          "error_message": f"At most {most} characters."})  # fmt: skip


_EMAIL = (
    '=AND(LEN({cell})<=254,LEN({cell})-LEN(SUBSTITUTE({cell},"@",""))=1,FIND("@",{cell})>1,'
    'ISNUMBER(FIND(".",{cell},FIND("@",{cell})+2)),RIGHT({cell},1)<>".",ISERROR(FIND(" ",{cell})))'
)
"""What a spreadsheet can check of an address while it is typed; `client pull` checks it by the RFC."""


def _write_how_to(made: Workbook, book: Book) -> None:
    sheet = made.add_worksheet("How to")
    sheet.set_column(0, 0, _TEXT_WIDTH)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, "How to fill this in", made.add_format({"bold": True, "font_size": 14}))
    look = made.add_format({"text_wrap": True, "valign": "top"})
    for i, text in enumerate(book.layout.how_to, start=1):
        sheet.set_row(i + 1, _LINE * ceil(len(text) / (_TEXT_WIDTH - 5)))
        sheet.write_string(i + 1, 0, f"{i}.  {text}", look)
    sheet.protect()


def _write_base(made: Workbook, book: Book) -> None:
    """The book's name, and what its input cells hold now."""
    sheet = made.add_worksheet(BASE_SHEET)
    sheet.very_hidden()
    for place, text in enumerate((STAMP, book.book_id, book.layout.kind, book.built_at.isoformat(sep=" "))):
        sheet.write_string(0, place, text)
    typed = book.layout.typed
    for place, name in enumerate(("key", "unit", *typed)):
        sheet.write_string(1, place, name)
    for i, row in enumerate(book.base(), start=2):
        sheet.write_string(i, 0, row.key)
        sheet.write_string(i, 1, row.unit_id)
        for place, name in enumerate(typed, start=2):
            sheet.write_string(i, place, f"{OPEN_MARK if name in row.open else CLOSED_MARK}{row.texts[name]}")
    sheet.protect()
