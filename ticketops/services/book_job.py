"""What every use case of books does with them (§7, §8, §9): what came back is taken over, books that
changed are planned, and written after the commit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from msgspec import structs

from ticketops.domain.credentials import logins
from ticketops.domain.credentials.records import Event
from ticketops.domain.dispatch import addresses, clients, edit_log, returns, staff, suppliers
from ticketops.domain.dispatch.book_reader import NotTaken
from ticketops.domain.dispatch.cascade import plan_of, reconcile
from ticketops.domain.dispatch.edit_log import Outcomes
from ticketops.domain.dispatch.returned_files import KnownBook
from ticketops.domain.dispatch.state import State
from ticketops.domain.money import unpaid
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.records import Record, StockUnit
from ticketops.model import book_kinds
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import Book, Returned
from ticketops.schema.tables import Snapshot
from ticketops.services.book_locations import BookLocation
from ticketops.services.book_plans import BookPlans, pulled_of
from ticketops.services.book_registry import PlannedBook


class Heard(NamedTuple):
    """What came of files that were read. not_taken: cells that made no edit; outcomes: of the edits."""

    state: State
    plan: Plan
    not_taken: Sequence[NotTaken]
    outcomes: Outcomes


@dataclass
class BookJob(BookPlans):
    """Plans the books of clients, suppliers and staff."""

    def reconciled(
        self,
        snapshot: Snapshot,
        run: Run,
        files: Sequence[Returned],
        *,
        everything: bool,
        besides: Collection[str] = (),
        kind: str = "",
        party: str = "",
        prefer_theirs: bool = False,
        accept_erased: bool = False,
        state: State | None = None,
    ) -> tuple[State, Plan]:
        """The state after the files were read, and the plan that writes it. everything: all tickets
        are brought into agreement, not only those of which the files say something new; besides:
        the SalesIDs of others that are. state: of the snapshot, where it was read already."""
        heard = self.heard(
            state or State.of(snapshot),
            snapshot,
            run,
            files,
            everything=everything,
            besides=besides,
            kind=kind,
            party=party,
            prefer_theirs=prefer_theirs,
            accept_erased=accept_erased,
        )
        return heard.state, heard.plan

    def heard(
        self,
        state: State,
        snapshot: Snapshot,
        run: Run,
        files: Sequence[Returned],
        *,
        everything: bool = False,
        besides: Collection[str] = (),
        kind: str = "",
        party: str = "",
        prefer_theirs: bool = False,
        accept_erased: bool = False,
        pages: Mapping[str, KnownBook] | None = None,
        by: str = "",
    ) -> Heard:
        """What `reconciled` makes, with what became of each cell. pages: {BookID: book} of files that
        are pages of the portal; by: who is recorded as having said what they say."""
        setting = self.settings.unpaid_tickets
        state.unpaid = unpaid.blocked(snapshot, run, setting)
        pulled = returns.read_edits(
            state,
            snapshot,
            files,
            email_problem,
            kind=kind,
            party=party,
            accept_erased=accept_erased,
            pages=pages,
        )
        only = None if everything else {*besides, *(edit.sales_id for edit in pulled.edits)}
        edits = [structs.replace(edit, by=by) for edit in pulled.edits] if by else pulled.edits
        done = reconcile(state, run, edits, only=only, prefer_theirs=prefer_theirs)
        plan = unpaid.sending(plan_of(state, done), snapshot, run, setting)
        plan.findings[:0] = pulled.findings
        edit_log.record(plan, snapshot, run, pulled.sources, done.outcomes, pulled.lines)
        outcomes = (outcome for _edit, outcome, _message in done.outcomes)
        plan.result = pulled_of(pulled.files, outcomes, done.new_tasks)
        for vendor, keys in sorted(suppliers.claimed_twice(state).items()):
            message = f"{vendor} is claimed by {' and '.join(sorted(keys))}: its tickets are in no supplier's book"
            plan.findings.append(Finding("AMBIGUOUS_SUPPLIER", Severity.HIGH, message))
        if everything:
            plan.findings += staff.barred_findings(state)
        return Heard(state, plan, pulled.not_taken, done.outcomes)

    def plan_books(
        self,
        state: State,
        snapshot: Snapshot,
        run: Run,
        plan: Plan,
        wanted: Iterable[tuple[str, str, BookLocation, bool]],
        read: Mapping[str, Returned],
        failed: Mapping[str, str],
    ) -> tuple[PlannedBook, ...]:
        """Plan the books of (kind, party, location, with passwords), see `BookPlans.planned`; each
        password that leaves in one is recorded."""
        event = logins.event_of(snapshot, self.settings.event, run)
        books = PartyBooks(state, event)
        shown = self.planned(snapshot, run, plan, wanted, read, failed, books.of)
        for writing in self.writings:
            if writing.book.layout.kind == book_kinds.SUPPLIER:
                plan.findings += addresses.told(state, writing.book)
        exported = [
            export
            for writing in self.writings
            if writing.passwords
            for export in _exports(state, writing.book, event)
        ]
        if exported:
            self.sealer_for(writing.book for writing in self.writings)
            logins.record(plan, snapshot, run, exported)
        return shown


class PartyBooks:
    """Books of any party, their tickets sorted out once."""

    def __init__(self, state: State, event: str | None) -> None:
        self._state, self._event = state, event

    @cached_property
    def _by_client(self) -> dict[str, list[Record]]:
        return clients.by_group(self._state)

    @cached_property
    def _by_supplier(self) -> dict[str, list[StockUnit]]:
        return suppliers.units_of(self._state)

    @cached_property
    def _by_person(self) -> dict[str, list[tuple[Record, Record]]]:
        return staff.tasks_by_person(self._state)

    @cached_property
    def _by_unit(self) -> dict[str, Record]:
        return suppliers.tickets_by_unit(self._state)

    def of(self, kind: str, party: str, passwords: bool) -> Book:
        """The book of a party; without rows where nothing is its any more."""
        if kind == book_kinds.CLIENT:
            return clients.book(self._state, party, self._by_client.get(party, ()))
        if kind == book_kinds.SUPPLIER:
            return suppliers.book(
                self._state, party, self._by_supplier.get(party, ()), self._by_unit
            )
        pairs = self._by_person.get(party, ())
        return staff.book(self._state, party, pairs, passwords=passwords, event=self._event)


def _exports(state: State, book: Book, event: str | None) -> Iterator[Event]:
    """A row of the history for every password that leaves in a book."""
    for row in book.rows:
        if row.values.get("vendor_password"):
            unit = state.units.get(row.unit_id) or StockUnit(row.unit_id)
            yield Event(
                "EXPORTED",
                unit.vendor,
                unit.login_id,
                event,
                row.key,
                f"in the book for {book.party}",
            )


def email_problem(address: str) -> str:
    """What is wrong with an e-mail address by the RFC, without asking any server; empty where
    nothing is."""
    from email_validator import EmailNotValidError, validate_email

    try:
        validate_email(address, check_deliverability=False, strict=True)
    except EmailNotValidError as error:
        return str(error).rstrip(".")
    return ""
