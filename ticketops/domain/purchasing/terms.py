"""What was agreed of a purchase beside its price (§3): rate, delivery, what was paid before, papers;
and the seats of its units, where they are known when it is entered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any

import polars as pl
from msgspec import Struct, structs

from ticketops.domain.money import accounts, refs
from ticketops.domain.money.ledger import Settled
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.entered import PurchaseLine
from ticketops.domain.purchasing.lots import Seat
from ticketops.errors import RuleError
from ticketops.model import states
from ticketops.model.changes import AppendRows
from ticketops.model.display import counted
from ticketops.model.money import exact, recorded_total
from ticketops.schema.layouts.event import PURCHASES
from ticketops.schema.tables import Snapshot

_SEPARATOR = "; "


class Terms(Struct, frozen=True):
    """What is to be set of a purchase; None: nothing. fx_rate: what one unit of its currency is worth in
    that of the event; deposit: what was paid before any payment; attach: papers, each with its path
    and hash. A rate or deposit of 0 and blank texts clear the cell."""

    fx_rate: Decimal | None = None
    channel: str | None = None
    prepaid: bool | None = None
    deposit: Decimal | None = None
    disputed: bool | None = None
    notes: str | None = None
    attach: tuple[str, ...] = ()

    @property
    def cells(self) -> dict[str, Any]:
        """{column: value} of what is set; attachments apart."""
        given = {
            "fx_rate": None if self.fx_rate is None else float(self.fx_rate),
            "delivery_channel": self.channel,
            "prepaid": self.prepaid,
            "deposit": None if self.deposit is None else float(self.deposit),
            "disputed": self.disputed,
            "notes": self.notes,
        }
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class PurchaseSet:
    """`purchase set`: a purchase as it is from now on. settlement: one of states.SETTLEMENT."""

    purchase_id: str
    vendor: str | None
    currency: str
    total: float
    fx_rate: float | None
    delivery_channel: str | None
    prepaid: bool
    deposit: float | None
    paid: float
    outstanding: float
    settlement: str
    notes: str | None
    attachments: list[str]


def plan_set(snapshot: Snapshot, text: str, terms: Terms, run: Run) -> Plan:
    """Set what was agreed of a purchase. Raises NotFoundError where there is none, RuleError for a
    deposit above what it comes to."""
    ref = refs.purchase(snapshot, text)
    frame = snapshot[PURCHASES].frame.filter(pl.col("purchase_id") == ref)
    row = frame.row(0, named=True)
    _require_deposit(terms, recorded_total(row["number"], row["price"], row["total"]), ref)
    cells = {name: (row[name], value or None) for name, value in terms.cells.items()}
    if terms.attach:
        kept = [*attachments(row["attachments"]), *terms.attach]
        cells["attachments"] = (row["attachments"], _SEPARATOR.join(dict.fromkeys(kept)))
    plan = Plan()
    plan.changes.set(PURCHASES, row["row"], ref, cells)
    after = snapshot.after(plan.changes)
    now = after[PURCHASES].frame.filter(pl.col("purchase_id") == ref).row(0, named=True)
    line = accounts.of_purchases(after, run).by_row()[row["row"]]
    plan.result = PurchaseSet(
        ref,
        now["vendor"],
        line.due.currency,
        float(line.due.total),
        now["fx_rate"],
        now["delivery_channel"],
        bool(now["prepaid"]),
        now["deposit"],
        float(line.due.total - line.outstanding),
        float(line.outstanding),
        settlement(line, disputed=now["disputed"]),
        now["notes"],
        attachments(now["attachments"]),
    )
    return plan


def seated(lines: Sequence[PurchaseLine], seats: Sequence[Seat]) -> list[PurchaseLine]:
    """The lines with these seats for their units, in order. Raises RuleError unless there is one for
    each."""
    units = sum(line.quantity for line in lines)
    if seats and len(seats) != units:
        raise RuleError(
            f"{counted(len(seats), 'seat')} for {counted(units, 'unit')}",
            "give one seat for each unit: --seats 12-14",
        )
    left = iter(seats)
    return [
        structs.replace(line, seats=tuple(islice(left, line.quantity))) if seats else line
        for line in lines
    ]


def with_terms(plan: Plan, terms: Terms) -> Plan:
    """The plan of new purchases with terms for all of them. Raises RuleError for a deposit above what
    one of them comes to."""
    further: dict[str, Any] = {name: value or None for name, value in terms.cells.items()}
    if terms.attach:
        further["attachments"] = _SEPARATOR.join(terms.attach)
    further.pop("notes", None)
    for place, change in enumerate(plan.changes.changes):
        if isinstance(change, AppendRows) and change.sheet == PURCHASES and further:
            for row in change.rows:
                known = dict(zip(change.columns, row, strict=True))
                total = recorded_total(known.get("number"), known.get("price"), known.get("total"))
                _require_deposit(terms, total, known.get("purchase_id") or "")
            plan.changes.changes[place] = _wider(change, further)
    return plan


def attachments(text: str | None) -> list[str]:
    """The papers of an Attachments cell."""
    return [one.strip() for one in (text or "").split(";") if one.strip()]


def settlement(line: Settled, *, disputed: bool | None) -> str:
    """Whether a purchase is paid: one of states.SETTLEMENT."""
    if disputed:
        return states.DISPUTED
    if not line.outstanding:
        return states.SETTLED
    return states.PARTLY_SETTLED if line.outstanding < line.due.total else states.OPEN


def _require_deposit(terms: Terms, total: Decimal, ref: str) -> None:
    if terms.deposit is not None and terms.deposit > exact(float(total)):
        raise RuleError(
            f"a deposit of {terms.deposit:,.2f} is more than {ref} comes to, {total:,.2f}"
        )


def _wider(change: AppendRows, further: Mapping[str, Any]) -> AppendRows:
    """New rows with further cells, the same in each."""
    columns = tuple(dict.fromkeys((*change.columns, *further)))
    rows = []
    for row in change.rows:
        cells = {**dict(zip(change.columns, row, strict=True)), **further}
        rows.append(tuple(cells.get(name) for name in columns))
    return AppendRows(change.sheet, change.first_row, columns, rows)
