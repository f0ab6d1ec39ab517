"""What ticketops keeps in the spreadsheet itself: the lock, the revision and the key of digests in
`_CFG`, the journal in `_JOURNAL`.

The lock is taken by adding a hidden sheet, which Google does for one of many and refuses to the
others, in the same step as its row in `_CFG` is appended, which says who holds it and until when. A
commit deletes that very sheet in its own batch: so it is applied once, however often it is sent,
and not at all by somebody whose lock was taken over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.schema.sheets_api import Request, text_row
from ticketops.stores.base import Transaction
from ticketops.stores.gsheets.requests import clear_rows

CFG, JOURNAL, LOCK = "_CFG", "_JOURNAL", "_TICKETOPS_LOCK"
STAGING = "_TICKETOPS_STAGING"
"""Begins the titles of sheets that large blocks are sent into before they are put in their place,
all at once."""
CFG_HEADER = ("Key", "Value", "By", "Until")
LOCK_KEY, REVISION_KEY, DIGEST_KEY = "ticketops.lock", "ticketops.revision", "ticketops.digests"


def is_internal(title: str) -> bool:
    """Whether a sheet is ours and no part of the workbook."""
    return title in (CFG, LOCK, JOURNAL) or title.startswith(STAGING)


@dataclass(frozen=True, slots=True)
class LockRow:
    """A row of `_CFG` that says who holds the lock. row: sheet row."""

    row: int
    token: str
    holder: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Control:
    """What `_CFG` says. Rows are sheet rows; 0 where there is none."""

    revision: str = "0"
    run_id: str = ""
    revision_row: int = 0
    digest_key: str = ""
    locks: tuple[LockRow, ...] = ()

    @property
    def number(self) -> int:
        """How many transactions there were."""
        head = self.revision.partition("-")[0]
        return int(head) if head.isdecimal() else 0

    def held_by(self, token: str) -> LockRow | None:
        return next((lock for lock in self.locks if lock.token == token), None)


def control_of(rows: Sequence[Sequence[Any]]) -> Control:
    """From the raw rows of `_CFG`, row 1 first."""
    found: dict[str, Any] = {}
    locks = []
    for number, row in enumerate(rows, start=1):
        key, value, by, until = (
            str(cell) if cell is not None else "" for cell in (*row, "", "", "", "")[:4]
        )
        if key == LOCK_KEY:
            locks.append(LockRow(number, value, by, _moment(until)))
        elif key == REVISION_KEY:
            found |= {"revision": value or "0", "run_id": by, "revision_row": number}
        elif key == DIGEST_KEY:
            found["digest_key"] = value
    return Control(**found, locks=tuple(locks))


def control_requests(
    control: Control, cfg: int, transaction: Transaction, key: str
) -> list[Request]:
    """With a transaction the revision moves on and the rows of locks go. cfg: the id of `_CFG`;
    key: of digests."""
    revision = text_row(REVISION_KEY, transaction.revision_after, transaction.entry.run_id)
    made = clear_rows(cfg, [lock.row for lock in control.locks], len(CFG_HEADER))
    fresh = [] if control.digest_key else [text_row(DIGEST_KEY, key)]
    if control.revision_row:
        start = {"sheetId": cfg, "rowIndex": control.revision_row - 1, "columnIndex": 0}
        made.append(
            {"updateCells": {"start": start, "rows": [revision], "fields": "userEnteredValue"}}
        )
    else:
        fresh.insert(0, revision)
    return [
        *made,
        *(
            [{"appendCells": {"sheetId": cfg, "rows": fresh, "fields": "userEnteredValue"}}]
            if fresh
            else []
        ),
    ]


def rows_of_cells(sheet: Mapping[str, Any]) -> list[list[Any]]:
    """Raw rows from the cells of a sheet that was asked for whole (`userEnteredValue`)."""
    rows: list[list[Any]] = []
    for block in sheet.get("data", []):
        for number, row in enumerate(block.get("rowData", []), start=block.get("startRow", 0)):
            while len(rows) <= number:
                rows.append([])
            rows[number] = [plain(cell.get("userEnteredValue")) for cell in row.get("values", [])]
    return rows


def plain(value: Mapping[str, Any] | None) -> Any:
    """An ExtendedValue as a raw cell; a formula as its text."""
    return next(iter(value.values())) if value else None


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
