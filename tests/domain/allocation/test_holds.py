"""Units that are held for a client."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.desk import DAY, START, everything
from tests.domain.manager import ManagerDesk, chosen, substitute
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.schema.layouts.event import HOLDS, SALES
from ticketops.services import allocation


def hold(*what: str, client: str = "Acme", until: datetime = DAY, reason: str = "option") -> Job:
    return allocation.unit_hold(what, client, until, reason, new=True)


def pool(desk: ManagerDesk, sale: str) -> dict[str, int]:
    return dict(desk.do(allocation.allocate_preview(sale, write=False)).result.pool)


def test_held_units_are_for_that_client_only(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3), ("M01", "Cat 1", 2))
    plan = desk.do(hold("PR0001-S01"))
    assert plan.result.units == ["P00001", "P00002", "P00003"]
    assert desk.rows(HOLDS, "unit_id", "client", "until", "reason", "user", "released_at") == [
        (unit, "Acme", DAY, "option", "tester", None) for unit in ("P00001", "P00002", "P00003")
    ]
    assert desk.actions() == [("HOLD_UNITS", None, "PR0001-S01", 3)]
    desk.sell(("M01", "Cat 1", 3), client="Other")
    desk.sell(("M01", "Cat 1", 3), client="  ACME ")
    for row in (2, 3):
        desk.set(SALES, row, "status", "UNALLOCATED")
    assert pool(desk, "S1") == {"PR0002-S01": 2}
    assert pool(desk, "S2") == {"PR0001-S01": 3, "PR0002-S01": 2}
    desk.refused(allocation.allocate_commit("S1", chosen("PR0001-S01")), RuleError, "PR0001-S01")
    for plan_ in desk.do(allocation.allocate_preview("S1", write=False)).result.plans:
        assert all(chunk.set_id == "PR0002-S01" for chunk in plan_.chunks)
    desk.do(allocation.allocate_commit("S1"))
    desk.do(allocation.allocate_commit("S2"))
    assert desk.units() == ["P00004", "P00005", None, "P00001", "P00002", "P00003"]


def test_auto_keeps_the_holds_too(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("P00001"))
    desk.sell(("M01", "Cat 1", 1), client="Other")
    desk.sell(("M01", "Cat 1", 1), client="Acme")
    desk.do(allocation.allocate_auto())
    assert desk.units() == ["P00002", "P00001"]


def test_a_hold_counts_on_its_last_day_and_not_on_the_next(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01", until=DAY + timedelta(days=2)))
    desk.sell(("M01", "Cat 1", 2), client="Other")
    desk.set(SALES, 2, "status", "UNALLOCATED")
    before = everything(desk.store)[HOLDS]
    for days, free in ((0, {}), (2, {}), (3, {"PR0001-S01": 2})):
        desk.days = days
        assert pool(desk, "S1") == free
    desk.do(allocation.allocate_auto())
    assert desk.units() == ["P00001", "P00002"]
    assert everything(desk.store)[HOLDS] == before, "it released itself: nobody has to do anything"


def test_part_of_a_set_is_held(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 4))
    desk.do(hold("PR0001-S01:3"))
    assert desk.rows(HOLDS, "unit_id") == ["P00001", "P00002", "P00003"]
    desk.refused(hold("PR0001-S01:2", client="Other"), RuleError)
    desk.do(hold("p00004", client="Other"))
    assert desk.actions()[-1] == ("HOLD_UNITS", None, "PR0001-S01", 1)


def test_what_can_not_be_held(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.do(hold("P00002"))
    for what in ("P00001", "P00002", "PR0001-S01:2"):
        desk.refused(hold(what, client="Other"), RuleError)
    desk.refused(hold("P00003", "P00001"), RuleError)
    desk.refused(hold("P00099"), NotFoundError)
    desk.refused(hold("PR0099-S01"), NotFoundError)
    desk.refused(hold("nonsense"), UsageError)
    desk.refused(hold("P00003", until=DAY - timedelta(days=1)), RuleError, "past")


@pytest.mark.parametrize("what", ["PR0001-S01:0", "", ",", " "])
def test_a_hold_of_nothing_is_refused(desk: ManagerDesk, what: str) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.refused(hold(what), (RuleError, UsageError, NotFoundError))  # type: ignore[arg-type]


def test_two_sets_in_one_word_are_both_held_or_refused(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    try:
        desk.do(hold("PR0001-S01:1,PR0002-S01:1"))
    except (RuleError, UsageError, NotFoundError):
        assert desk.rows(HOLDS, "unit_id") == []
    else:
        assert desk.rows(HOLDS, "unit_id") == ["P00001", "P00003"]


def test_a_hold_is_released_before_its_day(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2), ("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01", "PR0002-S01", until=DAY + timedelta(days=9)))
    desk.do(hold_release := allocation.unit_release(["pr0001-s01"], "", "not wanted"))
    assert desk.actions()[-1] == ("RELEASE_UNITS", None, "PR0001-S01", 2)
    assert [at is not None for at in desk.rows(HOLDS, "released_at")] == [True, True, False, False]
    assert desk.rows(HOLDS, "released_by") == ["tester", "tester", None, None]
    desk.refused(hold_release, RuleError, "no hold")
    desk.sell(("M01", "Cat 1", 2), client="Other")
    assert pool(desk, "S1") == {"PR0001-S01": 2}
    desk.refused(allocation.unit_release([], "Nobody", "x"), RuleError)
    desk.do(allocation.unit_release([], "ACME", "x"))
    assert pool(desk, "S1") == {"PR0001-S01": 2, "PR0002-S01": 2}
    desk.do(hold("P00001", client="Other"))
    assert desk.rows(HOLDS, "released_at")[4] is None


def test_a_hold_that_ended_by_itself_can_be_set_again(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 1))
    desk.do(hold("P00001"))
    desk.days = 1
    desk.refused(allocation.unit_release(["P00001"], "", "x"), RuleError)
    desk.do(hold("P00001", client="Other", until=DAY + timedelta(days=3)))
    desk.sell(("M01", "Cat 1", 1), client="Acme")
    assert pool(desk, "S1") == {}
    desk.refused(allocation.unit_release([], "Acme", "x"), RuleError, "no hold")
    desk.do(allocation.unit_release(["P00001"], "", "x"))
    assert [at is not None for at in desk.rows(HOLDS, "released_at")] == [False, True]
    assert pool(desk, "S1") == {"PR0001-S01": 1}


def test_a_typed_hold_of_several_units_is_released_whole(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 3))
    desk.do(hold("P00001", client="Acme", until=DAY + timedelta(days=3)))
    desk.set(HOLDS, desk.rows(HOLDS, "row")[0], "unit_id", "P00001, P00002")
    desk.refused(allocation.unit_release(["P00001"], "", "x"), RuleError, "P00001, P00002")
    plan = desk.do(allocation.unit_release(["P00002", "P00001"], "", "x"))
    assert plan.result.units == ["P00001", "P00002"]
    desk.sell(("M01", "Cat 1", 1), client="Other")
    assert pool(desk, "S1") == {"PR0001-S01": 3}


def test_held_units_do_not_substitute_for_another_client(desk: ManagerDesk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1), client="Other")
    desk.do(allocation.allocate_commit("S1"))
    desk.do(hold("P00002"))
    desk.refused(substitute("P00001"), RuleError)
    desk.refused(substitute("P00001", "P00002"), RuleError)


def test_units_held_for_somebody_else_can_not_be_promised(desk: ManagerDesk) -> None:
    """§4: a line that asks for more than the available inventory is oversold; what is set aside for
    Acme is not available to others."""
    desk.buy(("M01", "Cat 1", 2))
    desk.do(hold("PR0001-S01"))
    desk.sell(("M01", "Cat 1", 2), client="Other")
    desk.sell(("M01", "Cat 1", 2), client="Acme")
    assert desk.rows(SALES, "status")[0] == "PENDING_APPROVAL"


def test_start_is_the_day_of_these_tests() -> None:
    assert START.date() == DAY.date()
