"""A match moves: the codes of two matches change places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import Desk, everything
from tests.domain.manager import MANAGER, ManagerDesk
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, NotPermittedError, RuleError
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    PURCHASES,
    SALES,
    SCHEDULE,
    UNITS,
)
from ticketops.services import allocation, catalogue, purchasing, selling


def codes(desk: Desk) -> dict[str, list[Any]]:
    return {name: desk.rows(name, "match") for name in (PURCHASES, UNITS, SALES, DISTRIBUTION)}


@pytest.fixture
def two_matches(desk: ManagerDesk) -> ManagerDesk:
    """M01: two units, S1 holds one and waits for none. M02: three units, S2 holds two. M03 is
    somebody else's."""
    desk.buy(("M01", "Cat 1", 2), ("M02", "Cat 1", 3), ("M03", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1), ("M02", "Cat 1", 2), ("M03", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    return desk


def swap(
    first: str = "M01", second: str = "m2", *, stock_only: bool = False, force: bool = False
) -> Job:
    return catalogue.event_swap(first, second, "the stadium", stock_only=stock_only, force=force)


def test_all_that_says_one_code_says_the_other(two_matches: ManagerDesk) -> None:
    before, units = codes(two_matches), two_matches.units()
    plan = two_matches.do(swap())
    assert plan.result.matches == ("M01", "M02")
    other = {"M01": "M02", "M02": "M01", "M03": "M03"}
    assert codes(two_matches) == {
        name: [other[code] for code in column] for name, column in before.items()
    }
    assert two_matches.units() == units
    action, sale, set_id, count = two_matches.actions()[-1]
    assert (action, sale, set_id, count) == ("SWAP_MATCH", None, None, 5)
    assert "the stadium" in two_matches.rows(ALLOC_LOG, "reason")[-1]
    assert not two_matches.done(purchasing.purchase_expand()).written
    ledgers = {
        name: rows
        for name, rows in everything(two_matches.store).items()
        if name in (SALES, DISTRIBUTION, UNITS, PURCHASES)
    }
    two_matches.do(selling.sale_expand())
    assert {
        name: rows for name, rows in everything(two_matches.store).items() if name in ledgers
    } == ledgers


@pytest.mark.parametrize("stock_only", [False, True])
def test_swapping_twice_gives_the_codes_back(two_matches: ManagerDesk, stock_only: bool) -> None:
    before = codes(two_matches)
    two_matches.do(swap(stock_only=stock_only))
    assert codes(two_matches) != before
    two_matches.do(swap("M2", "M1", stock_only=stock_only))
    assert codes(two_matches) == before


def test_only_the_stock_changes_places(two_matches: ManagerDesk) -> None:
    before = codes(two_matches)
    plan = two_matches.do(swap(stock_only=True))
    assert plan.result.units_unallocated == 3
    after = codes(two_matches)
    assert (after[SALES], after[DISTRIBUTION]) == (before[SALES], before[DISTRIBUTION])
    assert after[UNITS] == ["M02", "M02", "M01", "M01", "M01", "M03"]
    assert two_matches.units() == [None, None, None, "P00006"]
    assert two_matches.rows(SALES, "status") == ["UNALLOCATED", "UNALLOCATED", "ALLOCATED"]
    two_matches.do(allocation.allocate_auto())
    assert two_matches.units() == ["P00003", "P00001", "P00002", "P00006"]


def test_the_game_is_that_of_the_schedule(desk: ManagerDesk) -> None:
    desk.type_rows(SCHEDULE, [{"match": "M01", "game": "A v B"}, {"match": "M02", "game": "C v D"}])
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(swap())
    assert desk.rows(UNITS, "match", "game") == [("M02", "C v D"), ("M01", "A v B")]
    assert desk.rows(DISTRIBUTION, "match", "game") == [("M02", "C v D")]
    desk.refused(swap("M01", "M77"), NotFoundError, "M77")


def test_a_dispatched_ticket_is_not_unallocated_by_a_swap(two_matches: ManagerDesk) -> None:
    two_matches.set(DISTRIBUTION, 3, "delivery", "SENT")
    two_matches.refused(swap(stock_only=True), RuleError, "S1-1")
    two_matches.do(swap(stock_only=True, force=True))
    assert two_matches.rows(DISTRIBUTION, "delivery")[0] == "ISSUE"


def test_a_fulfilled_sale_whose_stock_moves_is_not_fulfilled(two_matches: ManagerDesk) -> None:
    two_matches.set(SALES, 2, "status", "FULFILLED")
    two_matches.do(swap(stock_only=True))
    assert two_matches.units()[0] is None
    assert two_matches.rows(SALES, "status")[0] == "UNALLOCATED"


def test_what_can_not_be_swapped(two_matches: ManagerDesk) -> None:
    two_matches.refused(swap("M01", "m1"), RuleError, "the same match")
    two_matches.refused(swap("M50", "M51"), RuleError, "no rows")
    two_matches.role = "sr_operator"
    two_matches.refused(swap(), NotPermittedError, MANAGER)


# --- sub-games (D31)


def sub_games(desk: ManagerDesk, *occasions: str) -> None:
    for occasion in occasions:
        match, _slash, code = occasion.partition("/")
        desk.do(catalogue.sub_game_add(match, code, {}))


def test_rows_keep_a_sub_game_that_the_other_match_has(desk: ManagerDesk) -> None:
    sub_games(desk, "M01/RACE", "M01/SPRINT", "M02/RACE", "M02/SPRINT")
    desk.buy(("M01/RACE", "Cat 1", 1), ("M02/SPRINT", "Cat 1", 1))
    desk.sell(("M01/RACE", "Cat 1", 1), ("M02/SPRINT", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    desk.do(swap())
    for sheet in (PURCHASES, UNITS, SALES, DISTRIBUTION):
        assert desk.rows(sheet, "match", "sub_game") == [("M02", "RACE"), ("M01", "SPRINT")]
    desk.undo()
    for sheet in (PURCHASES, UNITS, SALES, DISTRIBUTION):
        assert desk.rows(sheet, "match", "sub_game") == [("M01", "RACE"), ("M02", "SPRINT")]


def test_the_only_sub_game_of_a_match_is_that_of_its_rows(desk: ManagerDesk) -> None:
    sub_games(desk, "M01/DAY", "M02/SHOW")
    desk.buy(("M01", "Cat 1", 1), ("M02", "Cat 1", 1))
    desk.do(swap())
    assert desk.rows(UNITS, "match", "sub_game") == [("M02", "SHOW"), ("M01", "DAY")]
    sub_games(desk, "M03/DAY")
    desk.do(swap("M01", "M04"))
    assert desk.rows(UNITS, "match", "sub_game") == [("M02", "SHOW"), ("M04", None)]


@pytest.mark.parametrize(
    ("there", "bought", "has", "way"),
    [
        (("M01/RACE", "M01/SPRINT"), "M01/RACE", "none", "subgame add M02 RACE"),
        (("M01/RACE", "M01/SPRINT", "M02/FP"), "M01/RACE", "M02/FP", "subgame add M02 RACE"),
        (("M02/RACE", "M02/SPRINT"), "M01", "M02/RACE, M02/SPRINT", "fill in SubGame"),
    ],
)
def test_rows_of_a_sub_game_that_the_other_match_lacks_do_not_move(
    desk: ManagerDesk, there: tuple[str, ...], bought: str, has: str, way: str
) -> None:
    sub_games(desk, *there)
    desk.buy((bought, "Cat 1", 1))
    before = everything(desk.store)
    with pytest.raises(RuleError, match=f"can't become rows of M02: its sub-games are {has}$") as e:
        desk.do(swap())
    assert way in e.value.hint
    assert everything(desk.store) == before
