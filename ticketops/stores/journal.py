"""The journal: one file a transaction with every cell before and after, written ahead of the workbook's replacement.

`pending` stands while a commit is under way; after the workbook is replaced it is renamed to its number. A commit that
was killed leaves `pending` behind: `recover` keeps it exactly if the replacement happened. Secret values are kept as
keyed digests only (D13).
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from isal import igzip, isal_zlib  # a journal entry of 12,000 rows must not cost a second

from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.workbook import MANIFEST, Manifest
from ticketops.stores.base import Transaction
from ticketops.stores.records import Digest, RawBefore, Record, as_json, body_of, digest_of, head_of, record_of, transaction_of

_PENDING = "pending.json.gz"
_SUFFIX = ".json.gz"
_DAMAGED: Any = (ValueError, EOFError, igzip.BadGzipFile, isal_zlib.error)


class Journal:
    """The journal folder of one workbook."""

    def __init__(self, folder: Path, manifest: Manifest = MANIFEST) -> None:
        self._folder = folder
        self._manifest = manifest

    def transactions(self) -> list[Transaction]:
        """All committed transactions, oldest first."""
        heads = [self._head(path) for path in self._files()]
        undone = {head["undoes"]: head["number"] for head in heads if head["undoes"] is not None}
        return [transaction_of(head, undone.get(head["number"])) for head in heads]

    def last_run_id(self) -> str:
        """The RunID of the newest transaction; empty where there is none."""
        files = self._files()
        return str(self._head(files[-1])["run_id"]) if files else ""

    def record(self, number: int) -> Record:
        """One transaction with its cells."""
        lines = self._read(self._path(number))
        return record_of(json.loads(lines[0]), json.loads(lines[1]))

    def begin(
        self, transaction: Transaction, changes: ChangeSet, raw_before: RawBefore, replaced: Mapping[str, str], temporary: Path
    ) -> None:
        """Write ahead: `temporary` is the new workbook, complete on disk, about to be renamed into place.

        raw_before: what stood in the written cells. replaced: {sheet: digest of what a ReplaceRows writes}.
        """
        head = head_of(transaction) | {"temporary": temporary.name}
        body = body_of(changes, raw_before, replaced, self._manifest, self.seal)
        staged = self._folder / f".{_PENDING}"
        with open(staged, "wb") as file:
            with igzip.open(file, "wb", 1) as packed:  # type: ignore[no-untyped-call]
                for part in (head, body):
                    packed.write(as_json(part))
            file.flush()
            os.fsync(file.fileno())
        staged.replace(self._folder / _PENDING)
        sync_folder(self._folder)

    def finish(self) -> None:
        """The workbook was replaced: the pending transaction gets its number."""
        pending = self._folder / _PENDING
        pending.replace(self._path(self._head(pending)["number"]))

    def abandon(self) -> None:
        """The workbook was not replaced: nothing happened."""
        with suppress(FileNotFoundError):
            (self._folder / _PENDING).unlink()

    @property
    def interrupted(self) -> bool:
        """Whether a commit was begun and neither finished nor abandoned: it is under way, or was killed."""
        return (self._folder / _PENDING).exists()

    def recover(self, workbook_folder: Path, revision: str) -> None:
        """Settle what a killed commit left behind. Call with the lock held.

        The new workbook is renamed into place in one step, so it either still lies there under its temporary name (the
        commit did not happen) or it does not (it did).
        """
        pending = self._folder / _PENDING
        if not pending.exists():
            return
        try:
            head = self._head(pending)
        except UnusableError:
            self.abandon()
            return
        untouched = revision == head["revision_before"]
        overwritten = revision != head["revision_after"]  # by another program, since
        if untouched or (overwritten and (workbook_folder / head["temporary"]).exists()):
            self.abandon()
        else:
            self.finish()

    def next_number(self) -> int:
        files = self._files()
        return int(files[-1].name.removesuffix(_SUFFIX)) + 1 if files else 1

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
        return path.read_bytes()

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            return []
        found = [p for p in self._folder.iterdir() if p.name.endswith(_SUFFIX) and p.name.removesuffix(_SUFFIX).isdigit()]
        return sorted(found, key=lambda path: int(path.name.removesuffix(_SUFFIX)))

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:06d}{_SUFFIX}"

    def _head(self, path: Path) -> dict[str, Any]:
        try:
            with igzip.open(path, "rb") as file:  # type: ignore[no-untyped-call]
                head: dict[str, Any] = json.loads(file.readline())  # the cells below it may be many
        except _DAMAGED as error:
            raise UnusableError(f"the journal entry {path.name} is damaged: {error}") from None
        return head

    def _read(self, path: Path) -> list[str]:
        packed = path.read_bytes()
        try:
            content: bytes = igzip.decompress(packed)  # type: ignore[no-untyped-call]
        except (OSError, EOFError, ValueError) as error:
            raise UnusableError(f"the journal entry {path.name} is damaged: {error}") from None
        return content.decode("utf-8", "surrogatepass").split("\n")


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
