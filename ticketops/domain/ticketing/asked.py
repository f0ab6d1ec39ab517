"""What is asked for: a match or sub-game and a category, as a command or a row names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Run
from ticketops.model import ids
from ticketops.model.findings import Finding
from ticketops.schema.layouts.event import PURCHASES, SALES
from ticketops.schema.tables import Snapshot


class Asked(Struct, frozen=True):
    """occasion: the match, or the sub-game of it (D31). said: what a person is told of how the match
    was understood."""

    match: str
    sub_game: str | None
    category: str
    occasion: str
    said: tuple[Finding, ...] = ()

    @property
    def pool(self) -> tuple[str, str]:
        """What stock is counted by."""
        return self.occasion, self.category

    def __str__(self) -> str:
        return f"{self.occasion} {self.category}"


def asked(snapshot: Snapshot, match: str, category: str, run: Run) -> Asked:
    """A match (`M01`, `M01/RACE`) and a category as people write them. Raises NotFoundError,
    UnclearNameError and RuleError for what there is not."""
    catalogue = Catalogue.of(snapshot, PURCHASES, SALES, chosen=run.chosen)
    text, within = catalogue.parted(match)
    found = catalogue.find(text)
    sub_game = catalogue.sub_games.taken(found.name, within)
    return Asked(
        found.name,
        sub_game,
        catalogue.category(found.name, category, sub_game),
        catalogue.sub_games.occasion(found.name, sub_game),
        tuple(found.said("match")),
    )


def of_row(row: Mapping[str, Any] | Any, sub_games: SubGames) -> tuple[str, str]:
    """(occasion, category) of a row, of a ticket or of a unit."""
    match = ids.normalise_match(row["match"]) if row["match"] else ""
    return sub_games.occasion(match, row["sub_game"]), row["category"] or ""
