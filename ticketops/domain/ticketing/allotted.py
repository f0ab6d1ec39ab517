"""What stands in allotments (000): their figures, their tickets, and what does not add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from ticketops.domain.allocation.pool import held_units, standing_holds
from ticketops.domain.catalogue.sessions import SubGames
from ticketops.domain.plan import Run
from ticketops.domain.ticket.identity import sale_of
from ticketops.domain.ticket.records import Record, is_live, tickets, units
from ticketops.domain.ticket.unit_ids import unit_of
from ticketops.domain.ticketing.asked import of_row
from ticketops.errors import NotFoundError
from ticketops.model import ids, spelling, states
from ticketops.model.display import counted
from ticketops.model.findings import Finding, Severity
from ticketops.model.names import quoted
from ticketops.schema.layouts.event import ALLOTMENT_TICKETS, ALLOTMENTS
from ticketops.schema.tables import Snapshot

_GONE = (states.CANCELLED, states.REPLACED)
"""Units that nobody can use."""


@dataclass(frozen=True, slots=True)
class AllotmentLine:
    """An allotment: assigned = used + transferred + revoked + remaining. sub_game: where the match has
    several."""

    allotment: str
    sponsor: str
    match: str
    sub_game: str | None
    category: str
    assigned: int
    used: int
    transferred: int
    revoked: int
    remaining: int
    """Negative where more tickets stand in the allotment than it has."""


@dataclass(frozen=True, slots=True)
class AllotmentTicket:
    """A ticket or unit of an allotment, or (ticket: None) places that were revoked before anybody had
    them."""

    allotment: str
    ticket: str | None
    quantity: int
    state: str
    assigned_at: datetime | None
    changed_at: datetime | None
    user: str | None
    note: str | None


class Item(Struct, frozen=True):
    """What can be assigned: a ticket, by its SalesID, or a unit that serves none."""

    key: str
    pool: tuple[str, str]
    gone: str
    """Why nobody can use it; empty where one can."""


class Items:
    """The tickets and units of a workbook."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._sub_games = SubGames.of(snapshot)
        self._tickets, self._units = tickets(snapshot), units(snapshot)
        self._serves = {
            unit_of(ticket): key
            for key, ticket in self._tickets.items()
            if is_live(ticket) and unit_of(ticket)
        }

    def key(self, text: str | None) -> str:
        """Under which name it is known: a unit that serves a ticket is that ticket."""
        unit = spelling.unit(text or "")
        return self._serves.get(unit, unit) if unit else ids.read_sales_id(text or "")

    def named(self, text: str) -> list[Item]:
        """What a text names: a ticket, the live tickets of a sale, a unit. Raises NotFoundError."""
        key = self.key(text)
        if key in self._tickets:
            return [self._sold(key, self._tickets[key])]
        if key in self._units:
            unit = self._units[key]
            pool = of_row(
                {"match": unit.match, "sub_game": unit.sub_game, "category": unit.category},
                self._sub_games,
            )
            return [Item(key, pool, unit.status if unit.status in _GONE else "")]
        found = [
            self._sold(name, ticket)
            for name, ticket in self._tickets.items()
            if sale_of(name) == key and is_live(ticket)
        ]
        if not found:
            raise NotFoundError(
                f"there is no ticket, sale or unit {text}", "write it as S147-1, S147 or P00012"
            )
        return found

    def gone(self, key: str) -> str:
        """Why nobody can use a ticket or unit that stands in an allotment; empty where one can."""
        try:
            return next((one.gone for one in self.named(key) if one.gone), "")
        except NotFoundError:
            return "no longer in the workbook"

    def _sold(self, key: str, ticket: Record) -> Item:
        return Item(key, of_row(ticket, self._sub_games), "" if is_live(ticket) else "CANCELLED")


