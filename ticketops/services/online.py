"""Google Sheets that are to be books: found, made and shared before the books are written into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ticketops.config import Settings
from ticketops.domain import roles
from ticketops.domain.dispatch.state import State
from ticketops.errors import TicketopsError, UsageError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.books import file_name
from ticketops.schema.workbook import USERS
from ticketops.services import permissions
from ticketops.services.books import SHEETS_OF_BOOKS, latest_books, parties_of, party_of
from ticketops.services.places import NOT_YET
from ticketops.services.transaction import new_run
from ticketops.services.workbooks import connect
from ticketops.stores.base import Store
from ticketops.stores.gsheets.address import PREFIX, is_online


@dataclass
class Prepared:
    """{party: id of its Google Sheet}, and what went wrong. fresh: ids of those that were made just now."""

    sheets: dict[str, str] = field(default_factory=dict)
    fresh: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def prepare(
    store: Store, settings: Settings, kind: str, names: Sequence[str], *, folder: str = "", into: Mapping[str, str] | None = None,
    share: Mapping[str, Sequence[str]] | None = None, dry_run: bool = False,
) -> Prepared:  # fmt: skip
    """A Google Sheet for each of these parties, or of all of that kind: the one that `into` names, else the one that was its book before,
    else a new one in the folder (a Drive folder's id). Each is shared with its people as editors: those of `share`, a member of
    staff with their own address.

    Raises UsageError for parties that are not among them, RuleError where a service account may not create files there, NotFoundError.
    """
    from ticketops.stores.gsheets import drive

    snapshot = store.read(*SHEETS_OF_BOOKS, USERS, strict=False)
    run = roles.with_role(new_run(settings.user, role=settings.role), snapshot)
    roles.require(run, permissions.to_do(f"{kind} build"), f"`{kind} build`")
    state = State.of(snapshot)
    parties = parties_of(state, kind, names, snapshot)
    into = {party_of(state, kind, name): spreadsheet for name, spreadsheet in (into or {}).items()}
    share = {party_of(state, kind, name): people for name, people in (share or {}).items()}
    for party in {*into, *share} - set(parties):
        raise UsageError(f"{party!r} is none of the parties whose books are made", f"there are {', '.join(parties[:5])}")
    before = {party: name.removeprefix(PREFIX) for (k, party, name) in latest_books(snapshot) if k == kind and is_online(name)}
    done = Prepared()
    for party in parties:
        known = into.get(party) or before.get(party)
        if dry_run:
            done.sheets[party] = known or NOT_YET
            continue
        connection = connect(known or "", settings)
        if not known:
            title = file_name(kind, party).removesuffix(".xlsx")
            known = drive.create(connection, title, folder, f"{store.name}|{kind}|{party}")
            done.fresh.append(known)
        done.sheets[party] = known
        people = dict.fromkeys(share.get(party, ()), "writer")
        if kind == states.STAFF_BOOK and "@" in party:
            people[party] = "writer"
        people.pop(connection.who.email, None)
        if people:
            try:
                refused = drive.share(connection, known, people).refused
            except TicketopsError as error:
                refused = dict.fromkeys(people, error.message)
            done.findings += [
                Finding("NOT_SHARED", Severity.MEDIUM, f"{party}: not shared with {who}: {why}") for who, why in refused.items()
            ]
    return done
