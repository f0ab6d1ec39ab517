"""The waiting list (000): freed stock is held for who is next, a seat for one at a time, and each entry
tells what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.desk import START, CopiedDesk
from ticketops.domain.ticketing.waiting import Waiting
from ticketops.engine.job import Job
from ticketops.errors import NotFoundError, RuleError, TicketopsError, UsageError
from ticketops.schema.layouts.event import HOLDS, WAITLIST
from ticketops.schema.layouts.event.masters import CLIENT
from ticketops.services import allocation, masters, selling, ticketing


def office() -> CopiedDesk:
    """M01 Cat 1: P00001 and P00002 serve S1, P00003 to P00005 are free, of which S2-1 waits for one.
    Clients: Meridian Travel, Bolt, Zed."""
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 5))
    desk.sell(("M01", "Cat 1", 2))
    desk.do(allocation.allocate_commit("S1"))
    desk.sell(("M01", "Cat 1", 1))
    for client in ("Bolt", "Zed"):
        desk.do(masters.master_add(CLIENT, {"client": client}))
    return desk


OFFICE = office()


@pytest.fixture
def desk() -> CopiedDesk:
    return CopiedDesk(OFFICE)


def join(client: str = "Bolt", quantity: int = 1, **more: Any) -> Job:
    return ticketing.waitlist_join(client, "M01", "cat 1", quantity, **more)


def promote(entry: str = "", until: datetime | None = None) -> Job:
    where = ("", "") if entry else ("M01", "Cat 1")
    return ticketing.waitlist_promote(entry, *where, until)


def listed(desk: CopiedDesk, state: str = "") -> tuple[Waiting, ...]:
    found: tuple[Waiting, ...] = desk.do(ticketing.waitlist_list("", "", "", state)).result.entries
    return found


def held(desk: CopiedDesk) -> list[str]:
    return [one.unit_id for one in desk.do(allocation.unit_holds()).result.holds]


def test_units_that_somebody_released_are_promised_to_one_only(desk: CopiedDesk) -> None:
    for client in ("Bolt", "Zed"):
        desk.do(join(client, 2))
    desk.do(promote())
    first, second = held(desk)
    desk.do(allocation.unit_release([first], "", "by mistake"))
    found = desk.do(ticketing.waitlist_list("", "", "", "")).findings
    assert [(one.code, first in one.message) for one in found] == [("WAITLIST_LOST", True)]
    desk.refused(ticketing.waitlist_accept("WL1", ""), RuleError, f"{first} is no longer held for")
    desk.refused(promote("WL1"), RuleError, f"{second} is still held for WL00001")
    desk.do(allocation.unit_release([second], "", "as well"))
    desk.do(promote("WL1"))
    desk.do(ticketing.waitlist_accept("WL1", ""))
    assert [one.state for one in listed(desk)] == ["ACCEPTED", "QUEUED"]
    assert len(held(desk)) == 2


def test_freed_stock_is_held_in_the_order_of_joining_as_it_lasts(desk: CopiedDesk) -> None:
    for client, quantity in (("Bolt", 1), ("Zed", 3), ("Meridian Travel", 1)):
        desk.do(join(client, quantity, source="web"))
    done = desk.do(promote())
    assert [(one.entry, one.units) for one in done.result.entries] == [("WL00001", ("P00003",))]
    assert [one.code for one in done.findings] == ["WAITLIST_NO_STOCK"]
    assert "has 1 ticket left to promise; WL00002 of Zed waits for 3" in done.findings[0].message
    assert done.result.entries[0].deadline == datetime(2026, 4, 20)
    assert held(desk) == ["P00003"]
    desk.do(selling.sale_cancel("S1", "why", force=False))
    done = desk.do(promote())
    assert [one.entry for one in done.result.entries] == ["WL00002"]
    assert done.findings[0].message.startswith("M01 Cat 1 has 0 tickets left to promise; WL00003")
    assert [one.state for one in listed(desk)] == ["PROMOTED", "PROMOTED", "QUEUED"]
    desk.undo()
    assert held(desk) == ["P00003"]


def test_who_is_named_is_promoted_before_others_which_is_said(desk: CopiedDesk) -> None:
    desk.do(join("Bolt", 1))
    desk.do(join("Zed", 2))
    done = desk.do(promote("wl2"))
    assert [one.entry for one in done.result.entries] == ["WL00002"]
    assert [one.code for one in done.findings] == ["WAITLIST_OUT_OF_ORDER"]
    desk.refused(promote("WL1"), RuleError, "0 tickets left to promise; WL00001 of Bolt waits")
    desk.refused(promote("WL2"), RuleError, "WL00002 is PROMOTED, not QUEUED")
    desk.refused(promote("WL9"), NotFoundError, "there is no entry WL9")
    desk.refused(promote("WL1", datetime(2026, 4, 1)), RuleError, "2026-04-01 is past")
    desk.refused(ticketing.waitlist_promote("", "M01", "", None), UsageError, "name an entry")


def test_what_is_accepted_names_the_sale_that_comes_of_it(desk: CopiedDesk) -> None:
    desk.do(join("Bolt", 2))
    desk.refused(ticketing.waitlist_accept("WL1", ""), RuleError, "WL00001 is QUEUED, not PROMOTED")
    desk.do(promote())
    done = desk.do(ticketing.waitlist_accept("WL1", "")).result
    assert done.entry.state == "ACCEPTED"
    assert done.next_command == "ticketops sale add --client Bolt --line 'M01:Cat 1:2@PRICE'"
    sold = desk.sell(("M01", "Cat 1", 2), client="Bolt")
    assert sold.findings == []  # enough stock is left, since it is held for Bolt
    desk.do(allocation.allocate_commit("S3"))
    for sale, match in (("S2", "a sale to Meridian Travel"), ("S9", "there is no sale S9")):
        job = ticketing.waitlist_accept("WL1", sale)
        desk.refused(job, (RuleError, NotFoundError), match)  # type: ignore[arg-type]
    done = desk.do(ticketing.waitlist_accept("WL1", "s3")).result
    assert (done.entry.sale, done.next_command) == ("S3", None)
    desk.refused(ticketing.waitlist_accept("WL1", "S3"), RuleError, "is ACCEPTED, not PROMOTED")
    desk.refused(ticketing.waitlist_skip("WL1", "x"), RuleError, "is ACCEPTED")


def test_who_is_skipped_holds_nothing(desk: CopiedDesk) -> None:
    desk.do(join("Bolt", 2))
    desk.do(promote())
    desk.do(ticketing.waitlist_skip("WL1", "no answer"))
    assert (listed(desk)[0].state, listed(desk)[0].reason) == ("SKIPPED", "no answer")
    assert held(desk) == []


def test_after_its_deadline_an_entry_holds_nothing_and_may_be_promoted_again(
    desk: CopiedDesk,
) -> None:
    desk.do(join("Bolt", 2))
    desk.do(promote(until=datetime(2026, 4, 17)))
    desk.days = 1
    assert held(desk) == []
    found = desk.do(ticketing.waitlist_list("", "", "", "")).findings
    assert [one.code for one in found] == ["WAITLIST_LATE"]
    desk.refused(ticketing.waitlist_accept("WL1", ""), RuleError, "the deadline of WL00001 was")
    desk.do(promote("WL1"))
    assert len(held(desk)) == 2
    assert desk.do(ticketing.waitlist_accept("WL1", "")).result.entry.state == "ACCEPTED"


def test_nobody_is_promoted_who_is_inactive_or_whose_sale_has_ended(desk: CopiedDesk) -> None:
    desk.do(join("Bolt"))
    desk.do(join("Meridian Travel", source="s2"))
    desk.do(join("Zed"))
    desk.do(masters.master_deactivate(CLIENT, "Bolt"))
    desk.do(selling.sale_cancel("S2", "why", force=False))
    desk.refused(promote("WL1"), RuleError, "Bolt is INACTIVE in _CLIENTS")
    desk.refused(promote("WL2"), RuleError, "S2, from which it came, is CANCELLED")
    desk.refused(join("Bolt"), RuleError, "Bolt is INACTIVE")
    desk.refused(join("Zed", source="S2"), RuleError, "S2, from which it came, is CANCELLED")
    desk.refused(join("Zed", source="S77"), NotFoundError, "there is no sale S77")
    desk.refused(join("Nobody Knows"), NotFoundError, "no client 'Nobody Knows'")
    done = desk.do(promote())
    assert [one.entry for one in done.result.entries] == ["WL00003"]
    assert [one.code for one in done.findings] == ["WAITLIST_REFUSED", "WAITLIST_REFUSED"]


def test_a_state_that_is_not_understood_waits_for_nobody(desk: CopiedDesk) -> None:
    desk.do(join("Bolt"))
    desk.set(WAITLIST, 2, "state", "soon")
    assert desk.do(promote()).result.entries == ()
    desk.refused(promote("WL1"), RuleError, "WL00001 is soon, not QUEUED")
    found = desk.do(ticketing.waitlist_list("", "", "", "")).findings
    assert [one.code for one in found] == ["WAITLIST_UNCLEAR"]


CLIENTS = ["Bolt", "Zed", "Meridian Travel"]


class Waitlist(RuleBasedStateMachine):
    """Beside the desk: the entries in order, and how much of the stock is left to promise."""

    @initialize()
    def begin(self) -> None:
        self.desk = CopiedDesk(OFFICE)
        self.entries: list[list[Any]] = []
        """[quantity, state, the last day]"""

    def tried(self, job: Job) -> bool:
        try:
            self.desk.do(job)
        except TicketopsError:
            return False
        return True

    def left(self) -> int:
        """Of three free units one is sold already."""
        holding: list[int] = [
            quantity
            for quantity, state, last in self.entries
            if state in ("PROMOTED", "ACCEPTED") and last >= self.desk.days
        ]
        return 2 - sum(holding)

    @rule(client=st.sampled_from(CLIENTS), quantity=st.integers(1, 2))
    def joined(self, client: str, quantity: int) -> None:
        self.desk.do(join(client, quantity))
        self.entries.append([quantity, "QUEUED", -1])

    @rule(days=st.integers(0, 1))
    def promoted(self, days: int) -> None:
        last = self.desk.days + days
        self.desk.do(promote(until=datetime(START.year, START.month, START.day) + timedelta(last)))
        for entry in self.entries:
            if entry[1] == "QUEUED":
                if entry[0] > self.left():
                    break
                entry[1:] = ["PROMOTED", last]

    @rule(number=st.integers(1, 4), takes=st.booleans())
    def decided(self, number: int, takes: bool) -> None:
        name = f"WL{number}"
        entry: list[Any] = self.entries[number - 1] if number <= len(self.entries) else [0, "", 0]
        if takes:
            possible = entry[1] == "PROMOTED" and entry[2] >= self.desk.days
            assert self.tried(ticketing.waitlist_accept(name, "")) == possible
        else:
            possible = entry[1] in ("QUEUED", "PROMOTED")
            assert self.tried(ticketing.waitlist_skip(name, "x")) == possible
        if possible:
            entry[1] = "ACCEPTED" if takes else "SKIPPED"

    @rule()
    def a_day_later(self) -> None:
        self.desk.days += 1

    @invariant()
    def nobody_shares_a_seat_and_nothing_is_lost(self) -> None:
        found = listed(self.desk)
        assert [(one.quantity, one.state) for one in found] == [(n, s) for n, s, _ in self.entries]
        units = held(self.desk)
        assert len(units) == len(set(units)) == 2 - self.left() <= 2
        for one in found:
            assert (len(one.units) == one.quantity) == (one.promoted_at is not None)
        assert all(until is not None for until in self.desk.rows(HOLDS, "until"))


Waitlist.TestCase.settings = settings(max_examples=8, stateful_step_count=10, deadline=None)
TestWaitlist = Waitlist.TestCase
