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

from ticketops.config import Settings


class Written(NamedTuple):
    """A book as it went into its file."""

    file_hash: str
    book_id: str


@dataclass
class Shelf:
    """Where a workbook's books are, and which book was written into each file: a file that changed since came back."""

    workbook: Path
    settings: Settings

    @property
    def _memory(self) -> Path:
        return self.workbook.resolve().with_name(f"{self.workbook.name}.ticketops") / "books.json"

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
            self._memory.parent.mkdir(mode=0o700, exist_ok=True)
            staged = self._memory.with_suffix(".tmp")
            staged.write_text(json.dumps(self.written() | dict(written)), "utf-8")
            os.replace(staged, self._memory)

    def is_as_written(self, path: Path, here: str) -> bool:
        """Whether nobody changed a file since; here: its hash now."""
        written = self.written().get(self.name_of(path))
        return written is not None and written.file_hash == here

    def name_of(self, path: Path) -> str:
        """A path as `_BOOKS` keeps it: from the workbook's folder, if it is below that."""
        full, home = path.absolute(), self.workbook.resolve().parent
        return full.relative_to(home).as_posix() if full.is_relative_to(home) else str(full)

    def path_of(self, name: str) -> Path:
        return self.workbook.resolve().parent / name


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
