"""What is due: unsent tickets as their match comes near, guests, payments."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desk import DAY, Desk
from ticketops.config import Settings
from ticketops.domain.clock.deadlines import step_of
from ticketops.domain.clock.due import Deadlines
from ticketops.domain.money import invoices, payments
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import DISTRIBUTION, MATCHES, SCHEDULE
from ticketops.services import allocation, clock, money, schedule

GUEST = {"client_email": "g@example.org", "first_name": "Ann", "last_name": "Ray"}


def office(*days: int, medal: int | None = None, due: dict[int, int] | None = None) -> Desk:
    """M01 … on these days from today at noon; two tickets of S1 … of Acme for each. medal: the place of
    the medal session; due: {place: days from today} of GuestNamesDue."""
    desk = Desk(role="ops_manager")
    for n, gone in enumerate(days):
        given_: dict[str, object] = {
            "date": DAY + timedelta(days=gone),
            "time": "12:00",
            "game": "A vs B",
        }
        desk.do(schedule.schedule_add(f"M{n + 1:02d}", given_, Settings(), new=False))
        desk.sell((f"M{n + 1:02d}", "Cat 1", 2), client="Acme")
    rows = dict(desk.rows(MATCHES, "match", "row"))
    if medal is not None:
        desk.set(MATCHES, rows[f"M{medal + 1:02d}"], "medal", True)
    for place, gone in (due or {}).items():
        when = DAY + timedelta(days=gone)
        desk.set(MATCHES, rows[f"M{place + 1:02d}"], "guest_names_due", when)
    return desk


def name_guests(desk: Desk, *sales: str) -> None:
    for key, ticket in desk.tickets().items():
        if key.partition("-")[0] in sales:
            for column, value in GUEST.items():
                desk.set(DISTRIBUTION, ticket["row"], column, value)


def send(desk: Desk, *tickets: str) -> None:
    for key in tickets:
        desk.set(DISTRIBUTION, desk.ticket(key)["row"], "delivery", "SENT")


def due(desk: Desk, **given_: object) -> tuple[Deadlines, list[Finding]]:
    plan = desk.do(clock.deadlines(Settings(**given_)))  # type: ignore[arg-type]
    return plan.result, plan.findings


def test_tickets_as_their_match_comes_near() -> None:
    desk = office(2, 5, 30, 80)
    name_guests(desk, "S1", "S2", "S3", "S4")
    desk.buy(("M02", "Cat 1", 1))
    desk.do(allocation.allocate_auto())
    send(desk, "S1-2")
    found, findings = due(desk)
    assert [(one.match, one.days, one.step, one.late, one.tickets) for one in found.unsent] == [
        ("M01", 2, 3, True, 1),
        ("M02", 5, 7, False, 2),
        ("M03", 30, 65, False, 2),
    ]
    assert [one.deadline for one in found.unsent][:2] == ["2026-04-16 12:00", "2026-04-19 12:00"]
    assert [one.sales for one in found.unsent] == [("S1",), ("S2",), ("S3",)]
    assert [(one.without_unit, one.without_guest) for one in found.unsent] == [
        (1, 0),
        (2, 0),
        (2, 0),
    ]
    said = {one.match: one for one in findings if one.code == "TICKETS_DUE"}
    assert [one.severity for one in said.values()] == [
        Severity.HIGH,
        Severity.MEDIUM,
        Severity.INFO,
    ]
    assert said["M01"].message == (
        "M01 is in 2 days: 1 ticket is not sent (1 without a unit); the deadline was 2026-04-16 12:00"
    )


def test_what_was_sent_accepted_or_cancelled_is_not_due() -> None:
    desk = office(5, 5)
    name_guests(desk, "S1", "S2")
    send(desk, "S1-1", "S1-2")
    desk.set(DISTRIBUTION, desk.ticket("S2-1")["row"], "delivery", "ACCEPTED")
    desk.set(DISTRIBUTION, desk.ticket("S2-2")["row"], "status", "CANCELLED")
    found, findings = due(desk)
    assert (found.unsent, found.guests, findings) == ((), (), [])


def test_a_match_that_has_begun_is_no_longer_near() -> None:
    desk = office(-1, 0)
    assert [one.match for one in due(desk)[0].unsent] == ["M02"]


def test_medal_sessions_come_first_and_are_due_earlier() -> None:
    desk = office(6, 5, 6, medal=2)
    found, findings = due(desk)
    assert [(one.match, one.medal) for one in found.unsent] == [
        ("M03", True),
        ("M02", False),
        ("M01", False),
    ]
    assert found.unsent[0].deadline == "2026-04-19 12:00"
    assert "M03, a medal session, is in 6 days" in findings[0].message


def test_the_clock_of_the_venue_decides_which_day_it_is() -> None:
    desk = office(3)
    row = dict(desk.rows(SCHEDULE, "match", "row"))["M01"]
    for at, days in (("23:00 UTC-6", 4), ("01:00 UTC+9", 2), ("23:00", 3)):
        desk.set(SCHEDULE, row, "time", at)
        assert [one.days for one in due(desk)[0].unsent] == [days]


def test_guests_are_due_when_the_match_says_so_else_with_the_tickets() -> None:
    desk = office(20, 16, due={0: 2})
    assert [
        (one.client, one.match, one.due_on, one.days, one.step, one.tickets)
        for one in due(desk)[0].guests
    ] == [("Acme", "M01", "2026-04-19", 2, 3, 2), ("Acme", "M02", "2026-04-30", 13, 14, 2)]
    ticket = desk.ticket("S1-1")
    for column, value in GUEST.items():
        desk.set(DISTRIBUTION, ticket["row"], column, value)
    name_guests(desk, "S2")
    found, findings = due(desk)
    assert [(one.match, one.tickets) for one in found.guests] == [("M01", 1)]
    (said,) = [one for one in findings if one.code == "GUESTS_DUE"]
    assert said.message == "Acme: 1 guest of M01 is not named; names are due 2026-04-19"
    desk.days = 5
    found, findings = due(desk)
    assert found.guests[0].days == -3
    assert any("names were due 2026-04-19" in one.message for one in findings)


def test_payments_that_are_late() -> None:
    desk = office(60, 61)
    for sale, days in (("S1", 10), ("S2", 40)):
        given_ = invoices.Given((sale,), DAY, due=DAY + timedelta(days=days))
        desk.do(money.invoice_issue(given_))
    desk.days = 9
    assert due(desk)[0].payments == ()
    desk.days = 41
    found, findings = due(desk)
    assert [(one.sale, one.due_on, one.days, one.open) for one in found.payments] == [
        ("S1", "2026-04-27", 31, 700.0),
        ("S2", "2026-05-27", 1, 700.0),
    ]
    (said,) = [one for one in findings if one.code == "PAYMENT_OVERDUE"]
    assert said.message == "Acme owes 1,400.00 USD for 2 sales, overdue since 2026-04-27"
    desk.do(money.payment_add(payments.Given(Decimal(700), DAY, refs=("S1",))))
    assert [one.sale for one in due(desk)[0].payments] == ["S2"]


@settings(max_examples=25)
@given(st.lists(st.integers(0, 90), min_size=1, max_size=5, unique=True), st.integers(0, 90))
def test_the_step_is_the_smallest_that_is_reached(steps: list[int], gone: int) -> None:
    """Whenever the clock runs: a step whose night was missed is said late, unless a later one is
    reached, too."""
    left = 90 - gone
    assert step_of(left, steps) == next((n for n in range(left, 91) if n in steps), None)


def test_a_night_without_a_run_loses_nothing() -> None:
    desk = office(20)
    name_guests(desk, "S1")
    said = []
    for gone in (0, 4, 5, 12, 14, 18, 19, 20):  # nothing ran on the days 6 and 13
        desk.days = gone
        said += [one.step for one in due(desk, clock_days=(14, 7, 1))[0].unsent]
    assert said == [14, 7, 7, 1, 1]


def test_a_second_look_on_the_same_day_says_the_same() -> None:
    desk = office(3, 9)
    first, again = due(desk), due(desk)
    assert first == again
