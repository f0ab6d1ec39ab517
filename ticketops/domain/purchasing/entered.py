"""Lines of purchases as they are entered (§3), and which columns their rows fill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from ticketops.domain.catalogue.taken import TakenSeats
from ticketops.domain.intake.faults import NOWHERE, Place
from ticketops.domain.purchasing.lots import PURCHASE_COLUMNS, Seat
from ticketops.errors import RuleError
from ticketops.schema.tables import Snapshot

FURTHER = {"reference": "reference", "channel": "delivery_channel", "instructions": "instructions"}
"""{what of a line goes to a column that not every workbook has: the column}."""


class PurchaseLine(Struct, frozen=True):
    """One line of a purchase as it is entered."""

    match: str
    vendor: str
    contract: str
    category: str
    quantity: int
    unit_price: Decimal
    currency: str
    date: datetime
    notes: str = ""
    inv_no: str = ""
    """The vendor's listing number."""
    game: str = ""
    """What the line calls its match."""
    sub_game: str = ""
    """Which sub-game of its match; a match may be given with it, too: `M01/RACE`."""
    place: Place = NOWHERE
    seats: tuple[Seat, ...] = ()
    """The seats of its units, one each; none, or fewer, where they are not known yet."""
    reference: str = ""
    """What the vendor or the platform calls the purchase."""
    channel: str = ""
    """How it is delivered: one of states.DELIVERY_CHANNEL."""
    instructions: str = ""


def filled(rows: Sequence[tuple[Any, ...]]) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """The columns of new rows of Purchases, and the rows: those of FURTHER only where some row has
    them, so that older workbooks get no column for nothing."""
    first = len(PURCHASE_COLUMNS)
    columns = (*PURCHASE_COLUMNS, *FURTHER.values())
    kept = [at for at in range(len(columns)) if at < first or any(row[at] for row in rows)]
    return tuple(columns[at] for at in kept), [tuple(row[at] for at in kept) for row in rows]


class FreeSeats:
    """The seats that no unit has, while lines take theirs one after the other."""

    def __init__(self, snapshot: Snapshot, lines: Sequence[PurchaseLine]) -> None:
        self._taken = TakenSeats(snapshot) if any(line.seats for line in lines) else None

    def take(self, line: PurchaseLine, match: str, sub_game: str | None) -> None:
        """The seats of a line. Raises RuleError for one that another unit of the match, or an earlier
        line, has."""
        if self._taken is None:
            return
        for seat in line.seats:
            if owner := self._taken.take(match, sub_game, seat, str(line.place) or "this purchase"):
                where = self._taken.named(match, sub_game, seat)
                raise RuleError(
                    f"the seat {where} belongs to {owner}",
                    "name another seat, or correct that unit with `ticketops unit seat`",
                )
