"""What is due becomes messages: once for each step, however often the clock runs, to those whom triggers
name."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.desk import DAY, Desk
from ticketops.config import Settings
from ticketops.domain.clock.record import TaskRun
from ticketops.domain.messages.facts import FACTS, Fact
from ticketops.domain.messages.happened.books import portals_of
from ticketops.domain.money import invoices
from ticketops.engine.transaction import run_of
from ticketops.schema.layouts.event import (
    ALIASES,
    CLIENTS,
    DISTRIBUTION,
    MATCHES,
    NOTIFICATION_LOG,
    SALES,
    SCHEDULE,
    SUBGAMES,
    VENDORS,
    masters,
)
from ticketops.services import clock, masterdata, messages, money, outbox, schedule
from ticketops.services import masters as master_data

GUEST = {"client_email": "g@example.org", "first_name": "Ann", "last_name": "Ray"}


@pytest.fixture
def desk() -> Desk:
    """M01 in 20 days, M02 in 40; Acme has two tickets of each, and must name the guests of M01 within
    10 days. Ana is the manager, Acme has a contact."""
    desk = Desk(role="ops_manager")
    desk.user = "ana"
    for n, gone in ((1, 20), (2, 40)):
        given_ = {"date": DAY + timedelta(days=gone), "time": "12:00", "game": "A vs B"}
        desk.do(schedule.schedule_add(f"M{n:02d}", given_, Settings(), new=False))
        desk.sell((f"M{n:02d}", "Cat 1", 2), client="Acme")
    row = dict(desk.rows(MATCHES, "match", "row"))["M01"]
    desk.set(MATCHES, row, "guest_names_due", DAY + timedelta(days=10))
    record = {"client": "Acme", "contact_email": "cleo@acme.example"}
    desk.do(master_data.master_add(masters.CLIENT, record))
    desk.do(
        masterdata.user_set(
            "ana", role="ops_manager", name="", email="ana@office.example", active=None
        )
    )
    return desk


def run(desk: Desk, day: int, steps: tuple[int, ...] = (14, 7, 3)) -> list[Fact]:
    desk.days = day
    return list(desk.do(clock.deadlines(Settings(clock_days=steps))).facts)


def queued(desk: Desk) -> list[tuple[str, str]]:
    return desk.rows(NOTIFICATION_LOG, "trigger", "recipient")


def turn_on(desk: Desk, *names: str) -> None:
    for name in names:
        desk.do(messages.trigger_set(name, {"active": True}))


def test_unsent_tickets_are_told_once_a_step(desk: Desk) -> None:
    turn_on(desk, "dispatch_overdue")
    told = []
    for day in (0, 6, 6, 7, 12, 13, 13, 18, 26, 26):  # M01 is 14 days away on day 6, M02 on day 26
        run(desk, day)
        told.append(len(queued(desk)))
    assert told == [0, 1, 1, 1, 1, 2, 2, 3, 4, 4]
    assert set(queued(desk)) == {("dispatch_overdue", "ana@office.example")}
    (fact,) = [one for one in run(desk, 26) if one.name.startswith("dispatch")]
    assert fact.groups["match"].code == "M02"  # type: ignore[attr-defined]
    assert fact.groups["tickets"].ids == "S2"  # type: ignore[attr-defined]
    assert fact.groups["deadline"].days == 11  # type: ignore[attr-defined]


def test_a_match_that_moves_is_near_again(desk: Desk) -> None:
    first = {one.identity for one in run(desk, 18)}
    desk.do(schedule.schedule_set("M01", {"date": DAY + timedelta(days=21)}, Settings(), new=False))
    again = {one.identity for one in run(desk, 18)}
    assert {name for name in first - again if name.startswith("dispatch")}


def test_a_client_gets_one_message_when_something_comes_near(desk: Desk) -> None:
    """Names of M01 are due on day 10, those of M02 with its tickets, three days before day 40."""
    turn_on(desk, "guests_due")
    told = {day: [run(desk, day), len(queued(desk))][1] for day in range(41)}
    new = [day for day in told if told[day] > told.get(day - 1, 0)]
    assert new == [0, 3, 7, 23, 30, 34]
    assert set(queued(desk)) == {("guests_due", "cleo@acme.example")}


def test_a_guest_who_is_named_makes_no_message(desk: Desk) -> None:
    turn_on(desk, "guests_due")
    for day in (0, 3, 7, 23):
        run(desk, day)
    before = len(queued(desk))
    tickets = {key: one for key, one in desk.tickets().items() if key.startswith("S2")}
    for ticket in tickets.values():
        for column, value in GUEST.items():
            desk.set(DISTRIBUTION, ticket["row"], column, value)
    run(desk, 24)
    assert len(queued(desk)) == before


@pytest.fixture
def reminding(desk: Desk) -> Callable[[], bool]:
    """Has somebody remind Acme; whether that queued a message."""

    def remind() -> bool:
        (one,) = desk.do(outbox.client_remind(["Acme"])).result.clients
        return one.message is not None

    turn_on(desk, "guests_due")
    return remind


def test_a_client_is_reminded_once_a_day_whoever_does_it(
    desk: Desk, reminding: Callable[[], bool]
) -> None:
    """Names of M01 are due on day 10: it is near from day 3 on, with seven days left."""
    desk.days = 2
    assert reminding()
    run(desk, 3)
    assert len(queued(desk)) == 2
    assert not reminding()
    desk.days = 6
    assert reminding()
    assert not reminding()
    assert len(queued(desk)) == 3


def test_a_late_night_does_not_repeat_a_reminder(desk: Desk, reminding: Callable[[], bool]) -> None:
    """Nothing ran on day 3; somebody reminded on day 4."""
    run(desk, 2)
    before = len(queued(desk))
    desk.days = 4
    assert reminding()
    run(desk, 5)
    assert len(queued(desk)) == before + 1
    run(desk, 7)
    assert len(queued(desk)) == before + 2


def test_a_late_night_reminds_once(desk: Desk, reminding: Callable[[], bool]) -> None:
    run(desk, 5)
    assert len(queued(desk)) == 1
    assert not reminding()
    run(desk, 6)
    assert len(queued(desk)) == 1


def test_nobody_is_reminded_of_what_is_over_or_sent(
    desk: Desk, reminding: Callable[[], bool]
) -> None:
    desk.days = 21
    (one,) = desk.do(outbox.client_remind(())).result.clients
    assert (one.tickets, one.guests_missing) == (4, 2)
    for key, ticket in desk.tickets().items():
        if key.startswith("S2"):
            desk.set(DISTRIBUTION, ticket["row"], "delivery", "SENT")
    desk.days = 22
    assert desk.do(outbox.client_remind(())).result.clients == ()


def test_what_was_cancelled_is_not_queued_again_by_the_next_night(
    desk: Desk, reminding: Callable[[], bool]
) -> None:
    """Nor what the original of a copied workbook sends. A person may ask for it again."""
    turn_on(desk, "dispatch_overdue")
    run(desk, 6)
    before = len(queued(desk))
    desk.do(outbox.message_cancel(["N1"]))
    run(desk, 6)
    assert len(queued(desk)) == before
    desk.do(outbox.message_enable("here:/a.xlsx"))
    run(desk, 13)
    more = len(queued(desk))
    assert more > before
    desk.do(outbox.message_enable("here:/copy.xlsx", copy=True))
    run(desk, 13)
    assert len(queued(desk)) == more
    desk.days = 20
    assert reminding()
    desk.do(outbox.message_cancel([f"N{more + 1}"]))
    assert reminding()


@pytest.mark.parametrize(("buffer", "hours"), [(None, 72.0), (24.0, 24.0)])
def test_the_hours_that_are_left_go_by_the_settings(
    desk: Desk, buffer: float | None, hours: float
) -> None:
    """Those of M02, which has no GuestNamesDue: before noon of day 40."""
    desk.days = 21
    own = replace(desk.run(), buffer_setting=buffer)
    sheets = (DISTRIBUTION, SCHEDULE, MATCHES, SUBGAMES, CLIENTS, ALIASES, VENDORS)
    ((_name, portal),) = portals_of(desk.store.read(*sheets, strict=False), own).values()
    left = DAY + timedelta(days=40, hours=12) - own.now
    assert portal.hours_remaining == pytest.approx(left / timedelta(hours=1) - hours, abs=0.1)


def test_settings_reach_every_run() -> None:
    own = run_of(Settings(dispatch_buffer_hours=24.0, medal_hours_earlier=6.0))
    assert (own.buffer_hours(None), own.medal_hours) == (24.0, 6.0)


def test_late_payments_are_told_once_a_month(desk: Desk) -> None:
    desk.do(money.invoice_issue(invoices.Given(("S1",), DAY, due=DAY + timedelta(days=10))))
    desk.set(SALES, 3, "payment_status", "PAID")
    turn_on(desk, "payment_overdue")
    told = []
    for day in (10, 11, 12, 40, 41, 70, 71):
        run(desk, day)
        told.append(len(queued(desk)))
    assert told == [0, 1, 1, 1, 2, 2, 3]


def test_without_triggers_nothing_is_written(desk: Desk) -> None:
    before = desk.store.revision()
    facts = run(desk, 41 - 35)
    assert {one.name for one in facts} <= set(FACTS)
    assert facts
    assert desk.store.revision() == before


def test_a_night_that_found_something_is_told_once(desk: Desk) -> None:
    """By default to managers, and only where there is something to say; the same end of the same day is
    no news."""
    quiet = TaskRun("audit", "audit run --write", 0, 1.0, 0)
    grave = TaskRun("recon", "recon run", 5, 1.0, 0, "event.xlsx is open in Excel")
    assert clock.told(desk.store, [grave], desk.run()) == []
    assert queued(desk) == []
    turn_on(desk, "night_finished")
    for tasks, many in (([quiet], 0), ([quiet, grave], 1), ([quiet, grave], 1), ([grave], 2)):
        assert clock.told(desk.store, tasks, desk.run()) == []
        assert len(queued(desk)) == many
    (payload, *_) = desk.rows(NOTIFICATION_LOG, "payload")
    night = json.loads(payload)["night"]
    assert night["failed"] == "recon"
    assert night["tasks"] == (
        "audit: nothing to report; recon: exit code 5, event.xlsx is open in Excel"
    )
    desk.days = 1
    clock.told(desk.store, [quiet, grave], desk.run())
    assert len(queued(desk)) == 3
