"""Sub-games in dispatch (§7–§9, D31): deadlines, the order of tasks and books, what may be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from tests.desk import Desk
from tests.domain.manager import ManagerDesk
from ticketops.domain.catalogue.times import days, deadlines
from ticketops.domain.dispatch import clients, overdue, staff
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.schema.layouts.event import BESIDE_TRADE, SCHEDULE
from ticketops.schema.tables import Snapshot
from ticketops.services import allocation, catalogue, dispatch, events

FRIDAY, SATURDAY, SUNDAY = (datetime(2026, 6, day) for day in (12, 13, 14))


def read(desk: Desk) -> Snapshot:
    return desk.store.read(*SHEETS, *BESIDE_TRADE)


@pytest.fixture
def desk() -> ManagerDesk:
    """M01 is a weekend: FP on Friday 10:00, SPRINT on Saturday 11:00, RACE on Sunday 15:00, GALA
    with nothing of its own, where the schedule says Sunday 14:00. M02 is Saturday, M03 has one DAY,
    on Friday."""
    desk = ManagerDesk()
    desk.type_rows(
        SCHEDULE,
        [
            {"match": "M01", "date": SUNDAY, "time": "14:00 UTC+2", "game": "Grand Prix"},
            {"match": "M02", "date": SATURDAY, "time": "20:00", "game": "Concert"},
            {"match": "M03", "date": SUNDAY, "game": "Fair"},
        ],
    )
    for match, code, day, at in (
        ("M01", "RACE", None, "15:00"),
        ("M01", "FP", FRIDAY, "10:00"),
        ("M01", "SPRINT", SATURDAY, "11:00"),
        ("M01", "GALA", None, None),
        ("M03", "DAY", FRIDAY, None),
    ):
        desk.do(catalogue.sub_game_add(match, code, {"date": day, "time": at}))
    return desk


def test_a_sub_game_has_its_own_deadline(desk: ManagerDesk) -> None:
    run = desk.run()
    due = deadlines(read(desk), 24, run)
    venue = {
        "M01": datetime(2026, 6, 13, 14),
        "M01/RACE": datetime(2026, 6, 13, 15),
        "M01/FP": datetime(2026, 6, 11, 10),
        "M01/SPRINT": datetime(2026, 6, 12, 11),
        "M02": datetime(2026, 6, 12, 20),
        "M03": datetime(2026, 6, 11),
        "M03/DAY": datetime(2026, 6, 11),
    }
    assert {occasion: one.venue for occasion, one in due.items()} == venue
    gap = due["M01"].venue - due["M01"].here
    assert due["M01/FP"].venue - due["M01/FP"].here == gap, "its zone is that of the match"


def test_a_deadline_of_the_match_is_as_long_before_its_sub_games(desk: ManagerDesk) -> None:
    row, free = desk.rows(SCHEDULE, "row")[0], desk.store.read(SCHEDULE)[SCHEDULE].next_column
    desk.store.edit_outside(SCHEDULE, 1, free, "DispatchDeadline")
    desk.set(SCHEDULE, row, "dispatch_deadline", "2026-06-14 12:00")
    due = deadlines(read(desk), 24, desk.run())
    assert due["M01"].venue == datetime(2026, 6, 14, 12)
    assert due["M01/FP"].venue == datetime(2026, 6, 12, 8), "two hours before"


def test_days_of_sub_games(desk: ManagerDesk) -> None:
    assert days(read(desk)) == {
        "M01": SUNDAY,
        "M01/RACE": SUNDAY,
        "M01/FP": FRIDAY,
        "M01/SPRINT": SATURDAY,
        "M02": SATURDAY,
        "M03": FRIDAY,
        "M03/DAY": FRIDAY,
    }


@pytest.fixture
def sold(desk: ManagerDesk) -> ManagerDesk:
    """One ticket each, in this order: RACE, GALA, M02, SPRINT, FP, M03; allocated, with a guest."""
    lines = ("M01/RACE", "M01/GALA", "M02", "M01/SPRINT", "M01/FP", "M03")
    desk.buy(*((match, "Cat 1", 1) for match in lines))
    desk.sell(*((match, "Cat 1", 1) for match in lines))
    for number in range(1, len(lines) + 1):
        desk.do(allocation.allocate_commit(f"S{number}"))
    for row in desk.rows("Distribution", "row"):
        desk.set("Distribution", row, "client_email", "ann@example.org")
    return desk


BY_TIME = ["M03", "M01/FP", "M01/SPRINT", "M02", "M01/GALA", "M01/RACE"]


def test_books_and_tasks_go_by_the_time_of_the_sub_game(sold: ManagerDesk) -> None:
    sold.do(dispatch.staff_queue())
    sold.do(
        dispatch.staff_assign(
            ["ana"],
            task_ids=[],
            matches=[],
            unassigned=False,
            from_person="",
            priority="",
            reopen=False,
        )
    )
    state = State.of(read(sold))
    (group,) = clients.client_groups(state)
    book = clients.book(state, group, clients.tickets_of(state, group))
    order = ["M01/FP", "M03", "M01/SPRINT", "M02", "M01/GALA", "M01/RACE"]
    assert [row.values["match"] for row in book.rows] == order
    fp = book.rows[0].values
    assert (fp["match_date"], fp["kick_off"]) == (FRIDAY, "10:00 local time")
    (pairs,) = staff.tasks_by_person(state).values()
    assert [state.occasion(ticket) for _task, ticket in pairs] == order
    tasks = sold.do(dispatch.staff_tasks("ana", every=False)).result.tasks
    assert [(task.match, task.day) for task in tasks][:2] == [("M01/FP", FRIDAY), ("M03", FRIDAY)]


def test_what_is_overdue_goes_by_the_sub_game(sold: ManagerDesk) -> None:
    found = overdue.overview(read(sold), at(sold, datetime(2026, 6, 12, 9)), 24)
    late = {match for match, figures in found.matches.items() if figures.overdue}
    assert late == {"M01/FP", "M03"}
    assert set(found.matches) == set(BY_TIME)
    assert [todo.match for todo in found.today][:2] == ["M03", "M01/FP"]
    one = overdue.overview(read(sold), sold.run(), 24, {"M01/FP"})
    assert list(one.matches) == ["M01/FP"]
    whole = overdue.overview(read(sold), sold.run(), 24, {"M01"})
    assert set(whole.matches) == {"M01/RACE", "M01/GALA", "M01/SPRINT", "M01/FP"}


def at(desk: Desk, moment: datetime) -> Any:
    from msgspec.structs import replace

    return replace(desk.run(), now=moment)


def test_categories_and_sub_games_are_no_secret(desk: ManagerDesk) -> None:
    """A client may be called as a category is."""
    desk.sell(("M01/GALA", "Cat 1", 1), client="Acme")
    desk.sell(("M02", "Cat 1", 1), client="Bolt")
    desk.do(events.event_set({"name": "GP", "code": "GP", "type": "RACING_WEEKEND"}))
    desk.do(catalogue.sub_game_set("M01", "GALA", {"name": "Bolt Gala"}))
    desk.do(catalogue.category_set("M01", "GALA", "Bolt Lounge", {"level": 1}))
    state = State.of(read(desk))
    for text in ("Bolt Lounge", "Bolt Gala", "GALA"):
        assert state.client_seat("acme", text) == text
        assert state.client_reading("acme", text) == text
    assert "Bolt" not in (state.client_reading("acme", "as Bolt wants it") or "")
