"""Transfers (000): one pending offer a ticket, and only who accepts becomes its guest; a ticket that was
sent is an ISSUE until it is sent again (D26)."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.desk import START, CopiedDesk
from ticketops.domain.ticketing.offers import Transfer
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, TicketopsError, UsageError
from ticketops.schema.layouts.event import ALLOTMENT_TICKETS, CLIENT_INPUTS, DISTRIBUTION, TRANSFERS
from ticketops.services import allocation, dispatch, selling, ticketing

ANA = ("Ana", "Pérez", "ana@example.org")
EVE = ("Eve", "Fox", "eve@example.org")
GUEST = ("first_name", "last_name", "client_email")


def office() -> CopiedDesk:
    """S1-1 and S1-2 have units; Ana is the guest of S1-1 and of S2-1, which has none."""
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 2))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    for row in (3, 5):
        for column, text in zip(GUEST, ANA, strict=True):
            desk.set(DISTRIBUTION, row, column, text)
    desk.do(dispatch.staff_queue())
    return desk


OFFICE = office()


@pytest.fixture
def desk() -> CopiedDesk:
    return CopiedDesk(OFFICE)


def offer(ticket: str = "S1-1", expires: datetime | None = None, to: Any = EVE) -> Job:
    first, last, email = to
    return ticketing.transfer_offer(ticket, first, last, email, expires)


def guest(desk: CopiedDesk, ticket: str) -> tuple[Any, ...]:
    return tuple(desk.ticket(ticket)[name] for name in GUEST)


def listed(desk: CopiedDesk, state: str = "") -> tuple[Transfer, ...]:
    found: tuple[Transfer, ...] = desk.do(ticketing.transfer_list("", state)).result.transfers
    return found


def test_an_offer_changes_nothing_and_accepting_it_changes_the_guest(desk: CopiedDesk) -> None:
    done = desk.do(offer("s1-1", to=("  Eve ", "Fox", "Eve Fox <eve@example.org>")))
    assert (done.result.transfer, done.result.state, done.findings) == ("TR00001", "PENDING", [])
    assert done.result.from_guest == "Ana Pérez <ana@example.org>"
    assert guest(desk, "S1-1") == ANA
    done = desk.do(ticketing.transfer_accept("tr1"))
    assert (done.result.state, done.findings) == ("ACCEPTED", [])
    assert guest(desk, "S1-1") == EVE
    assert desk.ticket("S1-1")["delivery"] in (None, "NOT_SENT", "PENDING")
    assert dict(desk.rows(CLIENT_INPUTS, "sales_id", "first_name"))["S1-1"] == "Eve"
    for again in (
        ticketing.transfer_accept("TR1"),
        ticketing.transfer_decline("TR1", ""),
        ticketing.transfer_revoke("TR1", "x"),
    ):
        desk.refused(again, RuleError, "TR00001 is ACCEPTED, not PENDING")
    desk.undo()
    assert (guest(desk, "S1-1"), listed(desk)[0].state) == (ANA, "PENDING")


@pytest.mark.parametrize("delivery", ["SENT", "ACCEPTED"])
def test_a_ticket_that_was_sent_is_an_issue_until_it_is_sent_again(
    desk: CopiedDesk, delivery: str
) -> None:
    desk.do(dispatch.staff_mark(["T00001"], "SENT", notes="", proof=""))
    if delivery == "ACCEPTED":
        desk.do(dispatch.client_accept("Meridian Travel", ["S1-1"], None, by=""))
    assert [one.code for one in desk.do(offer()).findings] == ["TRANSFER_AFTER_SENT"]
    found = desk.do(ticketing.transfer_accept("TR1")).findings
    assert [(one.code, one.sales_id) for one in found] == [("CHANGED_AFTER_SENT", "S1-1")]
    assert guest(desk, "S1-1") == EVE
    assert desk.ticket("S1-1")["delivery"] == "ISSUE"
    desk.do(dispatch.staff_mark(["T00001"], "SENT", notes="", proof=""))
    assert desk.ticket("S1-1")["delivery"] == "SENT"


def test_what_can_not_be_offered(desk: CopiedDesk) -> None:
    past = datetime(2026, 4, 16)
    for job, error, match in (
        (offer("S9-1"), NotFoundError, "no ticket S9-1"),
        (offer("S1"), NotFoundError, "no ticket S1"),
        (offer("S1-2"), RuleError, "S1-2 has no guest"),
        (offer(to=ANA), RuleError, "already the ticket of Ana"),
        (offer(to=("", "Fox", "eve@example.org")), UsageError, "--first is empty"),
        (offer(to=("Eve", "Fox", "eve at home")), UsageError, "--email: 'eve at home' is not"),
        (offer(expires=past), RuleError, "2026-04-16 00:00 is past"),
    ):
        desk.refused(job, error, match)
    desk.do(offer())
    desk.refused(offer(), RuleError, r"already offered to Eve Fox \(TR00001\)")
    desk.do(selling.sale_cancel("S2", "why", force=False))
    desk.refused(offer("S2-1"), RuleError, "S2-1 is CANCELLED")


def test_a_ticket_that_was_cancelled_or_got_another_guest_can_not_be_accepted(
    desk: CopiedDesk,
) -> None:
    desk.do(offer())
    desk.do(offer("S2-1"))
    desk.do(selling.sale_cancel("S2", "why", force=False))
    desk.refused(ticketing.transfer_accept("TR2"), RuleError, "S2-1 is CANCELLED")
    found = desk.do(ticketing.transfer_list("", "")).findings
    assert [(one.code, one.sales_id) for one in found] == [("TRANSFER_TICKET_GONE", "S2-1")]
    desk.set(DISTRIBUTION, 3, "first_name", "Anna")
    desk.refused(ticketing.transfer_accept("TR1"), RuleError, "S1-1 is now the ticket of Anna")
    desk.do(ticketing.transfer_revoke("TR1", "another guest"))
    desk.do(ticketing.transfer_decline("TR2", ""))
    assert [(one.state, one.reason) for one in listed(desk)] == [
        ("REVOKED", "another guest"),
        ("DECLINED", None),
    ]
    assert desk.do(ticketing.transfer_list("", "")).findings == []


def test_an_offer_expires_by_itself_and_is_written_so_when_it_is_met(desk: CopiedDesk) -> None:
    desk.do(offer(expires=datetime(2026, 4, 18)))
    desk.do(offer("S2-1"))
    desk.days = 1
    assert [one.state for one in listed(desk)] == ["PENDING", "PENDING"]
    desk.days = 2
    assert [one.transfer for one in listed(desk, "EXPIRED")] == ["TR00001"]
    assert [one.transfer for one in listed(desk, "PENDING")] == ["TR00002"]
    assert desk.rows(TRANSFERS, "state") == ["PENDING", "PENDING"]
    desk.refused(ticketing.transfer_accept("TR1"), RuleError, "EXPIRED since 2026-04-18")
    desk.do(offer())
    assert desk.rows(TRANSFERS, "state") == ["EXPIRED", "PENDING", "PENDING"]


def test_a_ticket_of_an_allotment_is_transferred(desk: CopiedDesk) -> None:
    desk.do(ticketing.allotment_add("Nordlys", "M01", "Cat 1", 2))
    desk.do(ticketing.allotment_assign("AL1", ["P00001"]))
    desk.do(offer())
    desk.do(ticketing.transfer_accept("TR1"))
    assert desk.rows(ALLOTMENT_TICKETS, "state") == ["TRANSFERRED"]
    line = desk.do(ticketing.allotment_list("", "")).result.lines[0]
    assert (line.used, line.transferred, line.revoked, line.remaining) == (0, 1, 0, 1)


def test_a_state_that_is_not_understood_is_reported_and_not_decided(desk: CopiedDesk) -> None:
    desk.do(offer())
    desk.set(TRANSFERS, 2, "state", "maybe")
    assert [one.code for one in desk.do(ticketing.transfer_list("", "")).findings] == [
        "TRANSFER_UNCLEAR"
    ]
    desk.refused(ticketing.transfer_accept("TR1"), RuleError, "TR00001 is maybe, not PENDING")


TICKETS = ["S1-1", "S2-1"]
PEOPLE = [ANA, EVE, ("Ivo", "Kos", "ivo@example.org")]


class Transfers(RuleBasedStateMachine):
    """Beside the desk: who has which ticket, and what each offer has come to."""

    @initialize()
    def begin(self) -> None:
        self.desk = CopiedDesk(OFFICE)
        self.guests = dict.fromkeys(TICKETS, ANA)
        self.offers: list[list[Any]] = []
        """[ticket, from, to, state, the day after which it is over]"""

    def tried(self, job: Job) -> bool:
        try:
            self.desk.do(job)
        except TicketopsError:
            return False
        return True

    @rule(ticket=st.sampled_from(TICKETS), to=st.sampled_from(PEOPLE), days=st.integers(0, 2))
    def offered(self, ticket: str, to: Any, days: int) -> None:
        last = datetime(START.year, START.month, START.day) + timedelta(days=self.desk.days + days)
        possible = to != self.guests[ticket] and not any(
            one[0] == ticket and one[3] == "PENDING" for one in self.offers
        )
        assert self.tried(offer(ticket, last, to)) == possible
        if possible:
            self.offers.append([ticket, self.guests[ticket], to, "PENDING", self.desk.days + days])

    @rule(number=st.integers(1, 4), how=st.sampled_from(["ACCEPTED", "DECLINED", "REVOKED"]))
    def decided(self, number: int, how: str) -> None:
        name = f"TR{number}"
        job = {
            "ACCEPTED": ticketing.transfer_accept(name),
            "DECLINED": ticketing.transfer_decline(name, ""),
            "REVOKED": ticketing.transfer_revoke(name, "x"),
        }[how]
        one = self.offers[number - 1] if number <= len(self.offers) else None
        possible = one is not None and one[3] == "PENDING"
        assert self.tried(job) == possible
        if possible and one is not None:
            one[3] = how
            if how == "ACCEPTED":
                self.guests[one[0]] = one[2]

    @rule()
    def a_day_later(self) -> None:
        self.desk.days += 1
        for one in self.offers:
            if one[3] == "PENDING" and one[4] < self.desk.days:
                one[3] = "EXPIRED"

    @invariant()
    def all_agree(self) -> None:
        assert {ticket: guest(self.desk, ticket) for ticket in TICKETS} == self.guests
        assert [one.state for one in listed(self.desk)] == [one[3] for one in self.offers]
        counts = Counter(one[3] for one in self.offers)
        for state in ("PENDING", "ACCEPTED", "DECLINED", "REVOKED", "EXPIRED"):
            assert len(listed(self.desk, state)) == counts[state]


Transfers.TestCase.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
TestTransfers = Transfers.TestCase
