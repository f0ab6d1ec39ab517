"""Which seat map is meant: that of a venue, or of one match there (§1b, D23)."""

from __future__ import annotations

from msgspec import Struct, field

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.masterdata.masters import directory_of
from ticketops.domain.plan import Run
from ticketops.domain.seatmap.plan import SeatMap
from ticketops.domain.seatmap.stored import StoredMaps
from ticketops.errors import NotFoundError, UsageError
from ticketops.model.findings import Finding
from ticketops.model.names import quoted
from ticketops.schema.layouts.event.masters import VENUE
from ticketops.schema.tables import Snapshot


class Whose(Struct, frozen=True):
    """A venue by its name, a match there by its code, or both. said: what the names were taken
    as."""

    venue: str
    match: str | None = None
    said: list[Finding] = field(default_factory=list)

    @property
    def shown(self) -> str:
        """`M01 at Estadio Azteca`."""
        return " at ".join(filter(None, (self.match, self.venue)))


def match_named(snapshot: Snapshot, text: str, run: Run) -> tuple[str, list[Finding]]:
    """The code of a match, and what is said of it. Raises NotFoundError, UnclearNameError, and
    UsageError for a sub-game: those of a match share its seats."""
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    named, within = catalogue.parted(text)
    if within:
        raise UsageError(
            f"{text} is a sub-game, but a seat map is that of a whole match", f"--match {named}"
        )
    found = catalogue.find(named)
    return found.name, found.said("match")


def whose(snapshot: Snapshot, maps: StoredMaps, venue: str, match: str, run: Run) -> Whose:
    """Whose map is meant, by --venue and --match; where neither is given, the only one.

    Raises NotFoundError, UnclearNameError for names that are unknown or ambiguous; UsageError where
    nothing says which of several is meant, and for a match at another venue.
    """
    if match:
        return _of_match(snapshot, maps, venue, match, run)
    if venue:
        directory = directory_of(snapshot, VENUE, run)
        for name in maps.venues:
            directory.learn(name)
        found = directory.require(venue, where="the workbook", insist="")
        return Whose(found.name, None, found.said("venue"))
    if len(maps.venues) == 1 and not maps.matches:
        return Whose(maps.venues[0])
    if not maps:
        raise NotFoundError(
            "the workbook has no seat map", "`ticketops seatmap import FILE --venue NAME` adds one"
        )
    raise UsageError(
        "nothing says which seat map is meant",
        f"give --venue NAME or --match CODE: it has {', '.join(one.shown for one in every(maps))}",
    )


def map_of(snapshot: Snapshot, maps: StoredMaps, venue: str, match: str, run: Run) -> SeatMap:
    """The map that is meant, as `whose` finds it. Raises what `whose` raises, and NotFoundError
    where there is none."""
    meant = whose(snapshot, maps, venue, match, run)
    return required(maps, meant)


def required(maps: StoredMaps, meant: Whose) -> SeatMap:
    """The map of a venue or a match. Raises NotFoundError where there is none."""
    found = maps.of_match(meant.match) if meant.match else maps.of_venue(meant.venue)
    if found is None:
        where = f" --venue {quoted(meant.venue)}" if meant.venue else ""
        raise NotFoundError(
            f"{meant.shown} has no seat map", f"`ticketops seatmap import FILE{where}` adds one"
        )
    return found


def every(maps: StoredMaps) -> list[Whose]:
    """Whose maps there are: of venues, then of single matches."""
    return [
        *(Whose(name) for name in maps.venues),
        *(Whose(maps.venue_of(match) or "", match) for match in maps.matches),
    ]


def _of_match(snapshot: Snapshot, maps: StoredMaps, venue: str, match: str, run: Run) -> Whose:
    code, said = match_named(snapshot, match, run)
    played = maps.venue_of(code) or ""
    if not venue:
        return Whose(played, code, said)
    there = whose(snapshot, maps, venue, "", run)
    if played and played != there.venue:
        raise UsageError(
            f"{code} is played at {played}, not at {there.venue}", "leave --venue or --match out"
        )
    return Whose(there.venue, code, [*said, *there.said])
