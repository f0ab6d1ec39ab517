"""Records as the text of a CSV file, and their values as people read them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Any

from ticketops.model.texts import is_escaped


def as_csv(records: Sequence[Any]) -> str:
    """Every field of the records, with a header."""
    if not records:
        return ""
    names = [one.name for one in fields(records[0])]
    return csv_text(names, ([getattr(record, name) for name in names] for record in records))


def csv_text(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows with a header as CSV. Text that a spreadsheet would take for a formula gets an
    apostrophe before it (D14)."""
    written = io.StringIO(newline="")
    writer = csv.writer(written)
    writer.writerow(names)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if is_escaped(f"'{value}") else value
    return shown(value)


def shown(value: Any) -> str:
    """A value for people: a day without a time, a tick, a number without needless noughts."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    if isinstance(value, datetime):
        return (
            f"{value:%Y-%m-%d}"
            if (value.hour, value.minute, value.second) == (0, 0, 0)
            else f"{value:%Y-%m-%d %H:%M}"
        )
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return f"{value:.10g}" if abs(value) < 1e6 and value == round(value, 2) else f"{value:.2f}"
    return str(value)
