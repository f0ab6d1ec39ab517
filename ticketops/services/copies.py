"""The other copies of a workbook (`sync`), and whether one of them is newer: such a one blocks the
archive (§13)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from ticketops.config import Settings
from ticketops.domain.event.issues import Issue
from ticketops.engine.transaction import look, run_of
from ticketops.errors import TicketopsError
from ticketops.files import read_regular
from ticketops.model.display import counted
from ticketops.model.names import quoted
from ticketops.stores.base import HasFolders, Store
from ticketops.stores.gsheets.address import PREFIX, is_online

_MOST = 1 << 30
_PREFIX = PREFIX.replace(":", "_")
_DIGITS = 9
"""Of the digest at the end of a folder's name, with its dash."""


def synced_with(store: Store) -> Iterator[str]:
    """What a workbook was synced with: addresses of Google Sheets, paths of files; the name of the
    folder of one that an older version synced, where it does not tell."""
    if not isinstance(store, HasFolders):
        return
    for path in sorted((store.state_folder / "sync").glob("*/current.json")):
        try:
            said = json.loads(read_regular(path, _MOST)).get("with")
        except (OSError, ValueError, AttributeError, RecursionError):
            said = None
        yield str(said or _by_folder(path.parent.name))


def _by_folder(name: str) -> str:
    address = PREFIX + name.removeprefix(_PREFIX)[:-_DIGITS]
    digest = hashlib.blake2b(address.encode(), digest_size=4).hexdigest()
    return address if name.endswith(f"-{digest}") else name


def newer(store: Store, settings: Settings) -> Callable[[], Sequence[Issue]]:
    """What is to be said of the other copies, found out when it is first asked for: those of which
    cells are newer than here, and those that can't be reached."""

    @cache
    def found() -> Sequence[Issue]:
        behind: dict[str, Decimal | None] = {}
        unreached: dict[str, Decimal | None] = {}
        why = ""
        for name in synced_with(store):
            try:
                cells = _cells(store, name, settings)
            except TicketopsError as error:
                unreached[name], why = None, why or error.message
            else:
                if cells:
                    behind[name] = Decimal(cells)
        issues = []
        if behind:
            cells = int(sum((one or Decimal(0) for one in behind.values()), Decimal(0)))
            first = next(iter(behind))
            message = f"{counted(cells, 'cell')} newer in {', '.join(behind)}"
            issues.append(Issue("SYNC:NEWER", behind, message, f"sync pull --with {quoted(first)}"))
        if unreached:
            first = next(iter(unreached))
            message = f"nobody knows whether {', '.join(unreached)} is newer: {why}"
            issues.append(
                Issue("SYNC:NOT_REACHED", unreached, message, f"sync diff --with {quoted(first)}")
            )
        return issues

    return found


def _cells(store: Store, name: str, settings: Settings) -> int:
    """How many cells of another copy are newer than here, or differ on both sides. Raises what
    opening it raises."""
    from ticketops.engine.opening import open_store
    from ticketops.services import sync

    other = open_store(
        name if is_online(name) else Path(name), settings, otherwise=store.layout.kind
    )
    result = look(store, sync.job(None, store, other), run_of(settings))
    return int(result.remote + result.conflicts)
