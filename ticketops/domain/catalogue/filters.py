"""The matches and sub-games that a filter names (`--match M01/RACE`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.model import spelling
from ticketops.schema.tables import Snapshot


def filtered(
    snapshot: Snapshot,
    sheet: str,
    texts: Iterable[str],
    chosen: Mapping[tuple[str, str], str] | None = None,
) -> tuple[str, ...]:
    """The matches that a filter names, by code, and the sub-games, as `M01/RACE`: those of the
    schedule, and others that rows of the sheet have all the same. Raises what `Catalogue.find` and
    `SubGames.taken` raise."""
    catalogue = Catalogue.of(snapshot, chosen=chosen)
    used = set(snapshot[sheet].frame["match"].drop_nulls().unique())
    found = []
    for text in texts:
        if (code := spelling.match(text)) in used and code:
            found.append(code)
            continue
        match, sub_game = catalogue.parted(text)
        spelt = spelling.match(match)
        code = spelt if spelt and spelt in used else catalogue.match(match)
        own = catalogue.sub_games.taken(code, sub_game) if sub_game else None
        found.append(catalogue.sub_games.occasion(code, own))
    return tuple(found)
