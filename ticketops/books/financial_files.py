"""The figures of an event that is closed (§13) as files: a workbook with a sheet for each, and CSV files.
What texts of the workbook say stays text in each (D14). The same figures make the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

from ticketops.domain.money.financial import Financial, FinancialSheet
from ticketops.model import csv_texts

WORKBOOK = "financial.xlsx"
_WIDEST = 40


def files_of(found: Financial) -> dict[str, bytes]:
    """{name: content} of the workbook and the CSV files."""
    made = {WORKBOOK: workbook(found)}
    for one in found.sheets:
        made[one.file] = csv_texts.csv_text(one.columns, one.rows).encode()
    return made


def workbook(found: Financial) -> bytes:
    """A sheet per kind, its sums below, a line per currency."""
    import xlsxwriter

    made = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(made, options) as book:
        title = " · ".join(filter(None, (found.event, f"{found.as_of:%Y-%m-%d %H:%M}")))
        book.set_properties({"title": f"Financial close {title}", "created": found.as_of})
        bold = book.add_format({"bold": True})
        for one in found.sheets:
            sheet = book.add_worksheet(one.title)
            sheet.write_string(0, 0, f"{one.title} · {title}", bold)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.freeze_panes(3, 0)
            _fill(book, sheet, one)
    return made.getvalue()


def _fill(book: Any, sheet: Any, one: FinancialSheet) -> None:
    bold = book.add_format({"bold": True, "bottom": 1})
    plain = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
    summed = {
        kind: book.add_format({"num_format": text, "bold": True, "top": 1})
        for kind, text in _FORMATS.items()
    }
    rows = [(False, row) for row in one.rows] + [(True, row) for row in _sums(one)]
    for place, header in enumerate(one.columns):
        sheet.write_string(2, place, header, bold)
        shown = [header, *(_shown(row[place]) for _total, row in rows)]
        sheet.set_column(place, place, min(max(map(len, shown)) + 2, _WIDEST))
    for number, (total, row) in enumerate(rows, start=3):
        formats = summed if total else plain
        for place, value in enumerate(row):
            _write(sheet, number, place, value, formats)


_FORMATS = {
    "text": "@",
    "day": "yyyy-mm-dd",
    "money": "#,##0.00",
    "count": "#,##0",
    "percent": "0.00",
}


def _write(sheet: Any, row: int, column: int, value: Any, formats: dict[str, Any]) -> None:
    match value:
        case None:
            sheet.write_blank(row, column, None, formats["text"])
        case str():
            sheet.write_string(row, column, value, formats["text"])
        case datetime():
            sheet.write_datetime(row, column, value, formats["day"])
        case Decimal():
            sheet.write_number(row, column, float(value), formats["money"])
        case int():
            sheet.write_number(row, column, value, formats["count"])
        case _:
            sheet.write_number(row, column, value, formats["percent"])


def _sums(one: FinancialSheet) -> Iterator[tuple[Any, ...]]:
    for currency, figures in one.totals().items():
        told = {one.columns[0]: "Total", "Currency": currency, **figures}
        yield tuple(told.get(name) for name in one.columns)


def _shown(value: Any) -> str:
    return f"{value:,.2f}" if isinstance(value, Decimal) else csv_texts.shown(value)
