"""Allotments of sponsors (000): so many tickets of a match and category, of which each is used,
transferred or revoked, or remains. What a sponsor was assigned is the sum of the four, always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.domain.allocation import holds
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.who import Directory, Found
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticketing.allotted import (
    AllotmentLine,
    AllotmentTicket,
    Items,
    by_allotment,
    line_of,
    name_of,
    row_of,
    rows_of,
    told,
    unclear,
)
from ticketops.domain.ticketing.asked import asked, of_row
from ticketops.errors import RuleError
from ticketops.model import ids, spelling, states
from ticketops.model.findings import Finding
from ticketops.model.names import name_key
from ticketops.schema.layouts.event import ALLOTMENT_TICKETS, ALLOTMENTS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class AllotmentChanged:
    """`allotment add`, `assign` and `revoke`: the allotment as it is now. tickets: those that were
    assigned or revoked."""

    line: AllotmentLine
    tickets: tuple[str, ...]
    quantity: int
    """How many places that is."""


@dataclass(frozen=True, slots=True)
class AllotmentList:
    """`allotment list`, in sheet order. tickets: those of one allotment, where it is named."""

    lines: tuple[AllotmentLine, ...]
    tickets: tuple[AllotmentTicket, ...]


@dataclass(frozen=True, slots=True)
class TicketBlocks:
    """`report ticketing blocks`: every allotment with its figures, and their sum."""

    lines: tuple[AllotmentLine, ...]
    assigned: int
    used: int
    transferred: int
    revoked: int
    remaining: int


def plan_add(
    snapshot: Snapshot,
    sponsor: str,
    match: str,
    category: str,
    quantity: int,
    run: Run,
    *,
    note: str = "",
    new: bool = False,
) -> Plan:
    """Give a sponsor an allotment. new: also a sponsor whose name is near that of another. Raises
    NotFoundError, UnclearNameError and RuleError for what is not understood."""
    what = asked(snapshot, match, category, run)
    names = snapshot[ALLOTMENTS].frame["sponsor"].drop_nulls()
    whom = Directory("sponsor", names, chosen=run.chosen).find(sponsor, new=new)
    if not whom.name:
        raise RuleError("the sponsor has no name")
    table = snapshot[ALLOTMENTS]
    number = ids.next_number(ids.ALLOTMENT_ID, table.frame["allotment_id"])
    name = ids.numbered(ids.ALLOTMENT_ID, number)
    plan = Plan(findings=[*what.said, *_told(whom)])
    cells = {
        "allotment_id": name,
        "sponsor": whom.name,
        "match": what.match,
        "sub_game": what.sub_game,
        "category": what.category,
        "qty": quantity,
        "note": note or None,
        "user": run.user,
        "created_at": run.now,
    }
    plan.changes.append(ALLOTMENTS, table.next_row, tuple(cells), [tuple(cells.values())])
    line = AllotmentLine(
        name, whom.name, what.match, what.sub_game, what.category, quantity, 0, 0, 0, quantity
    )
    plan.result = AllotmentChanged(line, (), quantity)
    return plan


def _told(whom: Found) -> list[Finding]:
    return [] if whom.how == "new" else whom.said("sponsor")


def plan_assign(
    snapshot: Snapshot, allotment: str, what: Sequence[str], run: Run, *, note: str = ""
) -> Plan:
    """Let a sponsor use tickets: tickets (S147-1), all live tickets of a sale (S147), or units, which
    are held for the sponsor from then on, so that nobody else gets them.

    Raises NotFoundError, and RuleError for a ticket of another match or category, one that is
    CANCELLED or already in an allotment, a unit that is not free, and for more than remain.
    """
    row = row_of(snapshot, allotment)
    before = line_of(row, rows_of(snapshot, name_of(row)))
    items = Items(snapshot)
    found = {one.key: one for text in what for one in items.named(text)}
    pool = of_row(row, SubGames.of(snapshot))
    taken = {
        items.key(one["ticket"]): one["allotment_id"]
        for one in snapshot[ALLOTMENT_TICKETS].frame.to_dicts()
        if one["ticket"] and one["state"] != states.REVOKED
    }
    for key, item in found.items():
        if item.gone:
            raise RuleError(f"{key} is {item.gone}", "nothing was assigned")
        if item.pool != pool:
            raise RuleError(
                f"{key} is a ticket of {' '.join(item.pool)}, {before.allotment} one of {' '.join(pool)}",
                "nothing was assigned",
            )
        if key in taken:
            raise RuleError(f"{key} is already in {taken[key]}", "nothing was assigned")
    if len(found) > before.remaining:
        raise RuleError(
            f"{before.allotment} of {before.sponsor} has {max(before.remaining, 0)} of {before.assigned} left, not {len(found)}",
            "`ticketops allotment add` makes another one",
        )
    plan = Plan()
    if seats := [key for key in found if spelling.unit(key)]:
        units = holds.free_units(snapshot, seats, run)
        wish = holds.Wish(units, before.sponsor, None, f"allotment {before.allotment}")
        holds.hold(plan, snapshot, [wish], run)
    _append(plan, snapshot, before.allotment, [(key, 1) for key in found], states.USED, run, note)
    plan.result = _changed(snapshot, plan, row, tuple(found), len(found))
    return plan


def plan_revoke(
    snapshot: Snapshot, allotment: str, what: Sequence[str], quantity: int, run: Run, *, reason: str
) -> Plan:
    """Take tickets of an allotment back, and places that nobody has yet (quantity). Neither remains
    for the sponsor.

    Raises NotFoundError, and RuleError for a ticket that is not in the allotment, for more places
    than remain, and where nothing is named.
    """
    row = row_of(snapshot, allotment)
    name = name_of(row)
    rows = rows_of(snapshot, name)
    before = line_of(row, rows)
    items = Items(snapshot)
    standing = {
        items.key(one["ticket"]): one
        for one in rows
        if one["ticket"] and one["state"] != states.REVOKED
    }
    keys = list(dict.fromkeys(key for text in what for key in _revoked(items, text, standing)))
    if missing := [key for key in keys if key not in standing]:
        raise RuleError(
            f"{missing[0]} is not in {name}", f"`ticketops allotment list {name}` shows its tickets"
        )
    if not keys and not quantity:
        raise RuleError("nothing is named", "name tickets, or give --qty for places nobody has yet")
    if quantity > max(before.remaining, 0):
        raise RuleError(
            f"{name} of {before.sponsor} has {max(before.remaining, 0)} left, not {quantity}",
            "name the tickets that are taken back",
        )
    plan = Plan()
    for key in keys:
        one = standing[key]
        cells = {
            "state": (one["state"], states.REVOKED),
            "changed_at": (one["changed_at"], run.now),
            "user": (one["user"], run.user),
            "note": (one["note"], reason),
        }
        plan.changes.set(ALLOTMENT_TICKETS, one["row"], key, cells)
    if seats := {unit for key in keys if (unit := spelling.unit(standing[key]["ticket"]))}:
        holds.release(plan, snapshot, seats, before.sponsor, run, reason=f"{name}: {reason}")
    if quantity:
        _append(plan, snapshot, name, [(None, quantity)], states.REVOKED, run, reason)
    plan.result = _changed(snapshot, plan, row, tuple(keys), len(keys) + quantity)
    return plan


def transferred(plan: Plan, snapshot: Snapshot, ticket: str, run: Run) -> None:
    """Say of a ticket of an allotment that its guest passed it on."""
    items = Items(snapshot)
    for one in snapshot[ALLOTMENT_TICKETS].frame.to_dicts():
        used = (one["state"] or states.USED) == states.USED
        if one["ticket"] and used and items.key(one["ticket"]) == ticket:
            cells = {
                "state": (one["state"], states.TRANSFERRED),
                "changed_at": (one["changed_at"], run.now),
                "user": (one["user"], run.user),
            }
            plan.changes.set(ALLOTMENT_TICKETS, one["row"], ticket, cells)


def listed(snapshot: Snapshot, allotment: str, sponsor: str, run: Run) -> Plan:
    """The allotments; only one, with its tickets; only those of a sponsor. Raises NotFoundError,
    UnclearNameError."""
    by_name = by_allotment(snapshot)
    rows = [row_of(snapshot, allotment)] if allotment else snapshot[ALLOTMENTS].frame.to_dicts()
    if sponsor:
        names = [row["sponsor"] for row in rows]
        directory = Directory("sponsor", names, chosen=run.chosen)
        found = directory.require(sponsor, where=ALLOTMENTS, insist="")
        rows = [row for row in rows if name_key(row["sponsor"]) == name_key(found.name)]
    shown = {name_of(row) for row in rows}
    lines = tuple(line_of(row, by_name.get(name_of(row), [])) for row in rows)
    its = tuple(told(one) for one in by_name.get(lines[0].allotment, [])) if allotment else ()
    findings = [
        one for name, one in unclear(snapshot, run) if name in shown or not (allotment or sponsor)
    ]
    return Plan(findings=findings, result=AllotmentList(lines, its))


def blocks(snapshot: Snapshot, run: Run) -> Plan:
    """The ticket-block report: every allotment, and the sums."""
    by_name = by_allotment(snapshot)
    rows = snapshot[ALLOTMENTS].frame.to_dicts()
    lines = tuple(line_of(row, by_name.get(name_of(row), [])) for row in rows)
    names = ("assigned", "used", "transferred", "revoked", "remaining")
    sums = [sum(getattr(line, name) for line in lines) for name in names]
    return Plan(
        findings=[one for _, one in unclear(snapshot, run)], result=TicketBlocks(lines, *sums)
    )


def _revoked(items: Items, text: str, standing: Iterable[str]) -> list[str]:
    """The tickets of an allotment that a text names: also of a sale, and those that are gone."""
    key = items.key(text)
    return [one for one in standing if key in (one, sale_of(one))] or [key]


def _append(
    plan: Plan,
    snapshot: Snapshot,
    name: str,
    what: Sequence[tuple[str | None, int]],
    state: str,
    run: Run,
    note: str,
) -> None:
    columns = (
        "allotment_id",
        "ticket",
        "qty",
        "assigned_at",
        "state",
        "changed_at",
        "user",
        "note",
    )
    rows = [
        (name, key, number, run.now, state, run.now, run.user, note or None) for key, number in what
    ]
    plan.changes.append(ALLOTMENT_TICKETS, snapshot[ALLOTMENT_TICKETS].next_row, columns, rows)


def _changed(
    snapshot: Snapshot, plan: Plan, row: dict[str, Any], keys: tuple[str, ...], places: int
) -> AllotmentChanged:
    after = snapshot.after(plan.changes)
    return AllotmentChanged(line_of(row, rows_of(after, name_of(row))), keys, places)
