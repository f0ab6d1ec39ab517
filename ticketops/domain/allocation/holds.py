"""Holds: units set aside for a client until a day. They release themselves: the day after, the pool
no longer minds them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Struct

from ticketops.domain.allocation.commit import parse_sets
from ticketops.domain.allocation.nearness import best
from ticketops.domain.allocation.pool import Pool, Unit, held_units, standing_holds
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import client_keys, clients
from ticketops.domain.masterdata.who import Found
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.action_log import log
from ticketops.errors import NotFoundError, RuleError
from ticketops.model import ids, spelling
from ticketops.schema.layouts.event import HOLDS, UNITS
from ticketops.schema.tables import Snapshot

_COLUMNS = ("unit_id", "client", "until", "reason", "user", "held_at")


class Wish(Struct, frozen=True):
    """Units that are to be held for a client. until: the last day; None until somebody releases them."""

    units: Sequence[Unit]
    client: str
    until: datetime | None
    reason: str


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
    units = free_units(snapshot, what, run)
    means = clients(snapshot, run.chosen).require(client, new=new, where="Sales")
    client = means.name
    plan = Plan(findings=means.said("client"))
    hold(plan, snapshot, [Wish(units, client, until, reason)], run)
    plan.result = SetAside(client, f"{until:%Y-%m-%d}", [unit.unit_id for unit in units])
    return plan


def hold(plan: Plan, snapshot: Snapshot, wishes: Sequence[Wish], run: Run) -> None:
    """Set free units aside, as many as each wish names, and log it."""
    rows = [
        (unit.unit_id, one.client, one.until, one.reason, run.user, run.now)
        for one in wishes
        for unit in one.units
    ]
    plan.changes.append(HOLDS, snapshot[HOLDS].next_row, _COLUMNS, rows)
    for one in wishes:
        until = f" until {one.until:%Y-%m-%d}" if one.until else ""
        for set_id in dict.fromkeys(unit.set_id for unit in one.units):
            count = sum(unit.set_id == set_id for unit in one.units)
            log(
                plan,
                snapshot,
                run,
                "HOLD_UNITS",
                sale_id=None,
                set_id=set_id,
                units=count,
                clear_seats=False,
                reason=f"for {one.client}{until}: {one.reason}",
            )


def plan_lapsed(snapshot: Snapshot, run: Run) -> Plan:
    """Write down that the holds whose last day is past are released: the pool has not minded them
    since, and now their rows and the log say so, too."""
    standing = standing_holds(snapshot, run.now)["row"].to_list()
    lapsed = standing_holds(snapshot, None).filter(~pl.col("row").is_in(standing))
    plan = Plan()
    released = [unit for row in lapsed.iter_rows(named=True) for unit in _end_hold(plan, row, run)]
    _log_release(plan, snapshot, released, run, "the last day of the hold is past")
    plan.result = Released(released)
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
    set_of = _sets(snapshot)
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
        released += _end_hold(plan, row, run)
    if not released:
        raise RuleError(
            f"there is no hold on {', '.join(what) or client}", "ticketops unit holds lists them"
        )
    _log_release(plan, snapshot, released, run, reason)
    plan.result = Released(released)
    return plan


def release(
    plan: Plan, snapshot: Snapshot, units: Collection[str], client: str, run: Run, *, reason: str
) -> None:
    """End the holds of a client that are on these units and on no others, if there are any."""
    key, released = client_keys(snapshot), []
    for row in standing_holds(snapshot, run.now).iter_rows(named=True):
        if key(row["client"]) == key(client) and set(held_units(row["unit_id"])) <= set(units):
            released += _end_hold(plan, row, run)
    _log_release(plan, snapshot, released, run, reason)


def _end_hold(plan: Plan, row: Mapping[str, Any], run: Run) -> list[str]:
    """End the hold of a row; its units."""
    cells = {"released_at": (None, run.now), "released_by": (row["released_by"], run.user)}
    plan.changes.set(HOLDS, row["row"], row["unit_id"], cells)
    return held_units(row["unit_id"])


def _log_release(
    plan: Plan, snapshot: Snapshot, released: Sequence[str], run: Run, reason: str
) -> None:
    """A row of the log for each set that units are released of."""
    set_of = _sets(snapshot)
    for set_id in dict.fromkeys(set_of.get(unit_id) for unit_id in released):
        log(
            plan,
            snapshot,
            run,
            "RELEASE_UNITS",
            sale_id=None,
            set_id=set_id,
            units=sum(set_of.get(unit_id) == set_id for unit_id in released),
            clear_seats=False,
            reason=reason,
        )


def _sets(snapshot: Snapshot) -> dict[str, str]:
    """{UnitID: SetID}."""
    return dict(snapshot[UNITS].frame.select("unit_id", "set_id").drop_nulls().iter_rows())


def _holder(standing: pl.DataFrame, snapshot: Snapshot, client: str, run: Run) -> Found:
    """The client whose holds are meant: one that has any."""
    return clients(snapshot, run.chosen, standing["client"]).find(client, insist="")


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


def free_units(snapshot: Snapshot, what: Sequence[str], run: Run) -> list[Unit]:
    """The units that are named as for `plan_hold`. Raises NotFoundError, and RuleError where one is not
    free, or held already."""
    columns = ("unit_id", "set_id", "match", "category")
    frame = snapshot[UNITS].frame.select(*columns, "sub_game").drop_nulls(columns)
    sub_games = SubGames.of(snapshot)
    found: dict[str, Unit] = {}
    for text, set_id, quantity in _named(what):
        by_unit = not set_id
        rows = frame.filter(pl.col("unit_id") == text if by_unit else pl.col("set_id") == set_id)
        if rows.is_empty():
            raise NotFoundError(
                f"there is no unit or set {text}", "write it as P00012, PR0002-S01 or PR0002-S01:4"
            )
        pools = {
            (sub_games.occasion(ids.normalise_match(match), sub_game), category)
            for match, sub_game, category in rows.select("match", "sub_game", "category")
            .unique()
            .iter_rows()
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
        found |= {unit.unit_id: unit for unit in best(free, quantity or len(free))}
    return list(found.values())
