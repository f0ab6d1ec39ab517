"""What earlier runs left in a sample: logs, import records, two reconciliations, an old audit and
its repairs.

In: records. Out: tuples in the layout's canonical column order, or the grid of a report.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, islice
from typing import Any, NamedTuple

from ticketops.books.canonical import Row
from ticketops.books.report_sheets import audit_grid
from ticketops.books.sample.allocation import Chunk
from ticketops.books.sample.ledgers import ordered
from ticketops.books.sample.queues import older_tickets
from ticketops.books.sample.trade import Purchase, Sale, Ticket
from ticketops.domain.audit.figures import Audit
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity, count_by_code
from ticketops.schema.layouts.event import (
    ALLOC_LOG,
    DISTRIBUTION,
    IMPORT_META,
    PURCHASE_META,
    REPAIR_LOG,
)

_REIMPORT = datetime(2026, 4, 2, 5, 0, 11)
_RECONCILED = (datetime(2026, 4, 3, 6, 45, 2), datetime(2026, 4, 12, 6, 45, 5))
_AUDITED = datetime(2026, 4, 16, 22, 0, 9)
_USERS = ("ana", "ben", "farid")
_KEEP, _DELETE, _REVIEW, _PROTECTED, _MISSING = states.RECON_ACTION
_ISSUES = (
    ("COUNT_MISMATCH", Severity.HIGH, "AllocatedCount is 0, but AllocatedUnitIDs lists 1"),
    ("PURCHASE_UNIT_MISSING_ALLOCATED_SALES_ID", Severity.HIGH, "{unit} points to no ticket"),
    ("SALES_ID_MISMATCH", Severity.CRITICAL, "{unit} points to another ticket"),
    (
        "STATUS_LOOKS_AVAILABLE_BUT_REFERENCED",
        Severity.MEDIUM,
        "{unit} is referenced but its Status is AVAILABLE",
    ),
)
"""Codes of §12a with what they said at the time."""


def purchase_meta_rows(purchases: Sequence[Purchase], count: int) -> Iterator[Row]:
    """One row a unit when it was made, and one more for the first units, which a re-import made
    anew."""
    again = ((key, _REIMPORT) for key, _made in _unit_keys(purchases))
    for key, made in islice(chain(_unit_keys(purchases), again), count):
        yield ordered(PURCHASE_META, {"unit_key": key, "created_at": made})


def _unit_keys(purchases: Sequence[Purchase]) -> Iterator[tuple[str, datetime]]:
    for p in purchases:
        parts = (p.pool.match.code, p.pool.match.game, p.vendor.name, p.contract, p.pool.category)
        for unit in p.units:
            yield ids.purchase_unit_key(parts, unit.position), p.created_at


def import_meta_rows(sales: Sequence[Sale], count: int) -> list[Row]:
    """The newest `count` tickets with the time of their import."""
    tickets = [ticket for sale in sales for ticket in sale.tickets][-count:]
    return [
        ordered(
            IMPORT_META,
            {
                "row_key": t.line_key,
                "imported_at": t.sale.date + timedelta(days=1, hours=6, minutes=31),
            },
        )
        for t in tickets
    ]


def recon_rows(rng: random.Random, sheet: str, sales: Sequence[Sale], count: int) -> Iterator[Row]:
    """Two earlier reconciliations, one below the other: every ticket, and a few that had to go."""
    keys = {sale.index: _import_key(sale) for sale in sales}
    tickets = [ticket for sale in sales for ticket in sale.tickets]
    older = older_tickets(sales)
    for number, at in enumerate(_RECONCILED):
        share = count // 2 if number == 0 else count - count // 2
        for ticket in islice(chain(tickets, older), share):
            values = _judged(rng, ticket, first=number == 0)
            yield ordered(
                sheet,
                values
                | _recon_values(ticket, keys[ticket.sale.index], ids.run_id(at), values["action"]),
            )


def _judged(rng: random.Random, ticket: Ticket, *, first: bool) -> dict[str, Any]:
    """Action, reason and Touched? of one row; the first run found more to do than the second."""
    chance = rng.random()
    if not ticket.row:
        says = f"the sale has {ticket.sale.number} tickets; this is number {ticket.child}"
        if chance < 0.1:
            return {
                "action": _PROTECTED,
                "reason": f"{says}; it is allocated or sent",
                "touched": False,
            }
        return {"action": _DELETE, "reason": says, "touched": False}
    if first and chance < 0.02:
        says = f"Distribution has no ticket {ticket.child} of {ticket.sale.number}"
        return {"action": _MISSING, "reason": says, "touched": False}
    if chance < 0.024:
        return {
            "action": _REVIEW,
            "reason": "2 rows of Sales share its SalesID or SourceSaleID",
            "touched": False,
        }
    return {"action": _KEEP, "reason": "counts match", "touched": first and chance > 0.9}


def _recon_values(ticket: Ticket, key: str, run: str, action: str) -> dict[str, Any]:
    sale = ticket.sale
    missing = action == _MISSING
    return {
        "dist_row": None if missing else ticket.row or 2 + sale.index + ticket.child,
        "sales_id": ticket.sales_id,
        "date": sale.date,
        "match": sale.pool.match.code,
        "game": sale.pool.match.game,
        "company": sale.client,
        "inv_no": ticket.unit.purchase.inv_no if ticket.unit and not missing else None,
        "category": sale.pool.category,
        "sales_child": ticket.child,
        "import_key": None if missing else key,
        "line_key": None if missing else ids.sales_line_key(key, ticket.child),
        "expected": sale.number,
        "actual": sale.number - 1 if missing else max(sale.number, ticket.child),
        "sales_row": sale.row,
        "current_key": key,
        "parents": 2 if action == _REVIEW else 1,
        "run_id": run,
        "process_now": False,
    }


def _import_key(sale: Sale) -> str:
    match, date = sale.pool.match, sale.date.date().isoformat()
    return ids.import_key(sale.sales_id, (date, match.code, sale.client, sale.pool.category))


class _Entry(NamedTuple):
    """One line of a log."""

    at: datetime
    action: str
    sale_id: str
    set_id: str | None = None
    units: int = 0
    clear_seats: bool = False
    reason: str | None = None

    def row(self, sheet: str, user: str) -> Row:
        return ordered(
            sheet,
            {
                "timestamp": self.at,
                "user": user,
                "action": self.action,
                "sale_id": self.sale_id,
                "set_id": self.set_id,
                "units_affected": self.units,
                "clear_seats": self.clear_seats,
                "reason": self.reason,
            },
        )


def alloc_log_rows(chunks: Sequence[Chunk], sales: Sequence[Sale], count: int) -> list[Row]:
    """The log, which is younger than the first allocations: its last chunks, and the odd
    correction."""
    last = chunks[-1].at
    entries: list[_Entry] = []
    for chunk in [chunk for chunk in chunks if chunk.sale.upgraded_to][-1:]:
        reason = f"upgrade to {chunk.sale.upgraded_to} agreed with the client"
        entries.append(
            _Entry(
                chunk.at - timedelta(minutes=25),
                "SET_ALLOC_FROM_CATEGORY",
                chunk.sale.sales_id,
                reason=reason,
            )
        )
    for sale in [sale for sale in sales if sale.status == states.UNALLOCATED and sale.number <= 12][
        -1:
    ]:
        at = last - timedelta(minutes=70)
        entries.append(
            _Entry(
                at, "UNDO_SALE", sale.sales_id, units=sale.number, reason="the client pays later"
            )
        )
        entries.append(
            _Entry(at, "CLEAR_ALLOC_FROM_CATEGORY", sale.sales_id, reason="no upgrade after all")
        )
    for chunk in [chunk for chunk in chunks if chunk.purchase.first_seat is None][-1:]:
        at, set_id, reason = (
            last + timedelta(hours=2),
            chunk.purchase.set_id,
            "the vendor moved the block",
        )
        entries.append(
            _Entry(
                at,
                "RESET_SEATS",
                chunk.sale.sales_id,
                set_id,
                chunk.count,
                clear_seats=True,
                reason=reason,
            )
        )
    newest = chunks[-(count - len(entries)) :]
    entries += [
        _Entry(c.at, "ALLOCATE", c.sale.sales_id, c.purchase.set_id, c.count) for c in newest
    ]
    entries.sort(key=lambda entry: entry.at)
    return [entry.row(ALLOC_LOG, _USERS[entry.at.day % len(_USERS)]) for entry in entries]


def old_issues(
    rng: random.Random, sales: Sequence[Sale], count: int
) -> list[tuple[Finding, Ticket]]:
    """What an earlier audit found, gravest first; all of it has been repaired since."""
    allocated = [ticket for sale in sales for ticket in sale.tickets if ticket.unit and ticket.row]
    found = []
    for number, ticket in enumerate(
        sorted(rng.sample(allocated, count), key=lambda ticket: ticket.row)
    ):
        code, severity, text = _ISSUES[number % len(_ISSUES)]
        unit = ticket.unit.unit_id if ticket.unit else ""
        message = f"{ticket.sales_id}: {text.format(unit=unit)}"
        pool = ticket.sale.pool
        where = (DISTRIBUTION, ticket.row, ticket.sales_id, unit, pool.match.code, pool.category)
        found.append((Finding(code, severity, message, *where), ticket))
    return sorted(found, key=lambda pair: -pair[0].severity)


def audit_rows(
    issues: Sequence[tuple[Finding, Ticket]], rows: int, purchases: Sequence[Purchase]
) -> list[Row]:
    """The old audit as its sheet shows it."""
    units = [unit for purchase in purchases for unit in purchase.units]
    allocated = sum(unit.status == states.ALLOCATED for unit in units)
    looked_free = sum(finding.severity == Severity.MEDIUM for finding, _ in issues)
    found = [finding for finding, _ in issues]
    result = Audit(
        distribution_rows=rows,
        unique_unit_ids=allocated,
        purchase_units=len(units),
        allocated_units=allocated - looked_free,
        issues=len(issues),
        by_code=count_by_code(found),
        invariant_holds=not looked_free,
    )
    at = {ticket.unit.unit_id: ticket.unit.row for _, ticket in issues if ticket.unit}
    return list(audit_grid(result, found, at, _AUDITED))


def repair_rows(issues: Sequence[tuple[Finding, Ticket]], count: int) -> list[Row]:
    """The repairs that were certain; the other issues were settled by hand."""
    at = _AUDITED + timedelta(minutes=9)
    rows = []
    for finding, ticket in issues[-count:]:
        set_id = ticket.unit.purchase.set_id if ticket.unit else None
        entry = _Entry(
            at,
            f"REPAIR_{finding.code}",
            finding.sales_id,
            set_id,
            1,
            reason=f"{finding.message}: repaired",
        )
        rows.append(entry.row(REPAIR_LOG, "ana"))
    return rows
