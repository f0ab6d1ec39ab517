"""A transaction as the journal keeps it: a head, and a body with every cell before and after. Secret values are kept as keyed digests
only (D13). Whatever holds the journal, files or a sheet, holds these.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import polars as pl

from ticketops.model.changes import AppendRows, ChangeSet, CopyCells, DeleteRows, ReplaceRows, SetCells
from ticketops.schema.columns import ColumnType, ErrorValue
from ticketops.schema.tables import Table
from ticketops.schema.workbook import Manifest
from ticketops.stores.base import Entry, Transaction

_PLAIN = frozenset({str, int, float, bool, type(None)})
"""What JSON writes as it is."""

RawBefore = Mapping[str, Mapping[int, Mapping[str, Any]]]
"""{sheet: {row: {column name: raw value}}}"""
Written = Mapping[str, Mapping[int, Mapping[str, tuple[Any, Any]]]]
"""{sheet: {row: {column name: (raw before, after)}}}"""


@dataclass(frozen=True, slots=True)
class Record:
    """A transaction with its cells. Values are raw; a Digest stands for a secret one."""

    transaction: Transaction
    cells: Written
    replaced: Mapping[str, str]
    """{sheet: digest of the content that a ReplaceRows wrote}"""


@dataclass(frozen=True, slots=True)
class Digest:
    """A secret value that only its holder can be compared with."""

    text: str


def digest_of(value: Any, key: bytes) -> Digest:
    """The digest that stands for a secret value."""
    return Digest(hmac.new(key, str(value).encode("utf-8", "surrogatepass"), "blake2b").hexdigest()[:32])


def body_of(
    changes: ChangeSet, raw_before: RawBefore, replaced: Mapping[str, str], manifest: Manifest, seal: Callable[[Any], Digest]
) -> dict[str, Any]:
    """What `record_of` reads again. raw_before: what stood in the written cells. replaced: {sheet: digest of what a ReplaceRows writes}."""
    return {
        "cells": {sheet: _encoded(sheet, rows, manifest, seal) for sheet, rows in written_cells(changes, raw_before).items()},
        "appended": [_appended(change, manifest, seal) for change in changes if isinstance(change, AppendRows)],
        "replaced": dict(replaced),
    }


def record_of(head: Mapping[str, Any], body: Mapping[str, Any]) -> Record:
    """One transaction with its cells."""
    cells = {
        sheet: {
            int(row): {name: (_decode(before), _decode(after)) for name, (before, after) in columns.items()}
            for row, columns in rows.items()
        }
        for sheet, rows in body["cells"].items()
    }
    for block in body["appended"]:
        rows = cells.setdefault(block["sheet"], {})
        for row, values in enumerate(block["rows"], start=block["first_row"]):
            written = {name: (None, _decode(v)) for name, v in zip(block["columns"], values, strict=True) if v is not None}
            rows[row] = written | rows.get(row, {})
    return Record(transaction_of(head, None), cells, body["replaced"])


def as_json(part: Mapping[str, Any]) -> bytes:
    """A head or a body as a line of JSON."""
    return json.dumps(part, ensure_ascii=False, default=_encode_date).encode("utf-8", "surrogatepass") + b"\n"


def written_cells(changes: ChangeSet, raw_before: RawBefore) -> dict[str, dict[int, dict[str, Any]]]:
    """Every cell that SetCells and DeleteRows write, and those of AppendRows that were not blank: (raw before, after)."""
    cells: dict[str, dict[int, dict[str, Any]]] = {}
    for change in changes:
        before = raw_before.get(change.sheet, {})
        rows = cells.setdefault(change.sheet, {})
        match change:
            case SetCells():
                rows.setdefault(change.row, {}).update(_written_row(change.cells, before.get(change.row, {})))
            case CopyCells():
                for number, copied in change.rows.items():
                    rows.setdefault(number, {}).update(_written_row(copied, before.get(number, {})))
            case AppendRows():
                for number, values in enumerate(change.rows, start=change.first_row):
                    was = before.get(number, {})
                    if any(value is not None for value in was.values()):
                        pairs = zip(change.columns, values, strict=True)
                        rows[number] = {n: (was[n], v) for n, v in pairs if v is not None and was.get(n) is not None}
            case DeleteRows():
                for number in change.rows:
                    rows[number] = {n: (v, None) for n, v in before.get(number, {}).items() if v is not None}
            case _:
                pass
    return {sheet: rows for sheet, rows in cells.items() if rows}


def _written_row(cells: Mapping[str, tuple[Any, Any]], was: Mapping[str, Any]) -> dict[str, Any]:
    """(raw before, after) of the cells of one row."""
    new = {name: (was.get(name), after) for name, (_before, after) in cells.items()}
    if len(was) > len(new):  # cells of aliases, emptied with their columns
        emptied = (name for name, value in was.items() if "@" in name and value is not None)
        new |= {name: (was[name], None) for name in emptied if new.get(name.partition("@")[0], (None, ""))[1] is None}
    return new


def content_digest(rows: Iterable[Iterable[Any]]) -> str:
    """The digest of a replaced sheet's content, whatever blanks at the ends of rows a program adds or drops."""
    hasher = hmac.new(b"ticketops", digestmod="blake2b")
    for row in rows:
        values = list(row)
        while values and values[-1] in (None, "", False):
            values.pop()
        if values:
            hasher.update(repr(values).encode("utf-8", "surrogatepass"))
    return hasher.hexdigest()[:32]


