"""A transaction as one batchUpdate. Where that would be too large, its blocks of cells are sent
ahead into hidden sheets, where nobody reads them, and the one batch that counts puts them in their
place: so a large transaction is all or nothing too."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any

from ticketops.errors import RuleError, TicketopsError
from ticketops.schema.sheets_api import Request, new_sheet
from ticketops.stores.gsheets import gate
from ticketops.stores.gsheets.assumptions import Kind
from ticketops.stores.gsheets.cell_rows import CellRows, size_of
from ticketops.stores.gsheets.connection import Connection, Rejected
from ticketops.stores.gsheets.control import STAGING
from ticketops.stores.gsheets.readback import covered
from ticketops.stores.gsheets.requests import pasted
from ticketops.stores.gsheets.sheets import KnownSheets

ADVISED = 2_000_000
"""Bytes of one request, as Google advises."""
MOST = 8_000_000
"""Bytes of the one batch that counts; a larger one is refused."""
_MERGES = "updatedSpreadsheet.sheets(properties(sheetId,gridProperties),merges)"
_WORTH = 600
"""Bytes of a block that is worth being sent ahead: to put it in its place takes some 300."""


def send(
    connection: Connection, batch: list[Request], known: KnownSheets, copied: list[dict[str, Any]]
) -> None:
    """Send a batch, blocks ahead if it is large; those are noted in `copied`, for whoever must see
    that they came, and so are cells that a merge covers by now: its making overtook the look. Raises RuleError for a batch that can't be sent in one piece, or rests on what
    failed on this account, and what `Connection.update` raises.

    Into a sheet whose rows a filter hides nothing is copied: whether that skips hidden rows is not
    documented, and cells that are lost would be lost silently.

    Call with the lock held: then nobody else's blocks are among those that a killed run left
    behind.
    """
    gate.refuse(connection, known, batch)
    if any(title.startswith(STAGING) for title in known.grids):
        known.replace(connection.properties())
        _clear_away(
            connection,
            [grid.sheet_id for title, grid in known.grids.items() if title.startswith(STAGING)],
        )
    sizes = [_size(request) for request in batch]
    if sum(sizes) <= ADVISED:
        copied += covered(batch, connection.update(batch, fields=_MERGES))
        return
    filtered = {grid.sheet_id: name for name, grid in known.grids.items() if grid.filtered}
    blocks = [i for i, request in enumerate(batch) if sizes[i] > _WORTH and _is_block(request)]
    ahead = [i for i in blocks if _sheet_of(batch[i]) not in filtered]
    kept = sum(sizes) - sum(sizes[i] for i in ahead) + 300 * len(ahead)
    if kept > MOST and len(ahead) < len(blocks):
        names = sorted({filtered[_sheet_of(batch[i])] for i in blocks if i not in ahead})
        raise RuleError(
            f"the change is too large to write while {' and '.join(map(repr, names))} is "
            f"filtered: {kept / 1e6:.0f} MB, but at most {MOST / 1e6:.0f} MB can be sent at once",
            "nothing was written; clear the filter in Google Sheets (Data > Remove filter; a slicer in its own menu) and run the command again",
        )
    if kept > MOST:
        raise RuleError(
            f"the change is too large to write at once: {kept / 1e6:.0f} MB, but at most "
            f"{MOST / 1e6:.0f} MB can be sent at once",
            "nothing was written; split the work into smaller commands",
        )
    stage = _Stage()
    final = list(batch)
    for i in ahead:
        final[i] = stage.put(batch[i]["updateCells"], sizes[i])
        copied.append(batch[i]["updateCells"])
    if ahead:
        connection.failed.refuse(Kind.COPIED, "a large change")
        connection.failed.refuse(Kind.NEW_SHEETS, "a large change")
        stage.send(connection, known)
    gone: list[Request] = [{"deleteSheet": {"sheetId": number}} for number in stage.sheet_ids]
    answer = connection.update([*final, *gone], fields=_MERGES)
    known.follow(gone)
    copied += covered(batch, answer)


class _Stage:
    """Blocks below each other, those of one width in one sheet."""

    def __init__(self) -> None:
        self._blocks: dict[int, list[Sequence[dict[str, Any]]]] = {}
        self._heights: dict[int, int] = {}
        self._ids: dict[int, int] = {}
        self._bytes = 0

    @property
    def sheet_ids(self) -> list[int]:
        return list(self._ids.values())

    def put(self, block: dict[str, Any], size: int) -> Request:
        """Take a block of so many bytes in; the request that puts it in its place."""
        rows = block["rows"]
        width = len(rows[0]["values"])
        sheet_id = self._ids.setdefault(width, random.randrange(1, 2**31 - 1))
        first = self._heights.get(width, 0) + 1
        self._blocks.setdefault(width, []).append(rows)
        self._heights[width] = first - 1 + len(rows)
        self._bytes += size
        return pasted(sheet_id, first, block, len(rows), width)

    def send(self, connection: Connection, known: KnownSheets) -> None:
        sheets = [
            new_sheet(f"{STAGING}_{self._ids[width]}", self._ids[width], height, width, hidden=True)
            for width, height in self._heights.items()
        ]
        known.follow(sheets)
        known.remember()  # if this run is killed, a later one clears them away
        try:
            connection.update(sheets)
        except Rejected as error:
            if not error.again:  # else they were made, only the answer was lost
                raise
        try:
            for number, piece in enumerate(self._pieces()):
                done = number * ADVISED
                connection.on_progress("writing", done, max(done + ADVISED, self._bytes))
                connection.update(piece)
        finally:
            connection.on_progress("", 0, 0)

    def _pieces(self) -> Iterator[list[Request]]:
        """Batches of at most the advised size."""
        batch: list[Request] = []
        total = 0
        for width, blocks in self._blocks.items():
            open_rows: list[dict[str, Any]] = []
            sizes = chain.from_iterable(map(_sizes, blocks))
            rows = zip(chain.from_iterable(blocks), sizes, strict=True)
            for number, (row, bare) in enumerate(rows):
                size = bare + 1
                if total + size > ADVISED - 5_000 and (batch or open_rows):
                    yield [*batch, *self._block(width, number - len(open_rows), open_rows)]
                    batch, open_rows, total = [], [], 0
                open_rows.append(row)
                total += size
            batch += self._block(width, self._heights[width] - len(open_rows), open_rows)
            total += 200
        if batch:
            yield batch

    def _block(self, width: int, first: int, rows: list[dict[str, Any]]) -> list[Request]:
        start = {"sheetId": self._ids[width], "rowIndex": first, "columnIndex": 0}
        return (
            [{"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}]
            if rows
            else []
        )


def _is_block(request: Request) -> bool:
    block = request.get("updateCells", {})
    return "start" in block and block["fields"] == "userEnteredValue"


def _sheet_of(block: Request) -> int:
    return int(block["updateCells"]["start"]["sheetId"])


def _clear_away(connection: Connection, sheet_ids: list[int]) -> None:
    if not sheet_ids:
        return
    with suppress(TicketopsError):  # then another time
        connection.update([{"deleteSheet": {"sheetId": sheet_id}} for sheet_id in sheet_ids])


def _size(request: Request) -> int:
    """Bytes of JSON, as the connection sends it; many rows are counted one by one."""
    block = request.get("updateCells", {})
    rows = block.get("rows")
    if not isinstance(rows, CellRows):
        return size_of(request)
    return size_of({"updateCells": block | {"rows": []}}) + sum(rows.sizes) + len(rows) - 1


def _sizes(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Bytes of each row."""
    return rows.sizes if isinstance(rows, CellRows) else list(map(size_of, rows))
