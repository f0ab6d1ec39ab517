"""When a match moves: everything that says one code says the other, and the other way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.release import deallocate, require_undispatched, units_by_id
from ticketops.domain.allocation.targets import TICKET, targets_of
from ticketops.domain.audit.unknown import require_understood
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.plan import Plan, Run
from ticketops.domain.purchasing.listing import Contracts
from ticketops.domain.ticket import unit_ids
from ticketops.domain.ticket.action_log import log
from ticketops.domain.ticket.identity import sale_of
from ticketops.errors import RuleError
from ticketops.model import ids, states
from ticketops.schema.layouts.event import (
    ALLOCATION_PREVIEW,
    DISTRIBUTION,
    PURCHASES,
    SALES,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    UNITS,
)
from ticketops.schema.tables import Snapshot

STOCK = (PURCHASES, UNITS)
EVERYTHING = (
    PURCHASES,
    UNITS,
    SALES,
    DISTRIBUTION,
    STAFF_QUEUE,
    SUPPLIER_QUEUE,
    ALLOCATION_PREVIEW,
)


@dataclass(frozen=True, slots=True)
class Swapped:
    """The two swapped match codes, {sheet: its changed rows}, and the units taken off their
    tickets."""

    matches: tuple[str, str]
    rows: dict[str, int]
    units_unallocated: int


def plan_swap(
    snapshot: Snapshot,
    first: str,
    second: str,
    run: Run,
    *,
    reason: str,
    stock_only: bool = False,
    force: bool = False,
) -> Plan:
    """Exchange two matches: purchases, units, sales, tickets and queues, allocations staying as
    they are.

    stock_only: only purchases and units change places (the seats now admit to the other match);
    tickets that they served are unallocated. Raises NotFoundError for a code that the schedule does
    not hold, RuleError where neither match has anything or a ticket to unallocate was dispatched;
    NotPermittedError.
    """
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found = catalogue.find(first), catalogue.find(second)
    one, other = (match.name for match in found)
    if one == other:
        raise RuleError(f"{one} and {other} are the same match")
    plan = Plan(findings=[said for match in found for said in match.said("match")])
    units_freed = (
        _unallocated(
            plan, snapshot, {one, other}, run, reason=f"{one} ↔ {other}: {reason}", force=force
        )
        if stock_only
        else 0
    )
    now = snapshot.after(plan.changes)
    exchanged = {one: other, other: one}
    games = {code: catalogue.games.get(code) or _game(snapshot, code) for code in exchanged}
    counts: dict[str, int] = {}
    for name in STOCK if stock_only else EVERYTHING:
        if changed := _renamed(plan, now, name, exchanged, games):
            counts[name] = changed
    if not counts:
        raise RuleError(f"the workbook has no rows of {one} or {other}")
    log(
        plan,
        snapshot,
        run,
        "SWAP_MATCH",
        sale_id=None,
        set_id=None,
        units=counts.get(UNITS, 0),
        clear_seats=stock_only,
        reason=f"{one} ↔ {other}: {reason}",
    )
    plan.result = Swapped((one, other), counts, units_freed)
    return plan


def _renamed(
    plan: Plan,
    snapshot: Snapshot,
    name: str,
    exchanged: dict[str, str],
    games: dict[str, str | None],
) -> int:
    """Set match and game of one sheet's rows; how many."""
    sheet = snapshot.layout[name]
    columns = [column for column in ("match", "game") if column in sheet.by_name]
    key = sheet.key or "sales_id"
    changed = 0
    for row in (
        snapshot[name]
        .frame.filter(pl.col("match").is_not_null())
        .select("row", key, *columns)
        .iter_rows(named=True)
    ):
        new = exchanged.get(ids.normalise_match(row["match"]))
        if new is None:
            continue
        cells: dict[str, Any] = {"match": (row["match"], new)}
        if "game" in row and games[new]:
            cells["game"] = (row["game"], games[new])
        plan.changes.set(name, row["row"], row[key] or "", cells)
        changed += 1
    return changed


def _unallocated(
    plan: Plan, snapshot: Snapshot, matches: set[str], run: Run, *, reason: str, force: bool
) -> int:
    """Take the units off every ticket of these matches, a log row a sale; how many."""
    frame = snapshot[DISTRIBUTION].frame.filter(pl.col("unit_ids").is_not_null()).select(TICKET)
    tickets = [
        t
        for t in frame.iter_rows(named=True)
        if t["match"] and ids.normalise_match(t["match"]) in matches
    ]
    require_understood(snapshot, [ticket["row"] for ticket in tickets])
    require_undispatched(tickets, run, force=force)
    units = units_by_id(snapshot, unit_ids.listed_by(tickets))
    by_sale: dict[str, list[dict[str, Any]]] = {}
    for ticket in tickets:
        by_sale.setdefault(sale_of(ticket["sales_id"]), []).append(ticket)
    contracts = Contracts.of(snapshot)
    freed = 0
    for sale_id, members in by_sale.items():
        count = sum(
            deallocate(
                plan, members, units, run, contracts, note="Unallocated: the match moved"
            ).values()
        )
        log(
            plan,
            snapshot,
            run,
            "UNDO_SALE",
            sale_id=sale_id,
            set_id=None,
            units=count,
            clear_seats=True,
            reason=reason,
        )
        freed += count
    gone = {ticket["sales_id"] for ticket in tickets}
    for target in {
        t.sales_id: t for t in targets_of(snapshot) if any(x["sales_id"] in gone for x in t.tickets)
    }.values():
        set_sale_status(plan, target, states.WAITING_STOCK)
    return freed


def _game(snapshot: Snapshot, code: str) -> str | None:
    """What the workbook calls a match that the schedule does not hold."""
    for name in (SALES, PURCHASES):
        for match, game in snapshot[name].frame.select("match", "game").drop_nulls().iter_rows():
            if ids.normalise_match(match) == code:
                return str(game)
    return None
