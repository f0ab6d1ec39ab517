"""When a match moves: everything that says one code says the other, and the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.commit import set_sale_status
from ticketops.domain.allocation.release import deallocate, require_undispatched, units_by_id
from ticketops.domain.allocation.targets import TICKET, targets_of
from ticketops.domain.audit.unknown import require_understood
from ticketops.domain.catalogue.holders import Holder, holders, said
from ticketops.domain.catalogue.matches import Catalogue
from ticketops.domain.catalogue.sessions import SubGames, parted
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
    """The two swapped match codes, {sheet: its changed rows}, the units taken off their tickets, and who
    holds tickets of either now: of another day and place than they bought."""

    matches: tuple[str, str]
    rows: dict[str, int]
    units_unallocated: int
    concerned: list[Holder]


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
    not hold, RuleError where neither match has anything, a ticket to unallocate was dispatched, or
    rows are of a sub-game that the other match lacks (D31); NotPermittedError.
    """
    catalogue = Catalogue.of(snapshot, chosen=run.chosen)
    found = catalogue.find(first), catalogue.find(second)
    one, other = (match.name for match in found)
    if one == other:
        raise RuleError(f"{one} and {other} are the same match")
    plan = Plan(findings=[told for match in found for told in match.said("match")])
    units_freed = (
        _unallocated(
            plan, snapshot, {one, other}, run, reason=f"{one} ↔ {other}: {reason}", force=force
        )
        if stock_only
        else 0
    )
    now = snapshot.after(plan.changes)
    exchanged = {one: other, other: one}
    moved = _Moved(catalogue.sub_games, exchanged)
    games = {code: catalogue.games.get(code) or _game(snapshot, code) for code in exchanged}
    counts: dict[str, int] = {}
    for name in STOCK if stock_only else EVERYTHING:
        if changed := _renamed(plan, now, name, moved, games):
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
    after = snapshot.after(plan.changes)
    concerned = [] if stock_only else holders(after, (one, other))
    for code, before in exchanged.items():
        plan.findings += said(concerned, before, f"was {code}")
    plan.result = Swapped((one, other), counts, units_freed, concerned)
    return plan


class _Moved(Struct, frozen=True):
    """Where rows go. codes: {match: the one it becomes}. Sub-games belong to their match: a row that
    moves must be of one that its new match has."""

    sub_games: SubGames
    codes: Mapping[str, str]

    def sub_game(self, old: str, named: str | None) -> str | None:
        """The sub-game of a row in its new match. Raises RuleError where that has none such."""
        new, known = self.codes[old], self.sub_games
        if named in known.names.get(new, {}):
            return named
        if not (known.must_say(old) or known.must_say(new)):
            return known.only(new)
        what = known.occasion(old, named)
        has = ", ".join(known.listed(new)) or "none"
        raise RuleError(
            f"rows of {what} can't become rows of {new}: its sub-games are {has}",
            f"`ticketops subgame add {new} {named}` adds one"
            if named
            else f"fill in SubGame of the rows of {old} first, or give both the same sub-games",
        )


def _renamed(
    plan: Plan, snapshot: Snapshot, name: str, moved: _Moved, games: dict[str, str | None]
) -> int:
    """Set match, sub-game and game of one sheet's rows; how many."""
    sheet = snapshot.layout[name]
    columns = [column for column in ("match", "sub_game", "game") if column in sheet.by_name]
    key = sheet.key or "sales_id"
    changed = 0
    for row in (
        snapshot[name]
        .frame.filter(pl.col("match").is_not_null())
        .select("row", key, *columns)
        .iter_rows(named=True)
    ):
        occasion = ids.normalise_match(row["match"])
        old, named = (occasion, "") if occasion in moved.codes else parted(occasion)
        new = moved.codes.get(old)
        if new is None:
            continue
        sub_game = moved.sub_game(old, row.get("sub_game") or named or None)
        said = f"{new}/{sub_game}" if named and sub_game else new
        cells: dict[str, Any] = {"match": (row["match"], said)}
        if "sub_game" in row:
            cells["sub_game"] = (row["sub_game"], sub_game)
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
