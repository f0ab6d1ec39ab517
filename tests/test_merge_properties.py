"""Clients, suppliers, staff and the office write in any order, and their books come back in any order: nothing is lost in silence.

Books stay in memory: a built book is kept as the `Book` it is, and a file on the shelf is a number that stands for a book and what
somebody typed into it. All the rest is the product: hearing, settling, `_BOOKS`, `_BOOK_EDITS`, the shelf, the transaction.

Before every run the machine works out on its own, from Delivery's moves (D7) and from who knew what, what each cell must hold
afterwards and what must be reported, and then compares.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from copy import copy as copied
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from tests.desk import Desk
from ticketops.config import Settings
from ticketops.domain.allocation.commit import Choice
from ticketops.domain.plan import Plan, Run
from ticketops.domain.procurement import PurchaseLine
from ticketops.domain.sales import Order, SaleLine
from ticketops.errors import NotFoundError, RuleError
from ticketops.schema.books import Book, Returned, ReturnedRow
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import (
    BOOK_EDITS,
    CLIENT_INPUTS,
    DISTRIBUTION,
    SALES,
    SALES_RECON_AUDIT,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.services import books, dispatch, jobs, places
from ticketops.services.shelf import hash_of
from ticketops.services.transaction import Done, Job, carry_out
from ticketops.stores.memory import MemoryStore

DAY = datetime(2026, 4, 17)
GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")
FIELD = {"dispatch_status": "delivery", "staff_notes": "dispatch_notes"}
D7 = {
    "NOT_SENT": ("PENDING", "SENT", "UPLOADED", "ISSUE"),
    "PENDING": ("NOT_SENT", "SENT", "UPLOADED", "ISSUE"),
    "UPLOADED": ("SENT", "ACCEPTED", "ISSUE"),
    "SENT": ("ACCEPTED", "ISSUE"),
    "ISSUE": ("NOT_SENT", "PENDING", "SENT", "UPLOADED"),
    "ACCEPTED": ("ISSUE",),
}
SUPPLIERS = {"Salvi Tickets": "SALVI", "Povami": "POVAMI"}
STAFF = ("ada@desk.example", "ben@desk.example")
WHICH = st.integers(0, 60)
"""Picks one of however many there are."""
CELLS = st.lists(st.tuples(WHICH, WHICH, st.integers(0, 9)), min_size=2, max_size=8)
"""(row, column, what) of what is typed into a book."""


def may(source: str, ours: str, theirs: str, *, manager: bool = False) -> bool:
    """Whether a party may move Delivery so (D7)."""
    if theirs == "UPLOADED" and source != "supplier":
        return False
    if source == "client":
        return ours in ("SENT", "UPLOADED") and theirs in ("ACCEPTED", "ISSUE")
    if ours == "ACCEPTED":
        return source == "office" and manager and theirs == "ISSUE"
    return theirs in D7[ours]


def seen(source: str, delivery: str | None) -> str:
    """Staff know no UPLOADED (§17)."""
    return "SENT" if source == "staff" and delivery == "UPLOADED" else delivery or "NOT_SENT"


@dataclass
class Copy:
    """A copy of a book that somebody has: what was typed into it, by (row of the book, column)."""

    book: Book
    typed: dict[tuple[int, str], str] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return self.book.layout.kind

    def text(self, row: int, column: str) -> str:
        """What a cell says."""
        base = self.book.rows[row].values.get(column)
        return self.typed.get((row, column), "" if base is None else str(base))

    def key(self, row: int) -> str:
        return str(self.book.rows[row].values.get(self.book.layout.key) or "")

    def returned(self, name: str) -> Returned:
        """As the reader of files would hand it over."""
        layout = self.book.layout
        rows = []
        for number, row in enumerate(self.book.rows):
            values: dict[str, Any] = {column: row.values.get(column) for column in layout.typed}
            values |= {column: self.typed[number, column] for column in layout.typed if (number, column) in self.typed}
            spare = str(row.values.get(layout.spare_key) or "") if layout.spare_key else ""
            rows.append(ReturnedRow(4 + number, self.key(number), spare, {c: v for c, v in values.items() if v not in (None, "")}))
        places = {column.name: column.place - 1 for column in layout.columns if column.typed}
        return Returned(name, name, layout.kind, self.book.book_id, rows, self.book.base(), (), places)


class Files:
    """Files that hold no more than a number; what it stands for is kept here."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="merge-"))
        self._numbers = itertools.count(1)
        self._copies: dict[str, Copy] = {}

    def write_book(self, book: Book, path: Path, *, reveal: Any = None) -> None:
        del reveal
        self.save(path, Copy(book))

    def save(self, path: Path, copy: Copy) -> None:
        number = str(next(self._numbers))
        self._copies[number] = Copy(copy.book, dict(copy.typed))
        path.write_text(number)

    def load(self, path: Path) -> Copy:
        copy = self._copies[path.read_text()]
        return Copy(copy.book, dict(copy.typed))

    def read_returned(self, paths: Sequence[Path], kind: str = "", *, told: Any = None) -> list[Returned]:
        del kind, told
        return [replace(self.load(path).returned(path.name), file_hash=hash_of(path)) for path in paths]


