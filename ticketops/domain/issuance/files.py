"""Files that tickets rest on: proofs of exceptions and documents, each known by its hash. The domain sees
no file: whoever plans is told what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ticketops.domain.issuance.clearance import Row
from ticketops.domain.issuance.tracker import Tracker
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.issuance import DOCUMENTS, TICKETS
from ticketops.schema.tables import Snapshot

Look = Callable[[str], str | None]
"""The path that a cell holds → the hash of the file there; None where there is none that can be read."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file as a command took it: the path as the workbook holds it, its hash and size in bytes."""

    path: str
    hash: str
    size: int


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """A row of TicketDocuments."""

    document_id: str | None
    ticket_id: str | None
    kind: str | None
    path: str | None
    hash: str | None
    size: int | None
    note: str | None
    user: str | None


def documents(snapshot: Snapshot, ticket_id: str) -> tuple[DocumentRow, ...]:
    """The documents of a ticket; of all tickets, where none is named."""
    names = tuple(DocumentRow.__dataclass_fields__)
    rows = snapshot[DOCUMENTS].frame.select(names).iter_rows()
    found = (DocumentRow(*row) for row in rows)
    return tuple(one for one in found if not ticket_id or one.ticket_id == ticket_id)


def changed(tracker: Tracker, look: Look, tickets: Iterable[Row] | None = None) -> list[Finding]:
    """Proofs and documents that are not what they were when they were attached. tickets: only of these."""
    rows = list(tracker.rows if tickets is None else tickets)
    wanted = {row["ticket_id"] for row in rows}
    found = list(_proofs(rows, look))
    for one in tracker.snapshot[DOCUMENTS].frame.iter_rows(named=True):
        if one["ticket_id"] not in wanted or not one["path"]:
            continue
        what = f"the document {one['document_id']} of {one['ticket_id']}"
        now = look(one["path"])
        if now is None:
            found.append(_missing("DOCUMENT_MISSING", what, one["path"], DOCUMENTS, one["row"]))
        elif now != one["hash"]:
            text = f"{what} is not the file that was added: {one['path']} changed since"
            found.append(Finding("DOCUMENT_CHANGED", Severity.HIGH, text, DOCUMENTS, one["row"]))
    return found


def _proofs(rows: Iterable[Row], look: Look) -> Iterator[Finding]:
    for row in rows:
        if not row["proof_hash"] or not row["proof"]:
            continue
        what = f"the proof of the exception of {row['ticket_id']}"
        now = look(row["proof"])
        if now is None:
            yield _missing("PROOF_MISSING", what, row["proof"], TICKETS, row["row"])
        elif now != row["proof_hash"]:
            text = f"{what} is not the file that was attached: {row['proof']} changed since"
            yield Finding("PROOF_CHANGED", Severity.HIGH, text, TICKETS, row["row"])


def _missing(code: str, what: str, path: str, sheet: str, row: int) -> Finding:
    text = f"{what} can't be read: {path}"
    return Finding(code, Severity.INFO, text, sheet, row)
