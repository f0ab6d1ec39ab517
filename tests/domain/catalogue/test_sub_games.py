"""Sub-games (§1 step 2, D31): stock, sales and allocation go by the sub-game of a match."""

from __future__ import annotations

import random
from collections import Counter
from functools import partial
from typing import Any

import pytest

from tests.desk import CopiedDesk, Desk
from tests.domain.manager import ManagerDesk
from tests.sampling import some, thorough
from ticketops.config import Settings
from ticketops.domain.allocation.pool import Pool, size
from ticketops.domain.audit import checks
from ticketops.domain.dispatch.clients import Filters
from ticketops.domain.reporting.lists import Which
from ticketops.domain.selling.availability import uncommitted
from ticketops.errors import NotFoundError, RuleError, TicketopsError, UnclearNameError
from ticketops.model.changes import AppendRows, SetCells
from ticketops.schema.layouts.event import (
    BESIDE_TRADE,
    DISTRIBUTION,
    EVENT,
    PURCHASES,
    SALES,
    SUBGAMES,
    UNITS,
)
from ticketops.services import (
    allocation,
    catalogue,
    dispatch,
    lists,
    purchasing,
    reporting,
    selling,
)

RACE, SPRINT = {"session_type": "RACE"}, {"session_type": "SPRINT"}


def weekend(desk: Desk) -> Desk:
    """M01 has RACE and SPRINT, M03 has only a DAY, M02 has none."""
    desk.do(catalogue.sub_game_add("M01", "race", RACE))
    desk.do(catalogue.sub_game_add("M01", "Sprint", SPRINT))
    desk.do(catalogue.sub_game_add("M03", "DAY", {"session_type": "DAY"}))
    return desk


def codes(desk: Desk) -> list[str]:
    """What the audit finds."""
    sheets = (DISTRIBUTION, UNITS, SALES, PURCHASES, *BESIDE_TRADE)
    return [finding.code for finding in checks.audit(desk.store.read(*sheets))[1]]


# --- the sheet


def test_a_sub_game_is_entered_changed_listed_and_undone(desk: ManagerDesk) -> None:
    weekend(desk)
    assert desk.rows(SUBGAMES, "match", "sub_game", "session_type", "user") == [
        ("M01", "RACE", "RACE", "tester"),
        ("M01", "SPRINT", "SPRINT", "tester"),
        ("M03", "DAY", "DAY", "tester"),
    ]
    result = desk.do(catalogue.sub_game_set("M01", "race", {"name": "Grand Prix"})).result
    assert (result.sub_game.name, result.changed) == ("Grand Prix", ["name"])
    assert desk.do(catalogue.sub_game_set("M01", "grand prix", {"name": "Grand Prix"})).result
    listed = desk.do(catalogue.sub_game_list("M01")).result.sub_games
    assert [one.sub_game for one in listed] == ["RACE", "SPRINT"]
    desk.undo()
    assert desk.rows(SUBGAMES, "name") == [None, None, None]


@pytest.mark.parametrize("code", ["", "a b!", "-", "/", "x" * 17])
def test_a_code_is_short_and_plain(desk: ManagerDesk, code: str) -> None:
    desk.refused(catalogue.sub_game_add("M01", code, RACE), RuleError, "not a code")