class QuickStore(MemoryStore):
    """A sheet that holds what it held before is not built again."""

    _tables: ClassVar[dict[Any, Any]] = {}

    def read(self, *sheets: str, strict: bool = True) -> Snapshot:
        tables = {}
        for name in sheets:
            key = name, strict, tuple(map(tuple, self.rows(name))) if name in self._sheets else None
            if key not in self._tables:
                if len(self._tables) > 300:
                    self._tables.clear()
                self._tables[key] = super().read(name, strict=strict)[name]
            tables[name] = self._tables[key]
        return Snapshot(self.revision(), tables)


class Office(Desk):
    """A manager's desk with a shelf of books."""

    def __init__(self, like: Office | None = None) -> None:
        super().__init__(QuickStore(like.store._sheets if like else None))
        self.files = Files()
        if like:
            shutil.copytree(like.files.folder, self.files.folder, dirs_exist_ok=True)
            self.files._copies = dict(like.files._copies)
            self.files._numbers, self._minutes, self._uuids = map(copied, (like.files._numbers, like._minutes, like._uuids))
        self.store.home, self.store.state_folder = self.files.folder, self.files.folder / "event.xlsx.ticketops"
        self.shelf = self.files.folder / "books"
        self.settings = Settings(workbook=self.files.folder / "event.xlsx", user="tester", role="ops_manager", books=self.shelf)
        self._patches = [
            mock.patch.object(places, "write_book", self.files.write_book),
            mock.patch.object(places, "read_returned", self.files.read_returned),
        ]
        for patch in self._patches:
            patch.start()

    def close(self, *, keep: bool = False) -> None:
        while self._patches:
            self._patches.pop().stop()
        if keep:
            atexit.register(shutil.rmtree, self.files.folder, ignore_errors=True)
        else:
            shutil.rmtree(self.files.folder, ignore_errors=True)

    def run(self) -> Run:
        return replace(super().run(), role="ops_manager")

    def supply(self, vendor: str, quantity: int, match: str = "M01") -> Plan:
        return self.do(jobs.purchase_add([PurchaseLine(match, vendor, "000777", "Cat 1", quantity, Decimal(100), "USD", DAY)]))

    def order(self, client: str, quantity: int, match: str = "M01") -> Plan:
        return self.do(jobs.sale_add(Order(client, "USD", DAY), [SaleLine(match, "Cat 1", quantity, Decimal(350))]))

    def build(self, kind: str, *names: str) -> Done:
        return self.done(books.build(self.store, self.settings, kind, names, folder=self.shelf))

    def pull(self, *copies: Copy) -> Done:
        return self.done(self.pulling(*copies))

    def pulling(self, *copies: Copy) -> Job:
        paths = []
        for number, copy in enumerate(copies):
            path = self.files.folder / f"returned {number}.xlsx"
            self.files.save(path, copy)
            paths.append(path)
        return books.pull(self.store, self.settings, paths)

    def sync(self) -> Done:
        return self.done(books.sync(self.store, self.settings))

    def standing(self) -> list[Path]:
        return sorted(self.shelf.glob("*.xlsx"))

    def copy_of(self, kind: str, party: str) -> Copy:
        """A copy of the book that stands on the shelf."""
        for path in self.standing():
            copy = self.files.load(path)
            if (copy.kind, copy.book.party) == (kind, party):
                return copy
        raise AssertionError(f"no book of {party}")

    def tickets(self) -> dict[str, dict[str, Any]]:
        return {t["sales_id"]: t for t in self.frame(DISTRIBUTION).to_dicts() if t["sales_id"]}

    def cells(self) -> dict[str, dict[tuple[int, int], Any]]:
        """Every cell that is not empty, of the sheets that have any."""
        found = {
            name: {(r, c): v for r, row in enumerate(self.store.rows(name)) for c, v in enumerate(row) if v is not None}
            for name in self.store.sheet_names()
        }
        return {name: cells for name, cells in found.items() if cells}


