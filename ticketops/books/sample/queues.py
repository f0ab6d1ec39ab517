"""The queues of a sample as rows: staff tasks, the suppliers' rows, two allocation previews.

In: records. Out: tuples in the layout's canonical column order.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import chain, islice
from typing import Any

from ticketops.books.canonical import Row
from ticketops.books.sample.allocation import NOW
from ticketops.books.sample.ledgers import address, ordered, ticket_values
from ticketops.books.sample.trade import Purchase, Sale, Ticket, Unit
from ticketops.model import ids, states
from ticketops.schema.layouts.event import ALLOCATION_PREVIEW, STAFF_QUEUE, SUPPLIER_QUEUE

_COMPANY_SEEN_BY_SUPPLIERS = "MIRRA"
_STAFF = (
    "ana@staff.example.com",
    "ben@staff.example.com",
    "chloe@staff.example.com",
    "dmitri@staff.example.com",
    "eleni@staff.example.com",
    "farid@staff.example.com",
)
_STAFF_STATES = {states.UPLOADED: states.SENT}
"""Staff know no UPLOADED (§17)."""


def staff_rows(rng: random.Random, sales: Sequence[Sale], tasks: int) -> Iterator[Row]:
    """One task a ticket, then older ones of tickets that are gone: children beyond the sale's
    present number."""
    present = (ticket for sale in sales for ticket in sale.tickets)
    for number, ticket in enumerate(islice(chain(present, older_tickets(sales)), tasks), start=1):
        yield _task(rng, number, ticket)


def older_tickets(sales: Sequence[Sale]) -> Iterator[Ticket]:
    """Tickets of times when sales were larger, without end: one more of each sale, then another."""
    further = 0
    while True:
        further += 1
        for sale in sales:
            yield Ticket(sale, sale.number + further)


def _task(rng: random.Random, number: int, ticket: Ticket) -> Row:
    sale, unit = ticket.sale, ticket.unit
    gone = not ticket.row
    values = ticket_values(ticket)
    sent = gone and rng.random() < 0.04
    delivery = states.SENT if sent else ticket.delivery or states.NOT_SENT
    return ordered(
        STAFF_QUEUE,
        {
            "task_id": f"T{number:05d}",
            "sales_id": ticket.sales_id,
            "match": sale.pool.match.code,
            "category": sale.pool.category,
            "sets": values["sets"],
            "qty": 1,
            "company": sale.client,
            "inv_no": values.get("inv_no"),
            "block": values.get("block"),
            "seat_row": values.get("seat_row"),
            "seat": values.get("seat"),
            "vendor_email": address(unit.purchase) if unit else None,
            "vendor_password": values.get("password"),
            "contract": values.get("contract"),
            "first_name": values.get("first_name"),
            "last_name": values.get("last_name"),
            "client_email": values.get("client_email"),
            "assigned_to": rng.choice(_STAFF) if unit or gone or rng.random() < 0.2 else None,
            "priority": rng.choices(states.PRIORITY, (8, 1, 1))[0],
            "dispatch_status": _STAFF_STATES.get(delivery, delivery),
            "dispatched_at": NOW - timedelta(days=rng.randint(20, 90))
            if sent
            else ticket.dispatched_at,
            "staff_notes": "sale was reduced"
            if gone and rng.random() < 0.2
            else ticket.dispatch_notes,
            "dist_row": None if gone else ticket.row,
        },
    )


def supplier_rows(purchases: Sequence[Purchase], count: int) -> Iterator[Row]:
    """The units of suppliers who send tickets themselves, those with a ticket first (§9a). Raises
    ValueError if too few."""
    units = [unit for purchase in purchases if purchase.vendor.supplier for unit in purchase.units]
    units.sort(key=lambda unit: unit.ticket is None)
    if len(units) < count:
        raise ValueError(f"suppliers have {len(units)} units, but {count} are needed")
    for unit in units[:count]:
        yield ordered(SUPPLIER_QUEUE, _supplier_values(unit))


def _supplier_values(unit: Unit) -> dict[str, Any]:
    purchase = unit.purchase
    block, seat_row, seat = unit.seat
    values: dict[str, Any] = {
        "vendor": purchase.vendor.name,
        "contract": purchase.contract,
        "match": purchase.pool.match.code,
        "game": purchase.pool.match.game,
        "inv_no": purchase.inv_no,
        "category": purchase.pool.category,
        "qty": 1,
        "block": block,
        "seat_row": seat_row,
        "seat": seat,
        "unit_ids": unit.unit_id,
    }
    if unit.ticket:
        values = ticket_values(unit.ticket) | {"notes": None, "dist_row": unit.ticket.row}
    return values | {
        "supplier_key": purchase.vendor.supplier,
        "company": _COMPANY_SEEN_BY_SUPPLIERS,
    }


def preview_rows(sales: Sequence[Sale], purchases: Sequence[Purchase]) -> Iterator[Row]:
    """Two previews: one with a choice of sets, one that waits for stock."""
    pending = [sale for sale in sales if sale.status == states.UNALLOCATED]
    run = ids.run_id(NOW)
    fits = next(
        sale
        for sale in pending
        if sum(len(p.free) for p in purchases if p.pool is sale.pool) >= sale.number
    )
    sets = sorted(
        (p for p in purchases if p.pool is fits.pool and p.free),
        key=lambda p: (-len(p.free), p.index),
    )
    proposed = [unit.unit_id for purchase in sets for unit in purchase.free][: fits.number]
    first = fits.tickets[0]
    yield ordered(
        ALLOCATION_PREVIEW,
        {
            "run_id": run,
            "dist_row": first.row,
            "sales_id": first.sales_id,
            "match": fits.pool.match.code,
            "category": fits.pool.category,
            "qty": fits.number,
            "options": " · ".join(
                f"{purchase.set_id}({len(purchase.free)})" for purchase in sets[:6]
            ),
            "proposed": ", ".join(proposed),
        },
    )
    waiting = next(sale for sale in sales if sale.tickets[-1].status == states.WAITING_STOCK)
    last = waiting.tickets[-1]
    yield ordered(
        ALLOCATION_PREVIEW,
        {
            "run_id": run,
            "dist_row": last.row,
            "sales_id": last.sales_id,
            "match": waiting.pool.match.code,
            "category": waiting.pool.category,
            "qty": sum(ticket.unit is None for ticket in waiting.tickets),
            "warnings": states.WAITING_STOCK,
        },
    )
