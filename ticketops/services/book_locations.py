"""Where a book stands: a file, or a Google Sheet. Either can say what stands there, be
read, and be written anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from ticketops.books.file_writer import write_book
from ticketops.config import Settings
from ticketops.errors import LockedError, TicketopsError, UnusableError
from ticketops.files import read_regular, replace_file, staging, sweep, usual_rights
from ticketops.schema.book_layouts import LAYOUTS, Book, Returned, file_name
from ticketops.services.book_registry import BookRegistry, hash_of, stands
from ticketops.stores.child import MAX_FILE
from ticketops.stores.gsheets.address import PREFIX, is_online
from ticketops.stores.returned.files import read_returned
from ticketops.stores.xlsx.lock import refuse_open_elsewhere, refuse_read_only

if TYPE_CHECKING:
    from ticketops.stores.gsheets.connection import Connection

WriteFile = Callable[[Book, Path], None]
NOT_YET = "not-made-yet"
"""In place of the id of a Google Sheet that a dry run does not make."""
RETURNED_FOLDER = "returned"
"""Beside the books: what stood at the location of a book and was edited, before the book was made
anew."""


class BookLocation(Protocol):
    """name: as `_BOOKS` keeps it. label: for people. where: in full."""

    name: str
    label: str
    where: str

    def state(self) -> str:
        """A hash of what stands there; empty where nothing does."""
        ...

    def write(
        self,
        book: Book,
        *,
        seen: str,
        edited: bool,
        reveal: Callable[[str], str] | None,
        write: WriteFile | None = None,
    ) -> str:
        """Put a book there, whole or not at all; the state afterwards. seen: the state that was
        read. edited: whether somebody had typed into what stands there. write: makes a file without
        passwords, in place of `write_book`. Raises LockedError where it
        is another by now, OSError, TicketopsError."""
        ...


class FileLocation:
    """A file."""

    def __init__(self, path: Path, registry: BookRegistry) -> None:
        self.path = path
        self.name, self.label, self.where = registry.name_of(path), path.name, str(path)

    def state(self) -> str:
        try:
            return hash_of(self.path)
        except OSError as error:
            raise UnusableError(
                f"{self.path.name} can't be read: {error.strerror or error}"
            ) from None

    def write(
        self,
        book: Book,
        *,
        seen: str,
        edited: bool,
        reveal: Callable[[str], str] | None,
        write: WriteFile | None = None,
    ) -> str:
        path = self.path
        refuse_open_elsewhere(path)
        refuse_read_only(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        with staging(path) as staged:
            if write is None or reveal:
                write_book(book, staged, reveal=reveal)
            else:
                write(book, staged)
            if hash_of(path) != seen:
                raise LockedError(f"{path.name} was saved by someone just now")
            if edited:
                _keep(path, book.built_at)
            if not reveal:  # a book with passwords is its owner's alone, whatever stood there
                staged.chmod(usual_rights(path))
            made = hash_of(staged)
            os.replace(staged, path)
            return made


def _keep(path: Path, moment: datetime) -> None:
    """What somebody typed into a book, beside the books; passwords may be in it."""
    folder = path.parent / RETURNED_FOLDER
    folder.mkdir(exist_ok=True)
    kept = folder / f"{path.stem} {moment:%Y%m%d-%H%M%S}{path.suffix}"
    replace_file(kept, read_regular(path, MAX_FILE))


def keep_older_name(path: Path, book: Book) -> None:
    """A book is found under the name that older versions gave it, too, in small letters and without
    legal forms, so that scripts that send it go on: a link, unless something stands there."""
    older = path.with_name(file_name(book.layout.kind, book.party))
    with suppress(OSError, NotImplementedError):
        if not os.path.lexists(older):
            older.symlink_to(path.name)


def stray_beside(path: Path, kind: str, party: str) -> Path | None:
    """The file under the older name of a book, where it is no link any more: a program that saves
    by renaming made another book of it. None where there is none."""
    older = path.with_name(file_name(kind, party))
    with suppress(OSError):
        if older.is_file() and not older.is_symlink() and not older.samefile(path):
            return older
    return None


class OnlineLocation:
    """A Google Sheet. What somebody typed into it before it is made anew stays in Google's version
    history."""

    def __init__(
        self,
        connection: Connection,
        kind: str,
        *,
        party: str = "",
        fresh: bool = False,
        keepers: Sequence[str] = (),
    ) -> None:
        """fresh: it was made just now and holds nothing. keepers: who, beside us, may lift its
        protection."""
        self._others = keepers
        self._connection, self._kind, self._fresh = connection, kind, fresh
        self.where = self.name = f"{PREFIX}{connection.spreadsheet}"
        self.label = f"{party} ({self.name})" if party else self.name
        self._answer: Any = None

    def returned(self) -> Returned:
        """What it says, asked for once."""
        from ticketops.stores.returned import google_sheets

        if self._answer is None:
            self._answer = google_sheets.look(self._connection.spreadsheet_with, self._kind)
        title = self._answer.get("properties", {}).get("title") or self.name
        return google_sheets.returned_from(title, self._answer, self._kind)

    def state(self) -> str:
        from ticketops.books.sheet_writer import Present

        if self._connection.spreadsheet == NOT_YET or self._fresh:
            return ""
        returned = self.returned()
        return "" if Present.of(self._answer).is_blank else returned.file_hash or "not a book"

    def write(
        self,
        book: Book,
        *,
        seen: str,
        edited: bool,
        reveal: Callable[[str], str] | None,
        write: WriteFile | None = None,
    ) -> str:
        from ticketops.books.sheet_writer import Present, requests_of
        from ticketops.stores.gsheets.assumptions import Kind
        from ticketops.stores.gsheets.connection import Rejected, Unclear
        from ticketops.stores.gsheets.gate import refuse_protected
        from ticketops.stores.gsheets.protection import is_protected, protected
        from ticketops.stores.returned import google_sheets

        del edited, write
        self._connection.failed.refuse(Kind.FORMULAS, self.label)
        refuse_protected(self._connection)
        if self._fresh:
            self._answer = google_sheets.look_at_all(self._connection.spreadsheet_with)
        else:
            self._close()
            self._answer = None
        self._fresh = False
        if self.state() != seen:
            raise LockedError(
                f"{self.label} was edited by someone just now; it is closed until it is rebuilt"
            )
        made = google_sheets.written_hash(book)
        requests = requests_of(
            book, Present.of(self._answer), keepers=self._keepers(), reveal=reveal
        )
        try:
            self._connection.update(requests)
        except (Rejected, Unclear) as error:
            self._answer = None
            if is_protected(error):
                raise protected(self._connection, self.label) from None
            if self.state() != made:  # else it was done, only the answer was lost
                raise
        self._answer = None
        return made

    def _close(self) -> None:
        """Lock a book of ours, so that nobody types what nobody would read; it opens as it is
        written."""
        from ticketops.books.sheet_writer import Present, requests_to_close
        from ticketops.stores.gsheets.connection import Rejected
        from ticketops.stores.gsheets.protection import is_protected, protected

        if self._answer is not None and self._kind in LAYOUTS:
            requests = requests_to_close(
                LAYOUTS[self._kind], Present.of(self._answer), keepers=self._keepers()
            )
            if requests:
                try:
                    self._connection.update(requests)
                except Rejected as error:
                    if is_protected(error):
                        raise protected(self._connection, self.label) from None
                    raise

    def _keepers(self) -> list[str]:
        return [self._connection.address(), *self._others]


class BookLocations:
    """Where one workbook's books are."""

    def __init__(self, registry: BookRegistry, settings: Settings) -> None:
        self.registry, self._settings = registry, settings

    def file(self, path: Path) -> BookLocation:
        return FileLocation(path, self.registry)

    def online(
        self, spreadsheet: str, kind: str, party: str = "", *, fresh: bool = False
    ) -> OnlineLocation:
        from ticketops.engine.opening import connect

        return OnlineLocation(
            connect(spreadsheet, self._settings),
            kind,
            party=party,
            fresh=fresh,
            keepers=self._settings.google_keepers.split(","),
        )

    def named(self, name: str, kind: str, party: str) -> BookLocation | None:
        """The location that `_BOOKS` names, if anything stands there; None for a file that is gone."""
        if is_online(name):
            return self.online(name.removeprefix(PREFIX), kind, party)
        path = self.registry.path_of(name)
        return self.file(path) if stands(path) else None

    def read_edited(
        self, locations: Iterable[BookLocation]
    ) -> tuple[dict[str, Returned], dict[str, str]]:
        """{name: what it says} of those where something stands that is not as it was written;
        {name: why} of those that can't be read."""
        written = self.registry.written()
        files: list[FileLocation] = []
        found: dict[str, Returned] = {}
        failed: dict[str, str] = {}
        for location in locations:
            try:
                here = location.state()
            except TicketopsError as error:
                failed[location.name] = error.message
                continue
            if not here or (location.name in written and written[location.name].file_hash == here):
                continue
            if isinstance(location, FileLocation):
                files.append(location)
            elif isinstance(location, OnlineLocation):
                found[location.name] = location.returned()
        if files:
            read = read_returned([location.path for location in files])
            found |= {location.name: back for location, back in zip(files, read, strict=True)}
        return found, failed


def read_named(
    names: Sequence[str],
    settings: Settings,
    kind: str,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Returned]:
    """What files and Google Sheets say that came back, in the order they are named."""
    paths = [Path(name) for name in names if not is_online(name)]
    files = (
        dict(
            zip(
                paths,
                read_returned([path.absolute() for path in paths], kind, on_progress=on_progress),
                strict=True,
            )
        )
        if paths
        else {}
    )
    return [
        _read_online(name, settings, kind) if is_online(name) else files[Path(name)]
        for name in names
    ]


def _read_online(name: str, settings: Settings, kind: str) -> Returned:
    from ticketops.engine.opening import connect
    from ticketops.stores.gsheets.address import spreadsheet_id

    return OnlineLocation(connect(spreadsheet_id(name), settings), kind).returned()
