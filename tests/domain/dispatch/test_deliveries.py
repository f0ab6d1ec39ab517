"""What follows from a word (§7–§9, §14d): a status in a queue, a delivery of a file, and sales."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

from tests.desk import START
from tests.domain.dispatch.desk import EARLIER, A, DispatchDesk, I, N, P, S, U, codes, edit
from ticketops.domain.dispatch.cascade import reconcile
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.schema.layouts.event import SALES

STAFF_TABLE = [
    # Distribution.Delivery, its DispatchStatus (agreed last), the queue says → Delivery, the queue
    # shows, findings
    (None, None, N, None, N, []),
    (None, None, None, None, N, []),
    (S, S, S, S, S, []),
    (None, None, S, S, S, []),
    (None, None, P, P, P, []),
    (None, None, I, I, I, []),
    (P, P, S, S, S, []),
    (P, P, N, N, N, []),
    (S, S, A, S, S, ["CLAIMED"]),
    (S, S, I, I, I, []),
    (I, I, S, S, S, []),
    (I, I, N, N, N, []),
    # Distribution changed, the queue did not
    (S, None, N, S, S, []),
    (S, P, P, S, S, []),
    (A, S, S, A, A, []),
    (I, S, S, I, I, []),
    (N, I, I, N, N, []),
    (U, None, N, U, S, []),
    # a blank says nothing
    (S, S, None, S, S, []),
    (A, A, None, A, A, []),
    # both changed, to the same
    (S, None, S, S, S, []),
    (I, S, I, I, I, []),
    # both changed, to different states: what D7 allows is taken and reported, the rest is reported
    (S, None, I, I, I, ["OVERTAKEN"]),
    (P, None, S, S, S, ["OVERTAKEN"]),
    (S, None, P, S, S, ["BEHIND"]),
    (A, S, P, A, A, ["BEHIND"]),
    (A, S, I, A, A, ["REFUSED"]),
    # D7 and who may say what
    (None, None, A, S, S, ["CLAIMED"]),
    (P, P, A, S, S, ["CLAIMED"]),
    (S, S, N, S, S, ["BEHIND"]),
    (S, S, P, S, S, ["BEHIND"]),
    (A, A, S, A, A, ["BEHIND"]),
    (A, A, I, A, A, ["REFUSED"]),
    (I, I, A, I, I, ["CLAIMED"]),
    (None, None, U, None, N, ["REFUSED"]),
    (S, S, U, S, S, ["BEHIND"]),
    (None, None, "sent it", None, N, ["REFUSED"]),
    # staff know no UPLOADED: to them it was sent
    (U, U, S, U, S, []),
    (U, U, I, I, I, []),
    (U, U, A, S, S, ["CLAIMED"]),
    (U, U, P, U, S, ["BEHIND"]),
]


@pytest.mark.parametrize(("delivery", "mirror", "said", "after", "shown", "findings"), STAFF_TABLE)
def test_a_status_in_the_staff_queue(
    desk: DispatchDesk,
    delivery: Any,
    mirror: Any,
    said: Any,
    after: Any,
    shown: str,
    findings: list[str],
) -> None:
    desk.write("S1-2", delivery=delivery, dispatch_status=mirror)
    desk.write_task("S1-2", dispatch_status=said)
    plan = desk.reconcile()
    ticket = desk.ticket("S1-2")
    assert (ticket["delivery"], desk.task("S1-2")["dispatch_status"]) == (after, shown)
    assert (ticket["dispatch_status"] or N) == (after or N)
    assert codes(plan) == findings
    assert all(finding.sales_id == "S1-2" for finding in plan.findings)
    assert desk.ticket("S1-3")["delivery"] is None


SUPPLIER_TABLE = [
    (None, None, None, None, []),
    (None, None, N, None, []),
    (None, None, U, U, []),
    (None, None, S, S, []),
    (None, None, I, I, []),
    (U, U, S, S, []),
    (U, U, A, S, ["CLAIMED"]),
    (None, None, A, S, ["CLAIMED"]),
    (U, U, I, I, []),
    (S, S, I, I, []),
    (S, S, None, S, []),
    (P, P, U, U, []),
    (S, None, None, S, []),
    (A, U, U, A, []),
    (S, U, U, S, []),
    (S, None, I, I, ["OVERTAKEN"]),
]


@pytest.mark.parametrize(("delivery", "mirror", "said", "after", "findings"), SUPPLIER_TABLE)
def test_a_delivery_in_the_supplier_queue(
    desk: DispatchDesk, delivery: Any, mirror: Any, said: Any, after: Any, findings: list[str]
) -> None:
    desk.write("S1-1", delivery=delivery, dispatch_status=mirror)
    desk.write_supplier("P00001", delivery=said)
    plan = desk.reconcile()
    assert desk.ticket("S1-1")["delivery"] == after
    assert (desk.supplier_row("P00001")["delivery"] or N) == (after or N)
    assert desk.supplier_row("P00001")["dispatch_status"] == (after if after else None)
    assert codes(plan) == findings


def test_a_unit_that_was_sent_and_taken_back_is_nobodys(desk: DispatchDesk) -> None:
    """--force takes a unit off a ticket that was SENT: its supplier's row is blank again."""
    desk.reconcile(edit("supplier", "S1-1", "delivery", N, S))
    desk.unallocate("S1", force=True)
    desk.reconcile()
    assert desk.supplier_row("P00001")["delivery"] is None