def unclear(snapshot: Snapshot, run: Run) -> list[tuple[str, Finding]]:
    """(allotment, finding) of what does not add up: rows of no allotment, states that are not
    understood, tickets that nobody can use, units that nobody holds for the sponsor, and allotments with more tickets than they have."""
    items = Items(snapshot)
    holds = standing_holds(snapshot, run.now)["unit_id"]
    held = {unit for text in holds for unit in held_units(text)}
    known = {name_of(row): row for row in snapshot[ALLOTMENTS].frame.to_dicts()}
    found: list[tuple[str, Finding]] = []

    def say(name: str, code: str, text: str, sheet: str, row: int, ticket: str = "") -> None:
        sale = ticket if ticket.startswith("S") else ""
        finding = Finding(
            code, Severity.MEDIUM, f"{sheet} row {row}: {text}", sheet, row, sales_id=sale
        )
        found.append((name, finding))

    by_name = by_allotment(snapshot)
    for name, rows in by_name.items():
        for one in rows:
            at, ticket = one["row"], one["ticket"] or ""
            if name not in known:
                text = f"there is no allotment {name or 'without a number'!r}"
                say(name, "ALLOTMENT_UNCLEAR", text, ALLOTMENT_TICKETS, at, ticket)
            if one["state"] not in (None, *states.ALLOTMENT_STATE):
                choices = ", ".join(states.ALLOTMENT_STATE)
                text = f"State must be one of {choices}, not {one['state']!r}; it counts as {states.USED}"
                say(name, "ALLOTMENT_UNCLEAR", text, ALLOTMENT_TICKETS, at, ticket)
            elif ticket and one["state"] != states.REVOKED and (why := items.gone(ticket)):
                text = f"{ticket} is {why}: `ticketops allotment revoke {name} {ticket}`"
                say(name, "ALLOTMENT_TICKET_GONE", text, ALLOTMENT_TICKETS, at, ticket)
            elif (
                name in known
                and one["state"] in (None, states.USED)
                and (unit := spelling.unit(items.key(ticket)))
                and unit not in held
            ):
                sponsor = quoted(known[name]["sponsor"] or "")
                text = f"{unit} is not held, so a sale may get it, too: revoke it, or `ticketops unit hold {unit} --client {sponsor} --until DATE`"
                say(name, "ALLOTMENT_UNIT_FREE", text, ALLOTMENT_TICKETS, at)
    for name, row in known.items():
        line = line_of(row, by_name.get(name, []))
        if line.remaining < 0:
            text = f"{name} has {counted(line.assigned, 'ticket')}, but {line.assigned - line.remaining} are used, transferred or revoked"
            say(name, "ALLOTMENT_OVERDRAWN", text, ALLOTMENTS, row["row"])
    return found


def row_of(snapshot: Snapshot, allotment: str) -> dict[str, Any]:
    """The row of an allotment that is named. Raises NotFoundError."""
    wanted = ids.read_numbered(ids.ALLOTMENT_ID, allotment)
    for row in snapshot[ALLOTMENTS].frame.to_dicts():
        if name_of(row) == wanted:
            return row
    raise NotFoundError(
        f"there is no allotment {allotment}", "`ticketops allotment list` shows all"
    )


def name_of(row: dict[str, Any]) -> str:
    """The AllotmentID of a row of either sheet."""
    return (row["allotment_id"] or "").upper()


def rows_of(snapshot: Snapshot, name: str) -> list[dict[str, Any]]:
    """The rows of the tickets of one allotment."""
    return by_allotment(snapshot).get(name, [])


def by_allotment(snapshot: Snapshot) -> dict[str, list[dict[str, Any]]]:
    """{AllotmentID: the rows of its tickets}."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in snapshot[ALLOTMENT_TICKETS].frame.to_dicts():
        found.setdefault(name_of(row), []).append(row)
    return found


def line_of(row: dict[str, Any], rows: Iterable[dict[str, Any]]) -> AllotmentLine:
    """An allotment with its figures. rows: those of its tickets."""
    count: Counter[str] = Counter()
    for one in rows:
        known = one["state"] in states.ALLOTMENT_STATE
        count[one["state"] if known else states.USED] += places(one)
    assigned = max(row["qty"] or 0, 0)
    used, transferred, revoked = (count[state] for state in states.ALLOTMENT_STATE)
    return AllotmentLine(
        name_of(row),
        row["sponsor"] or "",
        row["match"] or "",
        row["sub_game"],
        row["category"] or "",
        assigned,
        used,
        transferred,
        revoked,
        assigned - used - transferred - revoked,
    )


def places(one: dict[str, Any]) -> int:
    """How many places a row is about: one where it names a ticket."""
    return 1 if one["ticket"] else max(one["qty"] or 1, 1)


def told(one: dict[str, Any]) -> AllotmentTicket:
    """A ticket of an allotment as lists have it."""
    return AllotmentTicket(
        one["allotment_id"] or "",
        one["ticket"],
        places(one),
        one["state"] or states.USED,
        one["assigned_at"],
        one["changed_at"],
        one["user"],
        one["note"],
    )