def plain_row(row: Iterable[Any]) -> list[Any]:
    """The cells of an untyped row in one spelling: blanks as None, numbers as floats, dates as datetimes."""
    return [_plain(value) for value in row]


def _plain(value: Any) -> Any:
    if value is None or value == "":
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime(value.year, value.month, value.day)
    return value


def tabular(table: Table) -> list[tuple[Any, ...]]:
    """The declared columns that a sheet has, row by row, as they are read again: codes without surrounding spaces."""
    there = [c for c in table.sheet.columns if c.name in table.positions]
    stripped = (pl.col(c.name).str.strip_chars().replace("", None) if c.type is ColumnType.CODE else pl.col(c.name) for c in there)
    return table.frame.select(stripped).rows()


def written_digest(change: ReplaceRows, after: Table) -> str:
    """The digest of what a ReplaceRows writes, as it will be found again."""
    return content_digest(tabular(after) if change.columns else [plain_row(row) for row in change.rows])


def head_of(t: Transaction) -> dict[str, Any]:
    """What `transaction_of` reads again."""
    return {
        "number": t.number, "run_id": t.entry.run_id, "command": t.entry.command, "user": t.entry.user,
        "at": t.entry.at.isoformat(), "revision_before": t.revision_before, "revision_after": t.revision_after,
        "counts": t.counts, "undoes": t.undoes,
    }  # fmt: skip


def transaction_of(head: Mapping[str, Any], undone_by: int | None) -> Transaction:
    """The transaction of a head."""
    entry = Entry(head["run_id"], head["command"], head["user"], datetime.fromisoformat(head["at"]))
    return Transaction(head["number"], entry, head["revision_before"], head["revision_after"], head["counts"],
                       head["undoes"], undone_by)  # fmt: skip


def _appended(change: AppendRows, manifest: Manifest, seal: Callable[[Any], Digest]) -> dict[str, Any]:
    columns = [manifest[change.sheet].by_name[name] for name in change.columns]
    rows: Any = change.rows
    if any(column.secret for column in columns):
        rows = [[_encode(v, c.secret, seal) for c, v in zip(columns, row, strict=True)] for row in rows]
    return {"sheet": change.sheet, "first_row": change.first_row, "columns": change.columns, "rows": rows}


def _encoded(sheet: str, rows: dict[int, dict[str, Any]], manifest: Manifest, seal: Callable[[Any], Digest]) -> dict[int, dict[str, Any]]:
    """The cells of a sheet, in place: those become dicts that JSON could not tell, or that nobody may read."""
    secret = {c.name for c in manifest[sheet].columns if c.secret} if sheet in manifest else set()
    for columns in rows.values():
        for name, (before, after) in columns.items():
            if type(before) not in _PLAIN or type(after) not in _PLAIN or name in secret:
                columns[name] = [_encode(before, name in secret, seal), _encode(after, name in secret, seal)]
    return rows


def _encode(value: Any, secret: bool, seal: Callable[[Any], Digest]) -> Any:
    if value is None or (type(value) in _PLAIN and not secret):
        return value
    if isinstance(value, Digest):
        return {"secret": value.text}
    if secret:
        return {"secret": seal(value).text}
    if isinstance(value, datetime):
        return _encode_date(value)
    return {"error": str(value)}


def _encode_date(value: datetime) -> dict[str, str]:
    return {"date": value.isoformat()}


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return datetime.fromisoformat(value["date"])
    return Digest(value["secret"]) if "secret" in value else ErrorValue(value["error"])
