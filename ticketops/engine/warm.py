"""Workbooks that stay open between the commands of one process: what was read of a file and did not
change since is not read again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ticketops.engine.opening import open_store
from ticketops.errors import TicketopsError
from ticketops.files import real_path
from ticketops.schema.layout import kind_of
from ticketops.stores.base import Store

if TYPE_CHECKING:
    from ticketops.config import Settings
    from ticketops.stores.gsheets.connection import OnProgress
    from ticketops.stores.xlsx.store import XlsxStore

_DECIDE = ("event", "dates", "words", "masked_sheet", "backups", "lock_timeout", "cache")
"""The settings that a store is opened with."""


class Warm:
    """The stores of one process, each opened once. A file is compared with what was read of it
    whenever it is asked for, so nothing that somebody else changed is taken for known; of a Google
    Sheet nothing is kept."""

    def __init__(self) -> None:
        self._kept: dict[Path, tuple[tuple[Any, ...], XlsxStore]] = {}

    def store(
        self,
        workbook: Path | str,
        settings: Settings,
        *,
        on_progress: OnProgress | None = None,
        notice: Callable[[str], None] | None = None,
    ) -> Store:
        """The store of a workbook: see `open_store`, which says what is raised. notice: learns that
        someone else changed the workbook since it was last asked for."""
        if isinstance(workbook, str):
            return open_store(workbook, settings, on_progress=on_progress, notice=notice)
        place, asked = real_path(workbook), tuple(getattr(settings, name) for name in _DECIDE)
        before, kept = self._kept.get(place, ((), None))
        if kept is not None:
            unchanged = kept.refresh()
            if not unchanged and notice:
                notice(f"{kept.name} was changed by someone else, and is read again")
            if before == asked and kind_of(kept.titles()) in ("", kept.layout.kind):
                return kept
        made = cast(
            "XlsxStore", open_store(workbook, settings, on_progress=on_progress, notice=notice)
        )
        made.stays_open = True
        self._kept[place] = (asked, made)
        return made

    def save(self) -> None:
        """Keep for other processes what is known of the workbooks. Never fails."""
        for _asked, store in self._kept.values():
            with suppress(OSError, TicketopsError):
                store.save_tables()

    def moved(self) -> list[str]:
        """The names of the workbooks that someone else changed since they were last looked at."""
        return [store.name for _asked, store in self._kept.values() if not _is_unchanged(store)]


def _is_unchanged(store: XlsxStore) -> bool:
    try:
        return store.refresh()
    except TicketopsError:
        return True  # which the next command says
