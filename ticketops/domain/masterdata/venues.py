"""Venues of the schedule and their master records (§2)."""

from __future__ import annotations

from collections import Counter

from ticketops.domain.masterdata.who import fold
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import SCHEDULE, VENUES
from ticketops.schema.tables import Snapshot

VENUE = "VENUE"


def venues_without_record(snapshot: Snapshot) -> list[str]:
    """The venues of the schedule that `_VENUES` does not have, as the schedule spells them, the most
    frequent first; none where the workbook keeps no venues. The schedule says the city, too: a text
    that holds the name of a record is that venue."""
    if not snapshot[VENUES].exists:
        return []
    names = {f" {fold(name)} " for name in snapshot[VENUES].frame["venue"].drop_nulls()}
    spelt: dict[str | None, str] = {}
    counts: Counter[str] = Counter()
    for text in snapshot[SCHEDULE].frame["city"].drop_nulls():
        counts[spelt.setdefault(name_key(text), text)] += 1
    return [
        text
        for text, _count in counts.most_common()
        if name_key(text) and not any(name in f" {fold(text)} " for name in names)
    ]
