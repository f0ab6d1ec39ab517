"""One sample workbook, put together: pools → sales → allocation → purchases → rows of every
sheet."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from ticketops.books.canonical import Row, SheetContent, write_workbook
from ticketops.books.report_sheets import position_grid
from ticketops.books.sample import history, queues
from ticketops.books.sample.allocation import NOW, Chunk, carry_out, choose
from ticketops.books.sample.ledgers import (
    distribution_rows,
    lay_out,
    ordered,
    purchase_rows,
    sale_rows,
    unit_rows,
)
from ticketops.books.sample.market import Pool, fit_stock, make_pools
from ticketops.books.sample.names import matthias_addresses
from ticketops.books.sample.schedule import schedule_rows
from ticketops.books.sample.shape import Shape, Size, shape_of
from ticketops.books.sample.trade import Purchase, Sale, Ticket, make_purchases, make_sales
from ticketops.domain.reporting.figures import Position, PositionLine, figures_of
from ticketops.schema.layouts import event as sheets
from ticketops.schema.layouts.event import EVENT, STRAY_UNITS_HEADER
from ticketops.schema.layouts.event.columns import INV_NO
from ticketops.schema.layouts.event.ledgers import DISTRIBUTION_SHEET, PURCHASES_SHEET, UNITS_SHEET

_DISTRIBUTION_HEADERS = tuple(
    "AlloFromCategory" if text == "AllocFromCategory" else text
    for text in DISTRIBUTION_SHEET.canonical_headers
)
"""With the misspelling of the real workbook (§5a)."""
_PURCHASES_HEADERS: Row = (*PURCHASES_SHEET.canonical_headers, INV_NO.header)
_UNITS_HEADERS: Row = (*UNITS_SHEET.canonical_headers, STRAY_UNITS_HEADER, INV_NO.header)


@dataclass(frozen=True, slots=True)
class _Records:
    pools: list[Pool]
    purchases: list[Purchase]
    sales: list[Sale]
    chunks: list[Chunk]
    layout: Sequence[Ticket | Purchase]


def make_sample(path: Path, size: Size, seed: int = 2026, *, orders_only: bool = False) -> None:
    """Write a sample workbook with the layout and the quirks of the real one (§16b), all of it made
    up.

    The same size and seed give the same file. orders_only: only what people enter (schedule,
    purchases, sales, reference lists), so that `purchase expand` and `sale expand` have everything
    to do.
    """
    shape = shape_of(size)
    records = _records(shape, seed)
    contents = _orders(records, shape, seed, allocated=not orders_only)
    if not orders_only:
        contents |= _what_follows(records, shape, seed)
    write_workbook(path, EVENT.about("WC2026"), contents, created=NOW)


def _records(shape: Shape, seed: int) -> _Records:
    rng = random.Random(seed)
    pools = make_pools(rng, shape)
    sales = make_sales(rng, pools)
    chosen = choose(rng, pools, sales, shape)
    fit_stock(rng, pools, shape)
    purchases = make_purchases(rng, pools, shape)
    chunks = carry_out(rng, chosen, purchases, sales, shape)
    _leave_passwords(purchases)
    return _Records(pools, purchases, sales, chunks, lay_out(rng, purchases, sales, shape.markers))


def _leave_passwords(purchases: Sequence[Purchase]) -> None:
    """Three small sets in use carry a password in plain text, one of them in the older of the two
    columns."""
    used = [p for p in purchases if p.number <= 8 and any(unit.ticket for unit in p.units)][:3]
    for number, purchase in enumerate(used, start=1):
        purchase.email = purchase.email or f"legacy{number}@accounts.example.com"
        purchase.password = f"Sample-Pass-{number:02d}"
    if used:
        used[-1].legacy_password, used[-1].password = used[-1].password, None


def _orders(
    records: _Records, shape: Shape, seed: int, *, allocated: bool
) -> dict[str, SheetContent]:
    """What people enter. The quirks of the headers stand in every sample."""
    addresses = matthias_addresses(_stream(seed, "matthias"), shape.matthias)
    return {
        sheets.SCHEDULE: SheetContent(schedule_rows(shape.footnote_row)),
        sheets.PURCHASES: SheetContent(purchase_rows(records.purchases), _PURCHASES_HEADERS),
        sheets.SALES: SheetContent(sale_rows(records.sales, allocated=allocated)),
        sheets.DISTRIBUTION: SheetContent(headers=_DISTRIBUTION_HEADERS),
        sheets.UNITS: SheetContent(headers=_UNITS_HEADERS),
        sheets.VENDOR_CREDENTIALS: SheetContent(
            [
                _credential("Viagogo", "mm-buyer-01", "Sample-Login-01", NOW - timedelta(days=9)),
                _credential("StubHub", "mm-buyer-02", "Sample-Login-02", NOW - timedelta(days=61)),
            ]
        ),
        sheets.MATTHIAS_EMAILS: SheetContent([(address,) for address in addresses]),
    }


def _what_follows(records: _Records, shape: Shape, seed: int) -> dict[str, SheetContent]:
    """What expansion, allocation and earlier runs made of it."""
    purchases, sales = records.purchases, records.sales
    issues = history.old_issues(_stream(seed, "issues"), sales, shape.issues)
    recon = {
        name: SheetContent(
            history.recon_rows(_stream(seed, "recon"), name, sales, shape.recon_rows)
        )
        for name in (sheets.SALES_PARENT_RECON, sheets.SALES_RECON_AUDIT)
    }
    return recon | {
        sheets.DISTRIBUTION: SheetContent(distribution_rows(records.layout), _DISTRIBUTION_HEADERS),
        sheets.UNITS: SheetContent(unit_rows(purchases), _UNITS_HEADERS),
        sheets.STAFF_QUEUE: SheetContent(
            queues.staff_rows(_stream(seed, "staff"), sales, shape.staff_tasks)
        ),
        sheets.SUPPLIER_QUEUE: SheetContent(queues.supplier_rows(purchases, shape.supplier_rows)),
        sheets.ALLOC_LOG: SheetContent(
            history.alloc_log_rows(records.chunks, sales, shape.alloc_log)
        ),
        sheets.ALLOCATION_AUDIT: SheetContent(
            history.audit_rows(issues, len(records.layout), purchases)
        ),
        sheets.REPAIR_LOG: SheetContent(history.repair_rows(issues, shape.repairs)),
        sheets.ALLOCATION_PREVIEW: SheetContent(queues.preview_rows(sales, purchases)),
        sheets.PURCHASE_META: SheetContent(
            history.purchase_meta_rows(purchases, shape.purchase_meta)
        ),
        sheets.IMPORT_META: SheetContent(history.import_meta_rows(sales, shape.import_meta)),
        sheets.REPORT_POSITION: SheetContent(position_grid(position_of(records.pools), NOW)),
    }


def position_of(pools: Sequence[Pool]) -> Position:
    """The position report of the pools."""
    lines = [
        _position_line(pool)
        for pool in sorted(pools, key=lambda pool: (int(pool.match.code[1:]), pool.category))
    ]
    return Position(*map(sum, zip(*map(figures_of, lines), strict=True)), lines=lines)


def _position_line(pool: Pool) -> PositionLine:
    short = pool.open - pool.available
    unsent = pool.allocated - pool.sent
    return PositionLine(
        match=pool.match.code,
        category=pool.category,
        sold=pool.sold,
        sent=pool.sent,
        open=pool.open,
        available=pool.available,
        oversold=max(0, short),
        surplus=max(0, -short),
        allocated_unsent=unsent,
        true_shortage=max(0, short - unsent),
    )


def _credential(vendor: str, login: str, password: str, updated: datetime) -> Row:
    address = f"{login.removeprefix('mm-').replace('-', '')}@accounts.example.com"
    return ordered(
        sheets.VENDOR_CREDENTIALS,
        {
            "vendor": vendor,
            "login_id": login,
            "email": address,
            "password": password,
            "active": True,
            "updated_at": updated,
        },
    )


def _stream(seed: int, purpose: str) -> random.Random:
    """Random numbers of their own for each purpose, so that one sheet does not depend on another
    being written first."""
    return random.Random(f"{seed}/{purpose}")
