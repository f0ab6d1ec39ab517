"""Which third-placed team goes where (FACTS, "Tournaments"): by a table that is given, else only where
a single assignment fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from ticketops.domain.schedule.standings import Table
from ticketops.model.patterns import when_needed
from ticketops.schema.layouts.event import THIRDS
from ticketops.schema.tables import Snapshot

_PAIR = when_needed(r"([1-9][A-Z])\s*[:=]\s*3?([A-Z])")
Place = tuple[str, int]
"""The code of a match, and 0 for its home side, 1 for its away side."""


class Slot(Struct, frozen=True):
    """A side that a third-placed team takes. groups: whose third it may be; against: the place that
    it plays against, as `1E`; "" where that is no place of a group."""

    place: Place
    groups: str
    against: str


def thirds_table(snapshot: Snapshot) -> dict[str, dict[str, str]]:
    """{the groups whose third goes through, in order: {the place that it plays against: its group}}
    of `_THIRDS`. Rows that say something else are left out."""
    found = {}
    for groups, pairings in snapshot[THIRDS].frame.select("groups", "pairings").iter_rows():
        if groups and pairings:
            found["".join(sorted(groups.upper()))] = dict(_PAIR().findall(pairings.upper()))
    return found


def qualified(order: Table, number: int) -> tuple[list[str], str]:
    """The teams that go through as the best so many of the third-placed, or what is missing to know
    them. Their order among themselves does not matter."""
    if len(order.standings) < number:
        return [], f"there are only {len(order.standings)} third-placed teams for {number} places"
    if number < len(order.standings) and order.standings[number].rank <= number:
        tie = order.tie_at(number)
        return [], f"the third-placed teams: {tie.missing if tie else 'a fact'} is missing"
    return [one.team for one in order.standings[:number]], ""


def assigned(
    slots: Sequence[Slot], through: str, known: Mapping[str, Mapping[str, str]]
) -> tuple[dict[Place, str], str]:
    """{side: the group whose third takes it}, or why that is open. through: the groups whose third
    goes through; known: what `thirds_table` gives."""
    row = known.get("".join(sorted(through)))
    if row is not None:
        return _by_row(slots, through, row)
    first = fitting(slots, through)
    if first is None:
        return {}, f"no assignment of the thirds of {through} fits the schedule"
    if all(fitting(slots, through, but=one) is None for one in first.items()):
        return first, ""
    lacks = "has no row for" if known else "is empty, and several assignments fit"
    return {}, f"{THIRDS} {lacks} the thirds of {through}: `schedule thirds FILE`"


def _by_row(
    slots: Sequence[Slot], through: str, row: Mapping[str, str]
) -> tuple[dict[Place, str], str]:
    found = {}
    for slot in slots:
        group = row.get(slot.against)
        if group is None:
            return (
                {},
                f"{THIRDS} does not say which third {slot.against or 'it'} plays against where those of {through} go through",
            )
        if group not in slot.groups or group not in through:
            return (
                {},
                f"{THIRDS} pairs {slot.against} with 3{group}, which the schedule does not allow there",
            )
        found[slot.place] = group
    if len(set(found.values())) < len(found):
        return (
            {},
            f"{THIRDS} gives the third of one group two places, where those of {through} go through",
        )
    return found, ""


def fitting(
    slots: Sequence[Slot], through: str, but: tuple[Place, str] | None = None
) -> dict[Place, str] | None:
    """A way to give each slot the third of a group that goes through, no two the same; None where
    there is none. but: what it may not contain."""
    options = {
        slot.place: [
            group for group in slot.groups if group in through and (slot.place, group) != but
        ]
        for slot in slots
    }
    taken: dict[str, Place] = {}

    def found(place: Place, seen: set[str]) -> bool:
        for group in options[place]:
            if group not in seen:
                seen.add(group)
                if group not in taken or found(taken[group], seen):
                    taken[group] = place
                    return True
        return False

    if not all(found(slot.place, set()) for slot in slots):
        return None
    return {place: group for group, place in taken.items()}
