"""The four ledgers of a sample as rows: Purchases, Sales, _PURCHASE_UNITS and Distribution.

In: records. Out: tuples in the layout's canonical column order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from ticketops.books.canonical import Row, Value
from ticketops.books.sample.names import MATTHIAS_VENDORS
from ticketops.books.sample.trade import Purchase, Sale, Ticket, Unit
from ticketops.model import states
from ticketops.schema.layouts.event import DISTRIBUTION, EVENT, PURCHASES, SALES, UNITS

_MASK = "Matthias"
_MASKED = frozenset(address.casefold() for address in MATTHIAS_VENDORS)
_DEVICES = ("iPhone 3", "iPhone 7", "Android 1", "Laptop 2")


_FURTHER: dict[str, tuple[str | None, ...]] = {PURCHASES: ("inv_no",), UNITS: (None, "inv_no")}
"""Columns beyond the canonical ones; in units, the stray one lies between."""


@lru_cache
def _names(sheet: str) -> tuple[str | None, ...]:
    return (
        *(column.name for column in EVENT[sheet].columns if not column.extension),
        *_FURTHER.get(sheet, ()),
    )


def ordered(sheet: str, values: Mapping[str, Value]) -> Row:
    """Named values as a row of the sheet; what is not named is empty."""
    return tuple(values.get(name) if name else None for name in _names(sheet))


def purchase_rows(purchases: Sequence[Purchase]) -> Iterator[Row]:
    for p in purchases:
        yield ordered(
            PURCHASES,
            {
                "date": p.date,
                "match": p.pool.match.code,
                "game": p.pool.match.game,
                "vendor": p.vendor.name,
                "contract": p.contract,
                "category": p.pool.category,
                "number": p.number,
                "price": p.price,
                "total": p.number * p.price,
                "purchase_id": p.purchase_id,
                "inv_no": p.inv_no,
            },
        )


def sale_rows(sales: Sequence[Sale], *, allocated: bool) -> Iterator[Row]:
    """allocated: with their Status as it is; otherwise as if nothing had been allocated yet."""
    for s in sales:
        yield ordered(
            SALES,
            {
                "date": s.date,
                "match": s.pool.match.code,
                "game": s.pool.match.game,
                "client": s.client,
                "contract": s.contract,
                "category": s.pool.category,
                "number": s.number,
                "price": s.price,
                "total": s.number * s.price,
                "status": s.status if allocated else states.UNALLOCATED,
                "run_id": s.run_id,
                "sales_id": s.sales_id,
                "notes": s.notes,
                "source_sale_id": s.source_sale_id,
            },
        )


def unit_rows(purchases: Sequence[Purchase]) -> Iterator[Row]:
    for purchase in purchases:
        for unit in purchase.units:
            yield ordered(UNITS, _unit_values(unit))


def _unit_values(unit: Unit) -> dict[str, Value]:
    purchase = unit.purchase
    block, seat_row, seat = unit.seat
    return {
        "unit_id": unit.unit_id,
        "match": purchase.pool.match.code,
        "game": purchase.pool.match.game,
        "vendor": purchase.vendor.name,
        "contract": purchase.contract,
        "category": purchase.pool.category,
        "source_row": purchase.index,
        "created_at": purchase.created_at,
        "status": unit.status,
        "sales_id": unit.ticket.sales_id if unit.ticket else None,
        "allocated_at": unit.allocated_at,
        "alloc_note": unit.note,
        "set_id": purchase.set_id,
        "set_size": purchase.number,
        "set_pos": unit.position,
        "password_legacy": purchase.legacy_password,
        "block": block,
        "seat_row": seat_row,
        "seat": seat,
        "purchase_id": purchase.purchase_id,
        "email": purchase.email,
        "password": purchase.password,
        "login_id": purchase.login,
        "inv_no": purchase.inv_no,
    }


def lay_out(
    rng: random.Random, purchases: Sequence[Purchase], sales: Sequence[Sale], markers: int
) -> list[Ticket | Purchase]:
    """What each data row of Distribution shows, and the tickets' `row` set: the tickets of all
    sales and, from times when purchases were entered here too, `markers` purchases, in order of
    their dates."""
    old = sorted(rng.sample(purchases, markers), key=lambda purchase: purchase.index)
    rows: list[Ticket | Purchase] = []
    for sale in sales:
        while old and old[0].date <= sale.date:
            rows.append(old.pop(0))
        rows += sale.tickets
    rows += old
    for number, item in enumerate(rows, start=EVENT[DISTRIBUTION].header_row + 1):
        if isinstance(item, Ticket):
            item.row = number
    return rows


def distribution_rows(rows: Sequence[Ticket | Purchase]) -> Iterator[Row]:
    for item in rows:
        yield ordered(
            DISTRIBUTION, ticket_values(item) if isinstance(item, Ticket) else _marker_values(item)
        )


def ticket_values(ticket: Ticket) -> dict[str, Any]:
    """A ticket as Distribution shows it: what its sale says, what allocation wrote (§5b step 9),
    what people added."""
    sale = ticket.sale
    values: dict[str, Any] = {
        "sales_id": ticket.sales_id,
        "row_type": "Sales",
        "date": sale.date,
        "match": sale.pool.match.code,
        "game": sale.pool.match.game,
        "company": sale.client,
        "category": sale.pool.category,
        "sets": sale.number if ticket.child == 1 else 0,
        "qty": 1,
        "sold": False,
        "process_now": False,
        "status": ticket.status,
        "run_id": ticket.run_id,
        "notes": ticket.notes,
        "client_notes": ticket.client_notes,
        "comment": ticket.comment,
        "delivery": ticket.delivery,
        "dispatch_notes": ticket.dispatch_notes,
        "dispatched_at": ticket.dispatched_at,
        "src_row": sale.row,
        "child": ticket.child,
        "alloc_from": sale.upgraded_to,
        "source_sale_id": sale.source_sale_id,
        "line_key": ticket.line_key,
    }
    if ticket.guest:
        values["first_name"], values["last_name"], values["client_email"] = ticket.guest
    if ticket.delivery in states.DISPATCHED:
        values["dispatch_status"] = ticket.delivery
    if ticket.unit:
        purchase = ticket.unit.purchase
        values["block"], values["seat_row"], values["seat"] = ticket.unit.seat
        values["vendor"], values["email"] = masked(purchase)
        values |= {
            "password": purchase.password or purchase.legacy_password,
            "contract": purchase.contract,
            "tix": 1,
            "acc_tix": sale.upgraded_to or sale.pool.category,
            "unit_ids": ticket.unit.unit_id,
            "unit_count": 1,
            "inv_no": purchase.inv_no,
        }
    return values


def masked(purchase: Purchase) -> tuple[str, str | None]:
    """Vendor and Email as Distribution shows them (§14f)."""
    name = purchase.vendor.name
    return (_MASK, name) if name.casefold() in _MASKED else (name, purchase.email)


def address(purchase: Purchase) -> str | None:
    """The address that the vendor's login has; a masked vendor is called by it."""
    return purchase.email or (
        purchase.vendor.name if purchase.vendor.name.casefold() in _MASKED else None
    )


def _marker_values(purchase: Purchase) -> dict[str, Any]:
    vendor, email = masked(purchase)
    return {
        "device": _DEVICES[purchase.index % len(_DEVICES)],
        "vendor": vendor,
        "email": email,
        "contract": purchase.contract,
        "tix": purchase.number,
        "row_type": "Purchases",
        "date": purchase.date,
        "match": purchase.pool.match.code,
        "game": purchase.pool.match.game,
        "category": purchase.pool.category,
        "qty": purchase.number,
        "sold": False,
    }
