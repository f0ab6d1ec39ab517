"""One writer at a time, between machines (see `control`)."""

from __future__ import annotations

import itertools
import random
import socket
import time
from datetime import timedelta
from typing import Any

from ticketops.errors import InternalError, LockedError
from ticketops.schema.sheets_api import new_sheet, text_row
from ticketops.stores.base import Entry
from ticketops.stores.gsheets.address import PREFIX
from ticketops.stores.gsheets.assumptions import Kind
from ticketops.stores.gsheets.connection import Connection, Rejected, Unclear
from ticketops.stores.gsheets.control import (
    CFG,
    CFG_HEADER,
    LOCK,
    LOCK_KEY,
    Control,
    control_of,
    rows_of_cells,
)
from ticketops.stores.gsheets.requests import clear_rows

_SEE = "updatedSpreadsheet.sheets(properties(sheetId,title),data(startRow,startColumn,rowData.values.userEnteredValue))"
_QUICK = 5
"""Tries of somebody who does not want to wait, for a lock that is nobody's."""
_LEAST, _SLOWEST = 0.1, 4.0
"""Seconds between two tries."""
_MOST = 100
"""Tries in all, however long somebody wants to wait."""


class Lock:
    """The lock of one spreadsheet, held or not. lease: seconds after which others may take it
    over."""

    def __init__(self, connection: Connection, lease: float) -> None:
        self._connection, self._lease = connection, lease
        self.token = 0
        self.cfg_id = 0

    @property
    def held(self) -> bool:
        return bool(self.token)

    def acquire(self, entry: Entry, cfg_id: int | None, timeout: float) -> Control:
        """Take it; what `_CFG` says then. cfg_id: the sheetId of `_CFG`, None where the spreadsheet
        lacks it.

        Raises LockedError after `timeout` seconds, naming who holds it and until when; RuleError
        where nothing may be written with this account.
        """
        name = f"{PREFIX}{self._connection.spreadsheet}"
        self._connection.failed.refuse(Kind.ANY, name)
        if cfg_id is None:
            self._connection.failed.refuse(Kind.NEW_SHEETS, name)
        end = time.monotonic() + timeout
        token = random.randrange(1, 2**31 - 1)
        stale: int | None = None
        pause = _LEAST
        for tries in itertools.count(1):
            try:
                return self._claimed(entry, token, cfg_id, stale)
            except (Rejected, Unclear) as error:
                sheets = {
                    sheet["properties"]["title"]: sheet["properties"]["sheetId"]
                    for sheet in self._connection.properties()["sheets"]
                }
                cfg_id = sheets.get(CFG)
                control = (
                    control_of(self._connection.values([CFG])[0])
                    if cfg_id is not None
                    else Control()
                )
                if sheets.get(LOCK) == token:  # it was applied, only the answer was lost
                    self.token, self.cfg_id = token, cfg_id or 0
                    return control
                if isinstance(error, Unclear):
                    raise
                if LOCK not in sheets:
                    if not _is_race(error.message):
                        raise
                    stale = None
                else:
                    holder = control.held_by(str(sheets[LOCK]))
                    over = (
                        holder is None
                        or holder.until is None
                        or holder.until < self._connection.now()
                    )
                    stale = sheets[LOCK] if over else None
                over_now = (
                    stale is not None or LOCK not in sheets
                )  # it can be had at once, unless somebody is quicker again
                if tries >= _MOST or (time.monotonic() > end and (tries > _QUICK or not over_now)):
                    raise self._locked(control, sheets.get(LOCK), timeout) from None
            left = max(_LEAST, end - time.monotonic())
            time.sleep(min(pause * random.uniform(0.5, 1.0), left))
            pause = min(_SLOWEST, 2 * pause)
        raise InternalError("the lock was neither taken nor refused")

    def _claimed(self, entry: Entry, token: int, cfg_id: int | None, stale: int | None) -> Control:
        """Claim it, in one request; what `_CFG` says then."""
        row = self._row(entry, token)
        claim: list[dict[str, Any]] = (
            [{"deleteSheet": {"sheetId": stale}}] if stale is not None else []
        )
        taken = [new_sheet(LOCK, token, 1, 1, hidden=True)]
        if cfg_id is None:  # an answer can't be asked to show a sheet that there is not yet
            cfg_id = random.randrange(1, 2**31 - 1)
            made = new_sheet(CFG, cfg_id, 50, len(CFG_HEADER), frozen=1)
            rows = [_append(cfg_id, CFG_HEADER), _append(cfg_id, row)]
            self._connection.update([*claim, made, *taken, *rows])
            self.token, self.cfg_id = token, cfg_id
            return control_of([list(CFG_HEADER), list(row)])
        answer = self._connection.update(
            [*claim, *taken, _append(cfg_id, row)], see=CFG, fields=_SEE
        )
        sheets = answer["updatedSpreadsheet"]["sheets"]
        cfg = next(sheet for sheet in sheets if sheet["properties"]["title"] == CFG)
        self.token, self.cfg_id = token, cfg["properties"]["sheetId"]
        return control_of(rows_of_cells(cfg))

    def release(self) -> None:
        """Give it back without a commit. Where that fails, it runs out."""
        token, self.token = self.token, 0
        sheet = self._connection.cells([CFG])[0]
        rows = [
            lock.row for lock in control_of(rows_of_cells(sheet)).locks if lock.token == str(token)
        ]
        self._connection.update(
            [{"deleteSheet": {"sheetId": token}}, *clear_rows(self.cfg_id, rows, len(CFG_HEADER))]
        )

    def _row(self, entry: Entry, token: int) -> tuple[str, ...]:
        until = self._connection.now() + timedelta(seconds=self._lease)
        holder = f"{entry.user} ({entry.command}) on {socket.gethostname()}"
        return LOCK_KEY, str(token), holder, until.isoformat(timespec="seconds")

    def _locked(self, control: Control, token: int | None, timeout: float) -> LockedError:
        lock = control.held_by(str(token))
        who = (
            f"{lock.holder}, until {lock.until:%H:%M:%S} UTC at the latest"
            if lock and lock.until
            else "somebody"
        )
        return LockedError(
            f"the Google Sheet is being written by {who}", f"waited {timeout:g} s; try again"
        )


def _append(sheet_id: int, texts: tuple[str, ...]) -> dict[str, Any]:
    return {
        "appendCells": {
            "sheetId": sheet_id,
            "rows": [text_row(*texts)],
            "fields": "userEnteredValue",
        }
    }


def _is_race(message: str) -> bool:
    """Whether Google refused because somebody else was quicker."""
    return (
        "already exists" in message
        or "Unable to parse range" in message
        or any(f"no {what} with id" in message.lower() for what in ("sheet", "grid"))
    )
