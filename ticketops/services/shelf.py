"""Where a workbook's books are on disk, and what was written into each file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Written(NamedTuple):
    """A book as it went into its file."""

    file_hash: str
    book_id: str


@dataclass
class Shelf:
    """Where a workbook's books are, and which book was written into each file: a file that changed since came back.

    state_folder: what is kept of the workbook on this machine. home: the folder of a workbook file; None for a Google Sheet.
    """

    state_folder: Path
    home: Path | None

    @property
    def _memory(self) -> Path:
        return self.state_folder / "books.json"

    def written(self) -> dict[str, Written]:
        """{file: what was written into it}."""
        try:
            content = json.loads(self._memory.read_text("utf-8"))
            return {name: Written(*said) for name, said in content.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def remember(self, written: Mapping[str, Written]) -> None:
        """Only saves reading files that nobody touched; without it every file is read."""
        with suppress(OSError):
            self._memory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            staged = self._memory.with_suffix(".tmp")
            staged.write_text(json.dumps(self.written() | dict(written)), "utf-8")
            os.replace(staged, self._memory)

    def is_as_written(self, path: Path, here: str) -> bool:
        """Whether nobody changed a file since; here: its hash now."""
        written = self.written().get(self.name_of(path))
        return written is not None and written.file_hash == here

    def name_of(self, path: Path) -> str:
        """A path as `_BOOKS` keeps it: from the workbook's folder, if it is below that."""
        full = path.absolute()
        return full.relative_to(self.home).as_posix() if self.home and full.is_relative_to(self.home) else str(full)

    def path_of(self, name: str) -> Path:
        return self.home / name if self.home else Path(name)


def hash_of(path: Path) -> str:
    """The hash of a file; empty where there is none."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def sweep(folder: Path) -> None:
    """Remove what a killed run left: half-written books, perhaps with passwords."""
    for path in folder.glob(".*.tmp"):
        writer = path.name.split(".")[-2]
        if writer.isdecimal() and not _is_running(int(writer)):
            with suppress(OSError):
                path.unlink()


def _is_running(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
