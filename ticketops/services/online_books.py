"""Google Sheets that are to be books: found, made and shared before the books are written into
them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ticketops.config import Settings
from ticketops.domain.dispatch import clients
from ticketops.domain.dispatch.state import State
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Effect, Job
from ticketops.engine.opening import connect
from ticketops.engine.transaction import look, run_of
from ticketops.errors import TicketopsError, UsageError
from ticketops.model import book_kinds
from ticketops.model.findings import Finding, Severity
from ticketops.schema.book_layouts import file_name
from ticketops.schema.tables import Snapshot
from ticketops.services.book_locations import NOT_YET
from ticketops.services.book_parties import barred_staff, in_scope, parties_of, party_of
from ticketops.services.book_registry import latest_books
from ticketops.services.books import LEDGERS_OF_BOOKS, LISTS_OF_BOOKS
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import PREFIX, is_online


@dataclass
class Prepared:
    """{party: id of its Google Sheet}, and what went wrong. fresh: ids of those that were made just
    now."""

    sheets: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def prepare(
    store: Store,
    settings: Settings,
    kind: str,
    names: Sequence[str],
    *,
    folder: str = "",
    into: Mapping[str, str] | None = None,
    share: Mapping[str, Sequence[str]] | None = None,
    dry_run: bool = False,
) -> Prepared:
    """A Google Sheet for each of these parties, or of all of that kind: the one that `into` names,
    else the one that was its book before, else a new one in the folder (a Drive folder's id). Each
    is shared with its people as editors: those of `share`, a member of staff with their own
    address.

    Raises UsageError for parties that are not among them, RuleError where a service account may not
    create files there, NotFoundError.
    """
    from ticketops.stores.gsheets import drive

    done = Prepared()
    for party, called, old, people in look(
        store, _wanted(kind, names, into or {}, share or {}), run_of(settings)
    ):
        known = old
        if dry_run:
            done.sheets[party] = known or NOT_YET
            continue
        connection = connect(known or "", settings)
        if not known:
            title = file_name(kind, party, called).removesuffix(".xlsx")
            known = drive.create(connection, title, folder, f"{store.name}|{kind}|{party}")
            done.fresh.append(known)
        done.sheets[party] = known
        people.pop(connection.who.email, None)
        if people:
            try:
                refused = drive.share(connection, known, people).refused
            except TicketopsError as error:
                refused = dict.fromkeys(people, error.message)
            done.findings += [
                Finding("NOT_SHARED", Severity.MEDIUM, f"{party}: not shared with {who}: {why}")
                for who, why in refused.items()
            ]
    return done


def _wanted(
    kind: str, names: Sequence[str], into: Mapping[str, str], share: Mapping[str, Sequence[str]]
) -> Job:
    """Whose Google Sheets there must be: (party, how it is spelled, id of the one that is known or
    None, {whom it is shared with: as what})."""

    def plan(snapshot: Snapshot, run: Run) -> Plan:
        state = State.of(snapshot)
        parties = parties_of(state, kind, names, snapshot, run)
        parties = in_scope(state, kind, parties, parties if names else (), run)
        barred = barred_staff(snapshot, kind, parties)
        own = {party_of(state, kind, name, run): spreadsheet for name, spreadsheet in into.items()}
        shared = {party_of(state, kind, name, run): people for name, people in share.items()}
        for party in {*own, *shared} - set(parties):
            raise UsageError(
                f"{party!r} is not among the parties whose books are built",
                f"they are {', '.join(parties[:5])}",
            )
        before = {
            party: name.removeprefix(PREFIX)
            for (k, party, name) in latest_books(snapshot)
            if k == kind and is_online(name)
        }
        found = []
        doubtful = clients.unconfirmed(state, kind, parties)
        for party in parties:
            if party not in barred and party not in doubtful:
                people = dict.fromkeys(shared.get(party, ()), "writer")
                if kind == book_kinds.STAFF_BOOK and "@" in party:
                    people[party] = "writer"
                called = state.client_titles.get(party, "") if kind == book_kinds.CLIENT else ""
                found.append((party, called, own.get(party) or before.get(party), people))
        return Plan(result=found)

    return Job(
        f"{kind}.build", plan, LEDGERS_OF_BOOKS, LISTS_OF_BOOKS, effect=Effect.READS, strict=False
    )
