"""What clients are asked for in their books (§7): books that are built, guests that are missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from msgspec.structs import replace

from ticketops.domain.catalogue.times import deadlines, starts
from ticketops.domain.dispatch.clients import NEEDED
from ticketops.domain.dispatch.groups import Clients, titles
from ticketops.domain.masterdata.aliases import CLIENT, masters, other_names
from ticketops.domain.messages import facts, variables
from ticketops.domain.messages.happened.seen import Row, Seen
from ticketops.domain.plan import Run
from ticketops.domain.ticket.identity import is_ticket
from ticketops.domain.ticket.line import is_live
from ticketops.model import book_kinds, ids
from ticketops.model.states import DISPATCHED
from ticketops.schema.layouts.event import BOOKS, DISTRIBUTION, MATCHES
from ticketops.schema.tables import Snapshot

_ON_GOOGLE = "gsheet:"
_ADDRESS = "https://docs.google.com/spreadsheets/d/"


def built(seen: Seen) -> Iterator[facts.Fact]:
    """Clients whose book has contents that it did not have before."""
    rows = [
        row for row in seen.added(BOOKS) if row["file"]
    ]  # of one that is downloaded its reader knows
    new = {row["party"]: row for row in rows if row["kind"] == book_kinds.CLIENT}
    if not new:
        return
    portals = portals_of(seen.after, seen.run)
    for party, row in new.items():
        if party in portals:
            name, portal = portals[party]
            file = row["file"] or ""
            online = is_on_google(file)
            yield facts.PortalGenerated(
                key=f"{party} {row['contents']}",
                client=seen.client(name),
                portal=replace(
                    portal,
                    link=f"{_ADDRESS}{file.removeprefix(_ON_GOOGLE)}" if online else None,
                    file=None if online else file,
                ),
            )


def is_on_google(file: str) -> bool:
    """Whether a book, as `_BOOKS` names it, is a Google Sheet."""
    return file.startswith(_ON_GOOGLE)


def guests_due(
    group: str,
    client: variables.ClientVars,
    portal: variables.PortalVars,
    run: Run,
    since: datetime | None = None,
) -> facts.GuestsDue:
    """That guests of a client are missing, whoever says it: once a day at most. since: the day from which
    on it is due to be said; a reminder of that day or a later one has said it. None: today."""
    days = max((run.today - since).days, 0) if since else 0
    today, *before = (
        f"{group} {run.today - timedelta(days=back):%Y-%m-%d}" for back in range(days + 1)
    )
    return facts.GuestsDue(key=today, also=tuple(before), client=client, portal=portal)


def portals_of(snapshot: Snapshot, run: Run) -> dict[str, tuple[str, variables.PortalVars]]:
    """{client group: (its name, what its book asks for)}: how many tickets it has, for how many of them
    guest details are missing (that are not sent, of matches that are not over), and until when the first
    of those are needed: by the GuestNamesDue of their match, else by the deadline of its tickets. snapshot: Distribution, the schedule, `_MATCHES`,
    `_CLIENTS`, `_ALIASES`."""
    frame = snapshot[DISTRIBUTION].frame
    rows = [
        row
        for row in frame.iter_rows(named=True)
        if is_ticket(row) and is_live(row) and row["company"]
    ]
    records = (name for name, _code, _status in masters(snapshot, CLIENT))
    names = {row["company"] for row in rows}
    clients = Clients(names, other_names(snapshot, CLIENT), records)
    named = titles((row["company"] for row in rows), clients)
    ends = _ends(snapshot, run)
    begins = starts(snapshot).items()
    over = {code for code, start in begins if start.moment.date() < run.now.date()}
    by_group: dict[str, list[Row]] = {}
    for row in rows:
        by_group.setdefault(clients.key(row["company"]), []).append(row)
    found: dict[str, tuple[str, variables.PortalVars]] = {}
    for group, own in by_group.items():
        missing = [
            row
            for row in own
            if row["delivery"] not in DISPATCHED
            and ids.normalise_match(row["match"] or "") not in over
            and not all(row[name] for name in NEEDED)
        ]
        codes = {ids.normalise_match(row["match"]) for row in missing if row["match"]}
        until = min((ends[code] for code in codes if code in ends), default=None)
        portal = variables.PortalVars(len(own), len(missing))
        if until is not None:
            hours = round((until.here - run.now) / timedelta(hours=1), 1)
            portal = replace(portal, due_on=until.day, hours_remaining=hours)
        found[group] = named[group], portal
    return found


class _End(NamedTuple):
    """When something is due: on the clock of the run, and the day that people are told."""

    here: datetime
    day: datetime


def _ends(snapshot: Snapshot, run: Run) -> dict[str, _End]:
    """{match code: until when the guests of its tickets must be known}."""
    due = deadlines(snapshot, run.buffer_hours(None), run, run.medal_hours)
    found = {code: _End(one.here, _day(one.venue)) for code, one in due.items()}
    rows = snapshot[MATCHES].frame.select("match", "guest_names_due").drop_nulls()
    for code, day in rows.iter_rows():
        found[ids.normalise_match(code)] = _End(_day(day) + timedelta(days=1), _day(day))
    return found


def _day(moment: datetime) -> datetime:
    return datetime(moment.year, moment.month, moment.day)
