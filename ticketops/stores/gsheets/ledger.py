"""The journal of a Google Sheet: hidden rows of `_JOURNAL`, appended by the very batch that writes
the cells, so that both agree always.

A transaction is a row with its head, its body packed into cells of at most 45,000 characters, the
first beside the head, the others in rows below it.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from isal import igzip, isal_zlib  # as for the journal of files

from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet, ReplaceRows
from ticketops.schema.columns import to_serial
from ticketops.schema.layout import Layout
from ticketops.schema.sheets_api import Request, new_sheet, text_row
from ticketops.schema.tables import Table, apply, place_names
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.edits import SheetEdit
from ticketops.stores.gsheets.control import JOURNAL
from ticketops.stores.gsheets.requests import Grid
from ticketops.stores.heads import counts_of, head_of
from ticketops.stores.records import (
    Record,
    body_of,
    content_digest,
    digest_of,
    identities_of,
    json_pieces,
    plain_row,
    record_of,
    tabular,
)

HEADER = ("Number", "RunID", "Command", "User", "At", "Before", "After", "Undoes", "Counts", "Body")
HEADS, BODIES = "A:I", "J:J"
_MOST = 45_000
_BY = " · "
"""Between who somebody says they are and whose process it was: `boss · ana@desk7`."""


def requests_of(
    transaction: Transaction, body: Mapping[str, Any], grid: Grid | None
) -> list[Request]:
    """What appends a transaction. grid: the journal's sheet; None where it is to be made."""
    sheet_id = grid.sheet_id if grid else random.randrange(1, 2**31 - 1)
    made: list[Request] = []
    rows = rows_of(transaction, body)
    if grid is None:
        made.append(new_sheet(JOURNAL, sheet_id, 100, len(HEADER), frozen=1, hidden=True))
        rows = [text_row(*HEADER), *rows]
    return [
        *made,
        {"appendCells": {"sheetId": sheet_id, "rows": rows, "fields": "userEnteredValue"}},
    ]


