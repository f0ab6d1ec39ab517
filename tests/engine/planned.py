"""A workbook that jobs are only planned on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ticketops.stores.memory import MemoryStore


class Workbook:
    """A store whose tables are read once: jobs are only planned on it."""

    home = None

    def __init__(self, store: MemoryStore, folder: Path) -> None:
        self._store, self.name, self.state_folder = store, store.name, folder
        self._whole = store.read(*store.layout.names, strict=False)
        self.tickets = self
        """The workbook of airline tickets beside it."""

    def read(self, *sheets: str, strict: bool = True) -> Any:
        del strict
        return self._whole.of(sheets)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def new_key_file(path: Path) -> Path:
    """A file with a key that seals."""
    from ticketops.adapters import sealing

    sealing.new_key_file(path)
    return path
