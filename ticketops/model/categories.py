"""The category schemes of §17 and the rank of a category in its scheme."""

from __future__ import annotations

FIFA_CATEGORIES = ("Top Cat 1", "Cat 1", "Cat 2", "Cat 3", "Cat 4")
OLYMPIC_CATEGORIES = ("First", "A", "B", "C", "D", "E")


def category_scheme(category: str) -> tuple[str, ...]:
    """The scheme of §17 that a category is of, the best first; empty for a category of none."""
    return next(
        (scheme for scheme in (FIFA_CATEGORIES, OLYMPIC_CATEGORIES) if category in scheme), ()
    )


def category_rank(category: str) -> int | None:
    """0 for the best category of its scheme, counting up; None for a category of no scheme."""
    scheme = category_scheme(category)
    return scheme.index(category) if scheme else None
