"""Everything that moves a unit, in any order: the audit stays clean, units are conserved, holds are
kept, undo restores.

The machine keeps its own book: which units were ever bought, which were replaced, for whom which
are held until when, and how many were taken back without a log row of their own. What the workbook
says is compared with it after every step.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.desk import DAY, Cells, Desk
from tests.trail import same_but_logs
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.plan import Plan, Run
from ticketops.engine.job import Job
from ticketops.engine.transaction import carry_out
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    REFUNDS,
    SALES,
    UNITS,
)
from ticketops.services import allocation, catalogue, purchasing, selling

MATCHES = st.sampled_from(["M01", "M2"])
CATEGORIES = st.sampled_from(["Top Cat 1", "Cat 1", "Cat 2"])
CLIENTS = st.sampled_from(["Acme", "Bolt"])
WHICH = st.integers(0, 40)
"""Picks one of however many there are."""
GIVEN_BACK = ("UNDO_SALE", "UNDO_SET", "CANCEL_SALE", "REJECT_SALE")


@dataclass
class Book:
    """What the machine knows without asking the workbook."""

    units: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    holds: list[tuple[str, str, datetime]] = field(default_factory=list)
    """(unit, client, last day), those that were not released."""
    ended: set[str] = field(default_factory=set)
    """Sales that were cancelled or rejected."""


class TradingDesk(Desk):
    """A manager's desk, whose clock can be put forward by days. What it has read of one revision it
    does not read again."""

    def __init__(self, store: Any = None) -> None:
        super().__init__(store, role="ops_manager")
        self._known: dict[Any, Any] = {}

    def once(self, what: Any, read: Callable[[], Any]) -> Any:
        key = (self.store.revision(), what)
        if key not in self._known:
            self._known = {
                known: value for known, value in self._known.items() if known[0] == key[0]
            } | {key: read()}
        return self._known[key]

    def frame(self, sheet: str) -> Any:
        return self.once(sheet, lambda: super(TradingDesk, self).frame(sheet))

    @property
    def today(self) -> datetime:
        return DAY + timedelta(days=self.days)

    def cells(self) -> Cells:
        return self.once("cells", super().cells)


def typed(sheet: str, row: int, **values: Any) -> Job:
    """Somebody types into a row; as a transaction, so that it can be undone in order."""

    def plan(snapshot: Any, run: Run) -> Plan:
        table = snapshot[sheet]
        now = table.frame.filter(table.frame["row"] == row).row(0, named=True)
        made = Plan()
        made.changes.set(
            sheet, row, "", {name: (now[name], value) for name, value in values.items()}
        )
        return made

    return Job("purchase.add", plan, (sheet,), label="somebody types")


class Trade(RuleBasedStateMachine):
    """A desk at which everything is done that moves a unit."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = self.new_desk()
        self.book = Book()
        self.history: list[tuple[Cells, Book]] = []
        self.undone = 0  # units that undos took off tickets: the log keeps its rows (D19)
        self.links: dict[str, str] = {}

    def new_desk(self) -> TradingDesk:
        return TradingDesk()

    # --- what the workbook says

    def tickets(self) -> list[dict[str, Any]]:
        frame = self.desk.frame(DISTRIBUTION)
        return self.desk.once(
            "tickets", lambda: frame.filter(frame["sales_id"].is_not_null()).to_dicts()
        )

    def sale(self, which: int, *, served: bool | None = None) -> str | None:
        """A sale; served: rather one that has a unit, or one that wants one."""
        found = list(
            dict.fromkeys(ticket["sales_id"].partition("-")[0] for ticket in self.tickets())
        )
        if served is not None and which % 8:
            fit = [
                t
                for t in self.tickets()
                if (
                    bool(t["unit_ids"])
                    if served
                    else not t["unit_ids"] and t["status"] != "CANCELLED"
                )
            ]
            found = (
                list(dict.fromkeys(ticket["sales_id"].partition("-")[0] for ticket in fit)) or found
            )
        return found[which % len(found)] if found else None

    def unapproved(self, which: int) -> str | None:
        """Rather a sale that waits for approval."""
        found = [
            sale
            for sale, status in self.desk.rows(SALES, "sales_id", "status")
            if status == "PENDING_APPROVAL"
        ]
        return found[which % len(found)] if found and which % 8 else self.sale(which)

    def sets_of(self, sale: str, *, serving: bool) -> list[str]:
        """The sets that serve a sale, or that could: of its match, with a free unit."""
        units = self.desk.rows(UNITS, "set_id", "status", "sales_id", "match")
        if serving:
            return sorted(
                {
                    set_id
                    for set_id, _status, ticket, _match in units
                    if ticket and ticket.startswith(f"{sale}-")
                }
            )
        match = next(
            ticket["match"]
            for ticket in self.tickets()
            if ticket["sales_id"].startswith(f"{sale}-")
        )
        return sorted(
            {
                set_id
                for set_id, status, _ticket, own in units
                if status == "AVAILABLE" and own == match
            }
        )

    def unit(self, which: int, *, used: bool) -> str | None:
        found = sorted(self.links) if used else sorted(self.book.units)
        return found[which % len(found)] if found else None

    def set_id(self, which: int) -> str | None:
        found = sorted({s for s in self.desk.rows(UNITS, "set_id") if s})
        return found[which % len(found)] if found else None

    # --- how things are done

    def do(self, job: Job, then: Callable[[Plan], None] | None = None) -> Plan | None:
        """Carry out a job; None where a rule refused it, and then nothing changed. then: what it
        means for the book."""
        cells, book = self.desk.cells(), copy.deepcopy(self.book)
        try:
            done = carry_out(self.desk.store, job, self.desk.run())
        except (RuleError, NotFoundError):
            assert self.desk.cells() == cells
            return None
        if then:
            then(done.plan)
        if done.written:
            self.history.append((cells, book))
        else:
            assert self.desk.cells() == cells
            assert self.book == book
        self.holds_are_kept()
        return done.plan

    def holds_are_kept(self) -> None:
        """Whoever got a unit in this step was the one it is held for, if it is held."""
        new = {}
        for ticket in self.tickets():
            for unit in (ticket["unit_ids"] or "").replace(",", " ").split():
                new[unit] = ticket["sales_id"]
                if self.links.get(unit) != ticket["sales_id"]:
                    for held, client, until in self.book.holds:
                        assert (
                            held != unit or until < self.desk.today or client == ticket["company"]
                        ), f"{unit} is held for {client}"
        self.links = new

    # --- buying and selling

    @initialize()
    def start(self) -> None:
        self.buy("M01", "Cat 1", 4, seated=True)
        self.sell([("M01", "Cat 1", 2)], "Acme")

    @rule(match=MATCHES, category=CATEGORIES, quantity=st.integers(1, 5), seated=st.booleans())
    def buy(self, match: str, category: str, quantity: int, seated: bool) -> None:
        from decimal import Decimal

        from ticketops.domain.purchasing.purchases import PurchaseLine

        known = set(self.book.units)

        def bought(plan: Plan) -> None:
            assert plan.result.units_created == quantity
            self.book.units = {u for u in self.desk.rows(UNITS, "unit_id") if u}
            assert known < self.book.units
            assert len(self.book.units) == len(known) + quantity

        line = PurchaseLine(
            match, "Viagogo", "000777", category, quantity, Decimal("120.50"), "USD", DAY
        )
        assert self.do(purchasing.purchase_add([line]), bought)
        if seated:
            rows = [
                row for row, unit in self.desk.rows(UNITS, "row", "unit_id") if unit not in known
            ]
            for number, row in enumerate(rows):
                self.do(
                    typed(UNITS, row, block="A", seat_row=str(rows[0]), seat=str(10 + 2 * number))
                )

    @rule(
        lines=st.lists(st.tuples(MATCHES, CATEGORIES, st.integers(1, 4)), min_size=1, max_size=3),
        client=CLIENTS,
    )
    def sell(self, lines: list[tuple[str, str, int]], client: str) -> None:
        from decimal import Decimal

        from ticketops.domain.selling.sales import Order, SaleLine

        order = Order(client, "USD", DAY)
        assert self.do(
            selling.sale_add(
                order, [SaleLine(match, category, n, Decimal(350)) for match, category, n in lines]
            )
        )

    @rule()
    def expand(self) -> None:
        """Nothing that allocation writes makes a re-import change a ledger."""
        before = self.desk.cells()
        self.do(purchasing.purchase_expand())
        self.do(selling.sale_expand())
        after = self.desk.cells()
        assert {name for name in after if after[name] != before.get(name, {})} <= {
            "_SALES_PARENT_RECON",
            "_SALES_RECON_AUDIT",
        }

    # --- allocating

    @rule()
    def auto(self) -> None:
        self.do(allocation.allocate_auto())

    @rule(which=WHICH, rank=st.none() | st.integers(1, 4))
    def commit(self, which: int, rank: int | None) -> None:
        if sale := self.sale(which, served=False):
            self.do(allocation.allocate_commit(sale, Choice(rank=rank)))

    @rule(
        which=WHICH,
        sets=st.lists(
            st.tuples(WHICH, st.none() | st.integers(1, 3)),
            min_size=1,
            max_size=3,
            unique_by=lambda x: x[0],
        ),
    )
    def commit_sets(self, which: int, sets: list[tuple[int, int | None]]) -> None:
        sale = self.sale(which, served=False)
        free = self.sets_of(sale, serving=False) if sale else []
        chosen = {free[nth % len(free)]: quantity for nth, quantity in sets} if free else {}
        if sale and chosen:
            plan = self.do(allocation.allocate_commit(sale, Choice(sets=tuple(chosen.items()))))
            if plan:
                assert {chunk.set_id for chunk in plan.result.chunks} == set(chosen)
                assert all(
                    chosen[chunk.set_id] in (None, chunk.qty) for chunk in plan.result.chunks
                )

    @rule(which=WHICH, tick=st.booleans())
    def decide_in_the_sheet(self, which: int, tick: bool) -> None:
        sale = self.sale(which, served=False)
        if not sale:
            return
        if tick:
            row = next(
                ticket["row"]
                for ticket in self.tickets()
                if ticket["sales_id"].startswith(f"{sale}-")
            )
            self.do(typed(DISTRIBUTION, row, process_now=True))
        elif self.do(allocation.allocate_preview(sale, write=True)):
            rows = [
                (row, o)
                for row, o, s in self.desk.rows(ALLOCATION_PREVIEW, "row", "options", "sales_id")
                if s and s.startswith(f"{sale}-")
            ]
            assert len(rows) == 1
            if rows[0][1]:
                self.do(typed(ALLOCATION_PREVIEW, rows[0][0], chosen=rows[0][1].split(" · ")[-1]))
        self.do(allocation.allocate_process())
        assert not any(ticket["process_now"] for ticket in self.tickets())

    @rule(
        split=st.sampled_from([None, "SINGLE_SET_ONLY", "REQUIRE_MIN_CHUNK_SIZE"]),
        mode=st.sampled_from(["SUGGEST", "SEMI_AUTO"]),
    )
    def set_policy(self, split: str | None, mode: str) -> None:
        self.do(allocation.policy_set("event", "", {"split_policy": split, "mode": mode}))

    # --- overrides

    @rule(
        which=WHICH,
        nth_set=st.none() | WHICH,
        keep_seats=st.booleans(),
        force=st.sampled_from([True, True, False]),
    )
    def unallocate(self, which: int, nth_set: int | None, keep_seats: bool, force: bool) -> None:
        if sale := self.sale(which, served=True):
            serving = self.sets_of(sale, serving=True)
            set_id = serving[nth_set % len(serving)] if nth_set is not None and serving else ""
            self.do(
                allocation.override_unallocate(
                    sale, "x", set_id=set_id, keep_seats=keep_seats, force=force
                )
            )

    @rule(which=WHICH, units=st.booleans())
    def reset_seats(self, which: int, units: bool) -> None:
        links = dict(self.links)
        if set_id := self.set_id(which):
            self.do(allocation.override_reset_seats(set_id, "x", units_too=units, force=True))
            assert self.links == links

    @rule(which=WHICH, category=st.none() | CATEGORIES)
    def alloc_from(self, which: int, category: str | None) -> None:
        links = dict(self.links)
        if sale := self.sale(which, served=False):
            self.do(allocation.override_alloc_from(sale, category, "x"))
            assert self.links == links

    # --- exceptions

    @rule(which=WHICH, force=st.booleans())
    def cancel(self, which: int, force: bool) -> None:
        if (sale := self.sale(which)) and self.do(
            selling.sale_cancel(sale, "x", force=force), lambda plan: self.book.ended.add(sale)
        ):
            refund = self.desk.rows(REFUNDS, "sales_id", "amount", "decision")[-1]
            assert refund == (sale, 0, "NO_REFUND"), "nothing was paid (D24)"

    @rule(which=WHICH)
    def approve(self, which: int) -> None:
        if sale := self.unapproved(which):
            self.do(selling.sale_approve(sale, "x"))

    @rule(which=WHICH)
    def reject(self, which: int) -> None:
        if sale := self.unapproved(which):
            self.do(selling.sale_reject(sale, "x"), lambda plan: self.book.ended.add(sale))

    @rule(which=WHICH, category=CATEGORIES, price=st.none() | st.sampled_from([300.0, 500.0]))
    def upgrade(self, which: int, category: str, price: float | None) -> None:
        if sale := self.sale(which, served=False):
            self.do(selling.sale_upgrade(sale, category, price, "x"))

    @rule(which=WHICH, nth=st.none() | WHICH, force=st.booleans())
    def substitute(self, which: int, nth: int | None, force: bool) -> None:
        old = self.unit(which, used=True)
        if not old:
            return
        ticket = self.links[old]
        with_unit = (self.unit(nth, used=False) or "") if nth is not None else ""
        plan = self.do(
            allocation.unit_substitute(old, with_unit, "x", force=force),
            lambda plan: self.book.replaced.add(old),
        )
        if plan:
            new = plan.result.new
            assert new != old
            assert with_unit in ("", new)
            assert self.links[new] == ticket
            assert old not in self.links

    @rule(which=WHICH, client=CLIENTS, days=st.integers(0, 2), by_set=st.none() | st.integers(1, 3))
    def hold(self, which: int, client: str, days: int, by_set: int | None) -> None:
        set_id = self.set_id(which)
        what = f"{set_id}:{by_set}" if by_set and set_id else self.unit(which, used=False)
        until = self.desk.today + timedelta(days=days)
        standing = {unit for unit, _client, last in self.book.holds if last >= self.desk.today}

        def held(plan: Plan) -> None:
            units = plan.result.units
            assert len(units) == (by_set or 1)
            assert not set(units) & (standing | set(self.links) | self.book.replaced)
            self.book.holds += [(unit, client, until) for unit in units]

        if what:
            self.do(allocation.unit_hold([what], client, until, "x", new=True), held)

    @rule(client=CLIENTS)
    def release(self, client: str) -> None:
        standing = {
            unit
            for unit, holder, last in self.book.holds
            if last >= self.desk.today and holder == client
        }

        def released(plan: Plan) -> None:
            assert set(plan.result.units) == standing
            self.book.holds = [
                one for one in self.book.holds if one[0] not in standing or one[2] < self.desk.today
            ]

        assert (self.do(allocation.unit_release([], client, "x"), released) is not None) == bool(
            standing
        )

    @rule(stock_only=st.booleans(), force=st.booleans())
    def swap(self, stock_only: bool, force: bool) -> None:
        links = dict(self.links)

        def swapped(plan: Plan) -> None:
            assert stock_only or not plan.result.units_unallocated

        if self.do(
            catalogue.event_swap("M01", "M02", "x", stock_only=stock_only, force=force), swapped
        ):
            assert self.links == ({} if stock_only else links)

    @rule(which=WHICH, uploaded=st.booleans())
    def dispatch(self, which: int, uploaded: bool) -> None:
        """A ticket is sent or uploaded; one that was is accepted (D7)."""
        if unit := self.unit(which, used=True):
            ticket = next(
                ticket for ticket in self.tickets() if ticket["sales_id"] == self.links[unit]
            )
            if ticket["delivery"] != "ACCEPTED":
                gone = ticket["delivery"] in ("SENT", "UPLOADED")
                delivery = "ACCEPTED" if gone else "UPLOADED" if uploaded else "SENT"
                self.do(typed(DISTRIBUTION, ticket["row"], delivery=delivery))

    @rule()
    def next_day(self) -> None:
        self.desk.days += 1

    @precondition(lambda self: self.history)
    @rule(times=st.integers(1, 3))
    def undo(self, times: int) -> None:
        for _ in range(min(times, len(self.history))):
            cells, self.book = self.history.pop()
            logged = self.desk.cells()
            self.desk.undo()
            same_but_logs(cells, logged, self.desk.cells())
        before = len(self.links)
        self.links = {
            unit: ticket["sales_id"]
            for ticket in self.tickets()
            for unit in (ticket["unit_ids"] or "").replace(",", " ").split()
        }
        self.undone += before - len(self.links)

    # --- what always holds

    @invariant()
    def the_audit_is_clean(self) -> None:
        result, findings = self.desk.audit()
        assert findings == []
        assert result.invariant_holds

    @invariant()
    def units_are_conserved(self) -> None:
        """Each is free, or serves exactly one ticket, or is REPLACED; none vanishes, none
        appears."""
        units = self.desk.rows(UNITS, "unit_id", "status", "sales_id")
        assert sorted(unit for unit, _, _ in units) == sorted(self.book.units)
        used = Counter(
            u
            for ticket in self.tickets()
            for u in (ticket["unit_ids"] or "").replace(",", " ").split()
        )
        assert set(used.values()) <= {1}, "a unit in two rows"
        served = {
            u: ticket["sales_id"]
            for ticket in self.tickets()
            for u in (ticket["unit_ids"] or "").replace(",", " ").split()
        }
        for unit, status, ticket in units:
            if unit in self.book.replaced:
                assert (status, ticket, unit in used) == ("REPLACED", None, False)
            elif unit in used:
                assert (status, ticket) == ("ALLOCATED", served[unit])
            else:
                assert (status, ticket) == ("AVAILABLE", None)

    @invariant()
    def the_position_adds_up(self) -> None:
        report = self.desk.position()
        assert report.open - report.available == report.oversold - report.surplus
        tickets = [ticket for ticket in self.tickets() if ticket["status"] != "CANCELLED"]
        sent = sum(ticket["delivery"] in ("SENT", "UPLOADED", "ACCEPTED") for ticket in tickets)
        assert (report.sold, report.sent) == (len(tickets), sent)
        assert report.available == len(self.book.units - self.book.replaced - set(self.links))

    @invariant()
    def ended_sales_hold_nothing(self) -> None:
        for ticket in self.tickets():
            ended = ticket["sales_id"].partition("-")[0] in self.book.ended
            assert (ticket["status"] == "CANCELLED") == ended
            if ended:
                assert (
                    ticket["unit_ids"],
                    ticket["unit_count"],
                    ticket["vendor"],
                    ticket["password"],
                ) == (None, None, None, None)

    @invariant()
    def the_log_sums_up(self) -> None:
        counts: Counter[str] = Counter()
        for action, units in self.desk.rows(ALLOC_LOG, "action", "units_affected"):
            counts[action] += units or 0
        back = sum(counts[action] for action in GIVEN_BACK)
        assert counts["ALLOCATE"] - back - self.undone == len(self.links)

    @invariant()
    def the_status_of_a_sale_follows_its_tickets(self) -> None:
        given: Counter[str] = Counter()
        asked: Counter[str] = Counter()
        for ticket in self.tickets():
            sale = ticket["sales_id"].partition("-")[0]
            asked[sale] += 1
            given[sale] += bool(ticket["unit_ids"])
        for sale, status, flag in self.desk.rows(SALES, "sales_id", "status", "oversell"):
            if sale in self.book.ended:
                assert status in ("CANCELLED", "REJECTED")
            elif status == "PENDING_APPROVAL":
                assert flag is True
                assert not given[sale], "nobody allocates what waits for approval"
            else:
                follows = (
                    "ALLOCATED"
                    if given[sale] == asked[sale]
                    else "PARTIAL_ALLOCATED"
                    if given[sale]
                    else "UNALLOCATED"
                )
                assert (status, flag) == (follows, None), sale
