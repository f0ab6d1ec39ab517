"""Who holds tickets of a match: what is said where it moves (§1a, D21)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from ticketops.domain.masterdata.aliases import clients
from ticketops.domain.selling.orders import sales_of
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import SCHEDULE
from ticketops.schema.tables import Snapshot

_MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Holder:
    """A client with tickets of a match, and how many."""

    match: str
    client: str
    tickets: int


def holders(snapshot: Snapshot, matches: Collection[str]) -> list[Holder]:
    """The clients whose live sale lines are of these matches, match by match in their order, those
    with most tickets first."""
    wanted = dict.fromkeys(matches)
    if not wanted:
        return []
    owner = clients(snapshot, names=()).owner
    counts: dict[str, Counter[str]] = {code: Counter() for code in wanted}
    for sale in sales_of(snapshot)[0]:
        if sale.match in counts and not sale.ended:
            counts[sale.match][owner(sale.client) if sale.client else "nobody"] += sale.quantity
    return [
        Holder(code, client, tickets)
        for code, each in counts.items()
        for client, tickets in each.most_common()
    ]


def said(found: Collection[Holder], match: str, what: str) -> list[Finding]:
    """A line about the clients of a match; nothing where nobody has tickets of it. what: what became of
    it: `moves from 2026-06-12 to 2026-06-13`."""
    own = [one for one in found if one.match == match]
    if not own:
        return []
    named = ", ".join(f"{one.client} ({one.tickets:,})" for one in own[:_MOST_NAMED])
    more = f" and {len(own) - _MOST_NAMED:,} more" if own[_MOST_NAMED:] else ""
    total = sum(one.tickets for one in own)
    message = (
        f"{match} {what}: {counted(len(own), 'client')} with {counted(total, 'ticket')} must hear "
        f"of it: {named}{more}"
    )
    return [Finding("CLIENTS_CONCERNED", Severity.INFO, message, SCHEDULE, match=match)]