def test_the_office_accepts_what_no_queue_knew_was_sent(desk: DispatchDesk) -> None:
    desk.write("S1-1", delivery=S)
    desk.write("S1-1", delivery=A)
    desk.reconcile()
    assert desk.supplier_row("P00001")["delivery"] == A


@pytest.mark.parametrize(
    ("delivery", "said", "findings"),
    [
        (S, A, ["CLAIMED"]),
        (S, N, ["BEHIND"]),
        (S, U, ["BEHIND"]),
        (A, S, ["BEHIND"]),
        (A, I, ["REFUSED"]),
        (U, N, ["BEHIND"]),
        (I, A, ["CLAIMED"]),
    ],
)
def test_what_a_supplier_may_not_say_is_taken_back(
    desk: DispatchDesk, delivery: Any, said: str, findings: list[str]
) -> None:
    """A word that is refused is put right in the queue, and stops nobody else's."""
    desk.write("S1-1", delivery=delivery, dispatch_status=delivery)
    desk.reconcile()
    desk.write_supplier("P00001", delivery=said)
    desk.write_task("S1-2", dispatch_status=S)
    plan = desk.reconcile()
    assert desk.ticket("S1-1")["delivery"] == delivery
    assert (desk.supplier_row("P00001")["delivery"] or N) == (delivery or N)
    assert desk.ticket("S1-2")["delivery"] == S
    assert codes(plan) == findings


# --- words of files

MOVES = {N: {P, S, U, I}, P: {N, S, U, I}, U: {S, A, I}, S: {A, I}, I: {N, P, S, U}, A: {I}}


@pytest.mark.parametrize("source", ["client", "supplier", "staff", "office", "manager"])
def test_who_may_say_what(desk: DispatchDesk, source: str) -> None:
    """All 36 pairs of states: D7, and the rules of each party; ACCEPTED of a supplier or of staff is
    a claim, a client may always raise an issue (D26)."""
    for ours, theirs in itertools.product(MOVES, MOVES):
        desk.write(
            "S1-2",
            delivery=ours,
            dispatch_status=ours,
            accepted_at=None,
            accepted_by=None,
            dispatched_at=None,
        )
        desk.write_task("S1-2", dispatch_status=S if ours == U else ours)
        base = S if source == "staff" and ours == U else ours
        may = theirs in MOVES[ours]
        may &= theirs != U or source == "supplier"
        may &= source != "client" or theirs == I or (ours in (S, U) and theirs == A)
        may &= ours != A or source in ("manager", "client")
        may &= theirs != base
        said = edit(
            "office" if source == "manager" else source,
            "S1-2",
            "delivery",
            base,
            theirs,
            manager=source == "manager",
        )

        def plan(snapshot: Any, run: Run, said: FieldEdit = said) -> Plan:
            state = State.of(snapshot)
            done = reconcile(state, run, [said], only={"S1-2"})
            return Plan(findings=done.findings, result={"after": state.tickets["S1-2"]["delivery"]})

        made = desk.do(Job("dispatch.sync", plan, SHEETS))
        after = theirs if may else ours
        if source in ("supplier", "staff") and theirs == A != ours:
            after, may = (I if ours == I else S), False
        assert made.result["after"] == after, (ours, theirs)
        assert (codes(made) == []) == (may or theirs == base), (ours, theirs)


