"""Which column of a foreign list of trade is which of our fields: as it was said, as it was
remembered, by what its header is called in the languages of the trade, else by its cells (§3, §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from ticketops.domain.intake import values
from ticketops.domain.intake.fields import (
    BEFORE,
    CERTAINLY_QUANTITIES,
    FIELDS,
    LAST_WORDS,
    NAMES_OF,
)
from ticketops.domain.intake.mappings import field_named, given_places, listed, plain
from ticketops.errors import InputError, MissingColumnError
from ticketops.model import ids, spelling
from ticketops.model.findings import Finding, Severity
from ticketops.model.mail import bare_address
from ticketops.model.patterns import when_needed
from ticketops.schema.foreign import ForeignTable

GIVEN, REMEMBERED, NAMED, NEAR, BY_CELLS = "given", "remembered", "name", "near", "cells"
_NEAR = 0.85
_LOOKED_AT = 200
_SAMPLES = 3
_FEW = 100
"""Tickets of a line, beyond which a column of numbers is hardly one of quantities."""

IsMatch = Callable[[str], bool]


class Columns(Struct, frozen=True):
    """How a file is read. places: {field: place of its column}; how: {field: why it is that one};
    unused: headers that nothing is read from."""

    places: dict[str, int]
    how: dict[str, str]
    unused: list[str]

    def header(self, table: ForeignTable, name: str) -> str:
        """The header of a field; the field's own name where the file has no column of it."""
        at = self.places.get(name)
        return name if at is None else table.headers[at] or f"column {at + 1}"

    def samples(self, table: ForeignTable, name: str) -> list[str]:
        """The first different cells of a field."""
        told = dict.fromkeys(row.text(self.places[name]) for row in table.rows[:_LOOKED_AT])
        return [text for text in told if text][:_SAMPLES]


def columns_of(
    table: ForeignTable,
    kind: str,
    given: Mapping[str, str],
    kept: Mapping[str, str],
    is_match: IsMatch,
) -> Columns:
    """How a file of a kind is read. given: {field: header} as it was said, kept: as it was
    remembered; a blank header takes nothing. is_match: whether a text names a match.

    Raises UsageError for a header that was said and is not there.
    """
    keys = [plain(header) for header in table.headers]
    said = {**kept, **given}
    places = given_places(table, keys, said)
    how = {name: GIVEN if name in given else REMEMBERED for name in places}
    free = [at for at, key in enumerate(keys) if at not in places.values()]
    open_fields = [field for field in FIELDS[kind] if field.name not in said]

    def take(name: str, at: int, why: str) -> None:
        places[name], how[name] = at, why
        free.remove(at)

    for field in open_fields:
        for name in (*BEFORE.get(field.name, ()), plain(field.name), *field.called):
            here = next((at for at in free if keys[at] == name), None)
            if here is not None and _may_be(field.name, table, here, is_match):
                take(field.name, here, NAMED)
                break
    for field in open_fields:
        if field.name in places or field.name not in LAST_WORDS:
            continue
        for at in free:
            words = table.headers[at].split()
            ends = {plain(" ".join(words[first:])) for first in range(1, len(words))}
            if ends & LAST_WORDS[field.name] and _may_be(field.name, table, at, is_match):
                take(field.name, at, NEAR)
                break
    tests = _by_cells(kind, is_match)
    for field in open_fields:
        if field.name in places:
            continue
        names = (plain(field.name), *field.called)
        for at in list(free):
            is_near = len(keys[at]) > 3 and spelling.nearest(keys[at], names, cutoff=_NEAR)
            if not is_near or not _may_be(field.name, table, at, is_match):
                continue
            if field.name not in _CERTAIN or _most(table, at, tests[field.name]):
                take(field.name, at, NEAR)
                break
    for name, fits in tests.items():
        if name in _BY_NAME or name in said or places.keys() & _INSTEAD.get(name, {name}):
            continue
        here_ = [at for at in free if _most(table, at, fits)]
        if len(here_) == 1:
            take(name, here_[0], BY_CELLS)
    if {"date", "venue"} <= places.keys() and not places.keys() & _OF_MATCH:
        places["match_date"], how["match_date"] = places.pop("date"), how.pop("date")
    order = [field.name for field in FIELDS[kind]]
    return Columns(
        {name: places[name] for name in order if name in places},
        how,
        [table.headers[at] for at in free if keys[at]],
    )


_OF_MATCH = {"match", "game", "home", "match_date"}
"""Fields that say which match it is; where a file has none of them, but a venue, its date is that of
the match."""
_BY_NAME = ("match_date", "total")
"""Fields that are never told by their cells alone: other columns look alike."""
_CERTAIN = ("date", "match_date", "email", "qty", "unit_price", "total")
"""Fields whose cells must look like them where the header is only near."""
_INSTEAD = {
    "match": {"match", "game", "home"},
    "unit_price": {"unit_price", "total"},
    "seats": {"seats", "seat"},
    "qty": {"qty", "seats", "seat"},
}
"""Fields that say the same: none of them is told by cells where another is there."""


