"""Rows of the sheets that dispatch works on, with what is about to be changed in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from types import MappingProxyType
from typing import Any

from ticketops.domain.plan import Plan
from ticketops.domain.ticket.identity import is_ticket
from ticketops.model import ids, states
from ticketops.schema.layouts.event import DISTRIBUTION, UNITS
from ticketops.schema.tables import Snapshot

GUEST = ("client_notes", "first_name", "last_name", "client_email", "comment")
"""What a client types (AB–AF of §7)."""


class Record:
    """One row of a sheet: `record["name"]` is its value with the pending changes, `before` what the
    sheet holds."""

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
            plan.changes.set(
                sheet, self.before["row"], self.key, cells, {"delivery": self.moves[:-1]}
            )


def records(rows: Iterable[dict[str, Any]], key: str) -> Iterator[Record]:
    """The rows that have this key, in their order."""
    return (Record(row[key], row) for row in rows if row[key])


TICKET_COLUMNS = (
    "row",
    "sales_id",
    "row_type",
    "vendor",
    "email",
    "password",
    "contract",
    "tix",
    "acc_tix",
    "date",
    "match",
    "sub_game",
    "game",
    "company",
    "inv_no",
    "category",
    "alloc_from",
    "sets",
    "qty",
    "block",
    "seat_row",
    "seat",
    "status",
    "run_id",
    "unit_ids",
    "unit_count",
    *GUEST,
    "delivery",
    "dispatch_status",
    "dispatch_notes",
    "dispatched_at",
    "accepted_at",
    "accepted_by",
    "src_row",
    "child",
    "line_key",
    "source_sale_id",
    "device",
    "process_now",
    "sold",
)


def tickets(snapshot: Snapshot) -> dict[str, Record]:
    """{SalesID: ticket} of Distribution, as `tickets_among` has them."""
    return tickets_among(snapshot[DISTRIBUTION].frame.select(TICKET_COLUMNS).iter_rows(named=True))


def tickets_among(
    rows: Iterable[dict[str, Any]], before: Mapping[str, Record] = MappingProxyType({})
) -> dict[str, Record]:
    """{SalesID: ticket} of the rows of Distribution, in their order; of two rows with one SalesID the
    first. before: tickets of earlier: a row of one of them is one."""
    found: dict[str, Record] = {}
    for record in records(rows, "sales_id"):
        known = before.get(record.key)
        if (known is not None and known.before is record.before) or is_ticket(record):
            found.setdefault(record.key, record)
    return found


@dataclass(frozen=True, slots=True)
class StockUnit:
    """A row of `_PURCHASE_UNITS`, as far as dispatch needs it. The passwords are as they stand
    there: sealed, or plain."""

    unit_id: str
    vendor: str | None = None
    email: str | None = None
    password: str | None = field(default=None, repr=False)
    password_legacy: str | None = field(default=None, repr=False)
    login_id: str | None = None
    contract: str | None = None
    match: str | None = None
    game: str | None = None
    category: str | None = None
    block: str | None = None
    seat_row: str | None = None
    seat: str | None = None
    status: str | None = None
    set_id: str | None = None
    set_pos: int | None = None
    inv_no: str | None = None
    allocated_at: datetime | None = None
    sub_game: str | None = None


def units(snapshot: Snapshot) -> dict[str, StockUnit]:
    """{UnitID: unit}; of two rows with one UnitID the first."""
    found: dict[str, StockUnit] = {}
    for values in snapshot[UNITS].frame.select([one.name for one in fields(StockUnit)]).iter_rows():
        unit = StockUnit(*values)
        if unit.unit_id:
            found.setdefault(unit.unit_id, unit)
    return found


def is_live(ticket: Record) -> bool:
    """Whether the ticket is still owed to its client."""
    return bool(ticket["status"] != states.CANCELLED)


def in_order(of: Iterable[Record], place: Callable[[Record], tuple[Any, ...]]) -> list[Record]:
    """Tickets as their readers like them: by when it is that they are for (place), then by sale and
    child."""

    def position(ticket: Record) -> tuple[Any, ...]:
        number = ids.parse_sales_id(ticket.key)
        return *place(ticket), number.number, number.child or 0

    return sorted(of, key=position)
