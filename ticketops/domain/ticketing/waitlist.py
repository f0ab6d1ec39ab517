"""The waiting list (000): who wants tickets that there are not, in the order of joining. Stock that is
freed is held for the next one until a deadline; what came of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ticketops.domain.allocation.holds import Wish, hold, plan_release
from ticketops.domain.allocation.nearness import best
from ticketops.domain.allocation.pool import Pool, Unit
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import CLIENT, client_keys, clients
from ticketops.domain.masterdata.parties import Standing
from ticketops.domain.plan import Plan, Run
from ticketops.domain.selling.availability import uncommitted
from ticketops.domain.ticketing.asked import asked, of_row
from ticketops.domain.ticketing.waiting import (
    Row,
    Waiting,
    finding,
    held_for,
    in_order,
    is_late,
    lost,
    quantity_of,
    row_of,
    told,
)
from ticketops.errors import NotFoundError, RuleError, UsageError
from ticketops.model import ids, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import SALES, WAITLIST
from ticketops.schema.tables import Snapshot

DAYS = 3
"""For how many days tickets are held for who is promoted, where no day is given."""
_ENDED = (states.CANCELLED, states.REJECTED)


@dataclass(frozen=True, slots=True)
class Promoted:
    """`waitlist promote`: who was promoted, in the order of joining."""

    entries: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class WaitingSet:
    """`waitlist join`, `accept` and `skip`. next_command: what to do next; None where nothing is."""

    entry: Waiting
    next_command: str | None


def plan_join(
    snapshot: Snapshot,
    client: str,
    match: str,
    category: str,
    quantity: int,
    run: Run,
    *,
    source: str = "",
    new: bool = False,
) -> Plan:
    """Put a client on the waiting list. source: where the wish comes from; a SalesID is one of a sale.
    new: also a client that nobody knows.

    Raises NotFoundError, UnclearNameError, and RuleError for a client that is inactive or a sale that
    has ended.
    """
    what = asked(snapshot, match, category, run)
    found = clients(snapshot, run.chosen).require(client, new=new, where="Sales")
    Standing(snapshot, CLIENT).require(found.name)
    source = _source(snapshot, source)
    if why := _ended(snapshot, source):
        raise RuleError(why, "nobody waits for a sale that has ended")
    table = snapshot[WAITLIST]
    cells: Row = dict.fromkeys(table.sheet.by_name)
    cells |= {
        "entry_id": ids.numbered(
            ids.WAITLIST_ID, ids.next_number(ids.WAITLIST_ID, table.frame["entry_id"])
        ),
        "client": found.name,
        "match": what.match,
        "sub_game": what.sub_game,
        "category": what.category,
        "qty": quantity,
        "source": source or None,
        "state": states.QUEUED,
        "queued_at": run.now,
        "user": run.user,
    }
    plan = Plan(findings=[*what.said, *found.said("client")])
    plan.changes.append(WAITLIST, table.next_row, tuple(cells), [tuple(cells.values())])
    plan.result = WaitingSet(told(cells), None)
    return plan


def plan_promote(
    snapshot: Snapshot, entry: str, match: str, category: str, until: datetime | None, run: Run
) -> Plan:
    """Hold freed stock for an entry, or for as many of a match and category, in the order of joining,
    as it lasts: who is next and gets not enough is waited for. until: the last day of the holds.

    Raises NotFoundError, UnclearNameError, UsageError where nothing is named, and, for an entry that
    is named, RuleError where it can't be promoted.
    """
    until = until or run.today + timedelta(days=DAYS)
    if until < run.today:
        raise RuleError(f"{until:%Y-%m-%d} is past")
    plan, sub_games = Plan(), SubGames.of(snapshot)
    if entry:
        rows = [row_of(snapshot, entry)]
        pool = of_row(rows[0], sub_games)
        _require_promotable(snapshot, rows[0], run)
    elif match and category:
        what = asked(snapshot, match, category, run)
        pool, plan.findings = what.pool, list(what.said)
        rows = _queued(snapshot, pool, sub_games)
    else:
        raise UsageError("name an entry, or give --match and --category")
    free, promised = _free(snapshot, pool, run)
    wishes: list[Wish] = []
    promoted = []
    for row in rows:
        name = row["entry_id"]
        if why := _refused(snapshot, row):
            if entry:
                raise RuleError(why, f"`ticketops waitlist skip {name} --reason TEXT` ends it")
            plan.findings.append(finding("WAITLIST_REFUSED", Severity.LOW, f"{name}: {why}", row))
            continue
        quantity = quantity_of(row)
        if quantity > min(len(free), promised):
            left = max(min(len(free), promised), 0)
            said = f"{' '.join(pool)} has {counted(left, 'ticket')} left to promise; {name} of {row['client']} waits for {quantity}"
            if entry:
                raise RuleError(said, "nothing was held")
            plan.findings.append(finding("WAITLIST_NO_STOCK", Severity.INFO, said, row))
            break
        units = best(free, quantity)
        taken = {unit.unit_id for unit in units}
        free, promised = [one for one in free if one.unit_id not in taken], promised - quantity
        wishes.append(Wish(units, row["client"], until, f"waiting list {name}"))
        after = {
            "state": states.PROMOTED,
            "promoted_at": run.now,
            "deadline": until,
            "unit_ids": ids.join_unit_ids(unit.unit_id for unit in units),
            "user": run.user,
        }
        promoted.append(_set(plan, row, after))
    if wishes:
        hold(plan, snapshot, wishes, run)
    if entry:
        plan.findings += _overtaken(snapshot, rows[0], pool, sub_games)
    plan.result = Promoted(tuple(promoted))
    return plan


def plan_accept(snapshot: Snapshot, entry: str, sale: str, run: Run) -> Plan:
    """Who was promoted takes the tickets. sale: the sale that was recorded for them; it may be named
    later, too.

    Raises NotFoundError, and RuleError for an entry that was not promoted, whose deadline is past, or
    whose units somebody released, and for a sale of another client, match or category.
    """
    row = row_of(snapshot, entry)
    name, linking = row["entry_id"], row["state"] == states.ACCEPTED and not row["sales_id"]
    if not (linking and sale):
        _require_state(row, states.PROMOTED)
    if not linking and is_late(row, run):
        raise RuleError(
            f"the deadline of {name} was {row['deadline']:%Y-%m-%d}",
            f"`ticketops waitlist promote {name}` holds tickets again",
        )
    if not linking and not sale and (gone := lost(snapshot, row, run)):
        raise RuleError(
            f"{', '.join(gone)} is no longer held for {name}",
            f"`ticketops waitlist promote {name}` holds tickets again",
        )
    plan = Plan()
    after: Row = {"state": states.ACCEPTED, "user": run.user}
    if not linking:
        after["decided_at"] = run.now
    if sale:
        after["sales_id"] = _sale(plan, snapshot, row, sale)
    told = _set(plan, row, after)
    occasion = f"{told.match}/{told.sub_game}" if told.sub_game else told.match
    line = f"{occasion}:{told.category}:{told.quantity}@PRICE"
    command = f"ticketops sale add --client {quoted(told.client)} --line {quoted(line)}"
    plan.result = WaitingSet(told, None if told.sale else command)
    return plan


def plan_skip(snapshot: Snapshot, entry: str, run: Run, *, reason: str) -> Plan:
    """Pass an entry over for good; what is held for it is free again. Raises NotFoundError, and
    RuleError for one that was accepted or skipped already."""
    row = row_of(snapshot, entry)
    _require_state(row, states.QUEUED, states.PROMOTED)
    plan = Plan()
    if held := held_for(snapshot, row, run):
        plan = plan_release(snapshot, held, "", run, reason=f"{row['entry_id']}: {reason}")
    after = {"state": states.SKIPPED, "decided_at": run.now, "user": run.user, "reason": reason}
    plan.result = WaitingSet(_set(plan, row, after), None)
    return plan


def _source(snapshot: Snapshot, text: str) -> str:
    """A source as the sheet holds it: a SalesID in its own spelling. Raises NotFoundError for a sale
    that there is not."""
    sale = ids.read_sales_id(text)
    if ids.exact_sales_id(sale) is None:
        return text
    if ids.parse_sales_id(sale).parent not in set(snapshot[SALES].frame["sales_id"]):
        raise NotFoundError(f"there is no sale {text}", "`ticketops sale list` shows all")
    return sale


def _ended(snapshot: Snapshot, source: str | None) -> str:
    """That the sale an entry came from has ended; empty where it has not, or it came from none."""
    named = ids.exact_sales_id(source)
    if named is None:
        return ""
    rows = snapshot[SALES].frame.filter(pl.col("sales_id") == named.parent)
    ended = [status for status in rows["status"] if status in _ENDED]
    return f"{named.parent}, from which it came, is {ended[0]}" if ended else ""


def _refused(snapshot: Snapshot, row: Row) -> str:
    """Why nobody may promote an entry; empty where one may."""
    standing = Standing(snapshot, CLIENT)
    if standing.is_inactive(row["client"] or ""):
        return standing.why(row["client"])[0]
    return _ended(snapshot, row["source"])


def _require_promotable(snapshot: Snapshot, row: Row, run: Run) -> None:
    if row["state"] == states.PROMOTED and (is_late(row, run) or lost(snapshot, row, run)):
        if left := held_for(snapshot, row, run):
            raise RuleError(
                f"{', '.join(left)} is still held for {row['entry_id']}",
                f"`ticketops unit release {' '.join(left)} --reason TEXT` first",
            )
        return
    _require_state(row, states.QUEUED)


def _require_state(row: Row, *allowed: str) -> None:
    state = row["state"] or states.QUEUED
    if state not in allowed:
        raise RuleError(
            f"{row['entry_id']} is {state}, not {' or '.join(allowed)}",
            "`ticketops waitlist list` shows all",
        )


def _free(snapshot: Snapshot, pool: tuple[str, str], run: Run) -> tuple[list[Unit], int]:
    """(units that nobody holds, how many tickets can still be promised) of a pool."""
    sets = Pool(snapshot, {pool}, today=run.now).all_sets(*pool)
    free = [unit for units in sets.values() for unit in units if unit.held_for is None]
    return free, uncommitted(snapshot, "", run.now)[pool]


def _queued(snapshot: Snapshot, pool: tuple[str, str], sub_games: SubGames) -> list[Row]:
    return [
        row
        for row in in_order(snapshot)
        if (row["state"] or states.QUEUED) == states.QUEUED and of_row(row, sub_games) == pool
    ]


def _overtaken(
    snapshot: Snapshot, row: Row, pool: tuple[str, str], sub_games: SubGames
) -> list[Finding]:
    """That others wait longer for the same."""
    order = [one["row"] for one in in_order(snapshot)]
    earlier = [
        one["entry_id"]
        for one in _queued(snapshot, pool, sub_games)
        if order.index(one["row"]) < order.index(row["row"])
    ]
    if not earlier:
        return []
    said = f"{', '.join(earlier)} waited longer than {row['entry_id']} for {' '.join(pool)}"
    return [finding("WAITLIST_OUT_OF_ORDER", Severity.INFO, said, row)]


def _sale(plan: Plan, snapshot: Snapshot, row: Row, text: str) -> str:
    """The SalesID of the sale that serves an entry. Raises NotFoundError, RuleError."""
    wanted, name = ids.read_sales_id(text), row["entry_id"]
    rows = snapshot[SALES].frame.filter(pl.col("sales_id") == wanted).to_dicts()
    if not rows:
        raise NotFoundError(f"there is no sale {text}", "`ticketops sale list` shows all")
    sale, key, sub_games = rows[0], client_keys(snapshot), SubGames.of(snapshot)
    if sale["status"] in _ENDED:
        raise RuleError(f"{wanted} is {sale['status']}")
    if key(sale["client"]) != key(row["client"]):
        raise RuleError(f"{wanted} is a sale to {sale['client']}, {name} is of {row['client']}")
    if of_row(sale, sub_games) != of_row(row, sub_games):
        raise RuleError(
            f"{wanted} is a sale of {' '.join(of_row(sale, sub_games))}, {name} waits for {' '.join(of_row(row, sub_games))}"
        )
    if sale["number"] != quantity_of(row):
        said = f"{wanted} has {counted(sale['number'] or 0, 'ticket')}, {name} waited for {quantity_of(row)}"
        plan.findings.append(finding("WAITLIST_QUANTITY", Severity.INFO, said, row))
    return wanted


def _set(plan: Plan, row: Row, after: Row) -> Waiting:
    cells = {name: (row[name], value) for name, value in after.items()}
    plan.changes.set(WAITLIST, row["row"], row["entry_id"] or "", cells)
    return told({**row, **after})
