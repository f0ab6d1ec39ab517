"""What happened to matches, for each client with tickets of them: who plays, where and when (§1a)."""

from __future__ import annotations

from collections.abc import Iterator

from ticketops.domain.catalogue.fixtures import kick_off
from ticketops.domain.catalogue.holders import holders
from ticketops.domain.messages import facts, variables
from ticketops.domain.messages.happened.seen import Row, Seen, key_of
from ticketops.domain.schedule.sides import parse_pairing
from ticketops.model import ids
from ticketops.schema.layouts.event import SCHEDULE


def teams_resolved(seen: Seen) -> Iterator[facts.Fact]:
    """Matches both of whose sides are teams now, for each client with tickets."""
    codes = {
        ids.normalise_match(one.after["match"]): one.after["game"]
        for one in seen.touched(SCHEDULE)
        if one.after["match"]
        and _has_teams(one.after)
        and one.before
        and not _has_teams(one.before)
    }
    for held in holders(seen.after, list(codes)):
        yield facts.TeamsResolved(
            key=key_of(f"{held.match} {held.client}", codes[held.match]),
            client=seen.client(held.client),
            match=seen.match(held.match),
            tickets=variables.TicketVars(None, held.tickets),
        )


def _has_teams(row: Row) -> bool:
    pairing = parse_pairing(row["game"])
    return pairing is not None and not (pairing.home.is_placeholder or pairing.away.is_placeholder)


def moved(seen: Seen) -> Iterator[facts.Fact]:
    """Matches that are on another day, at another time or place, for each client with tickets."""
    was = {
        ids.normalise_match(one.after["match"]): one
        for one in seen.touched(SCHEDULE)
        if one.after["match"]
        and any(one.before.get(name) and one.before[name] != one.after[name] for name in _WHERE)
    }
    for held in holders(seen.after, list(was)):
        before, after = was[held.match]
        now = [after[name] for name in _WHERE]
        yield facts.MatchMoved(
            key=key_of(f"{held.match} {held.client}", *now, seen.run.today),
            client=seen.client(held.client),
            match=seen.match(held.match),
            before=variables.MovedVars(before["date"], kick_off(before["time"]), before["city"]),
            tickets=variables.TicketVars(None, held.tickets),
        )


_WHERE = ("date", "time", "city")
