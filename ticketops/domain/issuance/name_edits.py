"""What lists of passengers said, put into the workbook (document 001): legitimate words arrive once; where both
sides changed, or the name is with the airline, the office decides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ticketops.domain.dispatch import edit_log
from ticketops.domain.dispatch.book_reader import BookReader, ReadEdits, Said, read_files
from ticketops.domain.dispatch.field_edits import UNKNOWN, FieldEdit, Outcome
from ticketops.domain.issuance.name_lists import NAMES, value_of
from ticketops.domain.issuance.returned_names import NamesReader
from ticketops.domain.issuance.tracker import Standing, Tracker
from ticketops.domain.issuance.work import Work
from ticketops.domain.plan import Plan
from ticketops.model import book_kinds, issuance
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import NAMES_LAYOUT, Returned, is_text, shown
from ticketops.schema.layouts.issuance import PASSENGERS

Became = tuple[Outcome, str]
"""What becomes of an edit, and what is said of it."""


def take(
    tracker: Tracker,
    files: Sequence[Returned],
    plan: Plan,
    *,
    party: str = "",
    prefer_theirs: bool = False,
    accept_erased: bool = False,
) -> tuple[ReadEdits, list[Outcome]]:
    """Read lists that came back and put what is new into the plan, three ways: into BookingPassengers, and,
    until a name is final, onto the ticket. party: whose they are, where their hidden sheet is gone.
    prefer_theirs: where both sides changed, the list counts; never for the name of a ticket that is
    issued.

    What each file said goes into `_BOOK_EDITS`, so that it says nothing twice.
    """
    opening = partial(_opened, tracker, accept_erased)
    read = read_files(tracker.snapshot, files, opening, book_kinds.NAMES, party)
    plan.findings += read.findings
    merge = _Merge(tracker, plan, prefer_theirs=prefer_theirs)
    outcomes = [(edit, *merge.applied(edit)) for edit in read.edits]
    merge.finish()
    edit_log.record(plan, tracker.snapshot, tracker.run, read.sources, outcomes)
    return read, [outcome for _edit, outcome, _message in outcomes]


def _opened(
    tracker: Tracker,
    accept_erased: bool,
    file: Returned,
    party: str,
    base_hash: str,
    before: Said,
    found: ReadEdits,
) -> BookReader[Standing]:
    return NamesReader(
        file=file,
        party=party,
        base_hash=base_hash,
        before=before,
        found=found,
        accept_erased=accept_erased,
        tracker=tracker,
        dates=tracker.snapshot[PASSENGERS].sheet.dates,
    )


class _Merge:
    """Edits of several files, one after the other, on the passengers as they become."""

    def __init__(self, tracker: Tracker, plan: Plan, *, prefer_theirs: bool) -> None:
        self._tracker, self._plan, self._prefer_theirs = tracker, plan, prefer_theirs
        self._work = Work(tracker, plan)
        self._people: dict[int, dict[str, Any]] = {}
        self._named: dict[str, tuple[Standing, Any]] = {}
        """{TicketID: (the ticket, its new name)}, of those whose name follows the passenger's."""

    def applied(self, edit: FieldEdit) -> Became:
        """What becomes of an edit; a finding where somebody should know."""
        one = self._tracker.standing(self._tracker.tickets[edit.sales_id])
        outcome, message = self._became(edit, one)
        if outcome in _TOLD:
            text = f"{edit.where}: {message}"
            row = (one.passenger or {}).get("row")
            finding = Finding(outcome.code, _TOLD[outcome], text, PASSENGERS, row)
            self._plan.findings.append(finding)
        return outcome, message

    def _became(self, edit: FieldEdit, one: Standing) -> Became:
        name, theirs = edit.field, edit.value
        person = (one.passenger or {}).get("row", 0)
        ours = self._people.get(person, {}).get(name, value_of(self._tracker, one, name))
        label = f"{one.ticket_id} {NAMES_LAYOUT.by_name[name].header}"
        both = f"{label}: the workbook has {_said(ours)}, the list {_said(theirs)}"
        if shown(ours) == shown(theirs):
            return Outcome.SAME, ""
        if one.state == issuance.ISSUED and name in NAMES:
            way = "`issuance void` and a new ticket change it" if name == "name" else "it is frozen"
            return Outcome.CHANGED_AFTER_SENT, f"{both}; the ticket is issued: {way}"
        is_final = self._tracker.is_final(one.ticket)
        if name == "name" and is_final and not self._prefer_theirs:
            way = f"`issuance name-update {one.ticket_id} --name NAME` changes it"
            return Outcome.CONFLICT, f"{both}; the name is final: {way}"
        unknown = edit.base is UNKNOWN
        if (unknown and not ours) or (not unknown and is_text(edit.base, shown(ours))):
            self._set(one, name, theirs)
            if edit.said_before:
                return Outcome.OVERTAKEN, f"{label}: the same list said {_said(edit.said_before)}"
            return Outcome.TAKEN, ""
        if unknown and not theirs:
            return Outcome.SAME, ""
        if self._prefer_theirs:
            self._set(one, name, theirs)
            return Outcome.OVERTAKEN, f"{both}; the list's value is taken"
        was = "" if unknown else f", it was {_said(edit.base)}"
        return Outcome.CONFLICT, f"{both}{was}; the workbook's value is kept"

    def _set(self, one: Standing, name: str, value: Any) -> None:
        person, ticket = one.passenger, one.ticket
        if person is None:
            return
        self._people.setdefault(person["row"], {})[name] = value
        if name != "name":
            return
        if self._tracker.is_final(ticket):
            text = (
                f"{one.ticket_id} still bears {ticket['name']}: `issuance name-update "
                f"{one.ticket_id} --name NAME` puts another name on it"
            )
            self._plan.findings.append(
                Finding("NAME_FINAL", Severity.MEDIUM, text, PASSENGERS, person["row"])
            )
            return
        if value:
            self._named[one.ticket_id] = one, value

    def finish(self) -> None:
        """Put what the passengers and tickets are now, and the history, into the plan."""
        for person in self._tracker.passengers.values():
            said = self._people.get(person["row"], {})
            cells = {name: (person[name], value) for name, value in said.items()}
            self._plan.changes.set(PASSENGERS, person["row"], person["passenger_id"], cells)
        for one, value in self._named.values():
            ticket = one.ticket
            if ticket["name"] != value:
                self._work.set(ticket, name=value, original_name=value)
                note = f"renamed from {ticket['name'] or 'nothing'} to {value or 'nothing'}"
                self._work.step(ticket, self._tracker.stored(ticket), issuance.REFRESHED, note)
        self._work.finish()


_TOLD = {
    Outcome.CONFLICT: Severity.MEDIUM,
    Outcome.CHANGED_AFTER_SENT: Severity.MEDIUM,
    Outcome.OVERTAKEN: Severity.INFO,
}
"""Outcomes that somebody should know of."""


def _said(value: Any) -> str:
    text = shown(value).removesuffix(" 00:00:00")
    return repr(text[:60]) if text else "nothing"
