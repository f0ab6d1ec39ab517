"""Clients, suppliers, staff and the office write in any order, and their books come back in any
order: nothing is lost in silence.

Books stay in memory: a built book is kept as the `Book` it is, and a file on the shelf is a number
that stands for a book and what somebody typed into it. All the rest is the product: hearing,
settling, `_BOOKS`, `_BOOK_EDITS`, the shelf, the transaction.

Before every run the machine works out on its own, from Delivery's moves (D7) and from who knew
what, what each cell must hold afterwards and what must be reported, and then compares.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.machines.expected import (
    D7,
    GONE,
    NEEDED,
    REPORTS,
    Expected,
    May,
    Typed,
    heard_text,
    may,
    seen,
)
from tests.machines.shelf import (
    CELLS,
    FIELD,
    GUEST,
    STAFF,
    SUPPLIERS,
    WHICH,
    Copy,
    ShelfDesk,
    trading,
)
from tests.trail import same_but_logs
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.plan import Plan
from ticketops.engine.job import Job
from ticketops.engine.transaction import Done, carry_out
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.layouts.event import (
    BOOK_EDITS,
    CLIENT_INPUTS,
    DISTRIBUTION,
    SALES,
    SALES_RECON_AUDIT,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.services import allocation, books, dispatch, selling


@functools.cache
def begun() -> ShelfDesk:
    """Two sales with units of all vendors, guests of half of them, their tasks handed out, and all
    books built."""
    desk = trading()
    desk.do(allocation.allocate_commit("S1", Choice(sets=(("PR0001-S01", 1), ("PR0003-S01", 2)))))
    desk.do(allocation.allocate_commit("S2", Choice(sets=(("PR0002-S01", 2), ("PR0003-S01", 1)))))
    for sales_id in ("S1-1", "S1-2", "S2-1", "S2-3"):
        row = desk.tickets()[sales_id]["row"]
        desk.set(DISTRIBUTION, row, "client_email", f"{sales_id.lower()}@guest.example")
        desk.set(DISTRIBUTION, row, "first_name", f"First {sales_id}")
    desk.sync()
    desk.do(
        dispatch.staff_assign(
            STAFF,
            task_ids=(),
            matches=(),
            unassigned=True,
            from_person="",
            priority="",
            reopen=False,
        )
    )
    for kind in ("client", "supplier", "staff"):
        desk.build(kind)
    desk.close(keep=True)
    return desk


class Dispatch(RuleBasedStateMachine):
    """Everybody writes."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = ShelfDesk()
        self.copies: list[Copy] = []
        self.said: dict[tuple[str, str, str], list[str]] = {}
        """{(BookID, SalesID, field): what files of that book said, the newest last}."""
        self.said_by: dict[tuple[str, str, str], int] = {}
        """Which copy (by identity) said so last: of another copy it is unsure what it does to notes."""
        self.pending: list[Typed] = []
        self.complaints: set[str] = set()
        """Tickets that a client complained of and has not accepted since (D26)."""
        self.perhaps: set[str] = set()
        self.notes: dict[str, list[str]] = {}
        """Notes that were heard, of each ticket."""
        self.number = itertools.count(1)
        self.audited: Any = None

    def teardown(self) -> None:
        self.desk.close()

    # --- running jobs

    def office(self, job: Job) -> Plan | None:
        """A job of trade, which dispatch does not judge."""
        try:
            done = carry_out(self.desk.store, job, self.desk.run())
        except (RuleError, NotFoundError):
            return None
        self.forget()
        return done.plan

    def forget(self) -> None:
        """Notes go with their ticket; what was typed of another unit than the ticket has now is
        stale."""
        now = self.desk.tickets()
        self.notes = {sales_id: notes for sales_id, notes in self.notes.items() if sales_id in now}
        self.pending = [typed for typed in self.pending if typed.sales_id in now]

    def read_edits(self, copies: Iterable[Copy], expected: Expected) -> set[str]:
        """What the copies say, in order, by the rules of this test; the tickets that a word was
        heard of."""
        heard = set()
        lines = {ticket["line_key"]: sales_id for sales_id, ticket in expected.tickets.items()}
        tasks = {
            task["task_id"]: task
            for task in self.desk.frame(STAFF_QUEUE).to_dicts()
            if task["task_id"]
        }
        owner = self.owners()
        for copy in copies:
            for number, row in enumerate(copy.book.rows):
                key, task = copy.key(number), None
                if not key:
                    continue
                sales_id = lines.get(key, "") if copy.kind == "supplier" else key
                if copy.kind == "staff":
                    task = tasks.get(key)
                    sales_id = self.live_task_ticket(task, expected.tickets) if task else ""
                ticket = expected.tickets.get(sales_id)
                changed = [
                    c
                    for c in copy.book.layout.typed
                    if (number, c) in copy.typed
                    and copy.typed[number, c] != Copy(copy.book).text(number, c)
                ]
                if ticket is None:
                    continue
                unit = ticket["unit_ids"] or ""
                if (copy.kind == "supplier" and owner.get(unit) != copy.book.party) or ticket[
                    "status"
                ] == "CANCELLED":
                    if changed:
                        expected.rows.add(sales_id)
                    continue
                for column in sorted(
                    copy.book.layout.typed, key=lambda c: FIELD.get(c, c) != "delivery"
                ):
                    if column == "dispatched_at":
                        continue
                    name = FIELD.get(column, column)
                    at = copy.book.book_id, sales_id, name
                    knew = Copy(copy.book).text(number, column)
                    text = copy.text(number, column)
                    history = self.said.get(at, [])
                    last = history[-1] if history else knew
                    if text in (last, knew) or (name == "delivery" and not text):
                        continue  # a cell that is as it was made says nothing: another copy may have said more
                    if text in history:
                        stands = (task if name == "proof_url" else ticket)[name]
                        if text != (
                            seen(copy.kind, stands) if name == "delivery" else stands or ""
                        ):
                            expected.rows.add(sales_id)
                        expected.spoken_of.add(sales_id)
                        continue
                    if (column not in row.open and not history) or (
                        name == "delivery" and row.unit_id and row.unit_id != unit
                    ):
                        expected.rows.add(sales_id)
                        continue
                    if copy.kind == "client" and not text and self.is_kept(ticket, name):
                        expected.rows.add(sales_id)
                        continue
                    unsure = bool(history) and id(copy) != self.said_by[at]
                    self.said.setdefault(at, []).append(text)
                    self.said_by[at] = id(copy)
                    heard.add(sales_id)
                    expected.lost.append((copy.book.book_id, sales_id, name, text))
                    self.one_word(
                        expected, copy.kind, sales_id, name, task, last, text, unsure=unsure
                    )
        return heard

    def is_kept(self, ticket: dict[str, Any], name: str) -> bool:
        """Whether a cell that a client emptied stays as it is, and is only reported (D26)."""
        if name not in GUEST or not ticket[name]:
            return False
        gone = ticket["delivery"] in GONE or (
            ticket["delivery"] == "ISSUE" and ticket["dispatched_at"]
        )
        return not (gone and name in NEEDED)

    def one_word(
        self,
        expected: Expected,
        kind: str,
        sales_id: str,
        name: str,
        task: Any,
        knew: str,
        text: str,
        *,
        unsure: bool,
    ) -> None:
        ticket = expected.tickets[sales_id]
        if name == "delivery":
            expected.delivery(kind, sales_id, knew, text)
        elif name in NEEDED and kind == "client":
            expected.guest(sales_id, name, knew, text)
        elif name == "dispatch_notes":
            expected.spoken_of.add(sales_id)
            if unsure:  # two copies of one book that differ: `test_copies_of_one_book_that_differ`
                self.notes.pop(sales_id, None)
            else:
                self.notes.setdefault(sales_id, []).append(text.rpartition(" | ")[2])
        elif name == "proof_url":
            expected.spoken_of.add(sales_id)
            expected.word(
                task["task_id"], name, lambda now: heard_text(now, knew, text), task["proof_url"]
            )
        else:
            expected.word(sales_id, name, lambda now: heard_text(now, knew, text), ticket[name])

    def hear_queues(self, expected: Expected, scope: set[str] | None) -> None:
        """What was typed into the queues: a supplier's first, then staff's."""
        for typed in sorted(self.pending, key=lambda typed: typed.source != "supplier"):
            ticket = expected.tickets[typed.sales_id]
            if scope is not None and typed.sales_id not in scope:
                continue
            if typed.unit != ticket["unit_ids"]:
                expected.spoken_of.add(typed.sales_id)
                continue
            base = seen(typed.source, ticket["dispatch_status"])
            if typed.said == base:
                continue
            expected.delivery(typed.source, typed.sales_id, base, typed.said)
        self.pending = [
            typed for typed in self.pending if scope is not None and typed.sales_id not in scope
        ]

    def restore(self, expected: Expected, scope: set[str] | None) -> None:
        """A ticket whose guest is gone gets it back from the vault, and that is said."""
        client_inputs = {row["sales_id"]: row for row in self.desk.frame(CLIENT_INPUTS).to_dicts()}
        for sales_id, ticket in expected.tickets.items():
            kept = client_inputs.get(sales_id)
            group = " ".join((ticket["company"] or "").casefold().split())
            if (
                (scope is not None and sales_id not in scope)
                or kept is None
                or kept["client_group"] != group
                or ticket["status"] == "CANCELLED"
            ):
                continue
            said = [
                {may_be.value for may_be in expected.cells.get((sales_id, name), {May(None)})}
                for name in GUEST
            ]
            if any(ticket[name] for name in GUEST) or any(None not in values for values in said):
                continue
            unsure = any(len(values) > 1 for values in said)
            for name in GUEST:
                if kept[name]:
                    expected.spoken_of.add(sales_id)
                    if not unsure:
                        expected.rows.add(sales_id)
                        expected.cells[sales_id, name] = set()
                    expected.cells.setdefault((sales_id, name), {May(None)}).add(
                        May(kept[name], True)
                    )

    def typed_over(self, expected: Expected, scope: set[str] | None) -> None:
        """That somebody typed over the guest of a ticket that was sent is said (D26)."""
        client_inputs = {row["sales_id"]: row for row in self.desk.frame(CLIENT_INPUTS).to_dicts()}
        for sales_id, ticket in expected.tickets.items():
            kept = client_inputs.get(sales_id)
            if (scope is not None and sales_id not in scope) or kept is None:
                continue
            over = [name for name in GUEST if kept[name] and kept[name] != ticket[name]]
            now = expected.deliveries(sales_id)
            if ticket["status"] == "CANCELLED" or not over or not now & GONE:
                continue
            expected.spoken_of.add(sales_id)
            if now <= GONE and not any((sales_id, name) in expected.cells for name in over):
                expected.rows.add(sales_id)

    def dispatch(
        self,
        job: Job,
        copies: Sequence[Copy],
        *,
        everything: bool,
        touched: dict[str, str] | None = None,
    ) -> Done:
        """Run a job of dispatch and compare. touched: {SalesID: Delivery} of what the office says
        by it."""
        before = self.desk.tickets()
        expected = Expected(before)
        expected.complaints |= self.complaints
        expected.perhaps |= self.perhaps
        for sales_id, delivery in (touched or {}).items():
            expected.cells[sales_id, "delivery"] = {May(delivery)}
        scope = self.read_edits(copies, expected) | set(touched or {})
        self.hear_queues(expected, None if everything else scope)
        self.restore(expected, None if everything else scope)
        self.typed_over(expected, None if everything else scope)
        done = carry_out(self.desk.store, job, self.desk.run())
        self.compare(expected, done.plan)
        closed = {
            sales_id
            for sales_id, ticket in self.desk.tickets().items()
            if ticket["delivery"] == "ACCEPTED"
        }
        heard = expected.complaints | expected.perhaps
        unheard = set() if everything else heard - scope
        self.complaints = expected.complaints - (closed - unheard)
        self.perhaps = expected.perhaps - (closed - unheard)
        if everything:
            self.all_agree()
        return done

    def compare(self, expected: Expected, plan: Plan) -> None:
        after = self.desk.tickets()
        assert list(after) == list(expected.tickets), "dispatch made or lost a ticket"
        told = {finding.sales_id for finding in plan.findings if finding.code in REPORTS}
        tasks = {
            task["task_id"]: task
            for task in self.desk.frame(STAFF_QUEUE).to_dicts()
            if task["task_id"]
        }
        for sales_id, ticket in expected.tickets.items():
            for name in (*GUEST, "delivery"):
                now = after[sales_id][name] or ("NOT_SENT" if name == "delivery" else None)
                allowed = expected.cells.get(
                    (sales_id, name),
                    {May(ticket[name] or ("NOT_SENT" if name == "delivery" else None))},
                )
                fits = [may_be for may_be in allowed if may_be.value == now]
                assert fits, (
                    f"{sales_id} {name}: {now!r}, but {sorted(str(a.value) for a in allowed)} were to be expected"
                )
                if all(may_be.reported for may_be in fits):
                    assert sales_id in told, f"{sales_id} {name}: {now!r} in silence"
            for text in self.notes.get(sales_id, ()):
                assert text in (after[sales_id]["dispatch_notes"] or ""), (
                    f"{sales_id}: the note {text!r} is lost"
                )
        for (task_id, name), allowed in expected.cells.items():
            if name == "proof_url":
                assert tasks[task_id]["proof_url"] in {may_be.value for may_be in allowed}
        assert expected.rows <= told, f"nothing said about {expected.rows - told}"
        quiet = told - expected.rows - expected.spoken_of
        assert not {
            sales_id for sales_id in quiet if sales_id in expected.tickets
        } - self.closed_again(plan), f"said for nothing: {quiet}"
        edits = self.desk.frame(BOOK_EDITS).to_dicts()
        kept = {
            (edit["book_id"], edit["sales_id"], name, edit[name] or "")
            for edit in edits
            for name in (edit["fields"] or "").split(",")
            if name  # what an undo logs has none
        }
        last = {
            word[:3]: word for word in expected.lost
        }  # of two copies of one book in one run only the last is kept, for now
        for word in last.values():
            assert word in kept, f"{word} is not in {BOOK_EDITS}"

    def closed_again(self, plan: Plan) -> set[str]:
        """Tickets whose row is refused for itself, whatever it says, and those whose task speaks of
        another unit."""
        return {
            finding.sales_id
            for finding in plan.findings
            if finding.code in ("FOREIGN_ROW", "STALE_TASK")
        }

    def owners(self) -> dict[str, str]:
        return {
            unit: SUPPLIERS.get(vendor, "")
            for unit, vendor in self.desk.rows(UNITS, "unit_id", "vendor")
            if unit
        }

    def live_task_ticket(self, task: dict[str, Any], tickets: dict[str, dict[str, Any]]) -> str:
        ticket = tickets.get(task["sales_id"])
        return task["sales_id"] if ticket and task["dist_row"] in (ticket["row"],) else ""

    def all_agree(self) -> None:
        """After everything was settled: the queues and the vault say what Distribution says."""
        tickets, owner = self.desk.tickets(), self.owners()
        tasks = [task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["task_id"]]
        assert len({task["task_id"] for task in tasks}) == len(tasks)
        live = {
            sales_id: task for task in tasks if (sales_id := self.live_task_ticket(task, tickets))
        }
        for sales_id, ticket in tickets.items():
            unit = ticket["unit_ids"]
            if task := live.get(sales_id):
                for name in (
                    "client_email",
                    "first_name",
                    "last_name",
                    "unit_ids",
                    "dispatched_at",
                ):
                    assert task[name] == ticket[name], (sales_id, name)
                assert task["dispatch_status"] == seen("staff", ticket["delivery"])
                assert task["staff_notes"] == ticket["dispatch_notes"]
            elif ticket["status"] != "CANCELLED":
                assert not (unit and ticket["client_email"] and not owner[unit]), (
                    f"{sales_id} has no task"
                )
            assert (ticket["dispatch_status"] or "NOT_SENT") == (ticket["delivery"] or "NOT_SENT")
        rows = [row for row in self.desk.frame(SUPPLIER_QUEUE).to_dicts() if row["supplier_key"]]
        assert sorted(row["unit_ids"] for row in rows) == sorted(
            u
            for u, status in self.desk.rows(UNITS, "unit_id", "status")
            if u and owner[u] and status not in ("CANCELLED", "REPLACED")
        )
        by_unit = {ticket["unit_ids"]: ticket for ticket in tickets.values() if ticket["unit_ids"]}
        for row in rows:
            ticket = by_unit.get(row["unit_ids"])
            assert row["supplier_key"] == owner[row["unit_ids"]]
            assert row["company"] == "MIRRA"
            for name in (
                "delivery",
                "client_email",
                "first_name",
                "last_name",
                "line_key",
                "dispatched_at",
                "dispatch_notes",
            ):
                assert row[name] == (ticket[name] if ticket else None), (row["unit_ids"], name)
        client_inputs = {
            row["sales_id"]: row
            for row in self.desk.frame(CLIENT_INPUTS).to_dicts()
            if row["sales_id"]
        }
        for sales_id, ticket in tickets.items():
            if ticket["status"] != "CANCELLED" and any(ticket[name] for name in GUEST):
                assert all(
                    client_inputs[sales_id][name] == ticket[name]
                    for name in (*GUEST, "accepted_at", "accepted_by")
                )

    # --- the beginning

    @initialize()
    def start(self) -> None:
        self.desk.close()
        self.desk = ShelfDesk(begun())
        self.copies = [self.desk.files.load(path) for path in self.desk.standing()]

    # --- books go out

    @rule(kind=st.sampled_from(["client", "supplier", "staff"]))
    def build(self, kind: str) -> None:
        standing = [
            copy
            for path in self.desk.standing()
            if (copy := self.desk.files.load(path)).kind == kind
        ]
        standing = [copy for copy in standing if copy.typed]
        job = books.build(self.desk.store, self.desk.settings, kind, (), folder=self.desk.shelf)
        tickets = self.desk.tickets()
        tasks = [task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["assigned_to"]]
        live = [sales_id for task in tasks if (sales_id := self.live_task_ticket(task, tickets))]
        owners = self.owners()
        if kind == "staff" and not any(
            tickets[sales_id]["status"] != "CANCELLED"
            and not owners.get(tickets[sales_id]["unit_ids"] or "")
            for sales_id in live
        ):
            with pytest.raises(RuleError, match="no task"):
                carry_out(self.desk.store, job, self.desk.run())
            return
        self.dispatch(job, standing, everything=kind != "client")

    @rule(which=WHICH, share=st.booleans())
    def take(self, which: int, share: bool) -> None:
        """Somebody copies a book from the shelf, or gets what another has, as it is."""
        if share:
            copy = self.copies[which % len(self.copies)]
            self.copies.append(Copy(copy.book, dict(copy.typed)))
        else:
            standing = self.desk.standing()
            self.copies.append(self.desk.files.load(standing[which % len(standing)]))

    # --- readers write

    @rule(which=WHICH, cells=CELLS)
    def type(self, which: int, cells: list[tuple[int, int, int]]) -> None:
        for cell in cells:
            self.type_cell(self.copies[which % len(self.copies)], *cell)

    @rule(which=WHICH, cells=CELLS)
    def type_on_the_shelf(self, which: int, cells: list[tuple[int, int, int]]) -> None:
        paths = self.desk.standing()
        path = paths[which % len(paths)]
        copy = self.desk.files.load(path)
        for cell in cells:
            self.type_cell(copy, *cell)
        self.desk.files.save(path, copy)

    @rule(which=WHICH, cells=CELLS)
    def type_and_send(self, which: int, cells: list[tuple[int, int, int]]) -> None:
        self.type(which, cells)
        self.pull([which], undone=False, twice=True)

    @rule(which=WHICH, cells=CELLS)
    def take_type_and_send(self, which: int, cells: list[tuple[int, int, int]]) -> None:
        self.take(which, share=False)
        self.type_and_send(len(self.copies) - 1, cells)

    def type_cell(self, copy: Copy, row: int, column: int, what: int) -> None:
        rows = [
            number for number, r in enumerate(copy.book.rows) if r.open or (what == 0 and r.key)
        ]
        if not rows:
            return
        number = rows[row % len(rows)]
        columns = sorted(copy.book.rows[number].open or copy.book.layout.typed)
        name = columns[column % len(columns)]
        text = self.some_text(FIELD.get(name, name), copy.text(number, name), copy.kind, what)
        if text is None:
            return
        copy.typed[number, name] = text

    def some_text(self, name: str, now: str, kind: str, what: int) -> str | None:
        n = next(self.number)
        if name == "dispatched_at":
            return None
        if name == "delivery":
            known = ("ACCEPTED", "ISSUE") if kind == "client" and what else tuple(D7)
            return known[(what + n) % len(known)]
        if name == "dispatch_notes":
            return f"{now} | note{n}." if now else f"note{n}."
        if what == 1:
            return ""
        if what == 2:
            return {"client_email": "same@guest.example"}.get(name, "Same")
        return {
            "client_email": f"g{n}@guest.example",
            "proof_url": f"https://proof.example/{n}",
        }.get(name, f"{name[:2]}{n}")

    # --- books come back

    @rule(which=st.lists(WHICH, min_size=1, max_size=3), undone=st.booleans(), twice=st.booleans())
    def pull(self, which: list[int], undone: bool, twice: bool) -> None:
        copies = list(
            {
                id(copy): copy
                for nth in which
                if self.copies
                for copy in [self.copies[nth % len(self.copies)]]
            }.values()
        )
        if not copies:
            return
        job = self.desk.pulling(*copies)
        if undone:
            before = self.desk.cells()
            if carry_out(self.desk.store, job, self.desk.run()).written:
                logged = self.desk.cells()
                self.desk.undo()
                same_but_logs(before, logged, self.desk.cells())
        self.dispatch(job, copies, everything=False)
        if twice:
            before = self.desk.cells()
            again = [
                copy
                for copy in copies
                if sum(copy.book.book_id == other.book.book_id for other in copies) == 1
            ]
            for copy in again:
                assert not self.desk.pull(copy).written, "the same file says something new"
            assert self.desk.cells() == before

    @rule()
    def sync(self) -> None:
        """Who sends is heard before who receives."""
        standing = [
            copy for path in self.desk.standing() if (copy := self.desk.files.load(path)).typed
        ]
        standing.sort(key=lambda copy: ("supplier", "staff", "client").index(copy.kind))
        job = books.sync(self.desk.store, self.desk.settings)
        self.dispatch(job, standing, everything=True)
        again = self.desk.sync()
        assert not again.plan.changes
        assert {book.state for book in again.plan.result.books} <= {"unchanged"}

    # --- the office

    @rule(
        which=WHICH,
        name=st.sampled_from((*GUEST, "delivery", "dispatch_notes")),
        what=st.integers(0, 9),
    )
    def office_types(self, which: int, name: str, what: int) -> None:
        """Into Distribution. Whoever types over another's words sees them."""
        sales_id, ticket = self.ticket(which)
        now = ticket[name] or ""
        if name == "delivery":
            moves = [
                to
                for to in D7[now or "NOT_SENT"]
                if may("office", now or "NOT_SENT", to, manager=True)
            ]
            if not moves or not ticket["unit_ids"]:
                return
            value = moves[what % len(moves)]
        else:
            value = self.some_text(name, now, "office", what) or None
        if name == "dispatch_notes":
            self.notes.setdefault(sales_id, []).append(value.rpartition(" | ")[2])
        self.desk.set(DISTRIBUTION, ticket["row"], name, value)

    @rule(which=WHICH)
    def guest_cleared(self, which: int) -> None:
        _sales_id, ticket = self.ticket(which)
        for name in GUEST:
            self.desk.set(DISTRIBUTION, ticket["row"], name, None)

    @rule(which=WHICH, what=WHICH, notes=st.booleans(), supplier=st.booleans())
    def office_types_into_a_queue(self, which: int, what: int, notes: bool, supplier: bool) -> None:
        sheet = SUPPLIER_QUEUE if supplier else STAFF_QUEUE
        tickets = self.desk.tickets()
        by_unit = {
            ticket["unit_ids"]: sales_id
            for sales_id, ticket in tickets.items()
            if ticket["unit_ids"]
        }
        found = [
            (row, by_unit[row["unit_ids"]])
            for row in self.desk.frame(sheet).to_dicts()
            if row["unit_ids"] in by_unit
        ]
        found = [
            (row, sales_id)
            for row, sales_id in found
            if self.is_about(row, tickets[sales_id], supplier=supplier)
        ]
        if not found:
            return
        row, sales_id = found[which % len(found)]
        if notes:
            name = "dispatch_notes" if supplier else "staff_notes"
            text = f"note{next(self.number)}."
            self.notes.setdefault(sales_id, []).append(text)
            self.desk.set(sheet, row["row"], name, f"{row[name]} | {text}" if row[name] else text)
            self.sync()
            return
        said = (*D7,)[what % 6]
        name = "delivery" if supplier else "dispatch_status"
        knew = row[name] or "NOT_SENT"
        source = "supplier" if supplier else "staff"
        self.pending = [
            typed for typed in self.pending if (typed.source, typed.sales_id) != (source, sales_id)
        ]
        self.desk.set(sheet, row["row"], name, said)
        self.pending.append(Typed(source, sales_id, row["unit_ids"], knew, said))
        if what > 20:
            self.sync()

    def is_about(self, row: dict[str, Any], ticket: dict[str, Any], *, supplier: bool) -> bool:
        return (
            row["line_key"] == ticket["line_key"]
            if supplier
            else bool(self.live_task_ticket(row, {ticket["sales_id"]: ticket}))
        )

    def ticket(self, which: int) -> tuple[str, dict[str, Any]]:
        tickets = list(self.desk.tickets().items())
        live = [pair for pair in tickets if pair[1]["status"] != "CANCELLED"] or tickets
        return live[which % len(live)]

    @rule(first=WHICH, people=st.sampled_from([STAFF, STAFF[:1], STAFF[1:]]))
    def assign(self, first: int, people: tuple[str, ...]) -> None:
        self.sync()
        tasks = [
            t
            for t, s, r in self.desk.rows(STAFF_QUEUE, "task_id", "sales_id", "dist_row")
            if t and s in self.desk.tickets() and r
        ]
        if not tasks:
            return
        chosen = tasks[first % len(tasks) :] or tasks
        touched = {
            s: self.desk.tickets()[s]["delivery"]
            for t, s in self.desk.rows(STAFF_QUEUE, "task_id", "sales_id")
            if t in chosen
        }
        del touched
        done = carry_out(
            self.desk.store,
            dispatch.staff_assign(
                people,
                task_ids=chosen,
                matches=(),
                unassigned=False,
                from_person="",
                priority="",
                reopen=False,
            ),
            self.desk.run(),
        )
        assert sorted(done.plan.result.tasks) == sorted(chosen)
        self.build("staff")

    @rule(company=st.sampled_from(["Acme Travel", "Bolt Tours"]))
    def accept(self, company: str) -> None:
        mine = {
            s: t
            for s, t in self.desk.tickets().items()
            if t["company"] == company and t["status"] != "CANCELLED"
        }
        ready = {s: "ACCEPTED" for s, t in mine.items() if t["delivery"] in ("SENT", "UPLOADED")}
        job = dispatch.client_accept(company, (), None)
        if not ready:
            with pytest.raises((RuleError, NotFoundError)):
                carry_out(self.desk.store, job, self.desk.run())
            return
        self.dispatch(job, (), everything=False, touched=ready)

    # --- trade goes on meanwhile

    @rule(
        what=st.sampled_from(["unallocate", "allocate", "allocate", "cancel", "sell", "resize"]),
        which=WHICH,
        more=WHICH,
    )
    def trade(self, what: str, which: int, more: int) -> None:
        if what == "unallocate":
            self.unallocate(which)
        elif what == "allocate":
            self.allocate(which, f"PR000{1 + more % 3}-S01", 1 + more % 2)
        elif what == "cancel":
            self.cancel(which)
        elif what == "sell":
            self.sell(("Acme Travel", "Bolt Tours VIP")[which % 2], 1 + more % 2)
        else:
            self.resize(which, bool(more % 2))

    def unallocate(self, which: int) -> None:
        sales_id, _ = self.ticket(which)
        self.office(
            allocation.override_unallocate(
                sales_id.partition("-")[0], "moved", set_id="", keep_seats=False, force=True
            )
        )

    def allocate(self, which: int, set_id: str, quantity: int) -> None:
        waiting = [
            sales_id for sales_id, ticket in self.desk.tickets().items() if not ticket["unit_ids"]
        ]
        if waiting:
            sale = waiting[which % len(waiting)].partition("-")[0]
            self.office(allocation.allocate_commit(sale, Choice(sets=((set_id, quantity),))))

    def cancel(self, which: int) -> None:
        if which % 4 == 0:
            sales_id, _ = self.ticket(which // 4)
            self.office(selling.sale_cancel(sales_id.partition("-")[0], "off", force=True))

    def sell(self, client: str, quantity: int) -> None:
        if len(self.desk.tickets()) < 12:
            self.desk.sell(("M01", "Cat 1", quantity), client=client, contract="")

    def resize(self, which: int, grow: bool) -> None:
        """A sale is made larger, or smaller by a ticket without a unit."""
        sales = [row for row in self.desk.frame(SALES).to_dicts() if row["status"] != "CANCELLED"]
        if not sales:
            return
        sale = sales[which % len(sales)]
        last = self.desk.tickets().get(f"{sale['sales_id']}-{int(sale['number'])}")
        if grow and sale["number"] < 4:
            self.desk.set(SALES, sale["row"], "number", sale["number"] + 1)
            self.office(selling.sale_expand())
        elif not grow and sale["number"] > 1 and last and not last["unit_ids"]:
            self.desk.set(SALES, sale["row"], "number", sale["number"] - 1)
            self.office(selling.recon_run())
            for row, action in self.desk.rows(SALES_RECON_AUDIT, "row", "action"):
                if action == "DELETE_CANDIDATE":
                    self.desk.set(SALES_RECON_AUDIT, row, "process_now", True)
            self.office(selling.recon_apply())

    # --- what always holds

    @invariant()
    def the_audit_is_clean(self) -> None:
        snapshot = self.desk.store.read(DISTRIBUTION, UNITS)
        now = id(snapshot[DISTRIBUTION]), id(snapshot[UNITS])
        if now != self.audited:
            self.audited = now
            assert self.desk.codes() == []
