"""A report as a file: CSV, .xlsx, or a page. What texts of the workbook say stays text in each: no
formula, no tag, no link (D14). The same report makes the same bytes."""

from __future__ import annotations

from datetime import datetime, time
from io import BytesIO
from typing import Any

from ticketops.books import pages
from ticketops.books.report_charts import charts_of
from ticketops.domain.reporting.sections import (
    DAY,
    MONEY,
    PERCENT,
    TEXT,
    Section,
    heading,
    main_section,
    sections,
)
from ticketops.model import csv_texts

ENDINGS = (".csv", ".xlsx", ".html")
"""The kinds of files that a report can be written as."""
_NO_MOMENT = datetime(2000, 1, 1)
"""When a workbook says that it was made, where its report tells no moment."""
_WIDEST = 44
_FORMATS = {MONEY: "#,##0.00", PERCENT: "0.0", DAY: "yyyy-mm-dd"}
_MOMENT = "yyyy-mm-dd hh:mm"


def content_of(report: Any, title: str, ending: str, *, dated: bool = True) -> bytes:
    """A report as a file. ending: one of ENDINGS; dated: whether it says of what moment it is, so that
    one made later of the same differs."""
    if ending == ".xlsx":
        return _xlsx(report, title, dated=dated)
    if ending == ".html":
        return _page(report, title, dated=dated).encode()
    return csv_text(report).encode()


def csv_text(report: Any) -> str:
    """The lines of a report, every field of them, with a header. Text that a spreadsheet would take
    for a formula gets an apostrophe before it."""
    found = main_section(report)
    rows = ([_plain(value) for value in row] for row in found.rows)
    return csv_texts.csv_text([column.field for column in found.columns], rows)


def _plain(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else value


def _headed(report: Any, title: str, *, dated: bool) -> str:
    return " · ".join(filter(None, (title, heading(report, dated=dated))))


def _xlsx(report: Any, title: str, *, dated: bool) -> bytes:
    """A sheet per table. One without lines has their headers all the same."""
    import xlsxwriter

    made = BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    moment = getattr(report, "as_of", _NO_MOMENT) if dated else _NO_MOMENT
    with xlsxwriter.Workbook(made, options) as workbook:
        workbook.set_properties({"title": title, "created": moment})
        bold = workbook.add_format({"bold": True})
        formats = {
            kind: workbook.add_format({"num_format": text})
            for kind, text in (*_FORMATS.items(), (_MOMENT, _MOMENT))
        }
        tables = sections(report)
        if not report.lines:
            tables.append(main_section(report))
        for one in tables:
            sheet = workbook.add_worksheet(one.title[:31])
            sheet.write_string(0, 0, _headed(report, title, dated=dated), bold)
            sheet.set_landscape()
            sheet.fit_to_pages(1, 0)
            sheet.freeze_panes(3, 0)
            _write_table(sheet, one, bold, formats)
    return made.getvalue()


def _write_table(sheet: Any, one: Section, bold: Any, formats: dict[str, Any]) -> None:
    for place, column in enumerate(one.columns):
        texts = [column.header, *(row[place] for row in one.texts)]
        sheet.set_column(place, place, min(max(map(len, texts)) + 2, _WIDEST))
        sheet.write_string(2, place, column.header, bold)
        for number, row in enumerate(one.rows, start=3):
            value = row[place]
            if value is None or value in ("", ()):
                sheet.write_string(number, place, column.text(value))
            elif column.kind == DAY:
                moment = value if isinstance(value, datetime) else datetime.combine(value, time())
                form = formats[DAY if moment.time() == time() else _MOMENT]
                sheet.write_datetime(number, place, moment, form)
            elif column.kind == TEXT:
                sheet.write_string(number, place, column.text(value))
            else:
                sheet.write_number(number, place, value, formats.get(column.kind))


def _page(report: Any, title: str, *, dated: bool) -> str:
    """A page that needs nothing beside it."""
    return pages.render(
        "report.html",
        title=title,
        heading=heading(report, dated=dated),
        tables=sections(report),
        figures=pages.drawn(charts_of(report)),
    )
