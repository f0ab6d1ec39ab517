"""Which categories a match has (§1, §17): those that `_CATEGORIES` names for it, else those of its
scheme, which its code and the type of the event say."""

from __future__ import annotations

from msgspec import Struct

from ticketops.model import ids, spelling
from ticketops.model.categories import FIFA_CATEGORIES, OLYMPIC_CATEGORIES, STANDARD, Levels, Ranks
from ticketops.model.events import CUSTOM, EVENT_TYPES, FIFA, OLYMPIC
from ticketops.schema.layouts.event import CATEGORIES, EVENTS
from ticketops.schema.tables import Snapshot

CLOSED = {FIFA: FIFA_CATEGORIES, OLYMPIC: OLYMPIC_CATEGORIES}
"""{scheme: all its categories}."""


class Schemes(Struct, frozen=True):
    """The categories of every match. ranks: with those of `_CATEGORIES`; event_type: as `_EVENTS`
    says it, "" where it does not."""

    ranks: Ranks = STANDARD
    event_type: str = ""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Schemes:
        """From a snapshot; the schemes of §17 where it lacks both sheets."""
        return cls(ranks_of(snapshot), _type_of(snapshot))

    def of_match(self, match: str) -> str:
        """The scheme of a match: FIFA, OLYMPIC or CUSTOM. The type OTHER says nothing about codes
        of the M kind."""
        custom = self.event_type in EVENT_TYPES and EVENT_TYPES[self.event_type].scheme == CUSTOM
        if ids.is_fifa_match(match):
            return CUSTOM if custom and self.event_type != "OTHER" else FIFA
        return OLYMPIC if spelling.is_session(match) and not custom else CUSTOM

    def all_of(self, match: str) -> tuple[str, ...]:
        """The categories of the scheme of a match; none of a custom one."""
        return CLOSED.get(self.of_match(match), ())

    def own(self, match: str, sub_game: str | None = None) -> Levels | None:
        """The categories that `_CATEGORIES` names for a match or one of its sub-games."""
        return self.ranks.own(f"{match}/{sub_game}" if sub_game else match)


def ranks_of(snapshot: Snapshot) -> Ranks:
    """How categories compare in this workbook."""
    if CATEGORIES not in snapshot:
        return STANDARD
    levels: dict[str, dict[str, int | None]] = {}
    rows = snapshot[CATEGORIES].frame.select("match", "sub_game", "category", "level")
    for match, sub_game, category, level in rows.drop_nulls(["match", "category"]).iter_rows():
        code = ids.normalise_match(match)
        occasion = f"{code}/{sub_game}" if sub_game else code
        levels.setdefault(occasion, {}).setdefault(category, level)
    return Ranks(levels) if levels else STANDARD


def _type_of(snapshot: Snapshot) -> str:
    if EVENTS not in snapshot:
        return ""
    types = snapshot[EVENTS].frame["type"]
    return (types[0] or "") if len(types) else ""
