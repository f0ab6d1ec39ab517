"""Who learns that the clock is silent: whoever runs a command, once a day. Apart from the clock
itself, since it is asked after every command."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.clock.record import last_run
from ticketops.domain.clock.silence import look_again, silent
from ticketops.errors import TicketopsError
from ticketops.files import read_regular, replace_file
from ticketops.schema.layouts.event import CLOCK
from ticketops.stores.base import LocalFile, Store, place_of

STATE_FILE = "clock.json"
_MOST_STATE = 2**20
_KEPT = timedelta(days=60)
"""How long it is remembered of a workbook when it was looked at."""


def silent_today(store: Store, settings: Settings, now: datetime) -> str:
    """One line where the clock of a workbook is silent, once a day for each person; else "". Never
    fails.

    `_CLOCK` is looked at once a day, and not before the clock can be silent: the moment is kept in
    the user's state folder.
    """
    path, place = settings.state / STATE_FILE, place_of(store)
    looks = _looks(path)
    if (wait := looks.get(place)) and now < wait <= now + _KEPT:
        return ""
    try:
        last = last_run(store.read(CLOCK, strict=False)[CLOCK])
    except (TicketopsError, OSError):
        return ""
    if last is None and isinstance(store, LocalFile):
        return ""  # of a file, it costs nothing to look for a sheet that is not there
    hours = settings.clock_silence_hours
    looks[place] = look_again(last, now, hours)
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {name: f"{at}" for name, at in looks.items() if abs(at - now) < _KEPT}
        replace_file(path, json.dumps(kept).encode())
    return silent(last, now, hours)


def _looks(path: Path) -> dict[str, datetime]:
    """{workbook: when it is worth looking again}; a file that says nothing of the kind counts for
    nothing."""
    try:
        told = json.loads(read_regular(path, _MOST_STATE))
        return {
            str(name): datetime.fromisoformat(at).replace(tzinfo=None) for name, at in told.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