def test_a_code_is_there_once_in_a_match(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.refused(catalogue.sub_game_add("M01", " r ace ", RACE), RuleError, "already has")
    desk.do(catalogue.sub_game_add("M02", "RACE", RACE))


def test_a_session_that_the_type_of_the_event_lacks_is_a_finding(desk: ManagerDesk) -> None:
    from ticketops.services import events

    desk.do(events.event_set({"name": "GP", "code": "GP", "type": "RACING_WEEKEND"}))
    assert desk.do(catalogue.sub_game_add("M01", "RACE", RACE)).findings == []
    plan = desk.do(catalogue.sub_game_add("M01", "GALA", {"session_type": "SHOW"}))
    assert [one.code for one in plan.findings] == ["SESSION_TYPE_UNUSUAL"]


# --- what is bought and sold


def test_a_line_names_its_sub_game(desk: ManagerDesk) -> None:
    weekend(desk)
    for job_of in (desk.buy, desk.sell):
        with pytest.raises(RuleError, match="M01 has several sub-games") as error:
            job_of(("M01", "Cat 1", 1))
        assert error.value.hint == "write one of M01/RACE, M01/SPRINT"
        with pytest.raises(UnclearNameError) as unclear:
            job_of(("M01/SPRIMT", "Cat 1", 1))
        assert unclear.value.candidates == ("M01/SPRINT",)
        with pytest.raises(NotFoundError, match="M01 has no sub-game 'Q'"):
            job_of(("M01/Q", "Cat 1", 1))
        with pytest.raises(NotFoundError, match="M02 has no sub-game 'RACE'"):
            job_of(("M02/RACE", "Cat 1", 1))
    desk.buy(("m1/ race", "Cat 1", 2), ("M01/SPR", "Cat 1", 1), ("M03", "Cat 1", 1))
    desk.sell(("M01/sprint", "Cat 1", 1), ("M02", "Cat 1", 1), ("M03/day", "Cat 1", 1))
    assert desk.rows(PURCHASES, "sub_game") == ["RACE", "SPRINT", "DAY"]
    assert desk.rows(UNITS, "sub_game") == ["RACE", "RACE", "SPRINT", "DAY"]
    assert desk.rows(SALES, "sub_game") == ["SPRINT", None, "DAY"]
    assert desk.rows(DISTRIBUTION, "sub_game") == ["SPRINT", None, "DAY"]


def test_a_line_that_asks_for_more_than_its_sub_game_has(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 2), ("M01/SPRINT", "Cat 1", 5))
    plan = desk.sell(("M01/RACE", "Cat 1", 3), ("M01/SPRINT", "Cat 1", 5))
    short = [(one.match, one.category, one.available, one.short) for one in plan.result.oversold]
    assert short == [("M01/RACE", "Cat 1", 2, 1)]


def test_two_units_may_have_one_seat_in_two_sub_games(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 2), ("M01/SPRINT", "Cat 1", 1))
    seat = {"block": "A", "seat_row": "1", "seat": "7"}
    desk.do(allocation.unit_seat("P00001", seat))
    desk.refused(allocation.unit_seat("P00002", seat), RuleError, "of M01/RACE belongs to P00001")
    desk.do(allocation.unit_seat("P00003", seat))


