"""The journal of an event in a database: a row a transaction, written in the transaction that writes
the cells."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from isal import igzip, isal_zlib  # as for the journal of files

from ticketops.errors import UnusableError
from ticketops.model.changes import ChangeSet
from ticketops.schema.layout import Layout
from ticketops.schema.tables import Table
from ticketops.stores.base import Transaction
from ticketops.stores.edits import SheetEdit
from ticketops.stores.gsheets.ledger import raw_before, undo_body
from ticketops.stores.heads import head_of, transaction_of
from ticketops.stores.postgres.rows import as_text, packed, unpacked
from ticketops.stores.records import (
    NO_IDENTITIES,
    Record,
    as_json,
    beside,
    body_of,
    digest_of,
    every_cell,
    record_of,
)

INSERT = (
    "INSERT INTO ticketops_journal (event_id, number, run_id, command, at, revision_after, head,"
    " body) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
HEADS = "SELECT head FROM ticketops_journal WHERE event_id = %s ORDER BY number"
ALL = "SELECT number, head, body FROM ticketops_journal WHERE event_id = %s ORDER BY number"
BODIES = "SELECT number, head, body FROM ticketops_journal WHERE event_id = %s AND number = ANY(%s)"

DAMAGED: Any = (
    *(LookupError, TypeError, ValueError, AttributeError, EOFError, OSError, RecursionError),
    isal_zlib.error,
)
"""What reading a damaged entry raises."""


def row_of(event: str, transaction: Transaction, body: Mapping[str, Any]) -> tuple[Any, ...]:
    """What INSERT takes."""
    entry = transaction.entry
    return (
        event,
        transaction.number,
        _plain(entry.run_id),
        _plain(entry.command),
        entry.at,
        transaction.revision_after,
        as_text(head_of(transaction)),
        igzip.compress(as_json(body), 2, mtime=0),
    )


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode().replace("\x00", "?")


def written(
    changes: ChangeSet,
    tables: Mapping[str, Table],
    edits: Mapping[str, SheetEdit],
    raw: Mapping[str, Sequence[Sequence[Any]]],
    replaced: Mapping[str, str],
    layout: Layout,
    key: bytes,
) -> dict[str, Any]:
    """The body of a commit. raw: the raw rows of the sheets as they stand; replaced: {sheet: digest of
    what a ReplaceRows writes}; key: that of the digests of secrets."""
    body = undo_body(changes, tables, edits, raw, replaced, layout, key)
    for stood in body["stood"].values():
        stood["rows"] = [[packed(cell) for cell in row] for row in stood["rows"]]
    return body


def taken_back(
    changes: ChangeSet,
    tables: Mapping[str, Table],
    edits: Mapping[str, SheetEdit],
    raw: Mapping[str, Sequence[Sequence[Any]]],
    layout: Layout,
    key: bytes,
) -> dict[str, Any]:
    """The body of an undo: the cells that it writes."""

    def seal(value: Any) -> Any:
        return digest_of(value, key)

    before = {
        name: raw_before(edit, tables[name], raw.get(name, ())) for name, edit in edits.items()
    }
    body = body_of(ChangeSet(), {}, {}, layout, seal, NO_IDENTITIES)
    return body | beside(layout, seal, back=every_cell(changes, before))


def transactions(heads: Sequence[str]) -> list[Transaction]:
    """The transactions of these heads, oldest first; one that is damaged is left out."""
    found = []
    for head in heads:
        try:
            found.append(transaction_of(json.loads(head)))
        except (ValueError, RecursionError):
            continue
    undone = {t.undoes: t.number for t in found if t.undoes is not None}
    return [
        Transaction(
            t.number,
            t.entry,
            t.revision_before,
            t.revision_after,
            t.counts,
            t.undoes,
            undone.get(t.number),
            t.restores,
        )
        for t in found
    ]


def record_from(head: str, body: bytes, number: int) -> tuple[Record, dict[str, Any]]:
    """The cells of a transaction, and what stood in sheets that it replaced. Raises UnusableError
    where it is damaged."""
    try:
        content = json.loads(igzip.decompress(body).decode("utf-8", "surrogatepass"))  # type: ignore[no-untyped-call]
        stood = {
            name: {
                "columns": was["columns"],
                "rows": [[unpacked(cell) for cell in row] for row in was["rows"]],
            }
            for name, was in content.get("stood", {}).items()
        }
        return record_of(json.loads(head), content), stood
    except DAMAGED as error:
        raise UnusableError(f"the journal entry {number:06d} is damaged: {error}") from None