def trading() -> Office:
    """Two clients with three tickets each; four units each of two suppliers and of a vendor whose tickets staff send."""
    desk = Office()
    for vendor in (*SUPPLIERS, "Viagogo"):
        desk.supply(vendor, 4)
    for vendor, key in SUPPLIERS.items():
        desk.do(dispatch.supplier_map(key, [vendor], []))
    desk.order("Acme Travel", 3)
    desk.order("Bolt Tours", 3)
    return desk


REPORTS = ("CONFLICT", "REFUSED", "BEHIND", "OVERTAKEN", "JOINED", "CLOSED_CELL", "OTHER_UNIT", "FOREIGN_ROW", "UNKNOWN_ROW",
           "CANCELLED_ROW", "BAD_EMAIL", "STALE_TASK", "RESTORED", "SAID_BEFORE")  # fmt: skip


@dataclass(frozen=True)
class May:
    """What a cell may hold after a word, and whether a report is due."""

    value: str | None
    reported: bool = False


def heard_text(now: str | None, knew: str, said: str) -> list[May]:
    if said == (now or ""):
        return [May(now)]
    return [May(said or None)] if knew == (now or "") else [May(now, True)]


def heard_delivery(source: str, now: str, knew: str, said: str) -> list[May]:
    """Who did not know of an ISSUE does not take it away; else the later word counts, and is reported."""
    if not said or said == seen(source, now):
        return [May(now)]
    if not may(source, now, said):
        return [May(now, True)]
    if knew == seen(source, now):
        return [May(said)]
    return [May(now, True)] if now == "ISSUE" else [May(said, True)]


@dataclass
class Typed:
    """What the office typed into a row of a queue, until it is heard."""

    source: str
    sales_id: str
    unit: str
    knew: str
    said: str


class Expected:
    """What cells may hold after a run, worked out word by word from what they hold before it."""

    def __init__(self, tickets: dict[str, dict[str, Any]]) -> None:
        self.tickets = tickets
        self.cells: dict[tuple[str, str], set[May]] = {}
        self.rows: set[str] = set()
        """Tickets of which something is to be reported whatever happens."""
        self.spoken_of: set[str] = set()
        self.lost: list[tuple[str, str, str, str]] = []
        """(BookID, SalesID, field, text) of every word: it is in the master or in `_BOOK_EDITS`."""

    def word(self, sales_id: str, name: str, then: Callable[[str | None], list[May]], first: str | None) -> None:
        self.spoken_of.add(sales_id)
        before = self.cells.get((sales_id, name), {May(first)})
        self.cells[sales_id, name] = {May(after.value, after.reported or known.reported) for known in before for after in then(known.value)}


@functools.cache
def _begun() -> Office:
    """Two sales with units of all vendors, guests of half of them, their tasks handed out, and all books built."""
    desk = trading()
    desk.do(jobs.allocate_commit("S1", Choice(sets=(("PR0001-S01", 1), ("PR0003-S01", 2)))))
    desk.do(jobs.allocate_commit("S2", Choice(sets=(("PR0002-S01", 2), ("PR0003-S01", 1)))))
    for sales_id in ("S1-1", "S1-2", "S2-1", "S2-3"):
        row = desk.tickets()[sales_id]["row"]
        desk.set(DISTRIBUTION, row, "client_email", f"{sales_id.lower()}@guest.example")
        desk.set(DISTRIBUTION, row, "first_name", f"First {sales_id}")
    desk.sync()
    desk.do(dispatch.staff_assign(STAFF, task_ids=(), matches=(), unassigned=True, from_person="", priority="", reopen=False))
    for kind in ("client", "supplier", "staff"):
        desk.build(kind)
    desk.close(keep=True)
    return desk


