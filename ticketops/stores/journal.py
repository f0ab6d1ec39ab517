"""The journal: one file a transaction with every cell before and after, written ahead of the workbook's replacement.

`pending` stands while a commit is under way; after the workbook is replaced it is renamed to its number. A commit that
was killed leaves `pending` behind: `recover` keeps it exactly if the replacement happened. Secret values are kept as
keyed digests only (D13).
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from isal import igzip, isal_zlib  # a journal entry of 12,000 rows must not cost a second

from ticketops.errors import UnusableError
from ticketops.model.changes import AppendRows, ChangeSet, DeleteRows, SetCells
from ticketops.schema.columns import ErrorValue
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.stores.base import Entry, Transaction

_PENDING = "pending.json.gz"
_SUFFIX = ".json.gz"
_DAMAGED: Any = (ValueError, EOFError, igzip.BadGzipFile, isal_zlib.error)
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


class Journal:
    """The journal folder of one workbook."""

    def __init__(self, folder: Path, manifest: Manifest = MANIFEST) -> None:
        self._folder = folder
        self._manifest = manifest

    def transactions(self) -> list[Transaction]:
        """All committed transactions, oldest first."""
        heads = [self._head(path) for path in self._files()]
        undone = {head["undoes"]: head["number"] for head in heads if head["undoes"] is not None}
        return [_transaction(head, undone.get(head["number"])) for head in heads]

    def last_run_id(self) -> str:
        """The RunID of the newest transaction; empty where there is none."""
        files = self._files()
        return str(self._head(files[-1])["run_id"]) if files else ""

    def record(self, number: int) -> Record:
        """One transaction with its cells."""
        lines = self._read(self._path(number))
        head, body = json.loads(lines[0]), json.loads(lines[1])
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
        return Record(_transaction(head, None), cells, body["replaced"])

    def begin(
        self, transaction: Transaction, changes: ChangeSet, raw_before: RawBefore, replaced: Mapping[str, str], temporary: Path
    ) -> None:
        """Write ahead: `temporary` is the new workbook, complete on disk, about to be renamed into place.

        raw_before: what stood in the written cells. replaced: {sheet: digest of what a ReplaceRows writes}.
        """
        head = _head_of(transaction) | {"temporary": temporary.name}
        body = {
            "cells": {sheet: self._encoded(sheet, rows) for sheet, rows in written_cells(changes, raw_before).items()},
            "appended": [self._appended(change) for change in changes if isinstance(change, AppendRows)],
            "replaced": dict(replaced),
        }
        staged = self._folder / f".{_PENDING}"
        with open(staged, "wb") as file:
            with igzip.open(file, "wb", 1) as packed:  # type: ignore[no-untyped-call]
                for part in (head, body):
                    text = json.dumps(part, ensure_ascii=False, default=_encode_date)
                    packed.write(text.encode("utf-8", "surrogatepass"))
                    packed.write(b"\n")
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / _PENDING)
        sync_folder(self._folder)

    def finish(self) -> None:
        """The workbook was replaced: the pending transaction gets its number."""
        pending = self._folder / _PENDING
        pending.replace(self._path(self._head(pending)["number"]))

    def abandon(self) -> None:
        """The workbook was not replaced: nothing happened."""
        with suppress(FileNotFoundError):
            (self._folder / _PENDING).unlink()

    @property
    def interrupted(self) -> bool:
        """Whether a commit was begun and neither finished nor abandoned: it is under way, or was killed."""
        return (self._folder / _PENDING).exists()

    def recover(self, workbook_folder: Path, revision: str) -> None:
        """Settle what a killed commit left behind. Call with the lock held.

        The new workbook is renamed into place in one step, so it either still lies there under its temporary name (the
        commit did not happen) or it does not (it did).
        """
        pending = self._folder / _PENDING
        if not pending.exists():
            return
        try:
            head = self._head(pending)
        except UnusableError:
            self.abandon()
            return
        untouched = revision == head["revision_before"]
        overwritten = revision != head["revision_after"]  # by another program, since
        if untouched or (overwritten and (workbook_folder / head["temporary"]).exists()):
            self.abandon()
        else:
            self.finish()

    def next_number(self) -> int:
        files = self._files()
        return int(files[-1].name.removesuffix(_SUFFIX)) + 1 if files else 1

    def seal(self, value: Any) -> Digest:
        """The digest that stands for a secret value."""
        return Digest(hmac.new(self._key(), str(value).encode("utf-8", "surrogatepass"), "blake2b").hexdigest()[:32])

    def _appended(self, change: AppendRows) -> dict[str, Any]:
        columns = [self._manifest[change.sheet].by_name[name] for name in change.columns]
        rows: Any = change.rows
        if any(column.secret for column in columns):
            rows = [[self._encode(v, c.secret) for c, v in zip(columns, row, strict=True)] for row in rows]
        return {"sheet": change.sheet, "first_row": change.first_row, "columns": change.columns, "rows": rows}

    def _encoded(self, sheet: str, rows: dict[int, dict[str, Any]]) -> dict[int, dict[str, Any]]:
        """The cells of a sheet, in place: those become dicts that JSON could not tell, or that nobody may read."""
        secret = {c.name for c in self._manifest[sheet].columns if c.secret} if sheet in self._manifest else set()
        for columns in rows.values():
            for name, (before, after) in columns.items():
                if type(before) not in _PLAIN or type(after) not in _PLAIN or name in secret:
                    columns[name] = [self._encode(before, name in secret), self._encode(after, name in secret)]
        return rows

    def _encode(self, value: Any, secret: bool) -> Any:
        if value is None or (type(value) in _PLAIN and not secret):
            return value
        if isinstance(value, Digest):
            return {"secret": value.text}
        if secret:
            return {"secret": self.seal(value).text}
        if isinstance(value, datetime):
            return _encode_date(value)
        return {"error": str(value)}

    def _key(self) -> bytes:
        path = self._folder / "secret.key"
        if not path.exists():
            staged = self._folder / ".secret.key"
            staged.unlink(missing_ok=True)
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
            staged.replace(path)
        return path.read_bytes()

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        found = [p for p in self._folder.iterdir() if p.name.endswith(_SUFFIX) and p.name.removesuffix(_SUFFIX).isdigit()]
        return sorted(found, key=lambda path: int(path.name.removesuffix(_SUFFIX)))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}{_SUFFIX}"

    def _head(self, path: Path) -> dict[str, Any]:
        try:
            with igzip.open(path, "rb") as file:  # type: ignore[no-untyped-call]
                head: dict[str, Any] = json.loads(file.readline())  # the cells below it may be many
        except _DAMAGED as error:
            raise UnusableError(f"the journal entry {path.name} is damaged: {error}") from None
        return head

    def _read(self, path: Path) -> list[str]:
        packed = path.read_bytes()
        try:
            content: bytes = igzip.decompress(packed)  # type: ignore[no-untyped-call]
        except (OSError, EOFError, ValueError) as error:
            raise UnusableError(f"the journal entry {path.name} is damaged: {error}") from None
        return content.decode("utf-8", "surrogatepass").split("\n")


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def written_cells(changes: ChangeSet, raw_before: RawBefore) -> dict[str, dict[int, dict[str, Any]]]:
    """Every cell that SetCells and DeleteRows write, and those of AppendRows that were not blank: (raw before, after)."""
    cells: dict[str, dict[int, dict[str, Any]]] = {}
    for change in changes:
        before = raw_before.get(change.sheet, {})
        rows = cells.setdefault(change.sheet, {})
        match change:
            case SetCells():
                was = before.get(change.row, {})
                new = {name: (was.get(name), after) for name, (_before, after) in change.cells.items()}
                if len(was) > len(new):  # cells of aliases, emptied with their columns
                    emptied = (name for name, value in was.items() if "@" in name and value is not None)
                    new |= {name: (was[name], None) for name in emptied if new.get(name.partition("@")[0], (None, ""))[1] is None}
                rows.setdefault(change.row, {}).update(new)
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


def _head_of(t: Transaction) -> dict[str, Any]:
    return {
        "number": t.number, "run_id": t.entry.run_id, "command": t.entry.command, "user": t.entry.user,
        "at": t.entry.at.isoformat(), "revision_before": t.revision_before, "revision_after": t.revision_after,
        "counts": t.counts, "undoes": t.undoes,
    }  # fmt: skip


def _transaction(head: Mapping[str, Any], undone_by: int | None) -> Transaction:
    entry = Entry(head["run_id"], head["command"], head["user"], datetime.fromisoformat(head["at"]))
    return Transaction(head["number"], entry, head["revision_before"], head["revision_after"], head["counts"],
                       head["undoes"], undone_by)  # fmt: skip


def _encode_date(value: datetime) -> dict[str, str]:
    return {"date": value.isoformat()}


def _decode(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "date" in value:
        return datetime.fromisoformat(value["date"])
    return Digest(value["secret"]) if "secret" in value else ErrorValue(value["error"])
