"""The category schemes of §17, the categories that a match has of its own, and their ranks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from msgspec import Struct, field

FIFA_CATEGORIES = ("Top Cat 1", "Cat 1", "Cat 2", "Cat 3", "Cat 4")
OLYMPIC_CATEGORIES = ("First", "A", "B", "C", "D", "E")

Levels = Mapping[str, int | None]
"""{category: its level, 1 the best; None where it is not known}."""


def category_scheme(category: str) -> tuple[str, ...]:
    """The scheme of §17 that a category is of, the best first; empty for a category of none."""
    return next(
        (scheme for scheme in (FIFA_CATEGORIES, OLYMPIC_CATEGORIES) if category in scheme), ()
    )


def match_of(occasion: str) -> str:
    """The match of an occasion: `M01/RACE` → M01."""
    return occasion.partition("/")[0]


def is_among(occasion: str, wanted: Collection[str]) -> bool:
    """Whether an occasion is one that a filter names, or of a match that it names. A filter that
    names none lets all through."""
    return not wanted or occasion in wanted or match_of(occasion) in wanted


class Ranks(Struct, frozen=True):
    """How categories compare. levels: {occasion: its own categories} of the matches and sub-games
    (`M01`, `M01/RACE`) that `_CATEGORIES` names; the others have the schemes of §17."""

    levels: Mapping[str, Levels] = field(default_factory=dict)

    def own(self, occasion: str) -> Levels | None:
        """The categories of a sub-game, else of its match; None where neither has its own."""
        return self.levels.get(occasion) or self.levels.get(match_of(occasion))

    def scheme(self, occasion: str, category: str) -> tuple[str, ...]:
        """What a category can be compared with, itself included, the best first; empty for one that
        has no rank there."""
        own = self.own(occasion)
        if own is None:
            return category_scheme(category)
        if own.get(category) is None:
            return ()
        ranked = [(level, name) for name, level in own.items() if level is not None]
        return tuple(name for _level, name in sorted(ranked, key=lambda one: one[0]))

    def rank(self, occasion: str, category: str) -> int | None:
        """0 for the best level, counting up; None for a category that has no rank there."""
        own = self.own(occasion)
        if own is not None:
            level = own.get(category)
            return None if level is None else level - 1
        scheme = category_scheme(category)
        return scheme.index(category) if scheme else None

    def gap(self, occasion: str, sold: str, served: str) -> int | None:
        """How many ranks better than sold: positive an upgrade, negative a downgrade, 0 the same;
        None where it can't be told."""
        if sold == served:
            return 0
        if served not in self.scheme(occasion, sold):
            return None
        one, other = self.rank(occasion, sold), self.rank(occasion, served)
        return None if one is None or other is None else one - other


STANDARD = Ranks()
"""The schemes of §17 alone."""
