"""The history of tickets: which of its rows stand, and whether they tell how each ticket came to be what it
is, without a gap (document 001, D19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ticketops.domain.issuance.clearance import Row
from ticketops.domain.issuance.tracker import Tracker
from ticketops.model.findings import Finding, Severity
from ticketops.model.issuance import NOT_READY, UNDO
from ticketops.schema.layouts.issuance import HISTORY, TICKETS
from ticketops.schema.tables import Snapshot


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A row of TicketStatusHistory. stands: whether nobody took it back."""

    at: datetime | None
    user: str | None
    action: str | None
    before: str | None
    after: str | None
    note: str | None
    stands: bool


def undone_runs(rows: Iterable[Row]) -> set[str]:
    """The RunIDs of what was taken back, as the UNDO rows name them."""
    return {(row["note"] or "").split(" ", 1)[0] for row in rows if row["action"] == UNDO}


def of_ticket(snapshot: Snapshot, ticket_id: str) -> tuple[HistoryRow, ...]:
    """What was done to a ticket, oldest first."""
    rows = list(snapshot[HISTORY].frame.iter_rows(named=True))
    undone = undone_runs(rows)
    return tuple(
        HistoryRow(
            row["timestamp"],
            row["user"],
            row["action"],
            row["before"],
            row["after"],
            row["note"],
            row["action"] != UNDO and row["run_id"] not in undone,
        )
        for row in rows
        if row["ticket_id"] == ticket_id
    )


def gaps(tracker: Tracker) -> list[Finding]:
    """Tickets whose history does not lead to the state that they have: somebody typed into Status, or
    took rows out of the history."""
    rows = list(tracker.snapshot[HISTORY].frame.iter_rows(named=True))
    undone = undone_runs(rows)
    reached: dict[str, str] = {}
    broken: dict[str, str] = {}
    for row in rows:
        if row["action"] == UNDO or row["run_id"] in undone or not row["ticket_id"]:
            continue
        key, before = row["ticket_id"], row["before"]
        if before is not None and reached.get(key, before) != before:
            broken.setdefault(key, f"it goes from {reached[key]} to {before} untold")
        if before is None and key in reached:
            broken.setdefault(key, "it is created twice")
        if before is not None and key not in reached:
            broken.setdefault(key, f"it begins with {before}")
        reached[key] = row["after"]
    for ticket in tracker.rows:
        key = ticket["ticket_id"]
        state = ticket["state"] or NOT_READY
        if key and key not in broken and reached.get(key) != state:
            told = f"ends with {reached[key]}" if key in reached else "does not tell of it"
            broken[key] = f"it {told}, and Status is {state}"
    at = {row["ticket_id"]: row["row"] for row in tracker.rows}
    return [
        Finding(
            "HISTORY_GAP",
            Severity.HIGH,
            f"{HISTORY} does not say how {key} came to its state: {why}",
            TICKETS,
            at.get(key),
        )
        for key, why in broken.items()
    ]
