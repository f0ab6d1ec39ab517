"""Committing an allocation (§5b steps 8–12): Distribution, units, sale status and log, all from one plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ticketops.domain.allocation.plans import Chunk, choose
from ticketops.domain.allocation.pool import Pool, Unit
from ticketops.domain.masking import masked, masked_addresses
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import ALLOC_LOG, DISTRIBUTION, MATTHIAS_EMAILS, SALES, UNITS

_LOG_COLUMNS = ("timestamp", "user", "action", "sale_id", "set_id", "units_affected", "clear_seats", "reason")
_TICKET = ("row", "sales_id", "row_type", "match", "category", "alloc_from", "status", "unit_ids", "unit_count", "notes", "process_now",
           "vendor", "email", "password", "contract", "tix", "acc_tix", "run_id", "child", "block", "seat_row", "seat")  # fmt: skip


@dataclass(slots=True)
class Target:
    """A sale line with its tickets; `pending` are those that have no unit yet, in SalesChild order (D6)."""

    sales_id: str
    match: str
    category: str
    tickets: list[dict[str, Any]] = field(default_factory=list)

    @property
    def pending(self) -> list[dict[str, Any]]:
        return [t for t in self.tickets if not t["unit_ids"] and t["status"] != states.ALLOCATED]

    @property
    def waiting(self) -> bool:
        return any(ticket["status"] == states.WAITING_STOCK for ticket in self.pending)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one target."""

    sales_id: str
    requested: int
    allocated: int
    status: str
    chunks: list[dict[str, Any]]
    unit_ids: list[str]


def plan_commit(snapshot: Snapshot, sales_id: str, run: Run) -> Plan:
    """Allocate one sale line, named by its SalesID or by its first child.

    Raises NotFoundError for an ID that Distribution does not hold, RuleError where nothing is pending.
    """
    target = find_target(snapshot, sales_id)
    if not target.pending:
        raise RuleError(f"every ticket of {target.sales_id} is allocated already", "ticketops undo takes the last transaction back")
    plan, outcomes = _commit(snapshot, [target], run)
    outcome = outcomes[0]
    plan.result = {name: getattr(outcome, name) for name in Outcome.__dataclass_fields__}
    return plan


def plan_auto(snapshot: Snapshot, run: Run) -> Plan:
    """Allocate everything pending: waiting sales first, then the others, each in SalesID order, all in one plan."""
    targets = [target for target in targets_of(snapshot) if target.pending]
    targets.sort(key=lambda target: (not target.waiting, ids.parse_sales_id(target.sales_id)))
    plan, outcomes = _commit(snapshot, targets, run)
    plan.result = {
        "targets": len(outcomes),
        "filled": sum(o.allocated == o.requested for o in outcomes),
        "waiting": sum(o.allocated < o.requested for o in outcomes),
        "units": sum(o.allocated for o in outcomes),
        "split_sales": sum(len(o.chunks) > 1 for o in outcomes),
        "chunks": sum(len(o.chunks) for o in outcomes),
    }
    return plan


def targets_of(snapshot: Snapshot, only: str = "") -> list[Target]:
    """Every sale line of Distribution with its tickets, in sheet order; `only` the one with this SalesID, if given."""
    targets: dict[str, Target] = {}
    frame = snapshot[DISTRIBUTION].frame
    if only:
        frame = frame.filter(pl.col("sales_id").str.starts_with(f"{only}-"))
    for ticket in frame.select(_TICKET).iter_rows(named=True):
        own = ids.SALES_ID.fullmatch(ticket["sales_id"] or "")
        if not own or not own[2] or ticket["row_type"] == "Purchases" or not ticket["match"]:
            continue
        parent = f"S{own[1]}"
        target = targets.get(parent)
        if target is None:
            category = ticket["alloc_from"] or ticket["category"] or ""
            target = targets[parent] = Target(parent, ids.normalise_match(ticket["match"]), category)
        target.tickets.append(ticket | {"child": ticket["child"] or int(own[2])})
    for target in targets.values():
        target.tickets.sort(key=lambda ticket: (ticket["child"], ticket["row"]))
    return list(targets.values())


def find_target(snapshot: Snapshot, text: str) -> Target:
    """The target that `text` names. Raises NotFoundError."""
    try:
        wanted = ids.parse_sales_id(text)
    except ValueError as error:
        raise NotFoundError(str(error)) from None
    found = next(iter(targets_of(snapshot, wanted.parent)), None)
    if found is None:
        raise NotFoundError(f"Distribution has no sale {wanted.parent}", "sale expand makes the rows of a sale that stands in Sales only")
    if wanted.child is not None and wanted.child != found.tickets[0]["child"]:
        raise NotFoundError(
            f"{text} is not the first ticket of {wanted.parent}",
            f"name the sale ({wanted.parent}) or {wanted.parent}-{found.tickets[0]['child']}",
        )
    return found


