"""Seats as a table, one row per seat: Block, Row, Seat, X, Y (§1b.1). X and Y may be left out, and so
may Category and Restrictions be added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ticketops.domain.seatmap.spots import Spots
from ticketops.errors import InputError, UsageError
from ticketops.model.names import quoted
from ticketops.model.patterns import when_needed
from ticketops.model.spelling import tidy
from ticketops.schema.foreign import ForeignTable

FIELDS = ("block", "row", "seat", "x", "y", "category", "restrictions")
HEADERS = ("Block", "Row", "Seat", "X", "Y", "Category", "Restrictions")
_CALLED = {
    "block": "block section sector area stand zone bloc sektor bereich tribuna tribune blockname",
    "row": "row reihe rang fila rangee line seatrow rowname rownumber rowlabel",
    "seat": "seat seatnumber number no nr platz sitz seatno seatlabel seatname asiento siege posto",
    "x": "x xcoordinate xpos posx cx xcoord",
    "y": "y ycoordinate ypos posy cy ycoord",
    "category": "category cat categoryid kategorie pricecategory categoria categorie",
    "restrictions": "restrictions restriction flags attributes",
}
_KNOWN = {word: name for name, words in _CALLED.items() for word in words.split()}
_PARTED = when_needed(r"[,;|/+]| and ")


def is_header(texts: Sequence[str]) -> bool:
    """Whether a row of texts heads seats: it names a seat, and a row or a block; or nothing else."""
    named = {_KNOWN.get(_plain(text)) for text in texts if text}
    return "seat" in named and (bool(named & {"row", "block"}) or named == {"seat"})


def given_columns(given: Sequence[str]) -> dict[str, str]:
    """`--map FIELD=HEADER` as {field: header}. Raises UsageError."""
    mapped: dict[str, str] = {}
    for text in given:
        name, mark, header = (part.strip() for part in text.partition("="))
        if not mark or not header or name.casefold() not in FIELDS:
            raise UsageError(
                f"--map must be FIELD=HEADER, not {text!r}", f"the fields are {', '.join(FIELDS)}"
            )
        if name.casefold() in mapped:
            raise UsageError(f"--map names {name.casefold()} twice")
        mapped[name.casefold()] = header
    return mapped


def spots_of(table: ForeignTable, mapped: Mapping[str, str]) -> Spots:
    """The seats of a table. mapped: {field: header}. Raises InputError where it has no column of
    seats, or lacks a header that is named."""
    places = _places(table, mapped)
    found = Spots()
    found.has_categories = "category" in places
    found.has_restrictions = "restrictions" in places
    used = {table.headers[at] for at in places.values()}
    if unused := [header for header in table.headers if header and header not in used]:
        found.notes.append(f"columns that are not used: {', '.join(unused[:12])}")
    for row in table.rows:
        cells = {
            name: row.cells[at] if at < len(row.cells) else None for name, at in places.items()
        }
        where = f"line {row.number}"
        if all(_blank(cells.get(name)) for name in FIELDS[:5]):
            continue
        kinds = [tidy(one) for one in _PARTED().split(str(cells.get("restrictions") or ""))]
        found.add(
            where,
            (cells.get("block"), cells.get("row"), cells.get("seat")),
            (cells.get("x"), cells.get("y")),
            cells.get("category"),
            [one for one in kinds if one],
        )
    return found


def _blank(cell: object) -> bool:
    return cell is None or (isinstance(cell, str) and not tidy(cell))


def _plain(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _places(table: ForeignTable, mapped: Mapping[str, str]) -> dict[str, int]:
    """{field: which column it is}."""
    plain = [_plain(header) for header in table.headers]
    places: dict[str, int] = {}
    for name, header in mapped.items():
        if _plain(header) not in plain:
            raise InputError(
                f"{table.label} has no column {header!r}",
                f"it has {', '.join(one for one in table.headers if one)}",
            )
        places[name] = plain.index(_plain(header))
    for at, word in enumerate(plain):
        name = _KNOWN.get(word, "")
        if not name or at in places.values() or name in mapped:
            continue
        if name in places:
            raise InputError(
                f"{table.label}: the columns {table.headers[places[name]]!r} and "
                f"{table.headers[at]!r} are both {name}",
                f"--map {name}={quoted(table.headers[at])} says which one counts",
            )
        places[name] = at
    if "seat" not in places:
        raise InputError(
            f"{table.label} has no column of seats",
            f"its header must name Block, Row and Seat; it has "
            f"{', '.join(one for one in table.headers if one)[:200]}; --map seat=HEADER names it",
        )
    return places
