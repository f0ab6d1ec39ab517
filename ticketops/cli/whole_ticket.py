"""An airline ticket on one screen, and how many stand where (document 001)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ticketops.cli import listing
from ticketops.cli.session import Session
from ticketops.model.display import counted

if TYPE_CHECKING:
    from ticketops.domain.issuance.report import Counts, Report
    from ticketops.domain.issuance.show import TicketWhole

_SEGMENT: listing.Columns = (
    ("Flight", "flight"),
    ("From", "origin"),
    ("To", "destination"),
    ("Departs", "departs"),
    ("Arrives", "arrives"),
    ("Way", "direction"),
    ("PNR", "pnr"),
    ("Sheet", "sheet"),
    ("Ref", "ref"),
)
_DOCUMENT: listing.Columns = (
    ("Document", "document_id"),
    ("Kind", "kind"),
    ("File", "path"),
    ("Note", "note"),
)
_HISTORY: listing.Columns = (
    ("When", "at"),
    ("Who", "user"),
    ("Action", "action"),
    ("To", "after"),
    ("Note", "note"),
    ("From", "before"),
    ("Undone", lambda one: "" if one.stands or one.action == "UNDO" else "yes"),
)


def counts(session: Session, result: Report) -> None:
    """Where the tickets stand, in all and by group."""

    def row(name: str, of: Counts) -> tuple[object, ...]:
        where = (of.tickets, of.pending, of.ready, of.issued, of.void)
        return (name, *where, of.name_update, of.due_soon, of.overdue, of.on_hold)

    heads = ("Group", "Tickets", "Pending", "Ready", "Issued", "Void")
    rows = [row(one.group, one.counts) for one in result.groups]
    session.out.table(
        (*heads, "Names", "Due soon", "Overdue", "On hold"),
        [*rows, row("all", result.total)],
        first=("Tickets", "Pending", "Ready", "Issued", "Overdue"),
    )
    if result.without_ticket:
        session.out.line(
            f"{counted(result.without_ticket, 'passenger')} without a ticket: ticketops issuance "
            "refresh --all"
        )


def show(session: Session, whole: TicketWhole) -> None:
    """Everything of a ticket."""
    out, line = session.out, whole.ticket
    head = (line.ticket_id, line.passenger, line.status, line.api_status)
    out.line(" · ".join(part for part in head if part))
    if whole.stored and whole.stored != line.api_status:
        out.line(f"stored as {whole.stored}; clearance and flight say {line.api_status} now")
    exception = whole.exception
    facts = (
        ("Booking", " · ".join(filter(None, (line.booking, whole.client, whole.group)))),
        ("Reference", whole.ref),
        ("Original name", whole.original_name if whole.original_name != line.passenger else None),
        ("Clearance", f"{line.finance}: {whole.clearance}"),
        ("Cleared by", _by(whole.cleared_by, whole.cleared_at)),
        ("Asked by", _by(exception.requested_by, exception.requested_at) if exception else None),
        ("Reason", exception.reason if exception else None),
        ("Proof", exception.proof if exception else None),
        ("Approved by", _by(exception.approved_by, exception.approved_at) if exception else None),
        ("PNR", f"{line.pnr} (from the {line.pnr_source})" if line.pnr else "none"),
        ("Return PNR", whole.return_pnr),
        ("Number", line.ticket_number),
        ("Issued by", _by(whole.issued_by, whole.issued_at)),
        ("Void", whole.void_reason),
        (
            "Deadline",
            f"{listing.shown(line.deadline)} ({whole.deadline_source})" if line.deadline else None,
        ),
    )
    for name, text in facts:
        if text:
            out.line(f"{name:14} {text}")
    out.line()
    listing.table(session, whole.segments, _SEGMENT, "Flights")
    listing.table(session, whole.documents, _DOCUMENT, "Documents")
    listing.table(session, whole.history, _HISTORY, "History")


def _by(who: str | None, at: datetime | None) -> str | None:
    return f"{who}, {listing.shown(at)}" if who and at else who
