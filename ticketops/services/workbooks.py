"""From a workbook's name to the store it lives in."""

from __future__ import annotations

from pathlib import Path

from ticketops.config import Settings
from ticketops.errors import UnusableError
from ticketops.stores.xlsx.store import XlsxStore


def open_store(workbook: Path, settings: Settings) -> XlsxStore:
    """The store of a workbook file. Raises UnusableError for a kind of file that is not handled."""
    if workbook.suffix.lower() not in (".xlsx", ".xlsm"):
        raise UnusableError(f"{workbook} is not an .xlsx workbook", "save it as .xlsx in a spreadsheet program")
    return XlsxStore(workbook, backups=settings.backups, lock_timeout=settings.lock_timeout, use_cache=settings.cache)
