"""`issuance name-update` (document 001): operations say the name that the ticket bears. What is cleared and
has a flight is ready then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from msgspec import Struct

from ticketops.domain.intake.faults import NOWHERE, Fault, Place, refuse, tried
from ticketops.domain.issuance import names
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.issuance.work import Work, refuse_ended
from ticketops.domain.plan import Plan, Run
from ticketops.errors import RuleError
from ticketops.model import ids, issuance
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.issuance import TICKETS
from ticketops.schema.tables import Snapshot


class Named(Struct, frozen=True):
    """A ticket and its name; a blank one: the name that it has is final. place: the line of a file."""

    ticket: str
    name: str = ""
    place: Place = NOWHERE


@dataclass(frozen=True, slots=True)
class NameSet:
    """A ticket whose name is final now. original: as it was said; status, api_status: as it is now."""

    ticket_id: str
    name: str
    original: str
    status: str
    api_status: str


@dataclass(frozen=True, slots=True)
class NamesSet:
    """`issuance name-update`."""

    updated: tuple[NameSet, ...]


def plan_name_update(
    snapshot: Snapshot, given: Sequence[Named], run: Run, *, accept: bool = False
) -> Plan:
    """Make the names of tickets final, in the airline's form. accept: take the spelling that is proposed
    where a name has letters that no ticket bears, or is too long.

    A ticket that is cleared and has a group flight becomes FINANCE_CLEARED, any other stays NOT_READY, or
    ON_HOLD where an exception waits. Raises what is wrong with all of them at once; then nothing is
    written.
    """
    plan = Plan()
    tracker = Tracker(snapshot, run)
    work = Work(tracker, plan)
    faults: list[Fault] = []
    told: list[NameSet] = []
    seen: set[str] = set()
    others = _names_now(tracker, given)
    for one in given:
        read = partial(_named, tracker, one, seen, others, accept=accept)
        done = tried(read, one.place, faults)
        if done is not None:
            standing, name, original = done
            told.append(_update(tracker, work, standing, name, original))
            if name != original:
                text = f"{standing.ticket_id} bears {name}; {original} is kept as the original"
                plan.findings.append(
                    Finding("NAME_SPELLED", Severity.INFO, text, TICKETS, standing.ticket["row"])
                )
    refuse(faults)
    work.finish()
    plan.result = NamesSet(tuple(told))
    return plan


def _named(
    tracker: Tracker,
    one: Named,
    seen: set[str],
    others: Mapping[tuple[str, ...], str],
    *,
    accept: bool,
) -> tuple[Standing, str, str]:
    standing = tracker.standing(tracker.ticket(one.ticket))
    if standing.ticket_id in seen:
        raise RuleError(f"{standing.ticket_id} is named twice")
    seen.add(standing.ticket_id)
    refuse_ended(standing, "its name can't be changed")
    original = one.name or standing.ticket["name"] or ""
    if not original:
        raise RuleError(f"{standing.ticket_id} has no name", "say it with --name")
    owner = others.get(names.words(original), standing.ticket_id)
    if owner != standing.ticket_id and not names.agree(original, standing.ticket["name"] or ""):
        raise RuleError(
            f"{standing.ticket_id}: {original} is the name of {owner}, so rows may be shifted",
            "two names that are to change places are set one by one, with --name",
        )
    form = names.form(original, longest(tracker, standing))
    if not form.text:
        raise RuleError(form.why)
    if not form.exact and not accept:
        raise RuleError(
            f"{standing.ticket_id}: {form.why}; proposed: {form.text}",
            "--accept takes what is proposed; compare it with the passport first",
        )
    return standing, form.text, original


def _names_now(tracker: Tracker, given: Sequence[Named]) -> dict[tuple[str, ...], str]:
    """{words of a name: the ticket that bears it} of the tickets of a file, where only one does."""
    found: dict[tuple[str, ...], str] = {}
    twice: set[tuple[str, ...]] = set()
    for one in given if len(given) > 1 else ():
        key = ids.read_numbered(ids.TICKET_ID, one.ticket)
        if (ticket := tracker.tickets.get(key)) and ticket["name"]:
            words = names.words(ticket["name"])
            twice |= {words} if found.setdefault(words, key) != key else set()
    return {words: key for words, key in found.items() if words not in twice}


def longest(tracker: Tracker, standing: Standing) -> int:
    """How long the name of a ticket may be: what the strictest of its airlines takes."""
    own = [
        row["name_length"]
        for row in tracker.airlines.values()
        if row["name_length"] and (row["airline"] or "").upper() in standing.links.airlines
    ]
    return min(own, default=names.LONGEST)


def _update(tracker: Tracker, work: Work, standing: Standing, name: str, original: str) -> NameSet:
    ticket, run = standing.ticket, tracker.run
    kept = original if name != original else ticket["original_name"] or original
    work.set(ticket, name=name, original_name=kept, named_by=run.user, named_at=run.now)
    note = (
        f"{ticket['name'] or 'no name'} → {name}" if name != ticket["name"] else f"{name} is final"
    )
    state = _after(standing)
    work.step(ticket, state, issuance.NAMED, note)
    return NameSet(standing.ticket_id, name, kept, issuance.SHOWN[state], state)


def _after(standing: Standing) -> str:
    """The state of a ticket whose name is final (document 001)."""
    if standing.clearance.cleared and standing.links.flight:
        return issuance.FINANCE_CLEARED
    waits = standing.ticket["requested_by"] and not standing.ticket["approved_by"]
    if waits:
        return issuance.ON_HOLD
    return issuance.NOT_READY
