"""What a missing sheet or column may have been renamed to (D17): a missing thing is added only
where nothing resembles it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from ticketops.schema.addresses import column_letters
from ticketops.schema.columns import header_key
from ticketops.schema.sheets import Sheet

_ALIKE = 0.72
"""From this ratio on two names may be spellings of one."""
_LEAST_PART = 4
"""A name that holds another of at least so many letters resembles it: `Client` and `Client
Name`."""


def alike(one: str, other: str) -> bool:
    """Whether two names of sheets or columns may be the same thing: `Company` and `Compagny`,
    `Sales` and `Sales 2026`."""
    first, second = header_key(one), header_key(other)
    if not first or not second:
        return False
    short, long = sorted((first, second), key=len)
    return (len(short) >= _LEAST_PART and short in long) or SequenceMatcher(
        None, first, second
    ).ratio() >= _ALIKE


def renamed_columns(
    sheet: Sheet,
    header: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    positions: Mapping[str, tuple[int, ...]],
) -> dict[str, str]:
    """{missing canonical column: what may be that column, for people}.

    header: the cells of the header row; rows: those below it; positions: where the declared columns
    stand. A column may be a missing one if its header is alike, or if it stands where the missing
    one belongs, between the same neighbours; there also without a header, if it holds something.
    """
    canonical = [column for column in sheet.columns if not column.extension]
    missing = [column for column in canonical if column.name not in positions]
    if not missing:
        return {}
    declared = {place for places in positions.values() for place in places}
    strays = {
        place: str(text)
        for place, text in enumerate(header, start=1)
        if place not in declared and text not in (None, "") and header_key(text)
    }
    found: dict[str, str] = {}
    for column in missing:
        by_name = next(
            (place for place, text in strays.items() if alike(text, column.header)), None
        )
        place = by_name or _in_its_place(
            column.name, [c.name for c in canonical], positions, strays, header, rows
        )
        if place:
            where = f"column {column_letters(place)}"
            found[column.name] = (
                f"{strays.pop(place)!r} in {where}"
                if place in strays
                else f"{where}, which has no header"
            )
    return found


def _in_its_place(
    name: str,
    order: Sequence[str],
    positions: Mapping[str, tuple[int, ...]],
    strays: Mapping[int, str],
    header: Sequence[Any],
    rows: Sequence[Sequence[Any]],
) -> int | None:
    """The undeclared column that stands between the neighbours of a missing one, if there is just
    room for one."""
    at = order.index(name)
    before = (
        positions[order[at - 1]][0]
        if at and order[at - 1] in positions
        else (0 if not at else None)
    )
    after = (
        positions[order[at + 1]][0] if at + 1 < len(order) and order[at + 1] in positions else None
    )
    if before is None and after is None:
        return None
    place = before + 1 if before is not None else (after or 0) - 1
    if after is not None and place >= after:
        return None
    if place in strays:
        return place
    blank = place >= 1 and (place > len(header) or header[place - 1] in (None, ""))
    holds = any(place <= len(row) and row[place - 1] not in (None, "") for row in rows)
    return place if blank and holds else None


def renamed_sheet(sheet: Sheet, others: Mapping[str, Sequence[Sequence[Any]]]) -> str | None:
    """The undeclared sheet that may be the missing one: its name is alike, or it has most of its
    headers.

    others: {title: rows, from row 1 on} of the sheets that no declaration claims.
    """
    wanted = {header_key(text) for text in sheet.canonical_headers}
    for title, rows in others.items():
        if sheet.header_row and wanted:
            hits = max(
                (
                    len(wanted & {header_key(cell) for cell in row if cell not in (None, "")})
                    for row in rows[:10]
                ),
                default=0,
            )
            if hits * 2 > len(wanted):
                return title
    return next((title for title in others if alike(title, sheet.name)), None)
