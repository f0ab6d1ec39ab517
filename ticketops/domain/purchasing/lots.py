"""A purchase and its units, while they are expanded (§3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from msgspec import Struct, field

from ticketops.domain.ticket.owners import Facts, facts, facts_of


class Seat(NamedTuple):
    """Where a unit is; what is not known of it is None."""

    block: str | None
    seat_row: str | None
    seat: str | None


NO_SEAT = Seat(None, None, None)


class Copied(NamedTuple):
    """What a unit copies from its purchase, by the names of the columns."""

    match: str | None
    game: str | None
    vendor: str | None
    contract: str | None
    category: str | None


class AuditRow(NamedTuple):
    """A row of _PURCHASE_UNITS_AUDIT, by the names of its columns."""

    timestamp: datetime
    run_id: str
    issue: str
    purchase_id: str | None
    source_row: int | None
    set_id: str | None
    match: str | None
    vendor: str | None
    contract: str | None
    category: str | None
    purchases_qty: int
    allocated: int
    units_before: int
    units_after: int
    unit_ids: str | None


PURCHASE_COLUMNS = (
    "date",
    "match",
    "game",
    "vendor",
    "contract",
    "category",
    "number",
    "price",
    "total",
    "purchase_id",
    "currency",
    "notes",
    "user",
    "created_at",
    "purchase_order_id",
    "total_computed",
    "inv_no",
    "sub_game",
)

UNIT_COLUMNS = (
    "unit_id",
    "match",
    "game",
    "vendor",
    "contract",
    "category",
    "source_row",
    "created_at",
    "status",
    "set_id",
    "set_size",
    "set_pos",
    "purchase_id",
    "inv_no",
    "sub_game",
    *Seat._fields,
)


class Unit(Struct):
    """A row of _PURCHASE_UNITS. protected: whether it may neither be removed nor follow its
    purchase; values: its columns."""

    row: int
    unit_id: str
    status: str
    protected: bool
    set_id: str | None
    set_pos: int
    values: dict[str, Any]

    @property
    def facts(self) -> Facts:
        """What it is compared by."""
        return facts_of(self.values)


class Purchase(Struct):
    """A row of Purchases that asks for units."""

    row: int
    index: int
    purchase_id: str
    quantity: int
    copied: Copied
    inv_no: str | None = None
    sub_game: str | None = None
    units: list[Unit] = field(default_factory=list)
    had_id: bool = False
    """Whether its PurchaseID stood in the sheet before."""
    disputed: bool = False
    """Whether there are units that may be its own, but do not say so: none is made for it."""
    seats: Sequence[Seat] = ()
    """The seats of its units, in the order of their SetPos, where they are known."""
    unread: bool = False
    """Whether its row can't be read: its units stay as they are."""

    @property
    def facts(self) -> Facts:
        """What it is compared by."""
        copied = self.copied
        return facts(copied.match, copied.category, copied.vendor, copied.contract)

    @property
    def set_id(self) -> str | None:
        """The SetID of its units; None while it has none."""
        return next(
            (
                unit.set_id
                for unit in sorted(self.units, key=lambda unit: (unit.set_pos, unit.row))
                if unit.set_id
            ),
            None,
        )


def listed(unit_ids: Iterable[str]) -> str | None:
    """UnitIDs as a cell: `P00001, P00002`; long lists as their first and last."""
    known = sorted(unit_ids)
    if len(known) > 50:
        return f"{known[0]} … {known[-1]} ({len(known)})"
    return ", ".join(known) or None
