"""`issuance finance-clear`, `request-exception` and `approve-exception` (document 001): finance clears a
ticket, or somebody who approves tickets lets it go on a proof."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ticketops.domain.issuance.clearance import arithmetic, is_approved
from ticketops.domain.issuance.files import Attached, Look
from ticketops.domain.issuance.flights import fold
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.issuance.work import Work, refuse_ended
from ticketops.domain.masterdata.users import Users
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError, UsageError
from ticketops.model import issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.money import said
from ticketops.model.names import same_name
from ticketops.model.states import VOID
from ticketops.schema.layouts.event import USERS
from ticketops.schema.layouts.issuance import BOOKINGS, TICKETS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ticket as it is now. finance: pending, cleared or exception."""

    ticket_id: str
    passenger: str | None
    status: str
    api_status: str
    finance: str


@dataclass(frozen=True, slots=True)
class Rulings:
    """`issuance finance-clear`, `request-exception`, `approve-exception`, `void`."""

    tickets: tuple[Ruled, ...]


def plan_finance_clear(
    snapshot: Snapshot,
    run: Run,
    tickets: Sequence[str] = (),
    *,
    booking: str = "",
    approved: bool = False,
) -> Plan:
    """Put on record that finance cleared tickets: those that are named, those of a booking, or those of
    all bookings that are Approved; of these only the ones that are open and not on record already.

    They become FINANCE_CLEARED, whatever is still owed, which is told. Raises UsageError where nothing is
    named, RuleError for a ticket that is issued or void.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    if sum(map(bool, (tickets, booking, approved))) != 1:
        raise UsageError("name tickets, or give --booking B or --approved")
    told = []
    owing: dict[str, Standing] = {}
    for standing in _meant(tracker, tickets, booking):
        ticket = standing.ticket
        key = fold(ticket["booking_id"])
        if not standing.clearance.cleared:
            owing[key] = standing
        work.set(ticket, finance=issuance.CLEARED, cleared_by=run.user, cleared_at=run.now)
        note = arithmetic(standing.booking, tracker.payments.get(key, ()))
        work.step(ticket, issuance.FINANCE_CLEARED, issuance.CLEARED_BY_FINANCE, note)
        told.append(_ruled(standing, issuance.FINANCE_CLEARED, issuance.CLEARED))
        plan.findings += _not_final(standing)
    plan.findings += _owing(owing.values())
    work.finish()
    plan.result = Rulings(tuple(told))
    return plan


def _meant(tracker: Tracker, tickets: Sequence[str], booking: str) -> Iterable[Standing]:
    """The tickets that are named, else those of a booking, else those of the approved bookings."""
    if tickets:
        for standing in _named(tracker, tickets):
            refuse_ended(standing, "there is nothing to clear")
            yield standing
        return
    if booking:
        keys = {fold(tracker.booking(booking)["booking_id"])}
    else:
        keys = {key for key, row in tracker.bookings.items() if row["approved"]}
    for standing in tracker.all():
        ticket = standing.ticket
        on_record = ticket["finance"] == issuance.CLEARED and ticket["cleared_by"]
        if (
            fold(ticket["booking_id"]) in keys
            and standing.is_live
            and standing.state
            and not on_record
        ):
            yield standing


def _named(tracker: Tracker, tickets: Sequence[str]) -> list[Standing]:
    """The tickets that are named, each once."""
    rows = {row["ticket_id"]: row for row in map(tracker.ticket, tickets)}
    return [tracker.standing(row) for row in rows.values()]


def _owing(standings: Iterable[Standing]) -> list[Finding]:
    """That bookings still owe something though their tickets are cleared."""
    found = []
    for one in standings:
        if one.booking is not None:
            owed = said(one.booking["balance"], one.booking["currency"])
            text = f"{one.booking['booking_id']} still owes {owed}: its tickets are cleared anyway"
            found.append(Finding("STILL_OWING", Severity.INFO, text, BOOKINGS, one.booking["row"]))
    return found


def _not_final(standing: Standing) -> list[Finding]:
    """That a ticket leaves the queue of names though its name is not final."""
    if standing.state != issuance.NAME_UPDATE_PENDING or standing.deadline is None:
        return []
    text = (
        f"the name of {standing.ticket_id} is not final, and its deadline is "
        f"{standing.deadline.at:%Y-%m-%d}: `issuance name-update {standing.ticket_id}`"
    )
    return [Finding("NAME_NOT_FINAL", Severity.INFO, text, TICKETS, standing.ticket["row"])]


def plan_request(
    snapshot: Snapshot, run: Run, tickets: Sequence[str], proof: Attached, reason: str
) -> Plan:
    """Ask for tickets to be issued before they are cleared: they wait ON_HOLD, with the proof. A second
    request replaces the first one.

    Raises RuleError for a ticket that is issued, void or cleared already.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    told = []
    for standing in _named(tracker, tickets):
        ticket = standing.ticket
        refuse_ended(standing, "there is nothing to ask for")
        if standing.clearance.cleared:
            raise RuleError(
                f"{standing.ticket_id} needs no exception: {standing.clearance.why}",
                f"`ticketops issuance issue {standing.ticket_id}` issues it",
            )
        if tracker.stored(ticket) == issuance.FINANCE_CLEARED:
            work.catch_up(standing)
        work.set(
            ticket,
            finance=issuance.EXCEPTION,
            requested_by=run.user,
            requested_at=run.now,
            request_reason=reason or None,
            proof=proof.path,
            proof_hash=proof.hash,
            approved_by=None,
            approved_at=None,
        )
        note = f"{reason + ': ' if reason else ''}{proof.path}"
        work.step(ticket, issuance.ON_HOLD, issuance.EXCEPTION_REQUESTED, note)
        told.append(_ruled(standing, issuance.ON_HOLD, issuance.EXCEPTION))
    work.finish()
    plan.result = Rulings(tuple(told))
    return plan


