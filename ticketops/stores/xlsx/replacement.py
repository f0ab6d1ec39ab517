"""A new workbook file in place of the old one: whole, durable, recorded, and with the old one kept (DESIGN: commit, backups)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from ticketops.errors import ConflictError, NotPermittedError, TicketopsError, UnusableError
from ticketops.stores.base import Entry, Transaction
from ticketops.stores.journal import Journal, sync_folder
from ticketops.stores.xlsx.package import Package, digest, read_file
from ticketops.stores.xlsx.parts import Parts


class Content(Protocol):
    """What a commit puts into the file."""

    def write(self, file: BinaryIO) -> object:
        """Write the new archive."""

    def verify(self, package: Package) -> Parts:
        """Check it as it was read back. Raises InternalError."""

    def record(self, transaction: Transaction, temporary: Path) -> None:
        """Write it ahead into the journal."""


class WorkbookFile:
    """The file, its backups and its journal. Call with the workbook's lock held."""

    def __init__(self, path: Path, state: Path, journal: Journal, backups: int) -> None:
        self._path, self._state, self._journal, self._keep = path, state, journal, backups

    def replace(self, content: Content, entry: Entry, before: str, counts: dict[str, dict[str, int]], undoes: int | None = None) -> Parts:
        """Temporary file, fsync, verification, journal, backup, rename, fsync of the folder; the new parts.

        Raises ConflictError where the file is no longer at revision `before` when all is ready, UnusableError or
        NotPermittedError where it can't be written; then nothing has changed.
        """
        temporary = self._path.with_name(f".{self._path.name}.ticketops-{os.getpid()}.tmp")
        renaming = False
        try:
            self._write_durably(temporary, content.write)
            package = Package(read_file(temporary), self._path.name)
            parts = content.verify(package)
            content.record(Transaction(self._journal.next_number(), entry, before, package.revision, counts, undoes), temporary)
            self._back_up(before)
            if digest(read_file(self._path)) != before:
                raise changed_meanwhile(self._path)
            renaming = True
            os.replace(temporary, self._path)
        except BaseException as error:
            cleared = not renaming
            with suppress(OSError):  # what can't be cleared away is settled by the next commit
                if temporary.exists():  # else it stands in its place already
                    self._journal.abandon()
                    temporary.unlink()
                    cleared = True
            if isinstance(error, OSError) and not cleared:
                raise UnusableError(f"{self._path.name}: {error.strerror or error}", "ticketops log tells whether it was written") from None
            if isinstance(error, OSError):
                raise cannot_write(self._path, error) from None
            raise
        with suppress(OSError, TicketopsError):  # it is done; what fails from here on is settled by the next commit
            sync_folder(self._path.parent)
            self._journal.finish()
            self._prune()
        return parts

    def settle(self, revision: str) -> None:
        """Put right what a killed commit left behind."""
        self._journal.recover(self._path.parent, revision)
        for stray in self._path.parent.glob(f".{self._path.name}.ticketops-*.tmp"):
            with suppress(OSError):
                stray.unlink()
        for stray in (self._state / "cache").glob(".*.arrow"):
            stray.unlink(missing_ok=True)
        live = self._path.stat()
        for backup in self._backups():  # linked, but the rename never came: a program that writes in place would change it
            if os.path.samestat(backup.stat(), live):
                backup.unlink()

    def backup_of(self, revision: str) -> Path | None:
        """The newest backup with that revision."""
        return next((path for path in reversed(self._backups()) if path.stem.endswith(revision)), None)

    def _write_durably(self, temporary: Path, write: Callable[[BinaryIO], object]) -> None:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(self._path, temporary)
        owner = self._path.stat()
        if (owner.st_uid, owner.st_gid) != (os.getuid(), os.getgid()):
            with suppress(OSError):
                os.chown(temporary, owner.st_uid, owner.st_gid)

    def _backups(self) -> list[Path]:
        folder = self._state / "backups"
        return sorted(folder.glob("*.xlsx"), key=lambda path: path.name) if folder.is_dir() else []

    def _back_up(self, revision: str) -> None:
        """Keep the present file under its revision: a hard link, or a copy where the file system has none."""
        folder = self._state / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{self._journal.next_number():06d}-{revision}.xlsx"
        target.unlink(missing_ok=True)
        try:
            os.link(self._path, target)
        except OSError:
            shutil.copy2(self._path, target)

    def _prune(self) -> None:
        for old in self._backups()[: -self._keep]:
            with suppress(OSError):
                old.unlink()


def changed_meanwhile(path: Path) -> ConflictError:
    """What is raised where somebody else wrote first."""
    return ConflictError(f"{path.name} was changed by somebody else in the meantime", "nothing was written; run the command again")


def cannot_write(path: Path, error: OSError) -> NotPermittedError | UnusableError:
    """What is raised where the operating system refuses."""
    message = f"{path.name} can't be written: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return NotPermittedError(message)
    return UnusableError(message, "the workbook is unchanged")
