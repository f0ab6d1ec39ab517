"""Matches and categories: what a purchase or sale line may name (§1, §1a, §17)."""

from __future__ import annotations

from dataclasses import dataclass

from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import PURCHASES, SALES, SCHEDULE


@dataclass(frozen=True, slots=True)
class Catalogue:
    """games: {match code: game text} of the schedule. categories: what the workbook already uses, per match code."""

    games: dict[str, str]
    categories: dict[str, set[str]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Catalogue:
        """From the tables of the schedule, Purchases and Sales, those of them that were read."""
        games: dict[str, str] = {}
        categories: dict[str, set[str]] = {}
        for name in (SCHEDULE, PURCHASES, SALES):
            if name not in snapshot.tables:
                continue
            frame = snapshot[name].frame
            if name == SCHEDULE:
                pairs = frame.select("match", "game").drop_nulls("match").iter_rows()
                games = {ids.normalise_match(match): game or "" for match, game in pairs}
                continue
            for match, category in frame.select("match", "category").drop_nulls().unique().iter_rows():
                categories.setdefault(ids.normalise_match(match), set()).add(category)
        return cls(games, categories)

    def match(self, text: str) -> str:
        """The normalised code of a match. Raises NotFoundError for a FIFA code that the schedule does not hold.

        Codes of other events are taken as they are: their schedules may not be in the workbook yet.
        """
        try:
            code = ids.normalise_match(text)
        except ValueError as error:
            raise NotFoundError(str(error)) from None
        if ids.is_fifa_match(code) and code not in self.games and any(map(ids.is_fifa_match, self.games)):
            raise NotFoundError(f"the schedule has no match {code}", f"it has {min(self.games)} to {max(self.games, key=_order)}")
        return code

    def category(self, match: str, text: str) -> str:
        """The category in its canonical spelling (`cat 1` → `Cat 1`).

        Raises RuleError for one that is in no scheme of §17 and that the workbook does not use for this match.
        """
        wanted = " ".join(text.split())
        scheme = states.FIFA_CATEGORIES if ids.is_fifa_match(match) else states.OLYMPIC_CATEGORIES
        used = self.categories.get(match, set())
        known: str
        for known in (*scheme, *sorted(used)):
            if known.casefold() == wanted.casefold():
                return known
        if ids.is_fifa_match(match) or not wanted:
            raise RuleError(f"{match} has no category {text!r}", f"it has {', '.join((*scheme, *sorted(used - set(scheme))))}")
        return wanted


def _order(code: str) -> tuple[int, str]:
    return len(code), code
