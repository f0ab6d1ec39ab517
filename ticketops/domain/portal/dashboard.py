"""A supplier's dashboard (§9): how far every match is, and every set of it, counted from the rows of
its book. A page can't tell more than the book does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ticketops.model import states
from ticketops.model.ids import natural_order
from ticketops.schema.book_layouts import BookRow


@dataclass(frozen=True, slots=True)
class Figures:
    """Units by how far they are. sold: those that serve a ticket; without_guest: sold, and nobody
    said yet where to send the ticket; open: still to be sent, without ISSUE."""

    units: int = 0
    sold: int = 0
    without_guest: int = 0
    open: int = 0
    uploaded: int = 0
    sent: int = 0
    accepted: int = 0
    issues: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


@dataclass(frozen=True, slots=True)
class SetLine:
    """The units of a match that were bought together, by what their supplier knows of them."""

    category: str
    contract: str
    inv_no: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class MatchLine:
    """A match: when and where it is played, and its units."""

    match: str
    game: str
    day: datetime | None
    kick_off: str
    place: str
    stage: str
    figures: Figures
    sets: tuple[SetLine, ...]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The matches of a supplier by their day, and the figures of all."""

    matches: tuple[MatchLine, ...]
    figures: Figures


_ONE = {
    states.UPLOADED: "uploaded",
    states.SENT: "sent",
    states.ACCEPTED: "accepted",
    states.ISSUE: "issues",
}


def is_sold(row: BookRow) -> bool:
    """Whether the unit of a row serves a ticket."""
    return bool(row.values.get("sales_id"))


def has_guest(row: BookRow) -> bool:
    """Whether somebody said where the ticket of a row is to be sent."""
    return bool(row.values.get("client_email"))


def figures_of(row: BookRow) -> Figures:
    """A row as figures."""
    if not is_sold(row):
        return Figures(units=1)
    delivery = row.values.get("delivery") or states.NOT_SENT
    found = {_ONE.get(delivery, "open"): 1}
    waits = delivery in (states.NOT_SENT, states.PENDING) and not has_guest(row)
    return Figures(units=1, sold=1, without_guest=int(waits), **found)


def dashboard(rows: Iterable[BookRow]) -> Dashboard:
    """The dashboard of a supplier's book."""
    of_match: dict[str, list[BookRow]] = {}
    for row in rows:
        of_match.setdefault(row.values.get("match") or "", []).append(row)
    matches = tuple(
        sorted(
            (_match(match, found) for match, found in of_match.items()),
            key=lambda one: (one.day or datetime.max, natural_order(one.match)),
        )
    )
    return Dashboard(matches, sum((one.figures for one in matches), Figures()))


def _match(match: str, rows: list[BookRow]) -> MatchLine:
    sets: dict[tuple[str, str, str], Figures] = {}
    for row in rows:
        values = row.values
        named = _text(values, "category"), _text(values, "contract"), _text(values, "inv_no")
        sets[named] = sets.get(named, Figures()) + figures_of(row)
    first = rows[0].values
    return MatchLine(
        match,
        _text(first, "game"),
        first.get("match_date"),
        _text(first, "kick_off"),
        _text(first, "place"),
        _text(first, "stage"),
        sum(sets.values(), Figures()),
        tuple(
            SetLine(*named, figures)
            for named, figures in sorted(
                sets.items(), key=lambda one: [natural_order(text) for text in one[0]]
            )
        ),
    )


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
