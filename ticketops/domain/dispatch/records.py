"""Rows of the sheets that dispatch works on, with what is about to be changed in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from ticketops.domain.plan import Plan
from ticketops.model import ids, states
from ticketops.schema.tables import Snapshot, Table
from ticketops.schema.workbook import DISTRIBUTION, SCHEDULE, UNITS

GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")
"""What a client types (AB–AF of §7)."""


class Record:
    """One row of a sheet: `record["name"]` is its value with the pending changes, `before` what the sheet holds."""

    __slots__ = ("after", "before", "key", "moves")

    def __init__(self, key: str, before: dict[str, Any]) -> None:
        self.key, self.before = key, before
        self.after: dict[str, Any] = {}
        self.moves: tuple[str | None, ...] = ()
        """The states that its Delivery went through."""

    def __getitem__(self, name: str) -> Any:
        return self.after[name] if name in self.after else self.before[name]

    def set(self, name: str, value: Any) -> bool:
        """Change a cell; whether that is a change."""
        if self[name] == value:
            return False
        self.after[name] = value
        if name == "delivery":
            self.moves += (value,)
        return True

    def write(self, plan: Plan, sheet: str) -> None:
        """Put what changed into the plan."""
        if self.after:
            cells = {name: (self.before[name], value) for name, value in self.after.items()}
            plan.changes.set(sheet, self.before["row"], self.key, cells, {"delivery": self.moves[:-1]})


def records(table: Table, key: str, columns: Sequence[str] = ()) -> Iterator[Record]:
    """The rows of a table that have this key, in sheet order."""
    names = tuple(dict.fromkeys(("row", key, *(columns or (column.name for column in table.sheet.columns)))))
    for values in table.frame.select(names).iter_rows(named=True):
        if values[key]:
            yield Record(values[key], values)


TICKET_COLUMNS = (
    "row", "sales_id", "row_type", "vendor", "email", "password", "contract", "tix", "acc_tix", "date", "match", "game", "company",
    "inv_no", "category", "alloc_from", "sets", "qty", "block", "seat_row", "seat", "status", "run_id", "unit_ids", "unit_count",
    *GUEST, "delivery", "dispatch_status", "dispatch_notes", "dispatched_at", "accepted_at", "accepted_by", "src_row", "child",
    "line_key", "source_sale_id", "device", "process_now", "sold",
)  # fmt: skip


def tickets(snapshot: Snapshot) -> dict[str, Record]:
    """{SalesID: ticket} of Distribution, in sheet order; of two rows with one SalesID the first."""
    found: dict[str, Record] = {}
    for record in records(snapshot[DISTRIBUTION], "sales_id", TICKET_COLUMNS):
        if record["row_type"] != "Purchases" and ids.SALES_ID.fullmatch(record.key) and "-" in record.key:
            found.setdefault(record.key, record)
    return found


def units(snapshot: Snapshot) -> dict[str, dict[str, Any]]:
    """{UnitID: unit}; of two rows with one UnitID the first."""
    columns = ("row", "unit_id", "vendor", "email", "password", "password_legacy", "login_id", "contract", "match", "game", "category",
               "block", "seat_row", "seat", "status", "set_id", "set_pos")  # fmt: skip
    found: dict[str, dict[str, Any]] = {}
    for values in snapshot[UNITS].frame.select(columns).iter_rows(named=True):
        if values["unit_id"]:
            found.setdefault(values["unit_id"], values)
    return found


def unit_of(ticket: Record) -> str:
    """The UnitID that serves a ticket, empty where it has none."""
    return next(iter(ids.split_unit_ids(ticket["unit_ids"])), "")


def is_live(ticket: Record) -> bool:
    """Whether the ticket is still owed to its client."""
    return bool(ticket["status"] != states.CANCELLED)


def parent_of(sales_id: str) -> str:
    """S147-3 → S147."""
    return sales_id.partition("-")[0]


def in_order(of: Iterable[Record], dates: dict[str, datetime]) -> list[Record]:
    """Tickets as their readers like them: by the day of the match, then by sale and child."""

    def place(ticket: Record) -> tuple[Any, ...]:
        match = ticket["match"] or ""
        number = ids.parse_sales_id(ticket.key)
        return dates.get(match, datetime.max), match, number.number, number.child or 0

    return sorted(of, key=place)


def match_dates(snapshot: Snapshot) -> dict[str, datetime]:
    """{match code: its day} of the schedule."""
    frame = snapshot[SCHEDULE].frame.select("match", "date").drop_nulls()
    return {ids.normalise_match(match): date for match, date in frame.iter_rows()}
