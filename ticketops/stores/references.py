"""References inside formulas: filled down to another row, or following rows that made room."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

from ticketops.model.patterns import when_needed


class Room(Struct, frozen=True):
    """What rows of totals make way for. foot: their first row; first_new, last_new: the rows that
    held no records before, as far as they are written; shift: how many rows the totals move down.
    """

    foot: int
    first_new: int
    last_new: int
    shift: int


_REFERENCE = when_needed(
    r'"(?:[^"]|"")*"|\[[^\[\]]*\]'
    r"|(?<![\w.$!:])((?:'(?:[^']|'')+'|[^\W\d][\w.]*)!)?"
    r"(\$?)([A-Z]{1,3})(\$?)(\d{1,7})(?::(\$?)([A-Z]{1,3})(\$?)(\d{1,7}))?(?![\w(.!:])"
    r"|'(?:[^']|'')+'"
)


def filled_down(formula: str, rows: int) -> str:
    """A formula as it reads `rows` rows further down: relative references move along."""

    def moved(found: re.Match[str]) -> str:
        if not found[3]:
            return found[0]
        first = f"{found[2]}{found[3]}{found[4]}{int(found[5]) + (0 if found[4] else rows)}"
        last = (
            f":{found[6]}{found[7]}{found[8]}{int(found[9]) + (0 if found[8] else rows)}"
            if found[7]
            else ""
        )
        return f"{found[1] or ''}{first}{last}"

    return _REFERENCE().sub(moved, formula)


def with_rows(formula: str, sheet: str, change: Callable[[int, int], tuple[int, int]]) -> str:
    """A formula of `sheet` whose references to that sheet's own cells get new rows: change(first,
    last) of each range."""

    def moved(found: re.Match[str]) -> str:
        if not found[3] or not _own(found[1], sheet):
            return found[0]
        first = int(found[5])
        new_first, new_last = change(first, int(found[9] or first))
        last = f":{found[6]}{found[7]}{found[8]}{new_last}" if found[7] else ""
        return f"{found[1] or ''}{found[2]}{found[3]}{found[4]}{new_first}{last}"

    return _REFERENCE().sub(moved, formula)


def with_room(formula: str, sheet: str, room: Room) -> str:
    """A formula in a row of totals of `sheet` after room was made above it: its ranges reach over
    the new rows."""

    def following(first: int, end: int) -> tuple[int, int]:
        if first >= room.foot:
            return first + room.shift, end + room.shift
        if end != first or first >= room.first_new - 1:
            reaches = first <= room.first_new <= end + 1
            end = (
                end + room.shift
                if end >= room.foot
                else max(end, room.last_new)
                if reaches
                else end
            )
        return first, end

    return with_rows(formula, sheet, following)


def points_below(formula: str, sheet: str, row: int, *, inside: bool) -> bool:
    """Whether a formula points at cells of `sheet` from `row` on. inside: the formula stands in
    that sheet."""
    return any(
        found[3] and (_own(found[1], sheet) if found[1] else inside) and int(found[5]) >= row
        for found in _REFERENCE().finditer(formula)
    )


def _own(prefix: str | None, sheet: str) -> bool:
    if not prefix:
        return True
    name = prefix[:-1]
    return (
        name[1:-1].replace("''", "'") if name.startswith("'") else name
    ).casefold() == sheet.casefold()