def test_a_substitute_is_of_the_same_sub_game(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 1), ("M01/SPRINT", "Cat 1", 3))
    desk.sell(("M01/RACE", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    job = allocation.unit_substitute("P00001", "", "broken", force=False)
    desk.refused(job, RuleError, "free for S1 in M01/RACE")


def test_lists_say_the_sub_game_with_the_match_and_find_by_it(desk: ManagerDesk) -> None:
    from ticketops.domain.reporting import lists

    weekend(desk)
    desk.buy(("M01/RACE", "Cat 1", 1), ("M01/SPRINT", "Cat 1", 1), ("M02", "Cat 1", 1))
    snapshot = desk.store.read(*(sheet.name for sheet in EVENT if sheet.header_row))

    def found(text: str) -> list[str | None]:
        which, _said = lists.resolved(snapshot, UNITS, lists.Which(match=text), desk.run())
        return [unit.match for unit in lists.unit_list(snapshot, which, desk.run().now).units]

    assert found("M01") == ["M01/RACE", "M01/SPRINT"]
    assert found("m1/sprint") == ["M01/SPRINT"]
    assert found("M02") == ["M02"]


# --- rows that are typed


def test_a_typed_row_without_its_sub_game_waits(desk: ManagerDesk) -> None:
    weekend(desk)
    desk.buy(("M01/RACE", "Cat 2", 0))
    desk.sell(("M01/RACE", "Cat 2", 0))
    line = {"match": "M01", "category": "Cat 1", "number": 2, "price": 9.0}
    desk.type_rows(PURCHASES, [line | {"vendor": "V"}, line | {"vendor": "V", "sub_game": "Quali"}])
    desk.type_rows(SALES, [line | {"client": "C"}, line | {"client": "C", "sub_game": " sprint"}])
    for job, sheet in ((purchasing.purchase_expand(), PURCHASES), (selling.sale_expand(), SALES)):
        said = [f.message for f in desk.do(job).findings if f.code == "UNKNOWN_VALUE"]
        assert f"{sheet} row 3: SubGame is blank" in said[0], said
    assert desk.rows(UNITS, "unit_id") == []
    assert desk.rows(DISTRIBUTION, "sales_id", "sub_game") == [
        ("S2-1", "SPRINT"),
        ("S2-2", "SPRINT"),
    ]
    desk.set(PURCHASES, 3, "sub_game", "RACE")
    desk.set(PURCHASES, 4, "sub_game", "sprint")
    desk.set(SALES, 3, "sub_game", "RACE")
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    assert desk.rows(UNITS, "sub_game") == ["RACE", "RACE", "SPRINT", "SPRINT"]
    assert sorted(desk.rows(DISTRIBUTION, "sub_game")) == ["RACE"] * 2 + ["SPRINT"] * 2


def test_a_second_sub_game_makes_rows_without_one_wait_until_they_are_filled_in() -> None:
    desk = Desk(role="ops_manager")
    desk.do(catalogue.sub_game_add("M03", "DAY", {"session_type": "DAY"}))
    desk.buy(("M03", "Cat 1", 0), ("M01", "Cat 1", 2))
    desk.sell(("M03", "Cat 1", 0), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S2"))
    desk.do(catalogue.sub_game_add("M01", "RACE", RACE))
    plan = desk.do(catalogue.sub_game_add("M01", "SPRINT", SPRINT))
    (found,) = [one for one in plan.findings if one.code == "SUB_GAME_MISSING"]
    assert "1 row of Purchases and 1 row of Sales" in found.message
    assert "UNKNOWN_VALUE" in codes(desk)
    for sheet in (PURCHASES, SALES):
        desk.set(sheet, 3, "sub_game", "RACE")
    desk.do(purchasing.purchase_expand())
    desk.do(selling.sale_expand())
    assert set(desk.rows(UNITS, "sub_game") + desk.rows(DISTRIBUTION, "sub_game")) == {"RACE"}
    assert codes(desk) == []


# --- against a naive count


def naive(desk: Desk) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Units that are free, tickets that are sold, and those of them without a unit, by what their
    rows say."""

    def of(row: dict[str, Any]) -> tuple[str, str]:
        match = f"M01/{row['sub_game']}" if row["match"] == "M01" else row["match"]
        return match, row["category"]

    units, tickets = desk.frame(UNITS).to_dicts(), desk.frame(DISTRIBUTION).to_dicts()
    live = [ticket for ticket in tickets if ticket["status"] != "CANCELLED"]
    free = Counter(of(unit) for unit in units if unit["status"] == "AVAILABLE")
    open_ = Counter(of(ticket) for ticket in live if not ticket["unit_ids"])
    return free, Counter(map(of, live)), open_


def some_trade(seed: int) -> Desk:
    rng = random.Random(seed)
    desk = weekend(CopiedDesk())
    matches = ("M01/RACE", "M01/SPRINT", "M02", "M03")

    def line() -> tuple[str, str, int]:
        return rng.choice(matches), rng.choice(("Cat 1", "Cat 2")), rng.randint(1, 4)

    for _ in range(rng.randint(4, 9)):
        sales = desk.rows(SALES, "sales_id")
        steps = [
            lambda: desk.buy(line(), line()),
            lambda: desk.sell(line(), line()),
            lambda: desk.do(allocation.allocate_auto()),
        ]
        if sales:
            one = str(rng.choice(sales))
            steps += [
                partial(desk.do, allocation.allocate_commit(one)),
                partial(desk.do, selling.sale_cancel(one, "x", force=False)),
                partial(desk.unallocate, one),
            ]
        try:
            rng.choice(steps)()
        except TicketopsError:
            continue
    return desk


@pytest.mark.parametrize("seed", some(range(thorough(10, 25)), 5))
def test_stock_and_position_are_those_of_a_naive_count(seed: int) -> None:
    desk = some_trade(seed)
    free, sold, waiting = naive(desk)
    snapshot = desk.store.read(*(sheet.name for sheet in EVENT if sheet.header_row))
    keys = {*free, *sold}
    pool = Pool(snapshot, keys)
    assert {key: size(pool.sets(*key)) for key in keys if free[key]} == free
    left = uncommitted(snapshot, "somebody", desk.run().now)
    assert {key: left[key] for key in keys} == {key: free[key] - waiting[key] for key in keys}
    report = desk.do(reporting.position_job(write=False)).result
    lines = {(one.match, one.category): (one.sold, one.available) for one in report.lines}
    assert lines == {key: (sold[key], free[key]) for key in keys}


@pytest.mark.parametrize("seed", some(range(thorough(10, 25)), 5))
def test_a_ticket_never_gets_a_unit_of_another_sub_game(seed: int) -> None:
    desk = some_trade(seed)
    units = {unit["unit_id"]: unit for unit in desk.frame(UNITS).to_dicts()}
    for ticket in desk.frame(DISTRIBUTION).to_dicts():
        if ticket["unit_ids"]:
            unit = units[ticket["unit_ids"]]
            both = [(one["match"], one["sub_game"]) for one in (unit, ticket)]
            assert both[0] == both[1]


# --- without sub-games


def test_a_workbook_without_sub_games_gets_no_column(desk: ManagerDesk) -> None:
    plans = [desk.buy(("M01", "Cat 1", 2)), desk.sell(("M01", "Cat 1", 2))]
    plans += [desk.do(allocation.allocate_commit("S1")), desk.do(selling.sale_expand())]
    for plan in plans:
        for change in plan.changes:
            assert change.sheet not in BESIDE_TRADE
            if isinstance(change, AppendRows):
                assert "sub_game" not in change.columns
            if isinstance(change, SetCells):
                assert "sub_game" not in change.cells


# --- what goes by the sub-game


def filled(desk: Desk) -> Desk:
    """Two tickets each of M01/RACE, M01/SPRINT and M02 of two clients, with units and addresses."""
    weekend(desk)
    lines = ("M01/RACE", "M01/SPRINT", "M02")
    desk.buy(*((line, "Cat 1", 3) for line in lines))
    for client in ("Acme", "Bolt"):
        desk.sell(*((line, "Cat 1", 1) for line in lines), client=client)
    desk.do(allocation.allocate_auto())
    for row in desk.rows(DISTRIBUTION, "row"):
        desk.set(DISTRIBUTION, row, "client_email", "ann@example.org")
    return desk


OF = {
    "M01": ["RACE", "SPRINT"],
    "M01/RACE": ["RACE"],
    "m1/ sprint": ["SPRINT"],
    "M01/SPR": ["SPRINT"],
    "M02": [None],
}
"""{filter: the sub-games of what it lets through}."""


@pytest.mark.parametrize(("text", "wanted"), OF.items())
def test_filters_take_a_sub_game(desk: ManagerDesk, text: str, wanted: list[str | None]) -> None:
    filled(desk)
    view = desk.do(dispatch.client_view("Acme", Filters(match=(text,)))).result
    assert [(one.match or "").partition("/")[2] for one in view.tickets] == [
        one or "" for one in wanted
    ]
    found = desk.do(dispatch.dispatch_status(Settings(), [text])).result
    assert found.total.tickets == 2 * len(wanted)
    desk.do(dispatch.staff_queue())
    handed = {
        "task_ids": [],
        "unassigned": False,
        "from_person": "",
        "priority": "",
        "reopen": False,
    }
    tasks = desk.do(dispatch.staff_assign(["ana"], matches=[text], **handed)).result.tasks
    assert len(tasks) == 2 * len(wanted)
    listed = desk.do(lists.ticket_list(Which(match=text))).result.tickets
    assert len(listed) == 2 * len(wanted)


@pytest.mark.parametrize("text", ["M01/Q", "M02/RACE"])
def test_a_filter_by_a_sub_game_that_there_is_not(desk: ManagerDesk, text: str) -> None:
    filled(desk)
    with pytest.raises(NotFoundError, match="has no sub-game"):
        desk.do(dispatch.client_view("Acme", Filters(match=(text,))))
    with pytest.raises(NotFoundError, match="has no sub-game"):
        desk.do(dispatch.dispatch_status(Settings(), [text]))
