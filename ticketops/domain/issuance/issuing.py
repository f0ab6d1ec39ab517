"""`issuance issue` (document 001): a ticket gets its number and its PNR, and its clearance is frozen. One
ticket, or a file of them whose names must agree, so that a shifted column issues nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgspec import Struct

from ticketops.domain.intake.faults import NOWHERE, Place
from ticketops.domain.issuance import names, numbers, pnr
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.issuance.work import Work
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError, TicketopsError
from ticketops.model import issuance
from ticketops.model.findings import Finding, Severity
from ticketops.model.states import VOID
from ticketops.schema.layouts.issuance import AIRLINES, TICKETS
from ticketops.schema.tables import Snapshot


class Given(Struct, frozen=True):
    """A ticket that is to be issued. pnr: blank for the one that it has. name: of the passenger, as the
    file spells it; place: the line of the file."""

    ticket: str
    number: str
    pnr: str = ""
    name: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class IssuedTicket:
    """A ticket that was issued."""

    ticket_id: str
    ticket_number: str
    pnr: str


@dataclass(frozen=True, slots=True)
class RefusedTicket:
    """A ticket that was not. code: of the reason."""

    ticket_id: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Issued:
    """`issuance issue`."""

    issued: tuple[IssuedTicket, ...]
    refused: tuple[RefusedTicket, ...]


class Refusal(Exception):
    """Why a ticket is not issued. of_file: whether that casts doubt on the whole file."""

    def __init__(self, code: str, message: str, hint: str = "", *, of_file: bool = False) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.of_file = code, message, hint, of_file


class _Ready(Struct, frozen=True):
    """A ticket that can be issued."""

    given: Given
    standing: Standing
    number: numbers.Number
    pnr: str


def plan_issue(snapshot: Snapshot, given: Sequence[Given], run: Run, *, bulk: bool) -> Plan:
    """Issue tickets.

    bulk: they are of a file: what no rule lets through is told and left, the others are issued; but where
    a line's ticket, number or name is wrong, the columns may be shifted, and nothing of it is issued.
    Otherwise raises RuleError for what is refused, NotFoundError for a ticket that there is not.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    ready: list[_Ready] = []
    refused: list[RefusedTicket] = []
    doubtful = False
    twice = _twice(given)
    for one in given:
        try:
            ready.append(_ready(tracker, one, twice, bulk=bulk))
        except Refusal as why:
            if not bulk:
                raise RuleError(why.message, why.hint) from None
            doubtful = doubtful or why.of_file
            refused.append(RefusedTicket(one.ticket, why.code, _said(one, why.message)))
        except TicketopsError as error:
            if not bulk:
                raise
            doubtful = True
            refused.append(RefusedTicket(one.ticket, error.code, _said(one, error.message)))
    if doubtful:
        text = "nothing of the file is issued, since its columns or rows may be shifted"
        plan.findings.append(Finding("FILE_REFUSED", Severity.HIGH, text))
        refused += [
            RefusedTicket(one.standing.ticket_id, "FILE_REFUSED", _said(one.given, text))
            for one in ready
        ]
        ready, plan.refused = [], True
    elif refused:
        text = f"{len(refused)} of {len(given)} tickets are not issued"
        plan.findings.append(Finding("NOT_ISSUED", Severity.MEDIUM, text, TICKETS))
    for one_ready in ready:
        _issue(tracker, work, one_ready)
    plan.findings += _findings(tracker, ready)
    work.finish()
    issued = tuple(IssuedTicket(r.standing.ticket_id, r.number.text, r.pnr) for r in ready)
    plan.result = Issued(issued, tuple(refused))
    return plan


def _said(given: Given, message: str) -> str:
    return f"{given.place}: {message}" if given.place.file else message


def _twice(given: Sequence[Given]) -> set[str]:
    """Tickets and numbers that a file names more than once."""
    parts = Counter(part for one in given for part in {_key(one.ticket), _key(one.number)})
    return {part for part, count in parts.items() if count > 1 and part}


def _key(text: str) -> str:
    return "".join(c for c in text.upper() if c.isalnum())


def _ready(tracker: Tracker, given: Given, twice: set[str], *, bulk: bool) -> _Ready:
    """Raises Refusal, and NotFoundError for a ticket that there is not."""
    for part, what in ((given.ticket, "ticket"), (given.number, "ticket number")):
        if _key(part) in twice:
            raise Refusal("TWICE", f"the {what} {part} is in the file twice", of_file=True)
    standing = tracker.standing(tracker.ticket(given.ticket))
    if bulk and not names.agree(given.name, standing.ticket["name"] or ""):
        raise Refusal(
            "NAME_DIFFERS",
            f"{standing.ticket_id} is of {standing.ticket['name'] or 'nobody'}, not of "
            f"{given.name or 'nobody'}",
            of_file=True,
        )
    number = _number(tracker, given)
    _require_ready(standing)
    return _Ready(given, standing, number, _pnr(standing, given.pnr))


def _number(tracker: Tracker, given: Given) -> numbers.Number:
    number = numbers.read(given.number)
    if number is None:
        what = (
            f"{given.number!r} is not a ticket number" if given.number else "the number is missing"
        )
        hint = "three digits of the airline and ten more: 176-2401234567"
        raise Refusal("BAD_NUMBER", f"{given.ticket}: {what}", hint, of_file=True)
    if number.prefix not in tracker.airlines:
        raise Refusal(
            "UNKNOWN_AIRLINE",
            f"{given.ticket}: no airline of {AIRLINES} has the number {number.prefix}",
            f"check the number, or add the airline to {AIRLINES}",
            of_file=True,
        )
    return number


