"""Rows that move over there are followed; none is lost or doubled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from tests.cli.sync.two_copies import Cells, Pair
from ticketops.schema.layouts.event import PURCHASES


def reversed_there(pair: Pair) -> None:
    rows = pair.server.rows(pair.key, PURCHASES)
    for number, row in enumerate(reversed(rows[1:]), start=2):
        for place in range(1, len(rows[0]) + 1):
            pair.server.set(
                pair.key, PURCHASES, number, place, row[place - 1] if place <= len(row) else None
            )


MOVES: dict[str, Callable[[Pair], None]] = {
    "inserted": lambda pair: pair.server.insert_row(pair.key, PURCHASES, 10),
    "deleted": lambda pair: pair.server.delete_row(pair.key, PURCHASES, 10),
    "sorted": reversed_there,
}


def purchases(cells: Cells) -> Counter[str]:
    return Counter(
        value
        for (sheet, _, header), value in cells.items()
        if (sheet, header) == (PURCHASES, "PurchaseID")
    )


@pytest.mark.parametrize("move", MOVES)
def test_rows_that_moved_over_there_are_followed(move: str, pair: Pair) -> None:
    MOVES[move](pair)
    assert pair.sync("pull", "--emptying").code == 0
    assert pair.here() == pair.there()


@pytest.mark.parametrize("move", MOVES)
def test_rows_that_moved_over_there_lose_and_double_nothing_here(move: str, pair: Pair) -> None:
    """Some rows changed here meanwhile. Conflicts there may be; but no purchase stands twice
    afterwards, and none is gone that both have."""
    pair.type_here(PURCHASES, {row: {"price": 999.0} for row in (20, 21, 22)})
    MOVES[move](pair)
    kept = set(purchases(pair.here())) & set(purchases(pair.there()))
    assert pair.sync("pull").code != 0
    now = purchases(pair.here())
    assert [name for name, times in now.items() if times > 1] == []
    assert kept <= set(now)
