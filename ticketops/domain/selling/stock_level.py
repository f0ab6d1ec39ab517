"""How much of the stock is left after a line of an order (§4): green, amber or red."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import polars as pl

from ticketops.domain.catalogue.sessions import SubGames
from ticketops.model import ids, states
from ticketops.model.categories import match_of
from ticketops.schema.layouts.event import SCHEDULE, UNITS
from ticketops.schema.tables import Snapshot

_CLOSE = 0.1


@dataclass(frozen=True, slots=True)
class Stock:
    """What is left for others once a line is recorded, and what to think of it: red where the line
    asks for more than there was, amber where a tenth of the stock at most is left, or no more than
    the line took. capacity: of the match's venue, beside a red one."""

    left: int
    level: Literal["green", "amber", "red"]
    capacity: int | None = None


def stock_levels(
    snapshot: Snapshot, lines: Iterable[tuple[str, str, int, str]], left: Iterable[int]
) -> list[Stock]:
    """For each line (occasion, category, quantity, client) what is left of the stock of its occasion
    and category. left: what there is before each (`left_before`): units that are free, less what is
    promised and what is held for others; earlier lines count."""
    stock = _units(snapshot)
    capacities = _capacities(snapshot)
    asked, found = list(lines), []
    for line, before in zip(asked, left, strict=True):
        match, category, quantity, _client = line
        after = before - quantity
        if after < 0:
            found.append(Stock(0, "red", capacities.get(match_of(match))))
        elif after <= max(_CLOSE * stock[match, category], quantity):
            found.append(Stock(after, "amber"))
        else:
            found.append(Stock(after, "green"))
    return found


def _units(snapshot: Snapshot) -> Counter[tuple[str, str]]:
    """{(occasion, category): units bought that can still be sold, or are}."""
    gone = [states.CANCELLED, states.REPLACED]
    frame = snapshot[UNITS].frame.filter(
        pl.col("unit_id").is_not_null(), ~pl.col("status").is_in(gone).fill_null(False)
    )
    found: Counter[tuple[str, str]] = Counter()
    sub_games = SubGames.of(snapshot)
    keys = ("match", "sub_game", "category")
    for match, sub_game, category, count in frame.group_by(keys).len().iter_rows():
        if match and category:
            found[sub_games.occasion(ids.normalise_match(match), sub_game), category] += count
    return found


def _capacities(snapshot: Snapshot) -> dict[str, int]:
    frame = snapshot[SCHEDULE].frame.select("match", "capacity").drop_nulls()
    return {ids.normalise_match(match): capacity for match, capacity in frame.iter_rows()}
