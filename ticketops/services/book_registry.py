"""Where a workbook's books are on disk, what was written into each file, and which books `_BOOKS`
lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ticketops.files import NotAFile, TooLarge, hash_regular, read_regular, replace_file
from ticketops.schema.layouts.event import BOOKS
from ticketops.schema.tables import Snapshot
from ticketops.stores.base import HasFolders, Store
from ticketops.stores.child import MAX_FILE


@dataclass(frozen=True, slots=True)
class PlannedBook:
    """What became of a book. file: a path, or gsheet:ID. rows: number of rows; to_fill: rows that
    still need an entry."""

    kind: str
    party: str
    title: str
    file: str
    rows: int
    to_fill: int
    state: Literal[
        "unchanged", "new", "rebuilt", "not reached", "in the way", "open elsewhere", "not written"
    ]


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of `_BOOKS`. contents: the hash of what is in the book."""

    book_id: str | None
    contents: str | None
    passwords: bool


def latest_books(snapshot: Snapshot) -> dict[tuple[str, str, str], Listed]:
    """{(kind, party, file): the newest row of `_BOOKS`}."""
    rows = (
        snapshot[BOOKS]
        .frame.select("kind", "party", "file", "book_id", "contents", "passwords")
        .iter_rows()
    )
    return {
        (kind, party, file): Listed(book_id, contents, bool(passwords))
        for kind, party, file, book_id, contents, passwords in rows
        if file
    }


class Written(NamedTuple):
    """A book as it went into its file."""

    file_hash: str
    book_id: str


@dataclass
class BookRegistry:
    """Where a workbook's books are, and which book was written into each file: a file that changed
    since came back.

    state_folder: what is kept of the workbook on this machine; None: nothing. home: the folder of a
    workbook file; None for a Google Sheet.
    """

    state_folder: Path | None
    home: Path | None

    @classmethod
    def of(cls, store: Store) -> BookRegistry:
        """The registry of a workbook."""
        return (
            cls(store.state_folder, store.home)
            if isinstance(store, HasFolders)
            else cls(None, None)
        )

    @property
    def _path(self) -> Path | None:
        return self.state_folder / "books.json" if self.state_folder else None

    def written(self) -> dict[str, Written]:
        """{file: what was written into it}."""
        path = self._path
        if path is None:
            return {}
        try:
            content = json.loads(read_regular(path, MAX_FILE))
            return {name: Written(*said) for name, said in content.items()}
        except (OSError, ValueError, TypeError, AttributeError, RecursionError):
            return {}

    def record_written(self, written: Mapping[str, Written]) -> None:
        """Only saves reading files that nobody touched; without it every file is read."""
        path = self._path
        if path is None:
            return
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            replace_file(path, json.dumps(self.written() | dict(written)).encode())

    def is_as_written(self, path: Path, here: str) -> bool:
        """Whether nobody changed a file since; here: its hash now."""
        written = self.written().get(self.name_of(path))
        return written is not None and written.file_hash == here

    def name_of(self, path: Path) -> str:
        """A path as `_BOOKS` keeps it: from the workbook's folder, if it is below that."""
        full = path.absolute()
        return (
            full.relative_to(self.home).as_posix()
            if self.home and full.is_relative_to(self.home)
            else str(full)
        )

    def path_of(self, name: str) -> Path:
        return self.home / name if self.home else Path(name)


def hash_of(path: Path) -> str:
    """A hash of what stands at a path: of a file its contents', of anything else what it is; empty
    where nothing stands there. Raises OSError where that can't be told."""
    try:
        return hash_regular(path, MAX_FILE)
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (NotAFile, TooLarge) as error:
        return str(error.strerror)


def stands(path: Path) -> bool:
    """Whether something stands at a path, or may: where nobody can tell, whoever reads it says
    why."""
    try:
        return path.is_file()
    except OSError:
        return True
