"""A transaction as one batchUpdate. Blocks that are too large for one request are sent ahead into hidden sheets of their own, where
nobody reads them, and the one batch that counts puts them in their place: so a large transaction is all or nothing too."""

from __future__ import annotations

import json
import random
from typing import Any

from ticketops.errors import RuleError, TicketopsError
from ticketops.schema.online import Request, new_sheet
from ticketops.stores.gsheets.connection import Connection, Rejected
from ticketops.stores.gsheets.control import STAGING
from ticketops.stores.gsheets.requests import pasted, sliced
from ticketops.stores.gsheets.sheets import KnownSheets

ADVISED = 2_000_000
"""Bytes of one request, as Google advises."""
MOST = 8_000_000
"""Bytes of the one batch that counts; a larger one is refused."""


def send(connection: Connection, batch: list[Request], known: KnownSheets) -> None:
    """Send a batch, large blocks ahead. Raises RuleError for one that can't be sent in one piece, and what `Connection.update` raises."""
    if known.verified and (left := _leftovers(known)):
        _clear_away(connection, left)
    sizes = [_size(request) for request in batch]
    if sum(sizes) <= ADVISED:
        connection.update(batch)
        return
    staged: list[int] = []
    final: list[Request] = []
    for request, size in zip(batch, sizes, strict=True):
        block = request.get("updateCells")
        if block is None or "start" not in block or size < 100_000 or block["fields"] != "userEnteredValue":
            final.append(request)
            continue
        sheet_id = _stage(connection, block)
        staged.append(sheet_id)
        final.append(pasted(sheet_id, block, len(block["rows"]), len(block["rows"][0]["values"])))
    final += [{"deleteSheet": {"sheetId": sheet_id}} for sheet_id in staged]
    total = sum(map(_size, final))
    if total > MOST:
        _clear_away(connection, staged)
        raise RuleError(
            f"the change is too large to be written as one: {total / 1e6:.0f} MB, and at most {MOST / 1e6:.0f} MB can be sent in one piece",
            "nothing was written; do it in parts",
        )
    connection.update(final)


def _stage(connection: Connection, block: dict[str, Any]) -> int:
    """Send a block into a sheet of its own, in pieces; its sheetId."""
    sheet_id = random.randrange(1, 2**31 - 1)
    rows = block["rows"]
    try:
        connection.update([new_sheet(f"{STAGING}_{sheet_id}", sheet_id, len(rows), len(rows[0]["values"]), hidden=True)])
    except Rejected as error:
        if not error.again:  # else it was made, only the answer was lost
            raise
    sizes = [_size(row) for row in rows]
    for first, piece in sliced(block, sizes, ADVISED - 10_000):
        start = {"sheetId": sheet_id, "rowIndex": first, "columnIndex": 0}
        connection.told("writing", sum(sizes[:first]), sum(sizes))
        connection.update([{"updateCells": {"start": start, "rows": piece, "fields": "userEnteredValue"}}])
    return sheet_id


def _leftovers(known: KnownSheets) -> list[int]:
    """Blocks that a killed run left behind: whoever sends holds the lock, so nobody else's are among them."""
    return [grid.sheet_id for title, grid in known.grids.items() if title.startswith(STAGING)]


def _clear_away(connection: Connection, staged: list[int]) -> None:
    try:
        connection.update([{"deleteSheet": {"sheetId": sheet_id}} for sheet_id in staged])
    except TicketopsError:
        return  # the next commit clears them away


def _size(part: Any) -> int:
    """Bytes of JSON."""
    return len(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode())