def _require_ready(standing: Standing) -> None:
    """Raises Refusal for a ticket that no rule lets through."""
    own, state = standing.ticket_id, standing.state
    if not state:
        raise Refusal("UNKNOWN_STATUS", f"the Status of {own} is not understood")
    if state == VOID:
        raise Refusal("VOID", f"{own} is VOID: that is final")
    if state == issuance.ISSUED:
        number = numbers.shown(standing.ticket["ticket_number"])
        raise Refusal("ALREADY_ISSUED", f"{own} is already issued: {number}")
    if standing.passenger is None or standing.booking is None:
        raise Refusal("ORPHANED", f"the passenger or the booking of {own} is gone")
    if state == issuance.ON_HOLD:
        raise Refusal(
            "ON_HOLD",
            f"{own} waits for the approval of its exception",
            f"`ticketops issuance approve-exception {own}` approves it",
        )
    if state == issuance.NAME_UPDATE_PENDING:
        raise Refusal(
            "NAME_PENDING",
            f"the name of {own} is not final",
            f"`ticketops issuance name-update {own}` makes it final",
        )
    if not standing.clearance.cleared:
        raise Refusal(
            "NOT_CLEARED",
            f"{own} is not cleared: {standing.clearance.why}",
            "`issuance payment`, `issuance finance-clear` or `issuance request-exception` can clear it",
        )
    if state != issuance.FINANCE_CLEARED:
        raise Refusal(
            "NO_FLIGHT",
            f"{own} has no group flight{': ' + why if (why := standing.links.unclear) else ''}",
            "assign one: GroupFlightID in BookingPassengers, or Group in GroupFlights",
        )


def _pnr(standing: Standing, given: str) -> str:
    """The PNR that is given, else that of the ticket. Raises Refusal."""
    text, source = (given, pnr.GIVEN) if given else (standing.pnr.pnr, standing.pnr.source)
    if not text:
        raise Refusal(
            "NO_PNR",
            f"{standing.ticket_id} has no PNR: neither its passenger, leg, block nor group flight has one",
            "give it with --pnr",
        )
    found = pnr.read(text)
    if found is None:
        whose = "" if source == pnr.GIVEN else f" (of its {source.replace('_', ' ')})"
        raise Refusal(
            "BAD_PNR",
            f"{standing.ticket_id}: {text!r}{whose} is not a PNR",
            "six letters and digits: AB12CD",
            of_file=source == pnr.GIVEN,
        )
    return found


def _issue(tracker: Tracker, work: Work, ready: _Ready) -> None:
    standing, run = ready.standing, tracker.run
    work.catch_up(standing)
    work.set(
        standing.ticket,
        ticket_number=ready.number.text,
        pnr=ready.pnr,
        finance=standing.clearance.status,
        cleared_as=standing.clearance.why,
        issued_at=run.now,
        issued_by=run.user,
    )
    note = f"{numbers.shown(ready.number.text)}, PNR {ready.pnr}"
    work.step(standing.ticket, issuance.ISSUED, issuance.WAS_ISSUED, note)


def _findings(tracker: Tracker, ready: Sequence[_Ready]) -> list[Finding]:
    """What is doubtful of the numbers of tickets that are issued now."""
    found = []
    for one in ready:
        row, own = one.standing.ticket["row"], one.standing.ticket_id
        if one.number.doubtful:
            text = f"the check digit of {own} is none that airlines compute: {one.given.number}"
            found.append(Finding("DOUBTFUL_CHECK_DIGIT", Severity.LOW, text, TICKETS, row))
        found += other_airline(tracker, one.standing, one.number.text)
    numbered = {one.standing.ticket_id: one.number.text for one in ready}
    return found + twice_issued(tracker, numbered)


def other_airline(tracker: Tracker, standing: Standing, number: str) -> list[Finding]:
    """That a number is of an airline that none of the ticket's segments is of."""
    airline = tracker.airlines.get(number[:3])
    own = (airline["airline"] or "").upper() if airline else ""
    if not own or not standing.links.airlines or own in standing.links.airlines:
        return []
    flies = ", ".join(sorted(standing.links.airlines))
    text = f"the number of {standing.ticket_id} is of {own}, and its segments are of {flies}"
    return [Finding("OTHER_AIRLINE", Severity.MEDIUM, text, TICKETS, standing.ticket["row"])]


def twice_issued(tracker: Tracker, now: dict[str, str] | None = None) -> list[Finding]:
    """Ticket numbers that several tickets have. now: {TicketID: number} of those that get one now; then
    only what concerns these is told."""
    given = now or {}
    of: dict[str, list[str]] = {}
    rows = {}
    for row in tracker.rows:
        key = row["ticket_id"]
        number = given.get(key) or row["ticket_number"]
        if key and number and tracker.stored(row) != VOID:
            of.setdefault(number, []).append(key)
            rows[key] = row
    return list(_told(of, rows, given))


def _told(
    of: dict[str, list[str]], rows: dict[str, dict[str, str]], now: dict[str, str]
) -> Iterable[Finding]:
    for number, keys in of.items():
        if len(keys) < 2 or (now and not now.keys() & set(keys)):
            continue
        bookings = {rows[key]["booking_id"] for key in keys}
        where = f" of {len(bookings)} bookings" if len(bookings) > 1 else ""
        text = f"{' and '.join(keys)}{where} have the same ticket number {numbers.shown(number)}"
        row = rows[keys[-1]]["row"]
        yield Finding("NUMBER_TWICE", Severity.HIGH, text, TICKETS, int(row))
