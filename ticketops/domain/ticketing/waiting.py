"""What stands in the waiting list (000): its entries in their order, and what of them is not understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.domain.allocation.pool import held_units, standing_holds
from ticketops.domain.catalogue.filters import filtered
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.masterdata.aliases import client_keys, clients
from ticketops.domain.plan import Plan, Run
from ticketops.domain.ticketing.asked import of_row
from ticketops.errors import NotFoundError
from ticketops.model import ids, states
from ticketops.model.findings import Finding, Severity
from ticketops.schema.layouts.event import WAITLIST
from ticketops.schema.tables import Snapshot

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry of the waiting list. source: where it came from, such as a SalesID; deadline: the last
    day on which its units are held; sale: what became of it."""

    entry: str
    client: str
    match: str
    sub_game: str | None
    category: str
    quantity: int
    source: str | None
    state: str
    queued_at: datetime | None
    promoted_at: datetime | None
    deadline: datetime | None
    decided_at: datetime | None
    units: tuple[str, ...]
    sale: str | None
    user: str | None
    reason: str | None


def unclear(snapshot: Snapshot, run: Run) -> list[Finding]:
    """Entries whose state is not understood, those whose deadline is past, and those whose units
    somebody released."""
    found = []
    for row in in_order(snapshot):
        name, state = row["entry_id"], row["state"] or states.QUEUED
        if state not in states.WAITLIST_STATE:
            choices = ", ".join(states.WAITLIST_STATE)
            said = f"State must be one of {choices}, not {state!r}"
            found.append(finding("WAITLIST_UNCLEAR", Severity.MEDIUM, f"{name}: {said}", row))
        elif state == states.PROMOTED and is_late(row, run):
            said = f"the deadline of {name} was {row['deadline']:%Y-%m-%d}, and nothing is held for {row['client']}: `ticketops waitlist skip {name} --reason TEXT`, or promote it again"
            found.append(finding("WAITLIST_LATE", Severity.LOW, said, row))
        elif gone := lost(snapshot, row, run):
            said = f"{', '.join(gone)} is no longer held for {name} of {row['client']}: `ticketops waitlist skip {name} --reason TEXT`, or promote it again"
            found.append(finding("WAITLIST_LOST", Severity.MEDIUM, said, row))
    return found


def is_late(row: Row, run: Run) -> bool:
    """Whether the deadline of an entry is past: its units are no longer held."""
    return row["deadline"] is not None and bool(row["deadline"] < run.today)


def held_for(snapshot: Snapshot, row: Row, run: Run) -> list[str]:
    """The units that are still held for an entry."""
    mine = set(ids.split_unit_ids(row["unit_ids"]))
    return [
        unit_id
        for text, held_at in standing_holds(snapshot, run.now)
        .select("unit_id", "held_at")
        .iter_rows()
        for unit_id in held_units(text)
        if unit_id in mine and held_at == row["promoted_at"]
    ]


def lost(snapshot: Snapshot, row: Row, run: Run) -> list[str]:
    """The units of an entry that was promoted that somebody released before the deadline."""
    if row["state"] != states.PROMOTED:
        return []
    held = held_for(snapshot, row, run)
    return [unit for unit in ids.split_unit_ids(row["unit_ids"]) if unit not in held]


def in_order(snapshot: Snapshot) -> list[Row]:
    """The entries in the order of joining."""
    rows = snapshot[WAITLIST].frame.to_dicts()
    return sorted(rows, key=lambda row: (row["queued_at"] or datetime.min, row["row"]))


def row_of(snapshot: Snapshot, entry: str) -> Row:
    """The row of an entry that is named. Raises NotFoundError."""
    wanted = ids.read_numbered(ids.WAITLIST_ID, entry)
    for row in snapshot[WAITLIST].frame.to_dicts():
        if (row["entry_id"] or "").upper() == wanted:
            return row
    raise NotFoundError(f"there is no entry {entry}", "`ticketops waitlist list` shows all")


def quantity_of(row: Row) -> int:
    """How many tickets an entry waits for."""
    return max(row["qty"] or 1, 1)


def told(row: Row) -> Waiting:
    """An entry as lists have it."""
    return Waiting(
        row["entry_id"] or "",
        row["client"] or "",
        row["match"] or "",
        row["sub_game"],
        row["category"] or "",
        quantity_of(row),
        row["source"],
        row["state"] or states.QUEUED,
        row["queued_at"],
        row["promoted_at"],
        row["deadline"],
        row["decided_at"],
        tuple(ids.split_unit_ids(row["unit_ids"])),
        row["sales_id"],
        row["user"],
        row["reason"],
    )


def finding(code: str, severity: Severity, message: str, row: Row) -> Finding:
    """What is to be said of an entry."""
    return Finding(
        code,
        severity,
        message,
        WAITLIST,
        row["row"],
        match=row["match"] or "",
        category=row["category"] or "",
    )


@dataclass(frozen=True, slots=True)
class WaitingList:
    """`waitlist list`, in the order of joining."""

    entries: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class WaitlistReport:
    """`report ticketing waitlist`. counts: how many are in each state, none of them merged."""

    lines: tuple[Waiting, ...]
    counts: dict[str, int]


def listed(
    snapshot: Snapshot, client: str, match: Sequence[str], category: str, state: str, run: Run
) -> Plan:
    """The entries, only those of a client, of matches, of a category, in a state. Raises NotFoundError,
    UnclearNameError."""
    key, sub_games = client_keys(snapshot), SubGames.of(snapshot)
    rows = in_order(snapshot)
    if client:
        names = [row["client"] for row in rows]
        wanted = clients(snapshot, run.chosen, names).require(client, where=WAITLIST, insist="")
        rows = [row for row in rows if key(row["client"]) == key(wanted.name)]
    if match:
        codes = filtered(snapshot, WAITLIST, match, run.chosen)
        rows = [row for row in rows if {row["match"], of_row(row, sub_games)[0]} & set(codes)]
    rows = [
        row
        for row in rows
        if (not category or row["category"] == category)
        and (not state or (row["state"] or states.QUEUED) == state)
    ]
    shown = {row["row"] for row in rows}
    findings = [one for one in unclear(snapshot, run) if one.row in shown]
    return Plan(findings=findings, result=WaitingList(tuple(map(told, rows))))


def report(snapshot: Snapshot, run: Run) -> Plan:
    """Every entry in its own state, with its source and moments, and how many there are of each."""
    lines = tuple(map(told, in_order(snapshot)))
    counts = dict.fromkeys(states.WAITLIST_STATE, 0)
    for line in lines:
        counts[line.state] = counts.get(line.state, 0) + 1
    return Plan(findings=unclear(snapshot, run), result=WaitlistReport(lines, counts))
