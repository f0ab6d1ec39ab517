"""What goes along with a message: the book that a client is told of (§7, §10), the e-tickets of a
ticket that is issued (document 001)."""

from __future__ import annotations

import hashlib
import mimetypes
from pathlib import Path
from typing import Any

import polars as pl

from ticketops.channels.letter import Attachment
from ticketops.domain.messages.facts import PortalGenerated, TicketIssued
from ticketops.domain.messages.happened.books import is_on_google
from ticketops.domain.messages.message import Message
from ticketops.errors import RuleError
from ticketops.files import read_regular
from ticketops.model import book_kinds
from ticketops.model.issuance import ISSUED, OF_READERS
from ticketops.model.states import EMAIL, FOR_CLIENT
from ticketops.schema.layouts.event import BOOKS
from ticketops.schema.layouts.issuance import DOCUMENTS, TICKETS
from ticketops.schema.tables import Snapshot
from ticketops.services.book_registry import BookRegistry
from ticketops.stores.base import Store
from ticketops.stores.child import MAX_FILE

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
"""The media type of a book."""


SHEETS_ALONG = (BOOKS, DOCUMENTS, TICKETS)
"""What says which files go along."""
MOST_ALONG = 20 * 2**20
"""Bytes of all documents with one e-mail: mail servers take little more."""


class Enclosures:
    """Finds what goes along with messages, on this machine."""

    def __init__(self, registry: BookRegistry) -> None:
        self._registry = registry

    @classmethod
    def of(cls, store: Store) -> Enclosures:
        """Those of a workbook."""
        return cls(BookRegistry.of(store))

    def with_message(self, snapshot: Snapshot, message: Message) -> tuple[Attachment, ...]:
        """The client's book, with an e-mail that tells a client of one that is a file; the e-tickets and
        scans of a ticket, with an e-mail that says that it is issued. snapshot: holds SHEETS_ALONG, as
        far as its kind of workbook has them.

        The book is the book as ticketops wrote it last, whatever was built since the message was queued.
        Raises RuleError where that is not what stands there: a file that is gone, that somebody
        changed, or that is no book of this client; and for documents that are not the files that
        were added, or too large.
        """
        if (message.fact, message.channel) == (TicketIssued.name, EMAIL):
            ticket = message.identity.split(" ")[1]
            _require_issued(snapshot, ticket)
            return self._documents(snapshot, ticket)
        if (message.fact, message.audience, message.channel) != (
            PortalGenerated.name,
            FOR_CLIENT,
            EMAIL,
        ):
            return ()
        told, books = _books_of(snapshot, message.identity)
        if told is None:
            raise _missing(f"{BOOKS} does not list the book that it is about")
        if is_on_google(told["file"]):
            return ()
        path = self._registry.path_of(told["file"])
        try:
            content = read_regular(path, MAX_FILE)
        except OSError as error:
            raise _missing(f"{path} can't be read: {error.strerror or error}") from None
        last = self._registry.written().get(told["file"])
        here = hashlib.blake2b(content, digest_size=16).hexdigest()
        if last is None or last.file_hash != here or last.book_id not in books:
            raise _missing(f"{path} is not as it was built")
        return (Attachment(path.name, XLSX, content),)

    def _documents(self, snapshot: Snapshot, ticket: str) -> tuple[Attachment, ...]:
        """The e-tickets and scans that a ticket has now, each as it was when it was added; of several
        with one path the last one that was added."""
        rows = snapshot[DOCUMENTS].frame.filter(
            pl.col("ticket_id") == ticket, pl.col("kind").is_in(OF_READERS)
        )
        newest = {row["path"]: row for row in rows.iter_rows(named=True) if row["path"]}
        found: list[Attachment] = []
        taken: set[str] = set()
        room = MOST_ALONG
        for name, row in newest.items():
            path, what = self._registry.path_of(name), f"the document {row['document_id']}"
            try:
                content = read_regular(path, MAX_FILE)
            except OSError as error:
                raise _not_along(what, f"{name} can't be read: {error.strerror or error}") from None
            if hashlib.blake2b(content, digest_size=16).hexdigest() != row["hash"]:
                raise _not_along(what, f"{name} changed since it was added")
            room -= len(content)
            if room < 0:
                raise _not_along(what, f"the documents of {ticket} have more than 20 MB together")
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            found.append(Attachment(_named_apart(path, taken), kind, content))
        return tuple(found)


def _named_apart(path: Path, taken: set[str]) -> str:
    """A name that no other file of the message has."""
    name, number = path.name, 1
    while name.casefold() in taken:
        number += 1
        name = f"{path.stem} ({number}){path.suffix}"
    taken.add(name.casefold())
    return name


def _require_issued(snapshot: Snapshot, ticket: str) -> None:
    """Raises RuleError where a ticket that is said to be issued is not, by now."""
    frame = snapshot[TICKETS].frame
    states = frame.filter(frame["ticket_id"] == ticket)["state"].to_list()
    if states[:1] != [ISSUED]:
        now = states[0] if states else "gone"
        raise RuleError(f"{ticket} is {now} by now", "`ticketops message cancel` ends the message")


def _not_along(what: str, why: str) -> RuleError:
    return RuleError(
        f"{what} can't be sent along: {why}",
        "`ticketops issuance document add` adds the file as it is now; `ticketops message retry` sends "
        "the message then",
    )


def _books_of(snapshot: Snapshot, identity: str) -> tuple[dict[str, Any] | None, set[str]]:
    """The row of `_BOOKS` that a fact is about, and the BookIDs of all books of its client."""
    rows = snapshot[BOOKS].frame.filter(
        pl.col("kind") == book_kinds.CLIENT, pl.col("party").is_not_null()
    )
    told = None
    for row in rows.iter_rows(named=True):
        if row["file"] and identity == f"{PortalGenerated.name} {row['party']} {row['contents']}":
            told = row
    if told is None:
        return None, set()
    return told, set(rows.filter(pl.col("party") == told["party"])["book_id"].drop_nulls())


def _missing(why: str) -> RuleError:
    return RuleError(
        f"its book can't be sent along: {why}",
        "`ticketops client build` makes it again, `ticketops message retry` sends the message then",
    )