def said(columns: Columns, table: ForeignTable) -> list[Finding]:
    """Findings: what was taken by its cells or by a header that is only near, and what is not
    used."""
    found = []
    for name, why in columns.how.items():
        if why in (NEAR, BY_CELLS):
            by = "its cells" if why == BY_CELLS else "its header"
            header = columns.header(table, name)
            message = (
                f"the column {header!r} is taken as {name}, by {by}; --map {name}= takes it not"
            )
            found.append(Finding("COLUMN_TAKEN", Severity.LOW, message))
    keys = [plain(header) for header in table.headers]
    for name, at in columns.places.items():
        others = [one for one, key in enumerate(keys) if key and key == keys[at] and one != at]
        if any(row.text(one) != row.text(at) for one in others for row in table.rows):
            header = columns.header(table, name)
            message = f"the header {header!r} is there twice: column {at + 1} is taken as {name}"
            found.append(Finding("COLUMN_TWICE", Severity.MEDIUM, message))
    if columns.unused:
        message = f"columns that are not used: {', '.join(columns.unused)}"
        found.append(Finding("COLUMN_UNUSED", Severity.INFO, message))
    return found


def _may_be(name: str, table: ForeignTable, at: int, is_match: IsMatch) -> bool:
    """Whether the cells of a column contradict its header: `Event` that names no match is another
    thing, so is a `Number` that is no quantity."""
    if name == "game":
        return _most(table, at, is_match)
    if name == "match" and plain(table.headers[at]) == "match":
        return True
    if name == "ticket_id":
        said = plain(table.headers[at]) in ("ticketid", "salesid", "saleslinekey")
        return said or _most(table, at, _is_ticket)
    if name == "qty" and plain(table.headers[at]) not in CERTAINLY_QUANTITIES:
        return not _most(table, at, lambda text: not _is_quantity(text) and not values.lot(text))
    return True


def _by_cells(kind: str, is_match: IsMatch) -> dict[str, Callable[[str], bool]]:
    """How the cells of a field look, for those of which that is telling."""
    tests: dict[str, Callable[[str], bool]] = {
        "match": lambda text: is_match(text) and not text.isdecimal(),
        "email": lambda text: "@" in bare_address(text),
        "seats": _is_seats,
        "date": _is_day,
        "match_date": _is_day,
        "total": _is_amount,
        "currency": values.is_currency,
        "category": lambda text: values.category(text) != text or text.casefold() in _CATEGORIES,
        "qty": lambda text: _is_quantity(text) and values.quantity(text) <= _FEW,
        "unit_price": _is_amount,
    }
    names = NAMES_OF[kind]
    return {name: test for name, test in tests.items() if name in names}


_CENTS = when_needed(r"\d+,\d\d")
_CATEGORIES = {f"{top}cat {number}" for top in ("", "top ") for number in range(1, 5)}


def _most(table: ForeignTable, at: int, fits: Callable[[str], bool]) -> bool:
    """Whether most filled cells of a column look so."""
    texts = [text for row in table.rows[:_LOOKED_AT] if (text := row.text(at))]
    return bool(texts) and sum(map(fits, texts)) * 5 >= len(texts) * 4


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except ValueError as error:
        return "can be" in str(error)  # a date, though of two days
    return True


def _is_ticket(text: str) -> bool:
    named = ids.exact_sales_id(ids.read_sales_id(text)) or ids.read_sales_line_key(text)
    return named is not None


def _is_day(text: str) -> bool:
    return _reads(values.day, text)


def _is_quantity(text: str) -> bool:
    return _reads(values.quantity, text)


def _is_amount(text: str) -> bool:
    return _reads(lambda one: values.amount(one, values.POINT), text) or _reads(values.amount, text)


def _is_seats(text: str) -> bool:
    """`12,50` may be an amount, too: it tells nothing."""
    if _CENTS().fullmatch(text):
        return False
    return any(mark in text for mark in "-–,;") and _reads(values.seats, text)


def require(
    columns: Columns,
    table: ForeignTable,
    kind: str,
    needed: Sequence[tuple[str, ...]],
    is_match: IsMatch,
) -> None:
    """Raises MissingColumnError where a file lacks what its kind needs, InputError where it has no
    header: its first line would be lost. needed: fields one of which must be there."""
    tests = _by_cells(kind, is_match)
    looks = [
        name
        for name in ("match", "unit_price", "qty")
        if name in columns.places
        and name in tests
        and not field_named(table.headers[columns.places[name]], FIELDS[kind])
        and tests[name](table.headers[columns.places[name]])
    ]
    if looks:
        raise InputError(
            f"{table.label} has no header: line {table.header_row} is a line of {kind} itself",
            "put a line above it that names the columns",
        )
    lacks = [names[0] for names in needed if not columns.places.keys() & set(names)]
    if lacks:
        raise MissingColumnError(
            f"{table.label} has no column for {', '.join(lacks)} of {kind}",
            f"--map {lacks[0]}=HEADER names it; the file has {listed(table)}",
        )
