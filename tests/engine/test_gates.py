"""Which job is open in which state of the event (§1, D22): every job in every state, to do and to
undo."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from msgspec.structs import replace

from tests.desk import DAY, Desk
from tests.sampling import some
from ticketops.domain.event.record import event_of
from ticketops.domain.plan import Plan
from ticketops.domain.selling.amend import Terms
from ticketops.domain.selling.sales import Order, SaleLine
from ticketops.engine import gates
from ticketops.engine.job import Effect, Job
from ticketops.engine.permissions import NEEDED
from ticketops.engine.transaction import carry_out
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import EVENTS, SALES, SCHEDULE
from ticketops.services import allocation, dispatch, events, purchasing, selling
from ticketops.services.undo import carry_out_undo

STATES = [
    "DRAFT",
    "PLANNING",
    "BUYING",
    "SELLING",
    "ALLOCATING",
    "DISPATCHING",
    "CLOSED",
    "ARCHIVED",
]
FIRST = {
    "BUYING": "purchase.add import.purchases import.seats purchase.expand supplier.build supplier.pull "
    "portal.invite portal.open portal.view",
    "SELLING": "sale.add import.sales import.guests sale.expand sale.approve sale.upgrade sale.set.qty sale.set recon.apply",
    "ALLOCATING": "allocate.preview allocate.commit allocate.auto allocate.process "
    "override.alloc-from unit.substitute client.build client.pull "
    "message.draft portal.save portal.download",
    "DISPATCHING": "client.accept staff.queue staff.assign staff.build staff.build.with-passwords "
    "staff.pull staff.mark staff.report-issue staff.escalate",
}
"""By hand from D22: the first state in which each is open; whatever is not named: DRAFT."""
CLOSED_WITH_THE_EVENT = {
    "schedule.import",
    "schedule.add",
    "schedule.set",
    "purchase.add",
    "import.purchases",
    "purchase.expand",
    "supplier.build",
    "sale.add",
    "import.sales",
    "sale.expand",
    "sale.approve",
    "sale.upgrade",
    "sale.set.qty",
    "allocate.preview",
    "allocate.commit",
    "allocate.auto",
    "allocate.process",
    "override.alloc-from",
    "client.build",
    "message.draft",
    "staff.queue",
    "staff.assign",
    "staff.build",
    "staff.build.with-passwords",
}
SWEEPING = {"archive.sweep", "credentials.seal.purge-backups", "credentials.rotate.drop-old"}


def is_open(name: str, state: str) -> bool:
    first = next((at for at, names in FIRST.items() if name in names.split()), "DRAFT")
    last = "DISPATCHING" if name in CLOSED_WITH_THE_EVENT else "CLOSED"
    if name in SWEEPING:
        last = "ARCHIVED"
    first = {"event.accept": "CLOSED", "archive.sweep": "ARCHIVED"}.get(name, first)
    return STATES.index(first) <= STATES.index(state) <= STATES.index(last)


def office(state: str | None = None, **fields: object) -> Desk:
    desk = Desk(role="ops_manager")
    desk.type_rows(SCHEDULE, [{"match": f"M{n:02d}", "game": f"A{n} vs B{n}"} for n in range(1, 5)])
    if state is not None:
        desk.do(events.event_set({"name": "Cup", "code": "X26"}, state="DRAFT"))
        for column, value in {"status": state, **fields}.items():
            desk.set(EVENTS, 2, column, value)
    return desk


def move(desk: Desk, state: str) -> None:
    desk.set(EVENTS, 2, "status", state)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", some(sorted(NEEDED), 5))
def test_every_job_in_every_state(name: str, state: str) -> None:
    event = event_of(office(state).store.read(EVENTS)[EVENTS])
    writing = Job(name, lambda _snapshot, _run: Plan())
    assert (gates.closed(writing, event) is None) == is_open(name, state)
    assert gates.closed(replace(writing, effect=Effect.READS), event) is None
    label = name.replace(".", " ")
    if is_open(name, state):
        gates.require_undo(label, event)
    else:
        with pytest.raises(RuleError, match=state):
            gates.require_undo(label, event)


def test_without_an_event_or_a_state_everything_is_open() -> None:
    for desk in (office(), office("")):
        event = event_of(desk.store.read(EVENTS)[EVENTS])
        assert all(gates.closed(Job(name, lambda *_: Plan()), event) is None for name in NEEDED)


ORDER = Order("Acme", "USD", DAY)
LINES = [SaleLine("M01", "Cat 1", 2, Decimal(350))]


def test_the_year_of_an_event() -> None:
    """What each state opens, done and refused by the real jobs."""
    desk = office("PLANNING", start=datetime(2026, 6, 1), end=datetime(2026, 7, 1))
    sale = selling.sale_add(ORDER, LINES, new=True)
    buy = lambda: desk.buy(("M01", "Cat 1", 4))  # noqa: E731
    with pytest.raises(RuleError, match="`purchase add` is open from BUYING to DISPATCHING"):
        buy()
    move(desk, "BUYING")
    buy()
    desk.refused(sale, RuleError, "`sale add` is open from SELLING to DISPATCHING; X26 is BUYING")
    move(desk, "SELLING")
    desk.do(sale)
    desk.refused(allocation.allocate_auto(), RuleError, "is open from ALLOCATING")
    move(desk, "ALLOCATING")
    desk.do(allocation.allocate_commit("S1"))
    desk.do(sale)
    desk.refused(dispatch.staff_queue(), RuleError, "open in the state DISPATCHING")
    move(desk, "DISPATCHING")
    desk.do(dispatch.staff_queue())
    desk.do(sale)
    buy()
    move(desk, "CLOSED")
    for job in (sale, purchasing.purchase_expand(), allocation.allocate_auto()):
        desk.refused(job, RuleError, "X26 is CLOSED")
    desk.do(selling.sale_set("S1", Terms(payment_status="PAID"), "x", force=False))
    desk.refused(
        selling.sale_set("S1", Terms(quantity=3), "x", force=False), RuleError, "X26 is CLOSED"
    )
    desk.do(selling.sale_cancel("S3", "x", force=False))
    move(desk, "ARCHIVED")
    for job in (
        selling.sale_set("S1", Terms(payment_status="PENDING"), "x", force=False),
        events.event_back("x"),
        events.event_set({"name": "Other"}),
    ):
        desk.refused(job, RuleError, "X26 is ARCHIVED")
    desk.do(events.event_show())


def test_a_dry_run_is_always_open_and_says_what_would_be_refused() -> None:
    desk = office("DRAFT")
    done = carry_out(desk.store, selling.sale_add(ORDER, LINES, new=True), desk.run(), dry_run=True)
    assert done.plan.changes
    (told,) = [one for one in done.plan.findings if one.code == "GATE_CLOSED"]
    assert "open from SELLING to DISPATCHING; X26 is DRAFT" in told.message
    assert "event advance" in told.message


def test_undo_asks_the_gate() -> None:
    desk = office("SELLING")
    desk.do(selling.sale_add(ORDER, LINES, new=True))
    sale = desk.store.last_run_id()
    move(desk, "CLOSED")
    with pytest.raises(RuleError, match="undoing `sale add` is open from SELLING"):
        carry_out_undo(desk.store, desk.run(), sale)
    move(desk, "SELLING")
    carry_out_undo(desk.store, desk.run(), sale)
    assert not desk.rows(SALES, "sales_id")


def test_a_state_that_nobody_understands_closes_everything_but_its_repair() -> None:
    desk = office("SELLIN")
    desk.refused(
        selling.sale_add(ORDER, LINES, new=True), RuleError, "Status of X26 in _EVENTS is not"
    )
    desk.do(events.event_set({}, state="SELLING"))
    desk.do(selling.sale_add(ORDER, LINES, new=True))


def test_two_events_in_one_workbook_are_refused() -> None:
    desk = office("SELLING")
    desk.type_rows(EVENTS, [{"name": "Other", "code": "Y27", "status": "DRAFT"}])
    desk.refused(selling.sale_add(ORDER, LINES, new=True), RuleError, "names 2 events")


@pytest.mark.parametrize("spelt", ["selling", " Selling ", "SELLING\u00a0"])
def test_a_state_in_another_spelling(spelt: str) -> None:
    desk = office(spelt)
    desk.do(selling.sale_add(ORDER, LINES, new=True))


def test_approval_before_the_event_allocates_gives_no_units() -> None:
    desk = office("SELLING")
    desk.do(selling.sale_add(ORDER, LINES, new=True))
    desk.buy(("M01", "Cat 1", 4))
    approved = desk.do(selling.sale_approve("S1", "x")).result
    assert (approved.allocation, approved.not_allocated) == (None, "X26 is SELLING")
    assert [t["unit_ids"] for t in desk.tickets().values()] == [None, None]


@pytest.mark.parametrize("allowed", [False, "perhaps"])
def test_an_event_without_overselling_refuses_what_is_above_the_stock(allowed: object) -> None:
    desk = office("SELLING", allow_oversell=allowed)
    desk.buy(("M01", "Cat 1", 3))
    desk.do(selling.sale_add(ORDER, LINES, new=True))
    desk.refused(selling.sale_add(ORDER, LINES, new=True), RuleError, "does not allow overselling")
    desk.refused(
        selling.sale_set("S1", Terms(quantity=4), "x", force=False),
        RuleError,
        "does not allow overselling",
    )
    desk.do(selling.sale_set("S1", Terms(quantity=3), "x", force=False))
    desk.type_rows(
        SALES, [{"match": "M01", "client": "Acme", "category": "Cat 1", "number": 1, "price": 9.0}]
    )
    desk.do(selling.sale_expand())
    assert desk.rows(SALES, "status")[-1] == "PENDING_APPROVAL"
    desk.refused(selling.sale_approve("S2", "x"), RuleError, "does not allow overselling")


def test_the_event_names_the_currency_of_what_is_recorded_without_one() -> None:
    desk = office("SELLING", currency="EUR")
    desk.do(selling.sale_add(replace(ORDER, currency=""), LINES, new=True))
    desk.do(selling.sale_add(replace(ORDER, currency="USD"), LINES, new=True))
    assert desk.rows(SALES, "currency") == ["EUR", "USD"]
