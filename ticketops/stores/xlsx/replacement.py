"""A new workbook file in place of the old one: whole, durable, recorded, and with the old one
kept."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from ticketops.errors import ConflictError, NotPermittedError, TicketopsError, UnusableError
from ticketops.files import new_file, staging, sweep, write_durably
from ticketops.stores.base import Entry, NotUndoable, Transaction
from ticketops.stores.journal import Journal, sync_folder
from ticketops.stores.xlsx.package import Package, read_file
from ticketops.stores.xlsx.parts import Parts

_VERSION = re.compile(r"\d{1,12}-[0-9a-f]+\.xlsx", re.ASCII)

COMMITTED = "committed.xlsx"
"""In the folder of a workbook's state: the workbook as the last commit left it."""


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

    def __init__(
        self, path: Path, state: Path, journal: Journal, backups: int, not_undoable: NotUndoable
    ) -> None:
        self._not_undoable = not_undoable
        self._path, self._state, self._journal, self._keep = path, state, journal, backups

    @property
    def _mark(self) -> str:
        """What the temporary files of this workbook begin with."""
        return f"{self._path.name}.ticketops"

    def replace(
        self,
        content: Content,
        entry: Entry,
        old: Package,
        counts: dict[str, dict[str, int]],
        undoes: int | None = None,
        restores: str = "",
    ) -> Parts:
        """Temporary file, fsync, verification, journal, backup, rename, fsync of the folder; the
        new parts.

        Raises ConflictError where the file is no longer what `old` is when all is ready,
        UnusableError or NotPermittedError where it can't be written; then nothing has changed.
        """
        temporary: Path | None = None
        renaming = False
        before = old.revision
        try:
            temporary = new_file(self._path, self._mark)
            self._write_durably(temporary, content.write)
            package = Package(read_file(temporary), self._path.name)
            parts = content.verify(package)
            made = Transaction(
                self._journal.next_number(),
                entry,
                before,
                package.revision,
                counts,
                undoes,
                None,
                restores,
            )
            content.record(made, temporary)
            self._back_up(before)
            if read_file(self._path) != old.data:
                raise changed_meanwhile(self._path)
            renaming = True
            os.replace(temporary, self._path)
        except BaseException as error:
            cleared = not renaming
            with suppress(OSError):  # what can't be cleared away is finished by the next commit
                if (
                    temporary is not None and temporary.exists()
                ):  # else it stands in its place already
                    self._journal.abandon()
                    temporary.unlink()
                    cleared = True
            if isinstance(error, OSError) and not cleared:
                raise UnusableError(
                    f"{self._path.name}: {error.strerror or error}",
                    "ticketops log shows whether it was written",
                ) from None
            if isinstance(error, OSError):
                raise cannot_write(self._path, error) from None
            raise
        with suppress(
            OSError, TicketopsError
        ):  # it is done; what fails from here on is finished by the next commit
            sync_folder(self._path.parent)
            self._journal.finish()
            self._prune()
            self._journal.set_aside()
            self._keep_committed(package.data)
        return parts

    def _keep_committed(self, data: bytes) -> None:
        """By this the next commit tells what was changed by hand (§11). No link: programs that write
        in place would change it, too."""
        with staging(self._state / COMMITTED) as staged:
            staged.write_bytes(data)
            os.replace(staged, self._state / COMMITTED)

    def reconcile(self, revision: str) -> None:
        """Put right what a killed commit left behind."""
        self._journal.recover(self._path.parent, revision)
        sweep(self._path.parent, self._mark, held=True)
        sweep(self._state, COMMITTED, held=True)
        sweep(self._state / "cache")
        live = self._path.stat()
        for backup in (
            self._backups()
        ):  # linked, but the rename never came: a program that writes in place would change it
            if os.path.samestat(backup.stat(), live):
                backup.unlink()

    def backup_of(self, revision: str) -> Path | None:
        """The newest backup with that revision."""
        return next(
            (path for path in reversed(self._backups()) if path.stem.partition("-")[2] == revision),
            None,
        )

    def _write_durably(self, temporary: Path, write: Callable[[BinaryIO], object]) -> None:
        write_durably(temporary, write)
        shutil.copymode(self._path, temporary)
        owner = self._path.stat()
        if (owner.st_uid, owner.st_gid) != (os.getuid(), os.getgid()):
            with suppress(OSError):
                os.chown(temporary, owner.st_uid, owner.st_gid)

    def _backups(self) -> list[Path]:
        return kept_versions(self._state)

    def _back_up(self, revision: str) -> None:
        """Keep the present file under its revision: a hard link, or a copy where the file system
        has none."""
        folder = self._state / "backups"
        folder.mkdir(mode=0o700, exist_ok=True)
        target = folder / f"{self._journal.next_number():06d}-{revision}.xlsx"
        target.unlink(missing_ok=True)
        try:
            os.link(self._path, target)
        except OSError:
            shutil.copy2(self._path, target)

    def _prune(self) -> None:
        """Leave the versions from before the last so many commands that stand, and from before as
        many undos: these take the place of none."""
        backups = self._backups()
        if len(backups) <= self._keep:
            return
        heads = self._journal.transactions(number_of(backups[0]))
        commands = [
            t.number
            for t in heads
            if t.undoes is None and t.undone_by is None and not self._not_undoable(t.entry)
        ]
        undos = [t.number for t in heads if t.undoes is not None]
        wanted = {*commands[-self._keep :], *undos[-self._keep :]}
        for old in backups:
            if number_of(old) not in wanted:
                with suppress(OSError):
                    old.unlink()


def kept_versions(state: Path) -> list[Path]:
    """The versions that are kept for undo, oldest first; whatever else lies there is left alone."""
    try:
        entries = list(os.scandir(state / "backups"))
    except OSError:
        return []
    found = [
        Path(entry.path)
        for entry in entries
        if _VERSION.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
    ]
    return sorted(found, key=number_of)


def number_of(version: Path) -> int:
    """The number of the transaction before which a version stood."""
    return int(version.name.partition("-")[0])


def changed_meanwhile(path: Path) -> ConflictError:
    """What is raised where somebody else wrote first."""
    return ConflictError(
        f"{path.name} was changed by someone else meanwhile",
        "nothing was written; run the command again",
    )


def cannot_write(path: Path, error: OSError) -> NotPermittedError | UnusableError:
    """What is raised where the operating system refuses."""
    message = f"{path.name} can't be written: {error.strerror or error}"
    if isinstance(error, PermissionError):
        return NotPermittedError(message)
    return UnusableError(message, "the workbook is unchanged")
