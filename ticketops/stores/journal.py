"""The journal: one file a transaction with every cell before and after, written ahead of the
workbook's replacement.

`pending` stands while a commit is under way; after the workbook is replaced it is renamed to its
number. A commit that was killed leaves `pending` behind: `recover` keeps it exactly if the
replacement happened. Secret values are kept as keyed digests only (D13).
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

from isal import igzip, isal_zlib  # a journal entry of 12,000 rows must not cost a second
from msgspec.structs import replace

from ticketops.errors import UnusableError
from ticketops.files import NotAFile, open_regular, read_regular
from ticketops.model.changes import ChangeSet
from ticketops.model.ids import is_run_id
from ticketops.schema.layout import Layout
from ticketops.stores.base import DamagedEntry, Transaction
from ticketops.stores.heads import head_of, transaction_of
from ticketops.stores.records import (
    Digest,
    RawBefore,
    Record,
    RowIdentities,
    as_json,
    body_of,
    digest_of,
    record_of,
)

_PENDING = "pending.json.gz"
_SUFFIX = ".json.gz"
_DAMAGED_SUFFIX = ".damaged"
_DAMAGED: Any = (ValueError, EOFError, RecursionError, NotAFile, igzip.BadGzipFile, isal_zlib.error)
_HEAD_WITHIN = 1 << 20
"""Bytes of an entry, packed, that its head is looked for in."""
_LONGEST_HEAD, _LONGEST_ENTRY, _LONGEST_KEY = 1 << 24, 1 << 30, 1 << 10


class Journal:
    """The journal folder of one workbook. layout: with the titles that its sheets have. An entry
    that can't be read stops nobody: it is left out, and set aside by the next one who writes."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder = folder
        self.layout = layout
        self._unreadable: dict[Path, str] = {}
        self.aside: list[DamagedEntry] = []
        """What was set aside just now."""

    def transactions(self, first: int = 1) -> list[Transaction]:
        """All committed transactions from this number on, oldest first; damaged ones are left
        out."""
        read = [self._head_of(path) for path in self._files() if _number(path) >= first]
        found = [transaction for transaction in read if transaction is not None]
        undone = {t.undoes: t.number for t in found if t.undoes is not None}
        return [replace(t, undone_by=undone.get(t.number)) for t in found]

    def damaged(self) -> list[DamagedEntry]:
        """The entries that can't be read, those too that were set aside before."""
        self.transactions()
        found = [
            DamagedEntry(_number(path), path.name, why) for path, why in self._unreadable.items()
        ]
        found += [DamagedEntry(_number(path), path.name) for path in self._set_aside()]
        return sorted(found, key=lambda one: one.number)

    def last(self) -> Transaction | None:
        """The newest transaction that can be read; None where there is none."""
        for path in reversed(self._files()):
            found = self._head_of(path)
            if found is not None and is_run_id(found.entry.run_id):
                return found
        return None

    def last_run_id(self) -> str:
        """The RunID of the newest transaction that can be read; empty where there is none."""
        found = self.last()
        return found.entry.run_id if found else ""

    def record(self, number: int) -> Record:
        """One transaction with its cells. Raises UnusableError where it is damaged."""
        path = self._path(number)
        lines = self._read(path)
        try:
            return record_of(json.loads(lines[0]), json.loads(lines[1]))
        except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise _is_damaged(path, error) from None

    def bodies(self) -> Iterator[tuple[Transaction, dict[str, Any]]]:
        """Each transaction that can be read, with its body as it is kept, oldest first."""
        for transaction in self.transactions():
            with suppress(UnusableError, ValueError):
                yield transaction, dict(json.loads(self._read(self._path(transaction.number))[1]))

    def keep(self, transaction: Transaction, body: Mapping[str, Any]) -> None:
        """Put a transaction of another journal into this one, which has none of that number."""
        with (
            open(self._path(transaction.number), "xb") as file,
            igzip.IGzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,  # type: ignore[no-untyped-call]
        ):
            for part in (head_of(transaction), body):
                packed.write(as_json(part))  # type: ignore[no-untyped-call]

    def key(self) -> bytes:
        """The key of the digests of secrets; made where there is none."""
        return self._key()

    def take_key(self, key: bytes) -> None:
        """Use the key of another journal. Raises FileExistsError where there is one."""
        path = self._folder / "secret.key"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)

    def begin(
        self,
        transaction: Transaction,
        changes: ChangeSet,
        raw_before: RawBefore,
        replaced: Mapping[str, str],
        identities: RowIdentities,
        temporary: Path,
        besides: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Write ahead: `temporary` is the new workbook, complete on disk, about to be renamed into
        place.

        raw_before: what stood in the written cells. replaced: {sheet: digest of what a ReplaceRows
        writes}. identities: which records the rows hold that it touches. besides: see
        `records.beside`.
        """
        head = head_of(transaction) | {"temporary": temporary.name}
        body = body_of(changes, raw_before, replaced, self.layout, self.seal, identities)
        body |= besides
        staged = self._folder / f".{_PENDING}"
        staged.unlink(missing_ok=True)  # of a killed commit: the lock is ours
        with open(staged, "xb") as file:
            with igzip.IGzipFile(  # type: ignore[no-untyped-call]
                fileobj=file, mode="wb", compresslevel=1, mtime=0
            ) as packed:  # a header has no room for moments after 2106
                for part in (head, body):
                    packed.write(as_json(part))  # type: ignore[no-untyped-call]
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / _PENDING)
        sync_folder(self._folder)

    def finish(self) -> None:
        """The workbook was replaced: the pending transaction gets its number."""
        self._number_pending(self._head(self._folder / _PENDING)[0])

    def _number_pending(self, transaction: Transaction) -> None:
        pending, following = self._folder / _PENDING, self.next_number()
        if transaction.number == following:
            pending.replace(self._path(following))
        else:  # it is no commit's of ours: nothing is written over
            self._put_aside(pending, following)

    def abandon(self) -> None:
        """The workbook was not replaced: nothing happened."""
        with suppress(FileNotFoundError):
            (self._folder / _PENDING).unlink()

    @property
    def interrupted(self) -> bool:
        """Whether a commit was begun and neither finished nor abandoned: it is under way, or was
        killed."""
        return (self._folder / _PENDING).exists()

    def recover(self, workbook_folder: Path, revision: str) -> None:
        """Settle what a killed commit left behind, and set aside what is damaged. Call with the
        lock held.

        The new workbook is renamed into place in one step, so it either still lies there under its
        temporary name (the commit did not happen) or it does not (it did).
        """
        pending = self._folder / _PENDING
        if pending.exists():
            try:
                made, temporary = self._head(pending)
            except UnusableError as error:
                self._put_aside(pending, self.next_number(), error.message)
            else:
                untouched = revision == made.revision_before
                overwritten = revision != made.revision_after  # by another program, since
                if untouched or (overwritten and (workbook_folder / temporary).exists()):
                    self.abandon()
                else:
                    self._number_pending(made)
        self.last_run_id()  # a damaged newest entry is noticed
        self.set_aside()

    def set_aside(self) -> None:
        """Rename what was found to be damaged. Call with the lock held."""
        for path, why in list(self._unreadable.items()):
            self._put_aside(path, _number(path), why)
            self._unreadable.pop(path, None)

    def _put_aside(self, path: Path, number: int, why: str = "it is not what it should be") -> None:
        place = self._folder / f"{number:06d}{_SUFFIX}{_DAMAGED_SUFFIX}"
        with suppress(OSError):  # else it is left where it is, and left out
            if not place.exists():
                path.rename(place)
                self.aside.append(DamagedEntry(number, place.name, why))

    def next_number(self) -> int:
        """One more than the highest ever given, to entries that are damaged now as well."""
        return max(map(_number, (*self._files(), *self._set_aside())), default=0) + 1

    def lost_after(self, number: int) -> list[int]:
        """The numbers of later transactions of which nobody can tell what they wrote."""
        known = {_number(path) for path in self._files() if path not in self._unreadable}
        return [n for n in range(number + 1, self.next_number()) if n not in known]

    def seal(self, value: Any) -> Digest:
        """The digest that stands for a secret value."""
        return digest_of(value, self._key())

    def _key(self) -> bytes:
        path = self._folder / "secret.key"
        if not path.exists():
            staged = self._folder / ".secret.key"
            staged.unlink(missing_ok=True)
            descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_bytes(32))
            staged.replace(path)
        return read_regular(path, _LONGEST_KEY)

    def _files(self) -> list[Path]:
        return self._numbered(_SUFFIX)

    def _set_aside(self) -> list[Path]:
        return self._numbered(_SUFFIX + _DAMAGED_SUFFIX)

    def _numbered(self, suffix: str) -> list[Path]:
        """The files that are named by a number, in order."""
        if not self._folder.is_dir():
            return []
        numbered = re.compile(r"\d{1,12}" + re.escape(suffix), re.ASCII)
        found = (path for path in self._folder.iterdir() if numbered.fullmatch(path.name))
        return sorted(found, key=_number)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}{_SUFFIX}"

    def _head_of(self, path: Path) -> Transaction | None:
        """The transaction of an entry; None where it is damaged, which is kept in mind."""
        try:
            found = self._head(path)[0]
            if found.number == _number(path):
                return found
            why = f"the journal entry {path.name} is damaged: it says that it is {found.number}"
        except UnusableError as error:
            why = error.message
        self._unreadable[path] = why
        return None

    def _head(self, path: Path) -> tuple[Transaction, str]:
        """The transaction of an entry, and the name of its temporary file. Raises UnusableError
        where it is damaged, OSError where it can't be read."""
        try:
            with open_regular(path) as file:  # the cells below the head may be many
                start = BytesIO(file.read(_HEAD_WITHIN))
            with igzip.open(start, "rb") as packed:  # type: ignore[no-untyped-call]
                head = json.loads(packed.readline(_LONGEST_HEAD))
            return transaction_of(head), str(head.get("temporary"))
        except _DAMAGED as error:
            raise _is_damaged(path, error) from None

    def _read(self, path: Path) -> list[str]:
        try:
            packed = read_regular(path, _LONGEST_ENTRY)
            content: bytes = igzip.decompress(packed)  # type: ignore[no-untyped-call]
            return content.decode("utf-8", "surrogatepass").split("\n")
        except FileNotFoundError:
            raise UnusableError(f"the journal entry {path.name} is gone") from None
        except _DAMAGED as error:
            raise _is_damaged(path, error) from None


def _number(path: Path) -> int:
    return int(path.name.partition(".")[0])


def _is_damaged(path: Path, error: Exception) -> UnusableError:
    why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
    return UnusableError(f"the journal entry {path.name} is damaged: {why}")


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