class Dispatch(RuleBasedStateMachine):
    """Everybody writes."""

    def __init__(self) -> None:
        super().__init__()
        self.desk = Office()
        self.copies: list[Copy] = []
        self.said: dict[tuple[str, str, str], list[str]] = {}
        """{(BookID, SalesID, field): what files of that book said, the newest last}."""
        self.said_by: dict[tuple[str, str, str], set[int]] = {}
        """Which copies (by identity) said so: a copy that did not is unsure ground."""
        self.pending: list[Typed] = []
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
        """Notes go with their ticket; what was typed of another unit than the ticket has now is stale."""
        now = self.desk.tickets()
        self.notes = {sales_id: notes for sales_id, notes in self.notes.items() if sales_id in now}
        self.pending = [typed for typed in self.pending if typed.sales_id in now]

    def hear(self, copies: Iterable[Copy], expected: Expected) -> set[str]:
        """What the copies say, in order, by the rules of this test; the tickets that a word was heard of."""
        heard = set()
        lines = {ticket["line_key"]: sales_id for sales_id, ticket in expected.tickets.items()}
        tasks = {task["task_id"]: task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["task_id"]}
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
                    if (number, c) in copy.typed and copy.typed[number, c] != Copy(copy.book).text(number, c)
                ]
                if ticket is None:
                    continue
                unit = ticket["unit_ids"] or ""
                if (copy.kind == "supplier" and owner.get(unit) != copy.book.party) or ticket["status"] == "CANCELLED":
                    if changed:
                        expected.rows.add(sales_id)
                    continue
                for column in sorted(copy.book.layout.typed, key=lambda c: FIELD.get(c, c) != "delivery"):
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
                        if text != (seen(copy.kind, stands) if name == "delivery" else stands or ""):
                            expected.rows.add(sales_id)
                        expected.spoken_of.add(sales_id)
                        continue
                    if (column not in row.open and not history) or (name == "delivery" and row.unit_id and row.unit_id != unit):
                        expected.rows.add(sales_id)
                        continue
                    unsure = bool(history) and id(copy) not in self.said_by.get(at, set())
                    self.said.setdefault(at, []).append(text)
                    self.said_by.setdefault(at, set()).add(id(copy))
                    heard.add(sales_id)
                    expected.lost.append((copy.book.book_id, sales_id, name, text))
                    self.one_word(expected, copy.kind, sales_id, name, task, last, text, unsure=unsure)
        return heard

    def one_word(self, expected: Expected, kind: str, sales_id: str, name: str, task: Any, knew: str, text: str, *, unsure: bool) -> None:
        ticket = expected.tickets[sales_id]
        if name == "delivery":
            expected.word(
                sales_id,
                name,
                lambda now: heard_delivery(kind, now or "NOT_SENT", knew, text),
                ticket["delivery"] or "NOT_SENT",
            )
        elif name == "dispatch_notes":
            expected.spoken_of.add(sales_id)
            if unsure:  # two copies of one book that differ: `test_copies_of_one_book_that_differ`
                self.notes.pop(sales_id, None)
            else:
                self.notes.setdefault(sales_id, []).append(text.rpartition(" | ")[2])
        elif name == "proof_url":
            expected.spoken_of.add(sales_id)
            expected.word(task["task_id"], name, lambda now: heard_text(now, knew, text), task["proof_url"])
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
            expected.word(
                typed.sales_id, "delivery",
                lambda now, typed=typed, base=base: heard_delivery(typed.source, now or "NOT_SENT", base, typed.said),
                ticket["delivery"] or "NOT_SENT",
            )  # fmt: skip
        self.pending = [typed for typed in self.pending if scope is not None and typed.sales_id not in scope]

    def restore(self, expected: Expected, scope: set[str] | None) -> None:
        """A ticket whose guest is gone gets it back from the vault, and that is said."""
        vault = {row["sales_id"]: row for row in self.desk.frame(CLIENT_INPUTS).to_dicts()}
        for sales_id, ticket in expected.tickets.items():
            kept = vault.get(sales_id)
            group = " ".join((ticket["company"] or "").casefold().split())
            if (
                (scope is not None and sales_id not in scope)
                or kept is None
                or kept["client_group"] != group
                or ticket["status"] == "CANCELLED"
            ):
                continue
            said = [{may_be.value for may_be in expected.cells.get((sales_id, name), {May(None)})} for name in GUEST]
            if any(ticket[name] for name in GUEST) or any(None not in values for values in said):
                continue
            unsure = any(len(values) > 1 for values in said)
            for name in GUEST:
                if kept[name]:
                    expected.spoken_of.add(sales_id)
                    if not unsure:
                        expected.rows.add(sales_id)
                        expected.cells[sales_id, name] = set()
                    expected.cells.setdefault((sales_id, name), {May(None)}).add(May(kept[name], True))

    def dispatch(self, job: Job, copies: Sequence[Copy], *, everything: bool, touched: dict[str, str] | None = None) -> Done:
        """Run a job of dispatch and compare. touched: {SalesID: Delivery} of what the office says by it."""
        before = self.desk.tickets()
        expected = Expected(before)
        for sales_id, delivery in (touched or {}).items():
            expected.cells[sales_id, "delivery"] = {May(delivery)}
        scope = self.hear(copies, expected) | set(touched or {})
        self.hear_queues(expected, None if everything else scope)
        self.restore(expected, None if everything else scope)
        done = carry_out(self.desk.store, job, self.desk.run())
        self.compare(expected, done.plan)
        if everything:
            self.all_agree()
        return done

    def compare(self, expected: Expected, plan: Plan) -> None:
        after = self.desk.tickets()
        assert list(after) == list(expected.tickets), "dispatch made or lost a ticket"
        told = {finding.sales_id for finding in plan.findings if finding.code in REPORTS}
        tasks = {task["task_id"]: task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["task_id"]}
        for sales_id, ticket in expected.tickets.items():
            for name in (*GUEST, "delivery"):
                now = after[sales_id][name] or ("NOT_SENT" if name == "delivery" else None)
                allowed = expected.cells.get((sales_id, name), {May(ticket[name] or ("NOT_SENT" if name == "delivery" else None))})
                fits = [may_be for may_be in allowed if may_be.value == now]
                assert fits, f"{sales_id} {name}: {now!r}, but {sorted(str(a.value) for a in allowed)} were to be expected"
                if all(may_be.reported for may_be in fits):
                    assert sales_id in told, f"{sales_id} {name}: {now!r} in silence"
            for text in self.notes.get(sales_id, ()):
                assert text in (after[sales_id]["dispatch_notes"] or ""), f"{sales_id}: the note {text!r} is lost"
        for (task_id, name), allowed in expected.cells.items():
            if name == "proof_url":
                assert tasks[task_id]["proof_url"] in {may_be.value for may_be in allowed}
        assert expected.rows <= told, f"nothing said about {expected.rows - told}"
        quiet = told - expected.rows - expected.spoken_of
        assert not {sales_id for sales_id in quiet if sales_id in expected.tickets} - self.closed_again(plan), f"said for nothing: {quiet}"
        edits = self.desk.frame(BOOK_EDITS).to_dicts()
        kept = {(edit["book_id"], edit["sales_id"], name, edit[name] or "") for edit in edits for name in (edit["fields"] or "").split(",")}
        last = {word[:3]: word for word in expected.lost}  # of two copies of one book in one run only the last is kept, for now
        for word in last.values():
            assert word in kept, f"{word} is not in {BOOK_EDITS}"

    def closed_again(self, plan: Plan) -> set[str]:
        """Tickets whose row is refused for itself, whatever it says, and those whose task speaks of another unit."""
        return {finding.sales_id for finding in plan.findings if finding.code in ("FOREIGN_ROW", "STALE_TASK")}

    def owners(self) -> dict[str, str]:
        return {unit: SUPPLIERS.get(vendor, "") for unit, vendor in self.desk.rows(UNITS, "unit_id", "vendor") if unit}

    def live_task_ticket(self, task: dict[str, Any], tickets: dict[str, dict[str, Any]]) -> str:
        ticket = tickets.get(task["sales_id"])
        return task["sales_id"] if ticket and task["dist_row"] in (ticket["row"],) else ""

    def all_agree(self) -> None:
        """After everything was settled: the queues and the vault say what Distribution says."""
        tickets, owner = self.desk.tickets(), self.owners()
        tasks = [task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["task_id"]]
        assert len({task["task_id"] for task in tasks}) == len(tasks)
        live = {sales_id: task for task in tasks if (sales_id := self.live_task_ticket(task, tickets))}
        for sales_id, ticket in tickets.items():
            unit = ticket["unit_ids"]
            if task := live.get(sales_id):
                for name in ("client_email", "first_name", "last_name", "unit_ids", "dispatched_at"):
                    assert task[name] == ticket[name], (sales_id, name)
                assert task["dispatch_status"] == seen("staff", ticket["delivery"])
                assert task["staff_notes"] == ticket["dispatch_notes"]
            elif ticket["status"] != "CANCELLED":
                assert not (unit and ticket["client_email"] and not owner[unit]), f"{sales_id} has no task"
            assert (ticket["dispatch_status"] or "NOT_SENT") == (ticket["delivery"] or "NOT_SENT")
        rows = [row for row in self.desk.frame(SUPPLIER_QUEUE).to_dicts() if row["supplier_key"]]
        assert sorted(row["unit_ids"] for row in rows) == sorted(u for u, status in self.desk.rows(UNITS, "unit_id", "status")
                                                                if u and owner[u] and status not in ("CANCELLED", "REPLACED"))  # fmt: skip
        by_unit = {ticket["unit_ids"]: ticket for ticket in tickets.values() if ticket["unit_ids"]}
        for row in rows:
            ticket = by_unit.get(row["unit_ids"])
            assert row["supplier_key"] == owner[row["unit_ids"]]
            assert row["company"] == "MIRRA"
            for name in ("delivery", "client_email", "first_name", "last_name", "line_key", "dispatched_at", "dispatch_notes"):
                assert row[name] == (ticket[name] if ticket else None), (row["unit_ids"], name)
        vault = {row["sales_id"]: row for row in self.desk.frame(CLIENT_INPUTS).to_dicts() if row["sales_id"]}
        for sales_id, ticket in tickets.items():
            if ticket["status"] != "CANCELLED" and any(ticket[name] for name in GUEST):
                assert all(vault[sales_id][name] == ticket[name] for name in (*GUEST, "accepted_at", "accepted_by"))

    # --- the beginning

    @initialize()
    def start(self) -> None:
        self.desk.close()
        self.desk = Office(_begun())
        self.copies = [self.desk.files.load(path) for path in self.desk.standing()]

    # --- books go out

    @rule(kind=st.sampled_from(["client", "supplier", "staff"]))
    def build(self, kind: str) -> None:
        standing = [copy for path in self.desk.standing() if (copy := self.desk.files.load(path)).kind == kind]
        standing = [copy for copy in standing if copy.typed]
        job = books.build(self.desk.store, self.desk.settings, kind, (), folder=self.desk.shelf)
        tickets = self.desk.tickets()
        tasks = [task for task in self.desk.frame(STAFF_QUEUE).to_dicts() if task["assigned_to"]]
        live = [sales_id for task in tasks if (sales_id := self.live_task_ticket(task, tickets))]
        if kind == "staff" and not any(tickets[sales_id]["status"] != "CANCELLED" for sales_id in live):
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
        rows = [number for number, r in enumerate(copy.book.rows) if r.open or (what == 0 and r.key)]
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
        return {"client_email": f"g{n}@guest.example", "proof_url": f"https://proof.example/{n}"}.get(name, f"{name[:2]}{n}")

    # --- books come back

    @rule(which=st.lists(WHICH, min_size=1, max_size=3), undone=st.booleans(), twice=st.booleans())
    def pull(self, which: list[int], undone: bool, twice: bool) -> None:
        copies = list({id(copy): copy for nth in which if self.copies for copy in [self.copies[nth % len(self.copies)]]}.values())
        if not copies:
            return
        job = self.desk.pulling(*copies)
        if undone:
            before = self.desk.cells()
            if carry_out(self.desk.store, job, self.desk.run()).written:
                self.desk.undo()
            assert self.desk.cells() == before
        self.dispatch(job, copies, everything=False)
        if twice:
            before = self.desk.cells()
            again = [copy for copy in copies if sum(copy.book.book_id == other.book.book_id for other in copies) == 1]
            for copy in again:
                assert not self.desk.pull(copy).written, "the same file says something new"
            assert self.desk.cells() == before

    @rule()
    def sync(self) -> None:
        standing = [copy for path in self.desk.standing() if (copy := self.desk.files.load(path)).typed]
        standing = self.in_order_of_books(standing)
        job = books.sync(self.desk.store, self.desk.settings)
        self.dispatch(job, standing, everything=True)
        again = self.desk.sync()
        assert not again.plan.changes
        assert {book["state"] for book in again.plan.result["books"]} <= {"unchanged"}

    def in_order_of_books(self, copies: list[Copy]) -> list[Copy]:
        order = {book_id: n for n, book_id in enumerate(self.desk.rows("_BOOKS", "book_id"))}
        return sorted(copies, key=lambda copy: order[copy.book.book_id])

    # --- the office

    @rule(which=WHICH, name=st.sampled_from((*GUEST, "delivery", "dispatch_notes")), what=st.integers(0, 9))
    def office_types(self, which: int, name: str, what: int) -> None:
        """Into Distribution. Whoever types over another's words sees them."""
        sales_id, ticket = self.ticket(which)
        now = ticket[name] or ""
        if name == "delivery":
            moves = [to for to in D7[now or "NOT_SENT"] if may("office", now or "NOT_SENT", to, manager=True)]
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
        by_unit = {ticket["unit_ids"]: sales_id for sales_id, ticket in tickets.items() if ticket["unit_ids"]}
        found = [(row, by_unit[row["unit_ids"]]) for row in self.desk.frame(sheet).to_dicts() if row["unit_ids"] in by_unit]
        found = [(row, sales_id) for row, sales_id in found if self.is_about(row, tickets[sales_id], supplier=supplier)]
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
        self.pending = [typed for typed in self.pending if (typed.source, typed.sales_id) != (source, sales_id)]
        self.desk.set(sheet, row["row"], name, said)
        self.pending.append(Typed(source, sales_id, row["unit_ids"], knew, said))
        if what > 20:
            self.sync()

    def is_about(self, row: dict[str, Any], ticket: dict[str, Any], *, supplier: bool) -> bool:
        return row["line_key"] == ticket["line_key"] if supplier else bool(self.live_task_ticket(row, {ticket["sales_id"]: ticket}))

    def ticket(self, which: int) -> tuple[str, dict[str, Any]]:
        tickets = list(self.desk.tickets().items())
        live = [pair for pair in tickets if pair[1]["status"] != "CANCELLED"] or tickets
        return live[which % len(live)]

    @rule(first=WHICH, people=st.sampled_from([STAFF, STAFF[:1], STAFF[1:]]))
    def assign(self, first: int, people: tuple[str, ...]) -> None:
        self.sync()
        tasks = [t for t, s, r in self.desk.rows(STAFF_QUEUE, "task_id", "sales_id", "dist_row") if t and s in self.desk.tickets() and r]
        if not tasks:
            return
        chosen = tasks[first % len(tasks) :] or tasks
        touched = {s: self.desk.tickets()[s]["delivery"] for t, s in self.desk.rows(STAFF_QUEUE, "task_id", "sales_id") if t in chosen}
        del touched
        done = carry_out(self.desk.store, dispatch.staff_assign(people, task_ids=chosen, matches=(), unassigned=False, from_person="",
                                                               priority="", reopen=False), self.desk.run())  # fmt: skip
        assert sorted(done.plan.result["tasks"]) == sorted(chosen)
        self.build("staff")

    @rule(company=st.sampled_from(["Acme Travel", "Bolt Tours"]))
    def accept(self, company: str) -> None:
        mine = {s: t for s, t in self.desk.tickets().items() if t["company"] == company and t["status"] != "CANCELLED"}
        ready = {s: "ACCEPTED" for s, t in mine.items() if t["delivery"] in ("SENT", "UPLOADED")}
        job = dispatch.client_accept(company, (), None)
        if not ready:
            with pytest.raises((RuleError, NotFoundError)):
                carry_out(self.desk.store, job, self.desk.run())
            return
        self.dispatch(job, (), everything=False, touched=ready)

    # --- trade goes on meanwhile

    @rule(what=st.sampled_from(["unallocate", "allocate", "allocate", "cancel", "sell", "resize"]), which=WHICH, more=WHICH)
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
        self.office(jobs.override_unallocate(sales_id.partition("-")[0], "moved", set_id="", keep_seats=False, force=True))

    def allocate(self, which: int, set_id: str, quantity: int) -> None:
        waiting = [sales_id for sales_id, ticket in self.desk.tickets().items() if not ticket["unit_ids"]]
        if waiting:
            sale = waiting[which % len(waiting)].partition("-")[0]
            self.office(jobs.allocate_commit(sale, Choice(sets=((set_id, quantity),))))

    def cancel(self, which: int) -> None:
        if which % 4 == 0:
            sales_id, _ = self.ticket(which // 4)
            self.office(jobs.sale_cancel(sales_id.partition("-")[0], "off", force=True))

    def sell(self, client: str, quantity: int) -> None:
        if len(self.desk.tickets()) < 12:
            self.desk.order(client, quantity)

    def resize(self, which: int, grow: bool) -> None:
        """A sale is made larger, or smaller by a ticket without a unit."""
        sales = [row for row in self.desk.frame(SALES).to_dicts() if row["status"] != "CANCELLED"]
        if not sales:
            return
        sale = sales[which % len(sales)]
        last = self.desk.tickets().get(f"{sale['sales_id']}-{int(sale['number'])}")
        if grow and sale["number"] < 4:
            self.desk.set(SALES, sale["row"], "number", sale["number"] + 1)
            self.office(jobs.sale_expand())
        elif not grow and sale["number"] > 1 and last and not last["unit_ids"]:
            self.desk.set(SALES, sale["row"], "number", sale["number"] - 1)
            self.office(jobs.recon_run())
            for row, action in self.desk.rows(SALES_RECON_AUDIT, "row", "action"):
                if action == "DELETE_CANDIDATE":
                    self.desk.set(SALES_RECON_AUDIT, row, "process_now", True)
            self.office(jobs.recon_apply())

    # --- what always holds

    @invariant()
    def the_audit_is_clean(self) -> None:
        snapshot = self.desk.store.read(DISTRIBUTION, UNITS)
        now = id(snapshot[DISTRIBUTION]), id(snapshot[UNITS])
        if now != self.audited:
            self.audited = now
            assert self.desk.codes() == []


def _two_copies() -> tuple[Office, Copy, Copy]:
    desk = Office(_begun())
    book = desk.copy_of("client", "acme travel").book
    return desk, Copy(book), Copy(book)


@pytest.mark.parametrize("column", GUEST)
def test_copies_of_one_book(column: str) -> None:
    """Two people fill in the same file. The one who left a cell as it was does not clear the other's, at least not in silence."""
    desk, filled, untouched = _two_copies()
    text = "a@guest.example" if column == "client_email" else "Ana"
    filled.typed[2, column] = text
    desk.pull(filled)
    plan = desk.pull(untouched).plan
    desk.close()
    assert desk.tickets()["S1-3"][column] == text or {"S1-3"} <= {finding.sales_id for finding in plan.findings}


def test_copies_of_one_book_that_differ() -> None:
    desk, first, second = _two_copies()
    first.typed[2, "first_name"], second.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(first)
    plan = desk.pull(second).plan
    desk.close()
    assert "S1-3" in {finding.sales_id for finding in plan.findings if finding.code != "INCOMPLETE"}


def test_copies_of_one_book_in_one_pull_are_both_kept() -> None:
    """Both lose against what the office typed meanwhile; both can be read up."""
    desk, first, second = _two_copies()
    desk.set(DISTRIBUTION, desk.tickets()["S1-3"]["row"], "first_name", "Ida")
    first.typed[2, "first_name"], second.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(first, second)
    desk.close()
    assert desk.tickets()["S1-3"]["first_name"] == "Ida"
    assert {"Ana", "Eva"} <= set(desk.rows(BOOK_EDITS, "first_name"))


def test_a_reader_takes_back_what_he_typed() -> None:
    """In the same file, before he got a newer one. That may as well be an older copy: then at least it is reported."""
    desk, copy, _ = _two_copies()
    copy.typed[2, "comment"] = "aisle, please"
    desk.pull(copy)
    copy.typed[2, "comment"] = ""
    plan = desk.pull(copy).plan
    desk.close()
    assert desk.tickets()["S1-3"]["comment"] == "aisle, please"
    assert "NOT_TAKEN_BACK" in {finding.code for finding in plan.findings}


def test_copies_of_books_that_were_built_one_after_the_other() -> None:
    """A book is built anew, filled in and pulled; then the older one comes back, filled in differently. Both words are kept."""
    desk = Office(_begun())
    older = desk.copy_of("client", "acme travel")
    desk.set(DISTRIBUTION, desk.tickets()["S1-3"]["row"], "block", "A")
    desk.sync()
    newer = desk.copy_of("client", "acme travel")
    assert older.book.book_id != newer.book.book_id
    older.typed[2, "first_name"], newer.typed[2, "first_name"] = "Ana", "Eva"
    desk.pull(newer)
    plan = desk.pull(older).plan
    desk.close()
    assert [(f.code, f.sales_id) for f in plan.findings if f.code == "CONFLICT"] == [("CONFLICT", "S1-3")]
    assert desk.tickets()["S1-3"]["first_name"] == "Eva"
    said = [edit for edit in desk.frame(BOOK_EDITS).to_dicts() if edit["sales_id"] == "S1-3"]
    assert [(edit["book_id"], edit["first_name"], edit["outcome"]) for edit in said] == [
        (newer.book.book_id, "Eva", "taken"), (older.book.book_id, "Ana", "first_name: conflict: kept what stood there")]  # fmt: skip


def test_who_has_no_task_any_more_is_still_heard() -> None:
    """Ben's tasks go to Ada while his book stands there filled in: `staff build` reads it, and leaves him an empty one."""
    desk = Office(_begun())
    his = desk.copy_of("staff", "ben@desk.example")
    task = his.key(0)
    his.typed[0, "proof_url"] = "https://proof.example/ben"
    desk.files.save(next(path for path in desk.standing() if "ben@" in path.name), his)
    desk.do(dispatch.staff_assign(STAFF[:1], task_ids=[task], matches=(), unassigned=False, from_person="", priority="", reopen=False))
    desk.build("staff")
    left = desk.copy_of("staff", "ben@desk.example").book.rows
    desk.close()
    assert dict(desk.rows(STAFF_QUEUE, "task_id", "proof_url"))[task] == "https://proof.example/ben"
    assert task not in {row.key for row in left}


def _settings(examples: int, steps: int) -> settings:
    return settings(max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck))


def test_any_order() -> None:
    run_state_machine_as_test(Dispatch, settings=_settings(30, 25))


@pytest.mark.slow
def test_any_order_at_length() -> None:
    run_state_machine_as_test(Dispatch, settings=_settings(300, 30))
