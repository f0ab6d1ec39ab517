"""What the commands that list records share: the options that choose records, a table, a CSV
file."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from ticketops.cli.output import harmless
from ticketops.cli.session import Session
from ticketops.errors import UnusableError, UsageError
from ticketops.model import csv_texts, ids
from ticketops.model.display import counted
from ticketops.model.findings import Finding
from ticketops.model.spelling import category as spelt_category

_MOST_ROWS = 50
as_csv, csv_text, shown = csv_texts.as_csv, csv_texts.csv_text, csv_texts.shown
Match = Annotated[
    str,
    typer.Option(
        "--match",
        metavar="CODE",
        help="Only this match, or sub-game: M01/RACE.",
        show_default=False,
    ),
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


def money(amount: float | None) -> str:
    """An amount with its cents; of none nothing."""
    return "" if amount is None else f"{amount:,.2f}"


def occasion(one: Any) -> str:
    """What a record is of: M01, or M01/RACE."""
    return f"{one.match}/{one.sub_game}" if one.sub_game else str(one.match)


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


def show_list(
    session: Session, job: Any, name: str, noun: str, columns: Columns, to_csv: str | None = None
) -> int:
    """`show` for the list that a job makes, with the cells of its rows that can't be shown. name:
    the field of the result that holds the records."""
    from ticketops.domain.audit.refused import WRONG_TYPE

    plan = session.plan_of(job)
    records = getattr(plan.result, name)
    rows = {record.row for record in records}
    odd = [one for one in plan.findings if one.code == WRONG_TYPE and one.row in rows]
    return show(session, plan.result, records, noun, columns, to_csv, odd)


def show(
    session: Session,
    result: Any,
    records: Sequence[Any],
    noun: str,
    columns: Columns,
    to_csv: str | None = None,
    findings: Sequence[Finding] = (),
) -> int:
    """Print a list, write it as CSV where asked for, and finish the command; the exit code.

    result: the dataclass of the command; records: those of its rows that are shown. noun: what one
    of them is called. Raises UsageError, and UnusableError where the file can't be written.
    """
    if to_csv is not None:
        to_file(session, to_csv, as_csv(records), counted(len(records), noun))
        return session.finish(result, findings)
    table(session, records, columns)
    session.out.notice(counted(len(records), noun))
    session.out.findings(findings)
    return session.finish(result, findings)


def to_file(session: Session, name: str, text: str, count: str) -> None:
    """Write a CSV text to a file, or for `-` to standard output. count: what is in it. Raises
    UsageError beside --json and where the file is the workbook, UnusableError where it can't be
    written."""
    if name == "-" and session.out.as_json:
        raise UsageError("give either --json or --csv -")
    if name == "-":
        looked_at = session.out.terminal  # a pipe gets it to the letter
        sys.stdout.write(harmless(text.replace("\r\n", "\n")) if looked_at else text)
        return
    refuse_workbook(session, Path(name))
    write_text(Path(name), text)
    session.out.notice(f"{name}: {count}")


def refuse_workbook(session: Session, out: Path) -> None:
    """Raises UsageError where a file that is to be written is the workbook, or another one: what its
    journal stands beside."""
    refuse_own_workbook(session, out)
    if out.is_file() and out.with_name(f"{out.name}.ticketops").is_dir():
        raise UsageError(
            f"{out} is a workbook: its journal is beside it",
            "give the file that is written another name",
        )


def refuse_own_workbook(session: Session, out: Path) -> None:
    """Raises UsageError where a file that is to be written is the workbook itself."""
    workbook = session.settings.workbook
    if isinstance(workbook, Path) and (
        out.resolve() == workbook.resolve()
        or (out.exists() and workbook.exists() and out.samefile(workbook))
    ):
        raise UsageError(f"{out} is the workbook", "give the file that is written another name")


def table(session: Session, records: Sequence[Any], columns: Columns, title: str = "") -> None:
    """A table of records; nothing where there are none."""
    if not records:
        return
    rows = [
        [shown(what(record) if callable(what) else getattr(record, what)) for _, what in columns]
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


def first_of(
    session: Session,
    headers: Sequence[str],
    rows: Sequence[Sequence[Any]],
    title: str,
    elsewhere: str,
) -> None:
    """The first rows of what may be as long as a file, and how many there are more. elsewhere: which
    options tell them all."""
    session.out.table(headers, rows[:_MOST_ROWS], title=title)
    if len(rows) > _MOST_ROWS:
        session.out.line(f"… and {len(rows) - _MOST_ROWS:,} more ({elsewhere})")


def record(session: Session, one: Any) -> None:
    """A record whole: a line a field that is not blank."""
    from dataclasses import fields

    rows = [(field.name, shown(getattr(one, field.name))) for field in fields(one)]
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        if text:
            session.out.line(f"{name.replace('_', ' '):{width}}  {text}")
    session.out.line()


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
