"""Seats as a file has them, whatever its format (§1b.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from math import isfinite
from typing import Any

from msgspec import Struct, field

from ticketops.model import spelling
from ticketops.model.patterns import when_needed
from ticketops.model.states import SEAT_RESTRICTION
from ticketops.model.texts import clean_text
from ticketops.schema.columns import ERRORS

NO_SEAT = "SEAT_WITHOUT_NAME"
BAD_TEXT = "BAD_TEXT"
BAD_PLACE = "BAD_COORDINATES"
BAD_RESTRICTION = "UNKNOWN_RESTRICTION"
NOT_UNDERSTOOD = "NOT_UNDERSTOOD"
_WHOLE = when_needed(r"^(\d+)\.0+$", re.ASCII)
"""A number as programs write it that know no whole ones."""
_DATE = when_needed(r"\d{4}-\d\d-\d\d(?:[ T].*)?", re.ASCII)
_LONGEST = 60
"""Characters of a block, row or seat."""
MOST = 500_000
"""Seats of one file; the largest stadiums have a fourth of that."""


class SeatSpot(Struct, frozen=True):
    """One seat of a file. x, y: where its middle is, y downwards; None where the file does not say.
    where: what of the file it is, for people: `line 12`."""

    block: str
    row: str
    seat: str
    x: float | None = None
    y: float | None = None
    where: str = ""
    category: str = ""
    restrictions: tuple[str, ...] = ()


class Wrong(Struct, frozen=True):
    """What of a file is not understood. where: `line 12`."""

    where: str
    code: str
    message: str


class Spots(Struct):
    """What a file holds. seats: in its order; wrong: what is left out of it; notes: what else is to
    be known; venue: the venue that it names, "" where it names none."""

    seats: list[SeatSpot] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    venue: str = ""
    has_categories: bool = False
    """Whether it says of seats which category they have, and so of the others that they have none."""
    has_restrictions: bool = False

    def add(
        self,
        where: str,
        names: tuple[Any, Any, Any],
        place: tuple[Any, Any] = (None, None),
        category: Any = "",
        restrictions: Iterable[str] = (),
    ) -> None:
        """Take a seat, or say what is wrong with it. names: block, row and seat as the file has
        them; place: x and y, each blank where it is unknown."""
        try:
            block, row, seat = (_label(*one) for one in zip(_PARTS, names, strict=True))
            named = clean_text(str(category or ""), "category")
        except ValueError as error:
            self.wrong.append(Wrong(where, BAD_TEXT, str(error)))
            return
        if not seat:
            self.wrong.append(Wrong(where, NO_SEAT, "the seat is blank"))
            return
        try:
            x, y = _place(*place)
        except ValueError as error:
            self.wrong.append(Wrong(where, BAD_PLACE, str(error)))
            return
        kinds = []
        for text in restrictions:
            kind = spelling.choice(text, SEAT_RESTRICTION)
            if kind is None:
                message = f"{text!r} must be one of {', '.join(SEAT_RESTRICTION)}"
                self.wrong.append(Wrong(where, BAD_RESTRICTION, message))
                return
            kinds.append(kind)
        named = spelling.category(named) or "" if named else ""
        self.has_categories |= bool(named)
        self.has_restrictions |= bool(kinds)
        self.seats.append(
            SeatSpot(block, row, seat, x, y, where, named, tuple(dict.fromkeys(kinds)))
        )


_PARTS = ("block", "row", "seat")


def number_of(raw: Any) -> float:
    """A coordinate: `12.5`, `12,5`, 1.2e3. Raises ValueError."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool):
        value = float(raw)
    else:
        text = spelling.tidy(str(raw)).replace("−", "-")
        if text.count(",") == 1 and "." not in text:
            text = text.replace(",", ".")
        try:
            value = float(text) if not set(text) & set("_") else float("nan")
        except ValueError:
            value = float("nan")
    if not isfinite(value) or abs(value) > 1e9:
        raise ValueError(f"{str(raw)[:40]!r} is not a coordinate")
    return value


def _label(what: str, raw: Any) -> str:
    """A block, row or seat as texts are kept. A quotation mark is an apostrophe: lists of seats put
    labels in quotes."""
    if raw is None:
        return ""
    if isinstance(raw, float) and raw.is_integer():
        raw = int(raw)
    if raw in ERRORS or (isinstance(raw, str) and _DATE().fullmatch(raw.strip())):
        raise ValueError(f"{raw!s} is not a {what}")
    plain = isinstance(raw, (str, int, float)) and not isinstance(raw, bool)
    if not plain:
        raise ValueError(f"{str(raw)[:40]!r} is not a {what}")
    text = _WHOLE().sub(r"\1", clean_text(str(raw), what).replace('"', "'"))
    if len(text) > _LONGEST:
        raise ValueError(f"the {what} has {len(text)} characters; at most {_LONGEST} are allowed")
    return text


def _place(x: Any, y: Any) -> tuple[float | None, float | None]:
    blank = [one is None or (isinstance(one, str) and not one.strip()) for one in (x, y)]
    if all(blank):
        return None, None
    if any(blank):
        raise ValueError("only one of X and Y is given")
    return number_of(x), number_of(y)
