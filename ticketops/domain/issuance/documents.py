"""`issuance document` (document 001): e-tickets and scans beside a ticket, each known by its hash."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.domain.issuance.files import Attached, DocumentRow, Look, changed, documents
from ticketops.domain.issuance.tracker import Tracker
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import ids
from ticketops.schema.layouts.issuance import DOCUMENTS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Documents:
    """`issuance document add` and `document list`: the documents of a ticket, or all of them."""

    documents: tuple[DocumentRow, ...]


def plan_add(
    snapshot: Snapshot, run: Run, ticket: str, files: list[Attached], kind: str, note: str
) -> Plan:
    """Add documents to a ticket. Raises NotFoundError for a ticket that there is not, RuleError for a
    file that it has already."""
    tracker = Tracker(snapshot, run)
    own = tracker.ticket(ticket)["ticket_id"]
    known = {one.hash: one for one in documents(snapshot, own)}
    table = snapshot[DOCUMENTS]
    number = ids.next_number(ids.DOCUMENT_ID, table.frame["document_id"])
    rows, told = [], []
    for file in files:
        if file.hash in known:
            raise RuleError(f"{own} already has {file.path}: {known[file.hash].document_id}")
        key = ids.numbered(ids.DOCUMENT_ID, number)
        number += 1
        told.append(
            DocumentRow(key, own, kind, file.path, file.hash, file.size, note or None, run.user)
        )
        known[file.hash] = told[-1]
        rows.append(
            (
                key,
                own,
                kind,
                file.path,
                file.hash,
                file.size,
                note or None,
                run.user,
                run.now,
                run.run_id,
            )
        )
    columns = (*DocumentRow.__dataclass_fields__, "added_at", "run_id")
    plan = Plan(result=Documents(tuple(told)))
    plan.changes.append(DOCUMENTS, table.next_row, columns, rows)
    return plan


def plan_list(snapshot: Snapshot, run: Run, ticket: str, look: Look) -> Plan:
    """The documents of a ticket, or of all where none is named, and which are not what they were."""
    tracker = Tracker(snapshot, run)
    row = tracker.ticket(ticket) if ticket else None
    findings = changed(tracker, look, [row] if row else None)
    return Plan(
        findings=[one for one in findings if one.sheet == DOCUMENTS],
        result=Documents(documents(snapshot, row["ticket_id"] if row else "")),
    )