def rows_of(transaction: Transaction, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows to append."""
    packed = base64.b64encode(_packed(body)).decode()
    pieces = [packed[i : i + _MOST] for i in range(0, len(packed), _MOST)] or [""]
    head = head_of(transaction)
    texts = (
        str(head["number"]),
        head["run_id"],
        head["command"],
        f"{head['user']}{_BY}{head['login']}@{head['host']}" if head["login"] else head["user"],
        head["at"],
        head["revision_before"],
        head["revision_after"],
        str(head["undoes"] or ""),
        json.dumps(head["counts"], ensure_ascii=False),
    )
    blank = ("",) * len(texts)
    return [text_row(*(texts if nth == 0 else blank), piece) for nth, piece in enumerate(pieces)]


def _packed(body: Mapping[str, Any]) -> bytes:
    press = isal_zlib.compressobj(2, isal_zlib.DEFLATED, 31)
    pieces = [press.compress(piece) for piece in json_pieces(body)]
    return b"".join((*pieces, press.flush()))


def transactions(rows: Sequence[Sequence[Any]]) -> list[tuple[int, Transaction]]:
    """(sheet row, transaction) from the raw rows of `HEADS`, header first; a row that is damaged is
    left out."""
    found = []
    for number, row in enumerate(rows, start=1):
        cells = [str(cell) if cell is not None else "" for cell in (*row, *[""] * 9)[:9]]
        if not cells[0].isdecimal():
            continue
        try:
            user, _, process = cells[3].rpartition(_BY) if _BY in cells[3] else (cells[3], "", "")
            login, _, host = process.rpartition("@")  # a login of a domain has one, too
            at = datetime.fromisoformat(cells[4]).replace(tzinfo=None)
            entry = Entry(cells[1], cells[2], user, at, login, host)
            undoes = int(cells[7]) if cells[7] else None
            counts = counts_of(json.loads(cells[8]))
            found.append(
                (number, Transaction(int(cells[0]), entry, cells[5], cells[6], counts, undoes))
            )
        except (ValueError, RecursionError):
            continue
    undone = {t.undoes: t.number for _, t in found if t.undoes is not None}
    return [
        (
            row,
            Transaction(
                t.number,
                t.entry,
                t.revision_before,
                t.revision_after,
                t.counts,
                t.undoes,
                undone.get(t.number),
            ),
        )
        for row, t in found
    ]


def body_cells(rows: Sequence[tuple[int, Transaction]], number: int) -> str:
    """Where the body of a transaction stands in the journal. rows: (sheet row, transaction)."""
    at = next(row for row, transaction in rows if transaction.number == number)
    below = next((row for row, _ in rows if row > at), None)
    letter = BODIES.partition(":")[0]
    return f"{letter}{at}:{letter}{below - 1}" if below else f"{letter}{at}:{letter}"


def body_from(rows: Sequence[Sequence[Any]], name: str) -> dict[str, Any]:
    """The body from the raw rows of `BODIES`. Raises UnusableError where it is damaged."""
    try:
        packed = base64.b64decode("".join(str(row[0]) for row in rows if row), validate=True)
        return dict(json.loads(igzip.decompress(packed).decode("utf-8", "surrogatepass")))  # type: ignore[no-untyped-call]
    except (ValueError, TypeError, EOFError, OSError, isal_zlib.error) as error:  # type: ignore[misc]
        raise UnusableError(f"the journal entry {name} is damaged: {error}") from None


def undo_body(
    changes: ChangeSet,
    tables: Mapping[str, Table],
    edits: Mapping[str, SheetEdit],
    raw: Mapping[str, Sequence[Sequence[Any]]],
    replaced: Mapping[str, str],
    layout: Layout,
    key: bytes,
) -> dict[str, Any]:
    """What undo needs to take the changes back. raw: the raw rows of the sheets as they stand; key:
    that of the digests of secrets."""
    after = {name: apply(table, changes.for_sheet(name)) for name, table in tables.items()}
    before = {
        name: raw_before(edit, tables[name], raw.get(name, ())) for name, edit in edits.items()
    }
    made = body_of(
        changes,
        before,
        replaced,
        layout,
        lambda value: digest_of(value, key),
        identities_of(changes, tables, after),
    )
    return made | {
        "stood": {name: stood(changes, tables[name], raw.get(name, ())) for name in replaced}
    }


def raw_before(
    edit: SheetEdit, table: Table, rows: Sequence[Sequence[Any]]
) -> dict[int, dict[str, Any]]:
    """Raw values of the cells that an edit writes, by row and column name."""
    names = place_names(table.positions)
    return {
        row: {
            names[place]: rows[row - 1][place - 1]
            if place <= len(rows[row - 1]) and rows[row - 1][place - 1] != ""
            else None
            for place in cells
            if place in names and not edit.makes_way(row, place)
        }
        for row, cells in edit.cells.items()
        if row <= len(rows)
    }


def digest_written(change: ReplaceRows, changes: ChangeSet, tables: Mapping[str, Table]) -> str:
    """The digest of what a ReplaceRows writes, as `undo` will find it."""
    if not change.columns:
        return content_digest(map(serials, change.rows))
    return content_digest(tabular(apply(tables[change.sheet], changes.for_sheet(change.sheet))))


def serials(row: Any) -> list[Any]:
    """A row of a free layout as it will be read again: dates as serials."""
    return [to_serial(cell) if isinstance(cell, datetime) else cell for cell in plain_row(row)]


def stood(changes: ChangeSet, table: Table, rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
    """What a ReplaceRows replaces, for undo: its columns, and their raw values row by row. rows:
    the raw rows of the sheet."""
    change = next(c for c in changes.for_sheet(table.sheet.name) if isinstance(c, ReplaceRows))
    if not change.columns:
        return {"columns": [], "rows": rows}
    columns = [c.name for c in table.sheet.columns if c.name in table.positions and not c.secret]
    places = [table.positions[name][0] - 1 for name in columns]
    body = rows[table.sheet.header_row :]
    return {
        "columns": columns,
        "rows": [[row[p] if p < len(row) else None for p in places] for row in body],
    }


def record_from(
    transaction: Transaction, rows: Sequence[Sequence[Any]]
) -> tuple[Record, dict[str, Any]]:
    """The cells of a transaction, and what stood in sheets that it replaced, from the raw rows of
    its body. Raises UnusableError where that is damaged."""
    body = body_from(rows, transaction.entry.run_id)
    try:
        return record_of(head_of(transaction), body), dict(body.get("stood", {}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnusableError(
            f"the journal entry {transaction.entry.run_id} is damaged: {error}"
        ) from None
