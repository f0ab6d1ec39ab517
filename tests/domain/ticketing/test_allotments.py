"""Allotments of sponsors (000): assigned = used + transferred + revoked + remaining, whatever is done to
their tickets; nobody gets a ticket that is gone, of something else, or somebody's already."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.desk import DAY, CopiedDesk
from ticketops.domain.ticketing.allotments import AllotmentList
from ticketops.domain.ticketing.allotted import AllotmentLine
from ticketops.errors import NotFoundError, RuleError, TicketopsError, UnclearNameError
from ticketops.schema.layouts.event import ALLOTMENT_TICKETS, ALLOTMENTS, DISTRIBUTION
from ticketops.services import allocation, selling, ticketing


def office() -> CopiedDesk:
    """M01 Cat 1: S1-1 and S1-2 have P00001 and P00002, S2-1 waits, P00003 to P00006 are free. M02: P00007."""
    desk = CopiedDesk()
    desk.buy(("M01", "Cat 1", 6), ("M02", "Cat 1", 1))
    desk.sell(("M01", "Cat 1", 2), ("M01", "Cat 1", 1))
    desk.do(allocation.allocate_commit("S1"))
    return desk


OFFICE = office()


@pytest.fixture
def desk() -> CopiedDesk:
    """With an allotment of four tickets."""
    desk = CopiedDesk(OFFICE)
    desk.do(ticketing.allotment_add("Nordlys AS", "m1", "cat 1", 4, note="gold"))
    return desk


def figures(line: AllotmentLine) -> tuple[int, ...]:
    return line.assigned, line.used, line.transferred, line.revoked, line.remaining


def listed(desk: CopiedDesk, *which: str) -> AllotmentList:
    result: AllotmentList = desk.do(ticketing.allotment_list(*(which or ("", "")))).result
    return result


def test_tickets_are_assigned_and_taken_back(desk: CopiedDesk) -> None:
    done = desk.do(ticketing.allotment_assign("al1", ["s1", "P3"], note="lounge")).result
    assert (done.tickets, done.quantity) == (("S1-1", "S1-2", "P00003"), 3)
    assert figures(done.line) == (4, 3, 0, 0, 1)
    done = desk.do(ticketing.allotment_revoke("AL1", ["S1-2"], 1, "too many")).result
    assert (done.tickets, done.quantity) == (("S1-2",), 2)
    assert figures(done.line) == (4, 2, 0, 2, 0)
    found = listed(desk, "AL1", "")
    assert [(one.ticket, one.quantity, one.state, one.note) for one in found.tickets] == [
        ("S1-1", 1, "USED", "lounge"),
        ("S1-2", 1, "REVOKED", "too many"),
        ("P00003", 1, "USED", "lounge"),
        (None, 1, "REVOKED", "too many"),
    ]
    desk.undo()
    assert figures(listed(desk).lines[0]) == (4, 3, 0, 0, 1)


@pytest.mark.parametrize(
    ("what", "error", "match"),
    [
        (["P00007"], RuleError, "P00007 is a ticket of M02 Cat 1, AL00001 one of M01 Cat 1"),
        (["S2-1"], RuleError, "S2-1 is CANCELLED"),
        (["P00099"], NotFoundError, "there is no ticket, sale or unit P00099"),
        (["S9"], NotFoundError, "there is no ticket, sale or unit S9"),
        (["P3", "P4", "P5", "P6", "S1-2"], RuleError, "has 4 of 4 left, not 5"),
    ],
)
def test_what_can_not_be_assigned(
    desk: CopiedDesk, what: list[str], error: type[Exception], match: str
) -> None:
    desk.do(selling.sale_cancel("S2", "why", force=False))
    desk.refused(ticketing.allotment_assign("AL1", what), error, match)


def test_nobody_else_gets_a_unit_of_an_allotment(desk: CopiedDesk) -> None:
    desk.do(ticketing.allotment_assign("AL1", ["P3", "P4", "P5"]))
    desk.do(allocation.allocate_commit("S2"))
    assert desk.rows(DISTRIBUTION, "unit_ids") == ["P00001", "P00002", "P00006"]
    held = desk.do(allocation.unit_holds()).result.holds
    assert [(one.unit_id, one.client, one.until) for one in held] == [
        (unit, "Nordlys AS", None) for unit in ("P00003", "P00004", "P00005")
    ]
    desk.do(ticketing.allotment_revoke("AL1", ["P4"], 0, "back"))
    held = desk.do(allocation.unit_holds()).result.holds
    assert [one.unit_id for one in held] == ["P00003", "P00005"]
    desk.do(allocation.unit_release(["P5"], "", "by mistake"))
    said = desk.do(ticketing.allotment_list("", "")).findings
    assert [(one.code, "P00005" in one.message) for one in said] == [("ALLOTMENT_UNIT_FREE", True)]
    assert "hold P00005 --client 'Nordlys AS' --until" in said[0].message
    desk.do(allocation.unit_hold(["P4"], "Meridian Travel", DAY, "asked"))
    desk.refused(
        ticketing.allotment_assign("AL1", ["P4"]), RuleError, "P00004: only 0 of its units are free"
    )


def test_a_ticket_and_the_unit_that_serves_it_are_one(desk: CopiedDesk) -> None:
    desk.do(ticketing.allotment_assign("AL1", ["P00001"]))
    desk.do(ticketing.allotment_add("Zenit", "M01", "Cat 1", 4))
    for what in ("S1-1", "P1", "S1"):
        desk.refused(
            ticketing.allotment_assign("AL2", [what]), RuleError, "S1-1 is already in AL00001"
        )
    desk.do(ticketing.allotment_revoke("AL1", ["S1-1"], 0, "why"))
    assert figures(desk.do(ticketing.allotment_assign("AL2", ["S1-1"])).result.line)[1] == 1


def test_what_was_assigned_before_it_was_cancelled_is_reported_and_can_be_taken_back(
    desk: CopiedDesk,
) -> None:
    desk.do(ticketing.allotment_assign("AL1", ["S1"]))
    desk.do(selling.sale_cancel("S1", "why", force=False))
    found = desk.do(ticketing.allotment_list("", "")).findings
    assert [(one.code, one.sales_id) for one in found] == [
        ("ALLOTMENT_TICKET_GONE", "S1-1"),
        ("ALLOTMENT_TICKET_GONE", "S1-2"),
    ]
    assert "`ticketops allotment revoke AL00001 S1-1`" in found[0].message
    desk.do(ticketing.allotment_revoke("AL1", ["S1"], 0, "cancelled"))
    plan = desk.do(ticketing.allotment_list("", ""))
    assert (figures(plan.result.lines[0]), plan.findings) == ((4, 0, 0, 2, 2), [])


def test_what_was_typed_is_never_taken_for_free(desk: CopiedDesk) -> None:
    desk.do(ticketing.allotment_assign("AL1", ["S1-1", "S1-2"]))
    desk.set(ALLOTMENT_TICKETS, 2, "state", "perhaps")
    desk.set(ALLOTMENTS, 2, "qty", 1)
    desk.type_rows(ALLOTMENT_TICKETS, [{"allotment_id": "AL00009", "ticket": "P00003"}])
    plan = desk.do(ticketing.allotment_list("", ""))
    assert figures(plan.result.lines[0]) == (1, 2, 0, 0, -1)
    assert [one.code for one in plan.findings] == [
        "ALLOTMENT_UNCLEAR",
        "ALLOTMENT_UNCLEAR",
        "ALLOTMENT_OVERDRAWN",
    ]
    desk.refused(ticketing.allotment_assign("AL1", ["P4"]), RuleError, "has 0 of 1 left")
    desk.refused(ticketing.allotment_revoke("AL1", [], 1, "x"), RuleError, "has 0 left")


def test_a_sponsor_that_resembles_another_is_asked_for(desk: CopiedDesk) -> None:
    job = ticketing.allotment_add("Nordlyss AS", "M01", "Cat 1", 1)
    desk.refused(job, UnclearNameError)
    desk.do(ticketing.allotment_add("Nordlyss AS", "M01", "Cat 1", 1, new=True))
    desk.do(ticketing.allotment_add("Zenit", "M01", "Cat 1", 1))
    assert [one.sponsor for one in listed(desk, "", "zenit").lines] == ["Zenit"]
    desk.refused(ticketing.allotment_add("Zenit", "M01", "Cat 9", 1), RuleError, "Cat 9")
    desk.refused(ticketing.allotment_revoke("AL1", [], 0, "x"), RuleError, "nothing is named")
    desk.refused(ticketing.allotment_revoke("AL1", ["S1-1"], 0, "x"), RuleError, "not in AL00001")
    desk.refused(ticketing.allotment_assign("AL7", ["S1-1"]), NotFoundError, "no allotment AL7")


THINGS = ["S1-1", "S1-2", "S2-1", "P00003", "P00004", "P00005", "P00006", "P00007"]


class Allotments(RuleBasedStateMachine):
    """Beside the desk two counts that are kept by hand: how many places each allotment has, and where
    each ticket is."""

    @initialize()
    def begin(self) -> None:
        self.desk = CopiedDesk(OFFICE)
        self.places: list[int] = []
        self.used: dict[str, int] = {}
        self.revoked: list[int] = []
        self.gone: set[str] = set()

    def tried(self, job: Any) -> bool:
        try:
            self.desk.do(job)
        except TicketopsError:
            return False
        return True

    @rule(places=st.integers(1, 4))
    def add(self, places: int) -> None:
        self.desk.do(ticketing.allotment_add("Nordlys AS", "M01", "Cat 1", places))
        self.places.append(places)
        self.revoked.append(0)

    @rule(number=st.integers(1, 2), what=st.lists(st.sampled_from(THINGS), min_size=1, max_size=3))
    def assign(self, number: int, what: list[str]) -> None:
        wanted = set(what)
        possible = (
            number <= len(self.places)
            and not wanted & (self.gone | self.used.keys() | {"P00007"})
            and len(wanted) <= self.left(number)
        )
        assert self.tried(ticketing.allotment_assign(f"AL{number}", what)) == possible
        if possible:
            self.used |= dict.fromkeys(wanted, number)

    @rule(number=st.integers(1, 2), what=st.sampled_from(THINGS), more=st.integers(0, 2))
    def revoke(self, number: int, what: str, more: int) -> None:
        possible = self.used.get(what) == number and more <= self.left(number)
        assert self.tried(ticketing.allotment_revoke(f"AL{number}", [what], more, "x")) == possible
        if possible:
            del self.used[what]
            self.revoked[number - 1] += 1 + more

    @rule()
    def cancel(self) -> None:
        if self.tried(selling.sale_cancel("S2", "why", force=False)):
            self.gone.add("S2-1")

    def left(self, number: int) -> int:
        used = list(self.used.values()).count(number)
        return self.places[number - 1] - used - self.revoked[number - 1]

    @invariant()
    def it_adds_up(self) -> None:
        lines = listed(self.desk).lines
        assert len(lines) == len(self.places)
        for number, line in enumerate(lines, start=1):
            assert line.assigned == line.used + line.transferred + line.revoked + line.remaining
            used = list(self.used.values()).count(number)
            assert figures(line) == (
                self.places[number - 1],
                used,
                0,
                self.revoked[number - 1],
                self.left(number),
            )


Allotments.TestCase.settings = settings(max_examples=10, stateful_step_count=10, deadline=None)
TestAllotments = Allotments.TestCase