def test_the_moments_that_belong_to_a_delivery(desk: DispatchDesk) -> None:
    def stamps() -> tuple[Any, ...]:
        ticket = desk.ticket("S1-2")
        return ticket["dispatched_at"], ticket["accepted_at"], ticket["accepted_by"]

    assert stamps() == (None, None, None)
    desk.reconcile(edit("staff", "S1-2", "delivery", N, S))
    sent, *rest = stamps()
    assert sent > START
    assert rest == [None, None]
    assert desk.task("S1-2")["dispatched_at"] == sent
    desk.reconcile(edit("client", "S1-2", "delivery", S, A))
    assert stamps()[0] == sent
    assert stamps()[1] > sent
    assert stamps()[2] == "acme travel"
    desk.reconcile(edit("office", "S1-2", "delivery", A, I, manager=True))
    assert stamps() == (sent, None, None)
    desk.reconcile(edit("staff", "S1-2", "delivery", I, N))
    assert stamps() == (None, None, None)
    desk.reconcile(edit("staff", "S1-2", "delivery", N, S, at=EARLIER))
    assert stamps() == (EARLIER, None, None)
    desk.reconcile(edit("supplier", "S1-1", "delivery", N, U))
    assert desk.ticket("S1-1")["dispatched_at"] > START
    assert desk.supplier_row("P00001")["dispatched_at"] == desk.ticket("S1-1")["dispatched_at"]


@pytest.mark.parametrize("moment", [datetime(2001, 1, 1, 10), datetime(2099, 1, 1, 10)])
def test_a_moment_in_a_queue_at_which_nothing_can_have_been_sent(
    desk: DispatchDesk, moment: datetime
) -> None:
    """SENT counts as of now, as from a returned book; a moment that can be is taken."""
    desk.write_task("S1-2", dispatch_status=S, dispatched_at=moment)
    desk.write_supplier("P00001", delivery=S, dispatched_at=moment)
    plan = desk.reconcile()
    assert codes(plan) == ["REFUSED", "REFUSED"]
    for sales_id in ("S1-1", "S1-2"):
        ticket = desk.ticket(sales_id)
        assert (ticket["delivery"], ticket["dispatched_at"].year) == (S, START.year)
    assert desk.task("S1-2")["dispatched_at"] == desk.ticket("S1-2")["dispatched_at"]
    assert codes(desk.reconcile()) == []
    desk.write_task("S1-3", dispatch_status=S, dispatched_at=EARLIER)
    assert codes(desk.reconcile()) == []
    assert desk.ticket("S1-3")["dispatched_at"] == EARLIER


def test_an_older_file_does_not_undo_an_acceptance(desk: DispatchDesk) -> None:
    desk.write("S1-2", delivery=A)
    desk.reconcile()
    plan = desk.reconcile(edit("staff", "S1-2", "delivery", N, S))
    assert (desk.ticket("S1-2")["delivery"], codes(plan)) == (A, ["BEHIND"])


@pytest.mark.parametrize("source", ["staff", "supplier"])
def test_an_older_file_does_not_undo_an_issue(desk: DispatchDesk, source: str) -> None:
    """SENT was said from a book that was made before the client's ISSUE was heard."""
    sales_id = {"staff": "S1-2", "supplier": "S1-1"}[source]
    desk.reconcile(edit(source, sales_id, "delivery", N, S))
    desk.reconcile(edit("client", sales_id, "delivery", S, I))
    plan = desk.reconcile(edit(source, sales_id, "delivery", N, S))
    assert desk.ticket(sales_id)["delivery"] == I
    assert codes(plan) == ["CONFLICT"]


def test_a_word_of_an_earlier_moment_does_not_overtake(desk: DispatchDesk) -> None:
    desk.reconcile(edit("staff", "S1-2", "delivery", N, S))
    desk.reconcile(edit("client", "S1-2", "delivery", S, I))
    plan = desk.reconcile(edit("staff", "S1-2", "delivery", N, S, at=EARLIER))
    assert (desk.ticket("S1-2")["delivery"], codes(plan)) == (I, ["CONFLICT"])


# --- sales


def test_a_sale_is_fulfilled_while_all_is_sent(desk: DispatchDesk) -> None:
    def status() -> Any:
        return desk.rows(SALES, "status")[0]

    assert status() == "ALLOCATED"
    desk.reconcile(
        edit("supplier", "S1-1", "delivery", N, U), edit("staff", "S1-2", "delivery", N, S)
    )
    assert status() == "ALLOCATED"
    desk.reconcile(edit("staff", "S1-3", "delivery", N, S))
    assert status() == "FULFILLED"
    desk.reconcile(edit("client", "S1-3", "delivery", S, A))
    assert status() == "FULFILLED"
    desk.reconcile(edit("client", "S1-2", "delivery", S, I))
    assert status() == "ALLOCATED"
    desk.reconcile(edit("staff", "S1-2", "delivery", I, S))
    assert status() == "FULFILLED"


def test_a_sale_without_all_its_tickets_is_not_fulfilled() -> None:
    desk = DispatchDesk()
    desk.give("S1", ("PR0003-S01", 2))
    for sales_id in ("S1-1", "S1-2"):
        desk.write(sales_id, delivery=S)
    desk.reconcile()
    assert desk.rows(SALES, "status")[0] == "PARTIAL_ALLOCATED"
