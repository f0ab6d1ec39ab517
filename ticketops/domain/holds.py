"""Holds: units set aside for a client until a day. They release themselves: the day after, the pool no longer minds them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from ticketops.domain.allocation.commit import parse_sets
from ticketops.domain.allocation.log import log
from ticketops.domain.allocation.pool import Pool, Unit, active_holds
from ticketops.domain.allocation.seating import pick
from ticketops.domain.plan import Plan, Run
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids
from ticketops.schema.tables import Snapshot
from ticketops.schema.workbook import HOLDS, UNITS

_COLUMNS = ("unit_id", "client", "until", "reason", "user", "held_at")


def plan_hold(snapshot: Snapshot, what: Sequence[str], client: str, until: datetime, run: Run, *, reason: str) -> Plan:
    """Set units aside: UnitIDs, or SetIDs with or without a number (`PR0002-S01:4`). until: the last day.

    Raises NotFoundError, RuleError where a unit is not free or held already, or the day is past.
    """
    if until < datetime(run.now.year, run.now.month, run.now.day):
        raise RuleError(f"{until:%Y-%m-%d} is past")
    units = _free_units(snapshot, what, run)
    plan = Plan()
    rows = [(unit.unit_id, client, until, reason, run.user, run.now) for unit in units]
    plan.changes.append(HOLDS, snapshot[HOLDS].next_row, _COLUMNS, rows)
    for set_id in dict.fromkeys(unit.set_id for unit in units):
        count = sum(unit.set_id == set_id for unit in units)
        log(plan, snapshot, run, "HOLD_UNITS", sale_id=None, set_id=set_id, units=count, clear_seats=False,
            reason=f"for {client} until {until:%Y-%m-%d}: {reason}")  # fmt: skip
    plan.result = {"client": client, "until": f"{until:%Y-%m-%d}", "units": [unit.unit_id for unit in units]}
    return plan


def plan_release(snapshot: Snapshot, what: Sequence[str], client: str, run: Run, *, reason: str) -> Plan:
    """End holds before their day: of UnitIDs, of SetIDs, or of a client. Raises RuleError where none of them is held."""
    held = active_holds(snapshot, run.now)
    units = snapshot[UNITS].frame.filter(pl.col("unit_id").is_in(list(held))).select("unit_id", "set_id")
    set_of = dict(units.iter_rows())
    wanted = {text.upper() for text in what}
    plan = Plan()
    released = []
    frame = snapshot[HOLDS].frame.filter(pl.col("released_at").is_null(), pl.col("unit_id").is_in(list(held)))
    for row in frame.iter_rows(named=True):
        named = not wanted or row["unit_id"] in wanted or (set_of.get(row["unit_id"]) or "") in wanted
        theirs = not client or (row["client"] or "").casefold() == client.casefold()
        if named and theirs:
            plan.changes.set(
                HOLDS, row["row"], row["unit_id"], {"released_at": (None, run.now), "released_by": (row["released_by"], run.user)}
            )
            released.append(row["unit_id"])
    if not released:
        raise RuleError(f"no hold on {', '.join(what) or client} stands", "ticketops unit holds lists them")
    for set_id in dict.fromkeys(set_of.get(unit_id) for unit_id in released):
        count = sum(set_of.get(unit_id) == set_id for unit_id in released)
        log(plan, snapshot, run, "RELEASE_UNITS", sale_id=None, set_id=set_id, units=count, clear_seats=False, reason=reason)
    plan.result = {"units": released}
    return plan


def listed(snapshot: Snapshot, run: Run) -> list[dict[str, object]]:
    """The holds that stand: unit_id, client, until, reason, user."""
    held = active_holds(snapshot, run.now)
    frame = snapshot[HOLDS].frame.filter(pl.col("released_at").is_null(), pl.col("unit_id").is_in(list(held)))
    return frame.select("unit_id", "client", "until", "reason", "user").to_dicts()


def _named(what: Sequence[str]) -> list[tuple[str, str, int | None]]:
    """(as it is called, SetID or "" for a unit, how many) of each unit or set that is named."""
    found: list[tuple[str, str, int | None]] = []
    for text in what:
        if ids.UNIT_ID.fullmatch(text.strip().upper()):
            found.append((text.strip().upper(), "", None))
        else:
            found += [(set_id, set_id, quantity) for set_id, quantity in parse_sets([text])]
    return found


def _free_units(snapshot: Snapshot, what: Sequence[str], run: Run) -> list[Unit]:
    frame = snapshot[UNITS].frame.select("unit_id", "set_id", "match", "category").drop_nulls()
    found: dict[str, Unit] = {}
    for text, set_id, quantity in _named(what):
        by_unit = not set_id
        rows = frame.filter(pl.col("unit_id") == text.upper() if by_unit else pl.col("set_id") == set_id)
        if rows.is_empty():
            raise NotFoundError(f"there is no unit or set {text}", "P00012, PR0002-S01 and PR0002-S01:4 are the forms")
        places = {(ids.normalise_match(match), category) for match, category in rows.select("match", "category").unique().iter_rows()}
        pool = Pool(snapshot, places, today=run.now)
        free = [
            unit
            for place in places
            for units in pool.sets(*place).values()
            for unit in units
            if unit.unit_id not in found and (unit.unit_id == text.upper() if by_unit else unit.set_id == set_id)
        ]
        if not free or (quantity or 0) > len(free):
            raise RuleError(f"{text}: {len(free)} units of it are free and not held", "allocate preview shows a pool")
        found |= {unit.unit_id: unit for unit in pick(free, quantity or len(free))}
    return list(found.values())
