"""What the commands that list records share: the options that choose records, a table, a CSV
file."""

from __future__ import annotations

import csv
import io
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from ticketops.cli.output import harmless
from ticketops.cli.session import Session
from ticketops.errors import UnusableError, UsageError
from ticketops.model import ids
from ticketops.model.display import counted
from ticketops.model.spelling import category as spelt_category

Match = Annotated[
    str, typer.Option("--match", metavar="CODE", help="Only this match.", show_default=False)
]
Category = Annotated[
    str, typer.Option("--category", metavar="NAME", help="Only this category.", show_default=False)
]
Client = Annotated[
    str, typer.Option("--client", metavar="NAME", help="Only this client.", show_default=False)
]
Vendor = Annotated[
    str, typer.Option("--vendor", metavar="NAME", help="Only this vendor.", show_default=False)
]
Sale = Annotated[
    str,
    typer.Option(
        "--sale",
        metavar="SALESID",
        help="Only this sale (S3) or ticket (S3-1).",
        show_default=False,
    ),
]
Csv = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="FILE|-",
        help="Write the list with every column as CSV; - means standard output.",
        show_default=False,
    ),
]
Columns = Sequence[tuple[str, str | Callable[[Any], Any]]]
"""(header, field or function of a record) of what people see; CSV and JSON have every field."""


_MATTER = ("Match", "Category", "Client", "Vendor", "Qty", "Status", "Seat", "Guest", "Delivery")
"""The most important columns, where there is no room for all."""


def seat(record: Any) -> str:
    """Block, row and seat in one."""
    return " · ".join(part for part in (record.block, record.seat_row, record.seat) if part)


UNIT: Columns = (
    ("Unit", "unit_id"),
    ("Match", "match"),
    ("Category", "category"),
    ("Vendor", "vendor"),
    ("Set", "set_id"),
    ("Status", "status"),
    ("Seat", seat),
    ("Ticket", "sales_id"),
    ("Held for", "held_for"),
)
TICKET: Columns = (
    ("Ticket", "sales_id"),
    ("Match", "match"),
    ("Category", "category"),
    ("Client", "client"),
    ("Status", "status"),
    ("Unit", "unit_ids"),
    ("Seat", seat),
    ("Guest", lambda ticket: " ".join(filter(None, (ticket.first_name, ticket.last_name)))),
    ("Delivery", "delivery"),
)
REFUND: Columns = (
    ("Refund of", "sales_id"),
    ("Client", "client"),
    ("Tickets", "tickets"),
    ("Amount", "amount"),
    ("Cur", "currency"),
    ("Payment", "payment_status"),
    ("Decision", "decision"),
    ("Reason", "reason"),
)
LOGGED: Columns = (
    ("When", "timestamp"),
    ("Who", "user"),
    ("Action", "action"),
    ("Sale", "sale_id"),
    ("Set", "set_id"),
    ("Units", "units_affected"),
    ("Reason", "reason"),
)


def match_code(text: str) -> str:
    """A match code as the workbook spells it."""
    return ids.normalise_match(text) if text else ""


def category_name(text: str) -> str:
    """A category as the workbook spells it."""
    return (spelt_category(text) or text) if text else ""


def one_of(text: str, option: str, known: Sequence[str]) -> str:
    """A word of a closed set, in any case. Raises UsageError."""
    word = "_".join(text.split()).upper()
    if word and word not in known:
        raise UsageError(f"--{option} must be one of {', '.join(known)}, not {text!r}")
    return word


def show(
    session: Session,
    result: Any,
    records: Sequence[Any],
    noun: str,
    columns: Columns,
    to_csv: str | None = None,
) -> int:
    """Print a list, write it as CSV where asked for, and finish the command; the exit code.

    result: the dataclass of the command; records: those of its rows that are shown. noun: what one
    of them is called. Raises UsageError, and UnusableError where the file can't be written.
    """
    if to_csv == "-" and session.out.as_json:
        raise UsageError("give either --json or --csv -")
    if to_csv is not None:
        text = as_csv(records)
        if to_csv == "-":
            looked_at = session.out.terminal  # a pipe gets it to the letter
            sys.stdout.write(harmless(text.replace("\r\n", "\n")) if looked_at else text)
            return session.finish(result, [])
        write_text(Path(to_csv), text)
        session.out.notice(f"{to_csv}: {counted(len(records), noun)}")
        return session.finish(result, [])
    table(session, records, columns)
    session.out.notice(counted(len(records), noun))
    return session.finish(result, [])


def table(session: Session, records: Sequence[Any], columns: Columns, title: str = "") -> None:
    """A table of records; nothing where there are none."""
    if not records:
        return
    rows = [
        [_shown(what(record) if callable(what) else getattr(record, what)) for _, what in columns]
        for record in records
    ]
    kept = [
        number
        for number in range(len(columns))
        if number == 0 or any(row[number] not in ("", None) for row in rows)
    ]
    session.out.table(
        [columns[number][0] for number in kept],
        [[row[number] for number in kept] for row in rows],
        title=title,
        first=_MATTER,
    )


def record(session: Session, one: Any) -> None:
    """A record whole: a line a field that is not blank."""
    from dataclasses import fields

    rows = [(field.name, _shown(getattr(one, field.name))) for field in fields(one)]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        if text:
            session.out.line(f"{name.replace('_', ' '):{width}}  {text}")
    session.out.line()


def as_csv(records: Sequence[Any]) -> str:
    """Every field of the records, with a header. Text that a spreadsheet would take for a formula
    gets an apostrophe before it (D14)."""
    from dataclasses import fields

    written = io.StringIO(newline="")
    writer = csv.writer(written)
    if records:
        names = [one.name for one in fields(records[0])]
        writer.writerow(names)
        writer.writerows([_cell(getattr(record, name)) for name in names] for record in records)
    return written.getvalue()


def write_text(path: Path, text: str) -> None:
    """Put a text file into its place, whole or not at all. Raises UnusableError."""
    from ticketops.stores.xlsx.lock import refuse_read_only

    refuse_read_only(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="", dir=path.parent, prefix=".", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise UnusableError(f"{path} can't be written: {error.strerror or error}") from None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else value
    return _shown(value)


def _shown(value: Any) -> str:
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
        return f"{value:g}" if abs(value) < 1e6 and value == round(value, 2) else f"{value:.2f}"
    return str(value)
