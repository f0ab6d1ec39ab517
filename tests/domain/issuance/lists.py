"""Lists of passengers without files: built, filled in and read back in memory."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from tests.desk import Desk
from tests.tickets import office, row_of
from ticketops.domain.dispatch.field_edits import Outcome
from ticketops.domain.issuance.name_edits import take
from ticketops.domain.issuance.name_lists import NameLists
from ticketops.domain.issuance.tracker import Tracker
from ticketops.domain.plan import Plan
from ticketops.engine.job import Job
from ticketops.model import roles
from ticketops.model.changes import ChangeSet
from ticketops.schema.book_layouts import Book, Returned, ReturnedRow, digest
from ticketops.schema.layout import ISSUANCE_KIND
from ticketops.schema.layouts.event import BOOK_EDITS, BOOKS
from ticketops.schema.layouts.issuance import PASSENGERS, TICKETS
from ticketops.schema.structure import with_structure
from ticketops.services import name_lists
from ticketops.stores.base import Entry


def passengers(*names: str) -> dict[str, list[dict[str, Any]]]:
    """A booking B1 of Acme with these passengers, BP00001 …, and their tickets TK00001 …, on EK."""
    number = range(1, len(names) + 1)
    return {
        "_AIRLINES": [{"prefix": "176", "airline": "EK", "name": "Emirates", "name_length": 30}],
        "Bookings": [{"booking_id": "B1", "client": "Acme", "group": "G", "balance": 0.0}],
        "BookingPassengers": [
            {"passenger_id": f"BP{n:05d}", "booking_id": "B1", "name": name}
            for n, name in zip(number, names, strict=True)
        ],
        "GroupFlights": [
            {
                "flight_id": "GF1",
                "group": "G",
                "leg": 1,
                "airline": "EK",
                "flight": "EK1",
                "departs": datetime(2026, 7, 1, 9),
                "pnr": "AB12CD",
            }
        ],
        "TicketRecords": [
            {
                "ticket_id": f"TK{n:05d}",
                "booking_id": "B1",
                "passenger_id": f"BP{n:05d}",
                "name": name,
                "original_name": name,
                "state": "NOT_READY",
            }
            for n, name in zip(number, names, strict=True)
        ],
    }


class ListDesk:
    """An office that hands out lists and takes them back."""

    def __init__(self, rows: Mapping[str, Any]) -> None:
        self.desk: Desk = office(rows, role=roles.OPS_MANAGER)
        self.plan = Plan()

    def lists(self) -> NameLists:
        layout = self.desk.store.layout
        snapshot = self.desk.store.read(*layout.names, strict=False)
        return NameLists(Tracker(snapshot, self.desk.run()))

    def hand_out(self, party: str = "booking B1") -> Returned:
        """The list of a party as it comes back untouched."""
        run = self.desk.run()
        book = replace(self.lists().book(party), book_id=run.new_uuid(), built_at=run.now)
        snapshot = self.desk.store.read(BOOKS, strict=False)
        changes = ChangeSet()
        columns = ("book_id", "kind", "party", "file", "base")
        row = (book.book_id, "names", party, "x.xlsx", book.base_hash())
        changes.append(BOOKS, snapshot[BOOKS].next_row, columns, [row])
        entry = Entry(run.run_id, "issuance names build", run.user, run.now)
        self.desk.store.commit(with_structure(changes, snapshot), snapshot.revision, entry)
        return returned(book)

    def pull(self, *files: Returned, **more: Any) -> list[str]:
        """What became of what they say that is new."""
        told: list[Outcome] = []

        def plan(snapshot: Any, run: Any) -> Plan:
            made = Plan()
            told[:] = take(Tracker(snapshot, run), files, made, **more)[1]
            return made

        job = Job(
            "issuance.names.pull",
            plan,
            name_lists._LEDGERS,
            name_lists._LISTS,
            works_on=(ISSUANCE_KIND,),
        )
        self.plan = self.desk.do(job)
        return [outcome.name for outcome in told]

    def codes(self) -> list[str]:
        """The codes of what was found, but for what is of no weight."""
        return [one.code for one in self.plan.findings if one.severity > 0]

    def person(self, number: int = 1) -> dict[str, Any]:
        return row_of(self.desk, PASSENGERS, "passenger_id", f"BP{number:05d}")

    def ticket(self, number: int = 1) -> dict[str, Any]:
        return row_of(self.desk, TICKETS, "ticket_id", f"TK{number:05d}")

    def edits(self) -> list[dict[str, Any]]:
        found = self.desk.store.read(BOOK_EDITS, strict=False)[BOOK_EDITS].frame.to_dicts()
        return list(found)

    def type(self, sheet: str, key: str, **cells: Any) -> None:
        """What somebody types into the workbook."""
        snapshot = self.desk.store.read(sheet)
        declared = snapshot[sheet].sheet
        (row,) = (
            one
            for one in snapshot[sheet].frame.iter_rows(named=True)
            if one[declared.key or ""] == key
        )
        changes, run = ChangeSet(), self.desk.run()
        changes.set(sheet, row["row"], key, {k: (row[k], v) for k, v in cells.items()})
        entry = Entry(run.run_id, "by hand", run.user, run.now)
        self.desk.store.commit(with_structure(changes, snapshot), snapshot.revision, entry)


def returned(book: Book) -> Returned:
    """A book as a file that nobody touched says it."""
    typed = book.layout.typed
    rows = [
        ReturnedRow(n, row.key, row.key, {name: row.values.get(name) for name in typed})
        for n, row in enumerate(book.rows, start=4)
    ]
    places = {name: book.layout.by_name[name].position - 1 for name in typed}
    base = book.base()
    return Returned("list.xlsx", "hash", "names", book.book_id, rows, base, (), places)


def filled(file: Returned, number: int = 1, **cells: Any) -> Returned:
    """The file with cells of a passenger filled in."""
    key = f"TK{number:05d}"
    rows = [
        replace(row, values={**row.values, **cells}) if row.key == key else row
        for row in copy.copy(file.rows)
    ]
    return replace(file, rows=rows, file_hash=digest(repr(rows)))
