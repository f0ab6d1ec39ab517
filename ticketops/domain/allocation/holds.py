"""Holds: units set aside for a client until a day. They release themselves: the day after, the pool
no longer minds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from ticketops.domain.allocation.commit import parse_sets
from ticketops.domain.allocation.pool import Pool, Unit, held_units, standing_holds
from ticketops.domain.allocation.seating import pick
from ticketops.domain.masterdata.aliases import CLIENT, aliases_of, client_keys, clients
from ticketops.domain.masterdata.who import Directory, Found
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.action_log import log
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import HOLDS, UNITS
from ticketops.schema.tables import Snapshot

_COLUMNS = ("unit_id", "client", "until", "reason", "user", "held_at")


@dataclass(frozen=True, slots=True)
class SetAside:
    """The held UnitIDs; until: the last day (YYYY-MM-DD)."""

    client: str
    until: str
    units: list[str]


@dataclass(frozen=True, slots=True)
class Released:
    """UnitIDs that are free again."""

    units: list[str]


@dataclass(frozen=True, slots=True)
class Hold:
    """A current hold; until: midnight at the start of its last day, None if it has none."""

    unit_id: str
    client: str | None
    until: datetime | None
    reason: str | None
    user: str | None


@dataclass(frozen=True, slots=True)
class Holds:
    """The holds that stand today."""

    holds: list[Hold]


def plan_hold(
    snapshot: Snapshot,
    what: Sequence[str],
    client: str,
    until: datetime,
    run: Run,
    *,
    reason: str,
    new: bool = False,
) -> Plan:
    """Set units aside: UnitIDs, or SetIDs with or without a number (`PR0002-S01:4`). until: the
    last day. new: also for a client that nobody knows.

    Raises NotFoundError, UnclearNameError for a client that is near a known one, RuleError where a
    unit is not free or held already, or the day is past.
    """
    if until < datetime(run.now.year, run.now.month, run.now.day):
        raise RuleError(f"{until:%Y-%m-%d} is past")
    units = _free_units(snapshot, what, run)
    means = clients(snapshot, run.chosen).require(client, new=new, where="Sales")
    client = means.name
    plan = Plan(findings=means.said("client"))
    rows = [(unit.unit_id, client, until, reason, run.user, run.now) for unit in units]
    plan.changes.append(HOLDS, snapshot[HOLDS].next_row, _COLUMNS, rows)
    for set_id in dict.fromkeys(unit.set_id for unit in units):
        count = sum(unit.set_id == set_id for unit in units)
        log(
            plan,
            snapshot,
            run,
            "HOLD_UNITS",
            sale_id=None,
            set_id=set_id,
            units=count,
            clear_seats=False,
            reason=f"for {client} until {until:%Y-%m-%d}: {reason}",
        )
    plan.result = SetAside(client, f"{until:%Y-%m-%d}", [unit.unit_id for unit in units])
    return plan


def plan_release(
    snapshot: Snapshot, what: Sequence[str], client: str, run: Run, *, reason: str
) -> Plan:
    """End holds before their day: of UnitIDs, of SetIDs, or of a client. Raises RuleError where
    none of them is held."""
    standing = standing_holds(snapshot, run.now)
    key = client_keys(snapshot)
    plan = Plan()
    if client:
        means = _holder(standing, snapshot, client, run)
        client = means.name
        plan.findings += means.said("client")
    set_of = dict(snapshot[UNITS].frame.select("unit_id", "set_id").drop_nulls().iter_rows())
    wanted = {spelling.unit(text) or ids.read_set_id(text) for text in what}
    released: list[str] = []
    for row in standing.iter_rows(named=True):
        units = held_units(row["unit_id"])
        named = [unit for unit in units if not wanted or {unit, set_of.get(unit)} & wanted]
        if not named or (client and key(row["client"]) != key(client)):
            continue
        if named != units:
            raise RuleError(
                f"one hold (row {row['row']} of {HOLDS}) is on {', '.join(units)}",
                "name all of them",
            )
        plan.changes.set(
            HOLDS,
            row["row"],
            row["unit_id"],
            {"released_at": (None, run.now), "released_by": (row["released_by"], run.user)},
        )
        released += units
    if not released:
        raise RuleError(
            f"there is no hold on {', '.join(what) or client}", "ticketops unit holds lists them"
        )
    for set_id in dict.fromkeys(set_of.get(unit_id) for unit_id in released):
        count = sum(set_of.get(unit_id) == set_id for unit_id in released)
        log(
            plan,
            snapshot,
            run,
            "RELEASE_UNITS",
            sale_id=None,
            set_id=set_id,
            units=count,
            clear_seats=False,
            reason=reason,
        )
    plan.result = Released(released)
    return plan


def _holder(standing: pl.DataFrame, snapshot: Snapshot, client: str, run: Run) -> Found:
    """The client whose holds are meant: one that has any."""
    return Directory("client", standing["client"], aliases_of(snapshot, CLIENT), run.chosen).find(
        client, insist=""
    )


def listed(snapshot: Snapshot, run: Run) -> Holds:
    """The holds that stand, in sheet order."""
    frame = standing_holds(snapshot, run.now)
    return Holds(
        [
            Hold(*row)
            for row in frame.select("unit_id", "client", "until", "reason", "user").iter_rows()
        ]
    )


def _named(what: Sequence[str]) -> list[tuple[str, str, int | None]]:
    """(as it is called, SetID or "" for a unit, how many) of each unit or set that is named."""
    found: list[tuple[str, str, int | None]] = []
    for text in what:
        if unit_id := spelling.unit(text):
            found.append((unit_id, "", None))
        else:
            found += [(set_id, set_id, quantity) for set_id, quantity in parse_sets([text])]
    return found


def _free_units(snapshot: Snapshot, what: Sequence[str], run: Run) -> list[Unit]:
    frame = snapshot[UNITS].frame.select("unit_id", "set_id", "match", "category").drop_nulls()
    found: dict[str, Unit] = {}
    for text, set_id, quantity in _named(what):
        by_unit = not set_id
        rows = frame.filter(pl.col("unit_id") == text if by_unit else pl.col("set_id") == set_id)
        if rows.is_empty():
            raise NotFoundError(
                f"there is no unit or set {text}", "write it as P00012, PR0002-S01 or PR0002-S01:4"
            )
        pools = {
            (ids.normalise_match(match), category)
            for match, category in rows.select("match", "category").unique().iter_rows()
        }
        pool = Pool(snapshot, pools, today=run.now)
        free = [
            unit
            for one in pools
            for units in pool.sets(*one).values()
            for unit in units
            if unit.unit_id not in found
            and (unit.unit_id == text if by_unit else unit.set_id == set_id)
        ]
        if not free or (quantity or 0) > len(free):
            raise RuleError(
                f"{text}: only {len(free)} of its units are free and not held",
                "allocate preview shows a pool",
            )
        found |= {unit.unit_id: unit for unit in pick(free, quantity or len(free))}
    return list(found.values())
