"""The categories that the rows of a schedule name for their sessions (§1, §18b.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticketops.domain.catalogue.schemes import CLOSED, Schemes
from ticketops.domain.plan import Plan, Run
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import CATEGORIES
from ticketops.schema.tables import Snapshot


def unknown(schemes: Schemes, code: str, names: Sequence[str]) -> tuple[str, str] | None:
    """The first category that the scheme of a match does not have, and what it has; None where all
    are fine."""
    scheme = schemes.all_of(code)
    wrong = next((name for name in names if scheme and name not in scheme), None)
    return (wrong, f"it has {', '.join(scheme)}") if wrong else None


def add(plan: Plan, snapshot: Snapshot, named: Mapping[str, Sequence[str]], run: Run) -> None:
    """The categories that `_CATEGORIES` lacks; those of it stay, whatever a file leaves out."""
    frame = snapshot[CATEGORIES].frame.drop_nulls(["match", "category"])
    have = {
        (ids.normalise_match(match), spelling.tidy(category).casefold())
        for match, sub_game, category in frame.select("match", "sub_game", "category").iter_rows()
        if not sub_game
    }
    schemes = Schemes.of(snapshot)
    rows = []
    for code, names in named.items():
        scheme = schemes.of_match(code)
        closed = CLOSED.get(scheme, ())
        for name in sorted(names, key=lambda one: closed.index(one) if one in closed else 0):
            if (code, name.casefold()) not in have:
                level = closed.index(name) + 1 if name in closed else None
                rows.append((code, name, level, run.user, run.now))
    columns = ("match", "category", "level", "user", "updated_at")
    plan.changes.append(CATEGORIES, snapshot[CATEGORIES].room_for(len(rows)), columns, rows)
