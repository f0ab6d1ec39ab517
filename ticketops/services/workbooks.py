"""From a workbook's name to the store it lives in."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketops.config import Settings, config_folder
from ticketops.errors import UnusableError
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import PREFIX

if TYPE_CHECKING:
    from ticketops.stores.gsheets.connection import Connection, Told


def open_store(workbook: Path | str, settings: Settings, *, told: Told | None = None, notice: Callable[[str], None] | None = None) -> Store:
    """The store of a workbook file, or of a Google Sheet (`gsheet:<id>`).

    told, notice: hear how far a long transfer is, and that Google is asked again. Raises UnusableError for a kind of file that is not handled,
    UsageError where there is no key for Google.
    """
    if isinstance(workbook, str):
        from ticketops.stores.gsheets.store import GoogleSheetStore

        connection = connect(workbook.removeprefix(PREFIX), settings, told=told, notice=notice)
        folder = settings.state / connection.spreadsheet
        return GoogleSheetStore(connection, folder, lock_timeout=settings.lock_timeout, lease=settings.google_budget + 120.0)
    from ticketops.stores.xlsx.store import XlsxStore

    if workbook.suffix.lower() not in (".xlsx", ".xlsm"):
        raise UnusableError(f"{workbook} is not an .xlsx workbook", "save it as .xlsx in a spreadsheet program")
    return XlsxStore(workbook, backups=settings.backups, lock_timeout=settings.lock_timeout, use_cache=settings.cache)


@cache
def _identity(key: Path | None, folder: Path) -> Any:
    """Once a process: what is asked of Google under one identity shares its token."""
    from ticketops.stores.gsheets.access import identity

    return identity(key, folder)


def connect(spreadsheet: str, settings: Settings, *, told: Told | None = None, notice: Callable[[str], None] | None = None) -> Connection:
    """A connection to a spreadsheet by its id, with the key that is found. Raises UsageError where there is none."""
    from ticketops.stores.gsheets.connection import Connection

    return Connection(
        spreadsheet,
        _identity(settings.google_key, config_folder()),
        budget=settings.google_budget,
        api=settings.google_api,
        told=told,
        notice=notice,
    )
