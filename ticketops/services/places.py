"""Where a book stands: a file on the shelf, or a Google Sheet. Either can say what stands there, be read, and be written anew."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ticketops.books.handout import write_book
from ticketops.config import Settings
from ticketops.errors import LockedError, TicketopsError
from ticketops.schema.books import LAYOUTS, Book, Returned
from ticketops.services.shelf import Shelf, hash_of, sweep
from ticketops.stores.gsheets.address import PREFIX, is_online
from ticketops.stores.returned.files import read_returned
from ticketops.stores.xlsx.lock import refuse_open_elsewhere

if TYPE_CHECKING:
    from ticketops.stores.gsheets.connection import Connection

NOT_YET = "not-made-yet"
"""In place of the id of a Google Sheet that a dry run does not make."""
RETURNED_FOLDER = "returned"
"""Beside the books: what stood in the place of a book and was edited, before the book was made anew."""


class Place(Protocol):
    """name: as `_BOOKS` keeps it. label: for people. where: in full."""

    name: str
    label: str
    where: str

    def state(self) -> str:
        """A hash of what stands there; empty where nothing does."""
        ...

    def write(self, book: Book, *, seen: str, edited: bool, reveal: Callable[[str], str] | None) -> str:
        """Put a book there, whole or not at all; the state afterwards. seen: the state that was read. edited: whether somebody had typed
        into what stands there. Raises LockedError where it is another by now, OSError, TicketopsError."""
        ...


class FilePlace:
    """A file."""

    def __init__(self, path: Path, shelf: Shelf) -> None:
        self.path = path
        self.name, self.label, self.where = shelf.name_of(path), path.name, str(path)

    def state(self) -> str:
        return hash_of(self.path)

    def write(self, book: Book, *, seen: str, edited: bool, reveal: Callable[[str], str] | None) -> str:
        path = self.path
        refuse_open_elsewhere(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        staged = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
        try:
            if reveal:
                os.close(os.open(staged, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
            write_book(book, staged, reveal=reveal)
            if hash_of(path) != seen:
                raise LockedError(f"{path.name} was saved by somebody in this moment")
            if edited:
                keep = path.parent / RETURNED_FOLDER
                keep.mkdir(exist_ok=True)
                shutil.copy2(path, keep / f"{path.stem} {book.built_at:%Y%m%d-%H%M%S}{path.suffix}")
            made = hash_of(staged)
            os.replace(staged, path)
            return made
        finally:
            with suppress(FileNotFoundError):
                staged.unlink()


class OnlinePlace:
    """A Google Sheet. What somebody typed into it before it is made anew stays in Google's version history."""

    def __init__(self, connection: Connection, kind: str, *, party: str = "", fresh: bool = False) -> None:
        """fresh: it was made just now and holds nothing."""
        self._connection, self._kind, self._fresh = connection, kind, fresh
        self.where = self.name = f"{PREFIX}{connection.spreadsheet}"
        self.label = f"{party} ({self.name})" if party else self.name
        self._answer: Any = None

    def returned(self) -> Returned:
        """What it says, asked for once."""
        from ticketops.stores.returned import online

        if self._answer is None:
            self._answer = online.look(self._connection.spreadsheet_with, self._kind)
        title = self._answer.get("properties", {}).get("title") or self.name
        return online.returned_from(title, self._answer, self._kind)

    def state(self) -> str:
        from ticketops.books.online import Present

        if self._connection.spreadsheet == NOT_YET or self._fresh:
            return ""
        returned = self.returned()
        return "" if Present.of(self._answer).is_blank else returned.file_hash or "not a book"

    def write(self, book: Book, *, seen: str, edited: bool, reveal: Callable[[str], str] | None) -> str:
        from ticketops.books.online import Present, requests_of
        from ticketops.stores.gsheets.connection import Rejected, Unclear
        from ticketops.stores.returned import online

        del edited
        if self._fresh:
            self._answer = online.look_at_all(self._connection.spreadsheet_with)
        else:
            self._close()
            self._answer = None
        self._fresh = False
        if self.state() != seen:
            raise LockedError(f"{self.label} was edited by somebody in this moment; it is closed until it is made anew")
        made = online.written_hash(book)
        requests = requests_of(book, Present.of(self._answer), keeper=self._connection.address(), reveal=reveal)
        try:
            self._connection.update(requests)
        except (Rejected, Unclear):
            self._answer = None
            if self.state() != made:  # else it was done, only the answer was lost
                raise
        self._answer = None
        return made

    def _close(self) -> None:
        """Lock a book of ours, so that nobody types what nobody would read; it opens as it is written."""
        from ticketops.books.online import Present, requests_to_close

        if self._answer is not None and self._kind in LAYOUTS:
            requests = requests_to_close(LAYOUTS[self._kind], Present.of(self._answer), keeper=self._connection.address())
            if requests:
                self._connection.update(requests)


class Places:
    """The places of one workbook's books."""

    def __init__(self, shelf: Shelf, settings: Settings) -> None:
        self.shelf, self._settings = shelf, settings

    def file(self, path: Path) -> Place:
        return FilePlace(path, self.shelf)

    def online(self, spreadsheet: str, kind: str, party: str = "", *, fresh: bool = False) -> OnlinePlace:
        from ticketops.services.workbooks import connect

        return OnlinePlace(connect(spreadsheet, self._settings), kind, party=party, fresh=fresh)

    def named(self, name: str, kind: str, party: str) -> Place | None:
        """The place that `_BOOKS` names, if anything stands there; None for a file that is gone."""
        if is_online(name):
            return self.online(name.removeprefix(PREFIX), kind, party)
        path = self.shelf.path_of(name)
        return self.file(path) if path.is_file() else None

    def read_edited(self, places: Iterable[Place]) -> tuple[dict[str, Returned], dict[str, str]]:
        """{name: what it says} of those where something stands that is not as it was written; {name: why} of those that can't be read."""
        written = self.shelf.written()
        files: list[FilePlace] = []
        found: dict[str, Returned] = {}
        failed: dict[str, str] = {}
        for place in places:
            try:
                here = place.state()
            except TicketopsError as error:
                if not isinstance(place, OnlinePlace):
                    raise
                failed[place.name] = error.message
                continue
            if not here or (place.name in written and written[place.name].file_hash == here):
                continue
            if isinstance(place, FilePlace):
                files.append(place)
            elif isinstance(place, OnlinePlace):
                found[place.name] = place.returned()
        if files:
            read = read_returned([place.path for place in files])
            found |= {place.name: back for place, back in zip(files, read, strict=True)}
        return found, failed


def read_named(names: Sequence[str], settings: Settings, kind: str, *, told: Callable[[int, int], None] | None = None) -> list[Returned]:
    """What files and Google Sheets say that came back, in the order they are named."""
    paths = [Path(name) for name in names if not is_online(name)]
    files = dict(zip(paths, read_returned([path.absolute() for path in paths], kind, told=told), strict=True)) if paths else {}
    return [_read_online(name, settings, kind) if is_online(name) else files[Path(name)] for name in names]


def _read_online(name: str, settings: Settings, kind: str) -> Returned:
    from ticketops.services.workbooks import connect
    from ticketops.stores.gsheets.address import spreadsheet_id

    return OnlinePlace(connect(spreadsheet_id(name), settings), kind).returned()