def plan_approve(snapshot: Snapshot, run: Run, tickets: Sequence[str], look: Look) -> Plan:
    """Approve the exceptions of tickets: they become FINANCE_CLEARED.

    Raises RuleError for a ticket that waits for none, whose proof is not the file that was attached, or
    that the same person asked for. A proof that can't be seen from here is a finding.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    told = []
    for standing in _named(tracker, tickets):
        ticket = standing.ticket
        refuse_ended(standing, "there is nothing to approve")
        if not ticket["requested_by"] or is_approved(ticket):
            raise RuleError(
                f"{standing.ticket_id} waits for no exception",
                f"`ticketops issuance request-exception {standing.ticket_id} --proof FILE` asks for one",
            )
        _require_another(snapshot, standing, run)
        plan.findings += _seen(standing, look)
        work.set(ticket, approved_by=run.user, approved_at=run.now)
        note = f"asked for by {ticket['requested_by']}, on {ticket['proof']}"
        work.step(ticket, issuance.FINANCE_CLEARED, issuance.EXCEPTION_APPROVED, note)
        told.append(_ruled(standing, issuance.FINANCE_CLEARED, issuance.EXCEPTION))
        plan.findings += _not_final(standing)
    work.finish()
    plan.result = Rulings(tuple(told))
    return plan


def _require_another(snapshot: Snapshot, standing: Standing, run: Run) -> None:
    """Raises RuleError where whoever asked approves, under whichever of their names."""
    asked = standing.ticket["requested_by"]
    users = Users.of(snapshot[USERS])
    same = same_name(asked, run.user) or any(
        row in users.named(asked) for row in users.named(run.user)
    )
    if same:
        raise RuleError(
            f"{asked} asked for the exception of {standing.ticket_id}: someone else must approve it"
        )


def _seen(standing: Standing, look: Look) -> list[Finding]:
    """What is to be said of a proof. Raises RuleError for one that there is not, or that changed."""
    ticket = standing.ticket
    again = f"`ticketops issuance request-exception {standing.ticket_id} --proof FILE` attaches it again"
    if not ticket["proof"] or not ticket["proof_hash"]:
        raise RuleError(f"the exception of {standing.ticket_id} has no proof", again)
    now = look(ticket["proof"])
    if now is None:
        text = f"the proof of {standing.ticket_id} can't be seen from here: {ticket['proof']}"
        return [Finding("PROOF_MISSING", Severity.INFO, text, TICKETS, ticket["row"])]
    if now != ticket["proof_hash"]:
        raise RuleError(
            f"the proof of {standing.ticket_id} is not the file that was attached: "
            f"{ticket['proof']} changed since",
            again,
        )
    return []


def plan_void(snapshot: Snapshot, run: Run, tickets: Sequence[str], reason: str) -> Plan:
    """End tickets for good. An issued one keeps its number. Raises RuleError for one that is VOID."""
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    told = []
    for standing in _named(tracker, tickets):
        if standing.state in ("", VOID):
            refuse_ended(standing, "that is final")
        work.set(standing.ticket, void_reason=reason)
        work.step(standing.ticket, VOID, issuance.WAS_VOIDED, reason)
        told.append(_ruled(standing, VOID, standing.clearance.status))
    work.finish()
    plan.result = Rulings(tuple(told))
    return plan


def _ruled(standing: Standing, state: str, finance: str) -> Ruled:
    return Ruled(standing.ticket_id, standing.ticket["name"], issuance.SHOWN[state], state, finance)
