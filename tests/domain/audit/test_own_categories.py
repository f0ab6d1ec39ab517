"""Which categories of a ledger's rows are none of those that their match has, however many matches have
categories of their own."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from ticketops.domain.audit.unknown import Categories
from ticketops.domain.catalogue.schemes import Schemes
from ticketops.model.categories import FIFA_CATEGORIES, OLYMPIC_CATEGORIES, Ranks

_MATCHES = ("M01", "M02", "ARC01", "Gala", None)
_SUB_GAMES = (None, "RACE", "FP1")
_CATEGORIES = ("Cat 1", "A", "Lounge", "Box", None)
_ROWS = st.lists(
    st.tuples(*map(st.sampled_from, (_MATCHES, _SUB_GAMES, _CATEGORIES))), min_size=1, max_size=20
)
_OWN = st.dictionaries(
    st.sampled_from(["M01", "M01/RACE", "ARC01", "Gala", "Gala/FP1"]),
    st.dictionaries(st.sampled_from(["Cat 1", "Lounge", "A"]), st.just(1), min_size=1),
)


def expected(row: tuple[str | None, ...], own: dict[str, dict[str, int]]) -> bool:
    match, sub_game, category = row
    if match is None or category is None:
        return False
    of_row = own.get(f"{match}/{sub_game}") or own.get(match)
    if of_row:
        return category not in of_row
    scheme = {"M": FIFA_CATEGORIES, "A": OLYMPIC_CATEGORIES}.get(match[0])
    return scheme is not None and category not in (*scheme, "Box")


@given(rows=_ROWS, own=_OWN)
def test_a_category_is_odd_where_its_match_does_not_have_it(
    rows: list[tuple[str | None, ...]], own: dict[str, dict[str, int]]
) -> None:
    names = ("match", "sub_game", "category")
    frame = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    kept = Categories(Schemes(Ranks(own)), frozenset({"Box"}))
    cells = pl.col("category")
    odd = frame.select((kept.odd(frame, cells) & cells.is_not_null()).fill_null(False).alias("x"))
    assert odd["x"].to_list() == [expected(row, own) for row in rows]
