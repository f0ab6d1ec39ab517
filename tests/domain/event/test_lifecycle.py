"""Entering an event, its fields, and its steps (§1)."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

from tests.desk import Desk
from ticketops.domain.event.conditions import Blocker
from ticketops.domain.event.lifecycle import EventShown
from ticketops.errors import NotFoundError, RuleError
from ticketops.model.events import EVENT_STATE, EVENT_TYPES, next_state, state_before
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT_LOG, EVENTS, SALES, SCHEDULE
from ticketops.services import allocation, dispatch, events, masterdata, selling

FIRST, LAST = datetime(2026, 6, 11), datetime(2026, 7, 19)
NAMED = {"name": "Cup", "code": "X26"}


@pytest.fixture
def desk() -> Desk:
    return Desk(role="ops_manager")


def schedule(desk: Desk, *codes: str) -> None:
    desk.type_rows(
        SCHEDULE,
        [{"match": code, "game": f"{code} game", "date": FIRST} for code in codes[:-1]]
        + [{"match": codes[-1], "game": "last", "date": LAST}],
    )


def enter(desk: Desk, state: str | None = None, **given: Any) -> EventShown:
    return desk.do(events.event_set({**NAMED, **given}, state=state)).result


def shown(desk: Desk) -> EventShown:
    return desk.do(events.event_show()).result


def codes(blocked: list[Blocker]) -> list[str]:
    return [one.code for one in blocked]


def test_a_new_event_has_defaults_for_all_but_name_and_code(desk: Desk) -> None:
    schedule(desk, "M01", "M02")
    event = enter(desk)
    assert (event.name, event.code, event.type) == ("Cup", "X26", "SPORTS_TOURNAMENT")
    assert (event.start, event.end) == (FIRST, LAST)
    assert (event.currency, event.dispatch_buffer_hours) == ("USD", 72)
    assert (event.portal_token_expiry_days, event.audit_retention_days) == (14, 365)
    assert (event.allow_oversell, event.owner) == (True, "tester")
    assert (event.logo_url, event.banner_url) == (None, None)
    assert (event.state, event.next, event.blocked_by) == ("DRAFT", "PLANNING", [])


@pytest.mark.parametrize(
    ("matches", "type_"),
    [
        (("M01", "M64"), "SPORTS_TOURNAMENT"),
        (("ARC01", "BK301"), "OLYMPICS_MULTI_SPORT"),
        (("M01", "ARC01"), "OTHER"),
        (("GALA", "PARTY"), "OTHER"),
    ],
)
def test_the_schedule_shows_the_type(desk: Desk, matches: tuple[str, ...], type_: str) -> None:
    schedule(desk, *matches)
    assert enter(desk).type == type_


@pytest.mark.parametrize(
    "given", [{"name": "Cup"}, {"code": "X26"}, {}, {"name": None, "code": "X"}]
)
def test_a_new_event_needs_a_name_and_a_code(desk: Desk, given: dict[str, Any]) -> None:
    desk.refused(events.event_set(given), RuleError, "a new event needs --")


def test_every_field_can_be_set_and_cleared(desk: Desk) -> None:
    values = {
        "name": "World Cup",
        "code": "WC",
        "type": "RACING_SEASON",
        "start": FIRST,
        "end": LAST,
        "currency": "EUR",
        "dispatch_buffer_hours": 48.5,
        "portal_token_expiry_days": 7,
        "allow_oversell": False,
        "owner": "ana",
        "logo_url": "https://x.example/l.png",
        "banner_url": "https://x.example/b.png",
        "audit_retention_days": 30,
    }
    enter(desk)
    event = desk.do(events.event_set(values)).result
    assert {name: getattr(event, name) for name in values} == values
    cleared = desk.do(
        events.event_set(dict.fromkeys(("owner", "currency", "type", "start", "logo_url")))
    ).result
    assert (cleared.owner, cleared.currency, cleared.type) == (None, "USD", "OTHER")
    assert (cleared.start, cleared.logo_url) == (None, None)
    assert not desk.done(events.event_set({"name": "World Cup"})).written  # nothing to do
    desk.undo()
    assert shown(desk).currency == "EUR"


def test_an_event_ends_after_it_starts(desk: Desk) -> None:
    desk.refused(events.event_set({**NAMED, "start": LAST, "end": FIRST}), RuleError, "can't end")
    enter(desk, start=FIRST, end=LAST)
    desk.refused(events.event_set({"end": datetime(2026, 6, 10)}), RuleError, "can't end")


def test_an_owner_is_somebody_of_the_workbook(desk: Desk) -> None:
    desk.do(masterdata.user_set("tester", role="super_admin", name="", email="", active=None))
    desk.refused(events.event_set({**NAMED, "owner": "zoe"}), RuleError, "zoe is not in _USERS")
    assert enter(desk, owner="tester").owner == "tester"
    desk.refused(events.event_set({"owner": "zoe"}), RuleError, "zoe can't own the event")
    desk.do(masterdata.user_set("ben", role="staff", name="", email="b@x.org", active=True))
    desk.do(masterdata.user_set("cy", role="staff", name="", email="", active=False))
    with pytest.raises(RuleError) as refused:
        desk.do(events.event_set({"owner": "tester2"}))
    assert refused.value.hint == "tester, ben can be named"
    desk.refused(events.event_set({"owner": "cy"}), RuleError, "cy is inactive in _USERS")
    assert desk.do(events.event_set({"owner": "B@x.org"})).result.owner == "B@x.org"
    assert desk.do(events.event_set({"owner": None})).result.owner is None


def step(desk: Desk) -> str:
    return desk.do(events.event_advance()).result.after


def test_the_whole_way_with_what_each_step_needs(desk: Desk) -> None:
    enter(desk)
    assert codes(shown(desk).blocked_by) == ["NO_START", "NO_END"]
    desk.refused(events.event_advance(), RuleError, "no start date; the event has no end date")
    desk.do(events.event_set({"start": FIRST, "end": LAST}))
    assert step(desk) == "PLANNING"

    assert codes(shown(desk).blocked_by) == ["NO_MATCH"]
    desk.refused(events.event_advance(), RuleError, "has no match")
    schedule(desk, "M01", "M02")
    assert step(desk) == "BUYING"

    assert [one.command for one in shown(desk).blocked_by] == ["purchase add"]
    desk.refused(events.event_advance(), RuleError, "nothing was purchased")
    desk.buy(("M01", "Cat 1", 4))
    assert step(desk) == "SELLING"

    assert [one.command for one in shown(desk).blocked_by] == ["sale add"]
    desk.refused(events.event_advance(), RuleError, "nothing was sold")
    desk.sell(("M01", "Cat 1", 2))
    assert step(desk) == "ALLOCATING"

    assert [one.command for one in shown(desk).blocked_by] == ["allocate auto"]
    desk.refused(events.event_advance(), RuleError, "no ticket is allocated")
    desk.do(allocation.allocate_commit("S1"))
    assert step(desk) == "DISPATCHING"

    desk.refused(
        events.event_advance(agreed=False), RuleError, "2 tickets not sent, 1 sale not paid"
    )
    done = desk.do(events.event_advance())
    assert codes(done.result.outstanding) == ["TICKETS_NOT_SENT", "UNPAID"]
    assert [one.code for one in done.findings] == ["OUTSTANDING"] * 2

    desk.refused(events.event_advance(), RuleError, "can't go from CLOSED to ARCHIVED")
    desk.do(selling.sale_cancel("S1", "x", force=False))
    assert step(desk) == "ARCHIVED"
    desk.refused(events.event_advance(), RuleError, "only be read|is ARCHIVED")

    moves = desk.rows(EVENT_LOG, "action", "before", "after")
    assert moves[0] == ("CREATE", None, "DRAFT")
    assert [(before, after) for action, before, after in moves if action == "ADVANCE"] == list(
        itertools.pairwise(EVENT_STATE)
    )


@pytest.mark.parametrize("state", EVENT_STATE)
def test_one_step_at_a_time(desk: Desk, state: str) -> None:
    """`--to` names the next state, or is refused."""
    enter(desk, state)
    for to in EVENT_STATE:
        if to != next_state(state):
            desk.refused(events.event_advance(to=to), RuleError, state)


@pytest.mark.parametrize("state", EVENT_STATE[1:-1])
def test_a_step_back_has_a_reason(desk: Desk, state: str) -> None:
    enter(desk, state)
    moved = desk.do(events.event_back("a mistake")).result
    assert (moved.before, moved.after) == (state, state_before(state))
    assert desk.rows(EVENT_LOG, "action", "before", "after", "reason")[-1] == (
        "BACK",
        state,
        state_before(state),
        "a mistake",
    )


@pytest.mark.parametrize("state", ["DRAFT", "ARCHIVED"])
def test_no_way_leads_back(desk: Desk, state: str) -> None:
    enter(desk, state)
    desk.refused(events.event_back("x"), RuleError, state)


def test_undo_takes_a_step_back_and_the_log_says_so(desk: Desk) -> None:
    enter(desk, start=FIRST, end=LAST)
    step(desk)
    desk.undo()
    assert shown(desk).state == "DRAFT"
    assert desk.rows(EVENT_LOG, "action", "before", "after")[-2:] == [
        ("ADVANCE", "DRAFT", "PLANNING"),
        ("UNDO", "DRAFT", "PLANNING"),
    ]


def test_a_running_workbook_gets_the_state_that_its_rows_show(desk: Desk) -> None:
    """Each from the same workbook, a step further; `--state` names another."""
    schedule(desk, "M01", "M02")

    def proposed() -> str | None:
        plan = desk.do(events.event_set(NAMED))
        desk.undo()
        told = [one.code for one in plan.findings if one.code == "STATE_PROPOSED"]
        assert bool(told) == (plan.result.state != "DRAFT")
        return plan.result.state

    assert proposed() == "DRAFT"
    desk.buy(("M01", "Cat 1", 4))
    assert proposed() == "BUYING"
    desk.sell(("M01", "Cat 1", 2))
    assert proposed() == "SELLING"
    desk.do(allocation.allocate_commit("S1"))
    assert proposed() == "ALLOCATING"
    desk.set(DISTRIBUTION, 3, "client_email", "a@example.org")
    desk.do(dispatch.staff_queue())
    desk.do(dispatch.staff_mark(["T00001"], "SENT"))
    assert proposed() == "DISPATCHING"
    assert enter(desk, "SELLING").state == "SELLING"
    desk.refused(events.event_set({}, state="CLOSED"), RuleError, "is SELLING already")


def test_without_an_event(desk: Desk) -> None:
    for job in (events.event_show(), events.event_advance(), events.event_back("x")):
        desk.refused(job, NotFoundError, "has no event")


@pytest.mark.parametrize(
    ("sheet", "row", "column", "value", "code"),
    [
        (SALES, 2, "status", "PENDING_APPROVAL", "PENDING_APPROVAL"),
        (SALES, 2, "payment_status", "INVOICED", "UNPAID"),
        (DISTRIBUTION, 3, "delivery", "ISSUE", "DELIVERY_ISSUES"),
        (DISTRIBUTION, 3, "delivery", "NOT_SENT", "TICKETS_NOT_SENT"),
    ],
)
def test_each_outstanding_thing_blocks_the_archive(
    desk: Desk, sheet: str, row: int, column: str, value: str, code: str
) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    desk.set(SALES, 2, "payment_status", "PAID")
    desk.set(DISTRIBUTION, 3, "delivery", "SENT")
    enter(desk, "CLOSED")
    assert shown(desk).blocked_by == []
    desk.set(sheet, row, column, value)
    assert code in codes(shown(desk).blocked_by)
    desk.refused(events.event_advance(), RuleError, "can't go from CLOSED to ARCHIVED")


def test_a_hold_and_an_open_refund_block_the_archive(desk: Desk) -> None:
    desk.buy(("M01", "Cat 1", 2))
    desk.do(allocation.unit_hold(["P00002"], "Acme", datetime(2099, 1, 1), "x", new=True))
    enter(desk, "CLOSED")
    assert codes(shown(desk).blocked_by) == ["HOLDS"]
    desk.do(allocation.unit_release(["P00002"], "", "x"))
    assert shown(desk).blocked_by == []


def test_a_type_that_the_schedule_contradicts_is_told(desk: Desk) -> None:
    schedule(desk, "M01", "M02")
    enter(desk, type="CONCERT")
    (told,) = desk.do(events.event_show()).findings
    assert (told.code, "single match, but the schedule has 2" in told.message) == (
        "TYPE_MISMATCH",
        True,
    )
    desk.do(events.event_set({"type": "OLYMPICS_MULTI_SPORT"}))
    (told,) = desk.do(events.event_show()).findings
    assert "M01, M02" in told.message


def test_cells_that_nobody_understands_are_told(desk: Desk) -> None:
    enter(desk)
    desk.set(EVENTS, 2, "type", "FESTIVAL")
    desk.set(EVENTS, 2, "start", "soon")
    plan = desk.do(events.event_show())
    assert [one.code for one in plan.findings] == ["UNKNOWN_VALUE"] * 2
    assert (plan.result.type, plan.result.start) == ("OTHER", None)
    assert codes(plan.result.blocked_by) == ["NO_START", "NO_END"]


def test_every_type_implies_something() -> None:
    for name, implied in EVENT_TYPES.items():
        assert implied.sessions, name
        assert implied.scheme in ("FIFA", "Olympic", "custom")
