"""Venues of a foreign schedule and those of `_VENUES` (§1a.1, D23): the same, near one, or new."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import Struct, field

from ticketops.domain.masterdata import who
from ticketops.domain.masterdata.masters import directory_of
from ticketops.domain.plan import Plan, Run
from ticketops.errors import UnclearNameError
from ticketops.model import states
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import name_key, quoted
from ticketops.model.spelling import tidy
from ticketops.schema.layouts.event import VENUES
from ticketops.schema.layouts.event.masters import VENUE
from ticketops.schema.tables import Snapshot

PLACE_MARK = " · "
"""Between a city and its venue, as the schedule holds them."""
_WITHIN = 0.9
"""How sure it is that a venue is meant whose name is part of a longer text."""
_CHOSEN = 1.0
"""How sure it is that the venue is meant that a person chose."""
_LEAST_SURE = 0.5
"""A beginning that is less of the name than that is near it, no more."""


@dataclass(frozen=True, slots=True)
class VenueMatch:
    """What a schedule calls a venue, which one of `_VENUES` that is, and how sure that is (1: that very
    name)."""

    given: str
    venue: str
    score: float


class Venues:
    """The venues that a workbook knows, and those that a schedule brings. new: a name that is near a
    known one is another; chosen by a person where a run says so."""

    def __init__(self, snapshot: Snapshot, run: Run, *, new: bool = False) -> None:
        self._directory = directory_of(snapshot, VENUE, run)
        self._folded = {who.fold(name): name for name in self._directory.names}
        self._snapshot, self._new, self._chosen = snapshot, new, run.chosen
        self._found: dict[str, VenueMatch | None] = {}
        self._fresh: dict[str, _Fresh] = {}
        self._stands: dict[str, str] = {}

    def find(self, text: str) -> VenueMatch | None:
        """Which known venue a text means; None for a new one. Raises UnclearNameError for one that is
        near a known one, or near another new one that the schedule brought before."""
        given = tidy(text)
        if given not in self._found:
            self._found[given] = self._looked_up(given) or self._brought(given)
        return self._found[given]

    def _brought(self, given: str) -> VenueMatch | None:
        """Which new venue a person said that a text means, where it is near one."""
        if self._new or who.fold(given) in self._fresh:
            return None
        near = [name for name in self.fresh if who.near(given, name)]
        chosen = self._chosen.get(("venue", given))
        if chosen in near:
            return VenueMatch(given, chosen, _CHOSEN)
        if near:
            raise who.unclear("venue", given, near, insist="--new")
        return None

    def in_workbook(self, text: str) -> str:
        """Which known venue a text of the workbook means: itself, where it means none."""
        if text not in self._stands:
            try:
                found = self._looked_up(tidy(text))
            except UnclearNameError:
                found = None
            self._stands[text] = found.venue if found else text
        return self._stands[text]

    def _looked_up(self, given: str) -> VenueMatch | None:
        within = self._within(given)
        if within is not None:
            return within
        means = self._directory.find(given, new=self._new)
        if means.how == "new":
            return None
        if means.how == "prefix" and means.score < _LEAST_SURE and not self._new:
            raise who.unclear("venue", given, [means.name], insist="--new")
        return VenueMatch(given, means.name, means.score)

    def _within(self, given: str) -> VenueMatch | None:
        """The venue whose name is a part of the text: of `Mexico City · Estadio Azteca` the last."""
        folded = who.fold(given)
        if folded in self._folded:
            return None
        padded = f" {folded} "
        named = [name for plain, name in self._folded.items() if plain and f" {plain} " in padded]
        if not named:
            return None
        longest = max(named, key=len)
        return VenueMatch(given, longest, _WITHIN)

    def bring(self, text: str, city: str | None, country: str | None, capacity: int | None) -> None:
        """A new venue of the schedule, to become a draft; what its sessions say of it later counts
        where nothing did."""
        fresh = self._fresh.setdefault(who.fold(text), _Fresh(tidy(text)))
        fresh.city, fresh.country = fresh.city or city, fresh.country or country
        if capacity:
            fresh.capacities.add(capacity)

    @property
    def fresh(self) -> list[str]:
        """The names of the new ones."""
        return [one.name for one in self._fresh.values()]

    @property
    def matched(self) -> list[VenueMatch]:
        """The texts that mean known ones."""
        return [one for one in self._found.values() if one is not None]

    def draft(self, plan: Plan, run: Run) -> None:
        """The new ones as drafts in `_VENUES`."""
        fresh = list(self._fresh.values())
        if not fresh:
            return
        table = self._snapshot[VENUES]
        first = table.room_for(len(fresh))
        columns = ("venue", "city", "country", "capacity", "status", "user", "updated_at")
        rows = [
            (one.name, one.city, one.country, one.capacity, states.DRAFT, run.user, run.now)
            for one in fresh
        ]
        plan.changes.append(VENUES, first, columns, rows)
        names = ", ".join(one.name for one in fresh[:5]) + (" …" if fresh[5:] else "")
        message = (
            f"{len(fresh)} new in {VENUES}, each a {states.DRAFT}: {names}; `ticketops venue set "
            f"{quoted(fresh[0].name)} --status {states.ACTIVE}` completes one"
        )
        plan.findings.append(Finding("DRAFT_ADDED", Severity.INFO, message, VENUES, first))


class _Fresh(Struct):
    name: str
    city: str | None = None
    country: str | None = None
    capacities: set[int] = field(default_factory=set)

    @property
    def capacity(self) -> int | None:
        """That of the venue, where all its sessions have one."""
        return next(iter(self.capacities)) if len(self.capacities) == 1 else None


def place_text(city: str | None, venue: str | None) -> str | None:
    """A place as the schedule holds it: `Mexico City · Estadio Azteca`."""
    if not city or not venue:
        return venue or city
    if (name_key(city) or "") in (name_key(venue) or ""):
        return venue
    return f"{city}{PLACE_MARK}{venue}"
