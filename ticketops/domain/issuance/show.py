"""`issuance show` (document 001): a ticket whole, its flights put together from the group's links, its
clearance with the arithmetic, its PNR with the source."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.issuance import files, history, queue
from ticketops.domain.issuance.flights import Segment, segments
from ticketops.domain.issuance.history import HistoryRow
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.issuance.work import not_understood
from ticketops.domain.plan import Plan, Run
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.issuance import TICKETS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class ExceptionOf:
    """The exception of a ticket."""

    requested_by: str
    requested_at: datetime | None
    reason: str | None
    proof: str | None
    proof_hash: str | None
    approved_by: str | None
    approved_at: datetime | None


@dataclass(frozen=True, slots=True)
class TicketWhole:
    """`issuance show`. ticket: as in the queue. stored: the state that TicketRecords has. clearance: why
    it is cleared or not, with the arithmetic. return_pnr: that of the way back. deadline_source: what
    names the deadline. cleared_by, cleared_at: of the clearance that finance gave by command."""

    ticket: queue.QueueLine
    stored: str | None
    ref: str | None
    original_name: str | None
    client: str | None
    group: str | None
    group_flight: str | None
    clearance: str
    cleared: bool
    cleared_by: str | None
    cleared_at: datetime | None
    exception: ExceptionOf | None
    return_pnr: str | None
    deadline_source: str | None
    issued_at: datetime | None
    issued_by: str | None
    void_reason: str | None
    segments: tuple[Segment, ...]
    documents: tuple[files.DocumentRow, ...]
    history: tuple[HistoryRow, ...]


def plan_show(snapshot: Snapshot, run: Run, ticket: str, look: files.Look) -> Plan:
    """A ticket whole, with what is wrong about its files. Raises NotFoundError."""
    tracker = Tracker(snapshot, run)
    row = tracker.ticket(ticket)
    one = tracker.standing(row)
    findings = files.changed(tracker, look, [row])
    if not one.state:
        text = not_understood(row).message
        findings.append(Finding("UNKNOWN_STATUS", Severity.HIGH, text, TICKETS, row["row"]))
    if one.links.unclear and one.is_live:
        text = f"{one.ticket_id}: {one.links.unclear}"
        findings.append(Finding("NO_FLIGHT", Severity.LOW, text, TICKETS, row["row"]))
    booking = one.booking or {}
    whole = TicketWhole(
        queue.line_of(one, run.now),
        row["state"],
        row["ref"],
        row["original_name"],
        booking.get("client"),
        booking.get("group"),
        one.links.flight or None,
        one.clearance.why,
        one.clearance.cleared,
        row["cleared_by"],
        row["cleared_at"],
        _exception(one),
        one.pnr.returns or None,
        one.deadline.source if one.deadline else None,
        row["issued_at"],
        row["issued_by"],
        row["void_reason"],
        segments(one.links),
        files.documents(snapshot, one.ticket_id),
        history.of_ticket(snapshot, one.ticket_id),
    )
    return Plan(findings=findings, result=whole)


def _exception(one: Standing) -> ExceptionOf | None:
    row = one.ticket
    if not row["requested_by"]:
        return None
    return ExceptionOf(
        row["requested_by"],
        row["requested_at"],
        row["request_reason"],
        row["proof"],
        row["proof_hash"],
        row["approved_by"],
        row["approved_at"],
    )
