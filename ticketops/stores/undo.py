"""Taking a transaction back cell by cell, when the workbook was saved by another program since."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from ticketops.errors import ConflictError, RuleError
from ticketops.model.changes import ChangeSet
from ticketops.schema.columns import to_serial
from ticketops.stores.base import LASTING, Transaction
from ticketops.stores.records import Digest, Record

RawCells = Mapping[str, Mapping[int, Mapping[str, Any]]]


def last_standing(transactions: Sequence[Transaction], name: str) -> Transaction:
    """The newest transaction that was not undone, is no undo and no LASTING one. Raises RuleError where there is none."""
    for transaction in reversed(transactions):
        lasting = transaction.entry.command.startswith(LASTING)
        if transaction.undoes is None and transaction.undone_by is None and not lasting:
            return transaction
    raise RuleError(f"there is nothing to undo in {name}", "ticketops log lists what was done")


def reversed_cells(cells: Mapping[str, Mapping[int, Mapping[str, tuple[Any, Any]]]]) -> ChangeSet:
    """The cells of a transaction with before and after exchanged: what taking it back would set."""
    changes = ChangeSet()
    for sheet, rows in cells.items():
        for row, columns in rows.items():
            changes.set(sheet, row, "undo", {name: (after, before) for name, (before, after) in columns.items()})
    return changes


def inverse(
    record: Record, found: RawCells, originals: RawCells, seal: Callable[[Any], Digest], epoch: timedelta = timedelta()
) -> ChangeSet:
    """The cells of a transaction back to what stood there before it.

    found: what the cells hold now; originals: what they held before, from the backup (for secrets, which the journal
    keeps as digests only); epoch: how much later than 1900 the workbook's dates start to count. Raises ConflictError naming the first cell that no longer holds what was written.
    """
    changes = ChangeSet()
    for sheet, rows in record.cells.items():
        for row, cells in rows.items():
            back: dict[str, tuple[Any, Any]] = {}
            for name, (before, after) in cells.items():
                now = found.get(sheet, {}).get(row, {}).get(name)
                if not holds(now, after - epoch if isinstance(after, datetime) else after, seal):
                    raise ConflictError(
                        f"can't undo {record.transaction.entry.run_id}: {sheet} row {row} ({name}) was changed since",
                        "nothing was written",
                    )
                known = _secret_before(originals, sheet, row, name, before, seal) if isinstance(before, Digest) else before
                back[name] = (now, known)
            changes.set(sheet, row, str(row), back)
    return changes


def holds(now: Any, after: Any, seal: Callable[[Any], Digest]) -> bool:
    """Whether a raw cell still holds what was written."""
    if isinstance(after, Digest):
        return now is not None and seal(now) == after
    if after is None or after == "":
        return now is None or now == ""
    if isinstance(after, datetime):
        after = to_serial(after)
        if isinstance(now, datetime):
            now = to_serial(now)
        return isinstance(now, (int, float)) and abs(float(now) - after) < 1e-6
    if isinstance(after, bool) or isinstance(now, bool):
        return now is after
    if isinstance(after, (int, float)):
        return isinstance(now, (int, float)) and float(now) == float(after)
    return bool(now == after)


class SecretGone(RuleError):
    """The version of the workbook that held an old secret is gone. where: the sheet and row."""

    def __init__(self, where: str) -> None:
        super().__init__(f"the backup that holds the old secret of {where} is gone")
        self.where = where


def _secret_before(originals: RawCells, sheet: str, row: int, name: str, digest: Digest, seal: Callable[[Any], Digest]) -> Any:
    value = originals.get(sheet, {}).get(row, {}).get(name)
    if value is None or seal(value) != digest:
        raise SecretGone(f"{sheet} row {row}")
    return value