def _commit(snapshot: Snapshot, targets: Sequence[Target], run: Run) -> tuple[Plan, list[Outcome]]:
    plan = Plan()
    pool = Pool(snapshot, {(target.match, target.category) for target in targets})
    addresses = masked_addresses(snapshot[MATTHIAS_EMAILS])
    log: list[tuple[Any, ...]] = []
    outcomes = []
    statuses = _sale_statuses(snapshot)
    for target in targets:
        pending = target.pending
        chunks = choose(pool.sets(target.match, target.category), len(pending))
        tickets = iter(pending)
        for chunk in chunks:
            pool.take(target.match, target.category, list(chunk.units))
            note = ids.alloc_note(run.run_id, len(chunk.units), chunk.set_id)
            for unit in chunk.units:
                ticket = next(tickets)
                _allocate(plan, ticket, unit, chunk, target.category, addresses, run)
                _mark_unit(plan, unit, ticket["sales_id"], note, run)
            log.append((run.now, run.user, "ALLOCATE", target.sales_id, chunk.set_id, len(chunk.units), False, None))
        left = list(tickets)
        _wait(plan, target, left, partly=bool(chunks))
        outcome = _outcome(target, pending, chunks)
        outcomes.append(outcome)
        _set_sale_status(plan, statuses, target, outcome.status)
    plan.changes.append(ALLOC_LOG, snapshot[ALLOC_LOG].next_row, _LOG_COLUMNS, log)
    return plan, outcomes


def _allocate(plan: Plan, ticket: dict[str, Any], unit: Unit, chunk: Chunk, category: str, addresses: frozenset[str], run: Run) -> None:
    """One Distribution row gets one unit (§5b step 9)."""
    vendor, email = masked(unit.vendor, unit.email, addresses)
    after: dict[str, Any] = {
        "vendor": vendor,
        "email": email,
        "password": unit.password,
        "contract": unit.contract,
        "tix": 1,
        "acc_tix": category,
        "status": states.ALLOCATED,
        "run_id": run.run_id,
        "notes": _noted(ticket["notes"], f"Allocated {len(chunk.units)} from {chunk.set_id}"),
        "unit_ids": unit.unit_id,
        "unit_count": 1,
    }
    after |= {name: value for name in ("block", "seat_row", "seat") if (value := getattr(unit, name)) is not None}
    if ticket["process_now"]:
        after["process_now"] = False
    plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], {name: (ticket[name], value) for name, value in after.items()})


def _mark_unit(plan: Plan, unit: Unit, sales_id: str, note: str, run: Run) -> None:
    plan.changes.set(UNITS, unit.row, unit.unit_id, {
        "status": (unit.status, states.ALLOCATED),
        "sales_id": (unit.sales_id, sales_id),
        "allocated_at": (None, run.now),
        "alloc_note": (None, note),
    })  # fmt: skip


def _wait(plan: Plan, target: Target, tickets: list[dict[str, Any]], *, partly: bool) -> None:
    """Tickets without a unit wait for stock (§14b); those that wait already stay as they are."""
    if not tickets:
        return
    for ticket in tickets:
        cells: dict[str, Any] = {}
        if ticket["status"] != states.WAITING_STOCK:
            cells["status"] = (ticket["status"], states.WAITING_STOCK)
            cells["notes"] = (ticket["notes"], _noted(ticket["notes"], f"No available units for {target.match} {target.category}"))
        if ticket["process_now"]:
            cells["process_now"] = (True, False)
        plan.changes.set(DISTRIBUTION, ticket["row"], ticket["sales_id"], cells)
    have = len(target.pending) - len(tickets)
    message = f"{target.sales_id}: {len(tickets)} of {len(target.pending)} tickets wait for stock in {target.match} {target.category}"
    plan.findings.append(Finding(
        states.WAITING_STOCK, Severity.HIGH, message + (f"; {have} allocated" if partly else ""), DISTRIBUTION, tickets[0]["row"],
        target.sales_id, match=target.match, category=target.category,
    ))  # fmt: skip


def _outcome(target: Target, pending: list[dict[str, Any]], chunks: list[Chunk]) -> Outcome:
    units = [unit for chunk in chunks for unit in chunk.units]
    done = sum(bool(ticket["unit_ids"]) for ticket in target.tickets) + len(units)
    status = states.ALLOCATED if len(units) == len(pending) else states.PARTIAL_ALLOCATED if done else states.WAITING_STOCK
    described = [{"set_id": chunk.set_id, "qty": len(chunk.units), "vendor": chunk.units[0].vendor} for chunk in chunks]
    return Outcome(target.sales_id, len(pending), len(units), status, described, [unit.unit_id for unit in units])


def _sale_statuses(snapshot: Snapshot) -> dict[str, tuple[int, str | None]]:
    frame = snapshot[SALES].frame.select("sales_id", "row", "status")
    return {sales_id: (row, status) for sales_id, row, status in frame.iter_rows() if sales_id}


def _set_sale_status(plan: Plan, statuses: dict[str, tuple[int, str | None]], target: Target, status: str) -> None:
    """The sale's own status follows (§5b step 13); states that other flows set are left alone."""
    known = statuses.get(target.sales_id)
    if known is None or known[1] not in (None, states.UNALLOCATED, states.PARTIAL_ALLOCATED):
        return
    new = states.UNALLOCATED if status == states.WAITING_STOCK else status
    if (known[1] or states.UNALLOCATED) != new:
        plan.changes.set(SALES, known[0], target.sales_id, {"status": (known[1], new)})


def _noted(notes: str | None, text: str) -> str:
    return f"{notes} | {text}" if notes else text
