"""A table as a foreign file has it: its header, and its rows with the file's own line numbers.

Which rows are the header is found by their looks: titles above are passed over, and a header of two
rows is joined (`Teams` above `Home` and `Away`: `Teams Home`, `Teams Away`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from ticketops.errors import InputError
from ticketops.model.spelling import tidy
from ticketops.schema.columns import ErrorValue, text_of

_HEADER_WITHIN = 25
"""The header is looked for in so many rows."""
_MOST_HEADER_ROWS = 3
_DIGIT = re.compile(r"\d")

Area = tuple[int, int, int, int]
"""First row, first column, last row and last column of merged cells, from 0."""


class Cells(Struct, frozen=True):
    """What a reader finds: rows of raw cells as `schema.columns` calls them, None and "" being
    blank. sheet: which of `sheets` it is; numbers: the line of each row in the file; header: a
    header that the file itself marks, as a number of rows at the top; hidden: the rows and the
    columns, from 0, that the program does not show."""

    sheet: str
    sheets: tuple[str, ...]
    rows: list[list[Any]]
    numbers: list[int]
    merged: tuple[Area, ...] = ()
    header: int = 0
    hidden: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())


def _shown(cell: Any) -> str:
    return "" if cell is None or isinstance(cell, ErrorValue) else tidy(text_of(cell))


class Row(Struct, frozen=True):
    """A row below the header: its number in the file, and {header's place: raw cell}."""

    number: int
    cells: tuple[Any, ...]

    def text(self, at: int) -> str:
        """A cell as text, tidy; empty where it is blank or an error."""
        return _shown(self.cells[at]) if at < len(self.cells) else ""


class ForeignTable(Struct, frozen=True):
    """A table with its header. label: what people call it (`plan.xlsx Matches`); sheets: all that
    the file has; header_row: the line of its header, the last where it has two."""

    label: str
    sheet: str
    sheets: tuple[str, ...]
    headers: tuple[str, ...]
    header_row: int
    rows: tuple[Row, ...]
    order: str = ""
    """Which number of a date comes first, where the file says so."""
    hidden: tuple[int, ...] = ()
    """The numbers of the rows that the program does not show."""
    hidden_columns: tuple[int, ...] = ()
    shared: frozenset[tuple[int, int]] = frozenset()
    """(number of the row, column) of the cells that were one cell over several rows."""


def table_of(
    label: str,
    cells: Cells,
    header_row: int | None = None,
    is_header: Callable[[Sequence[str]], bool] | None = None,
) -> ForeignTable:
    """The table in some cells. header_row: the line that its header ends on; is_header: whether a row
    of texts is one, by what it says; looks decide where none is. Raises InputError for one without
    a header, or without rows."""
    rows = [[_plain(cell) for cell in row] for row in cells.rows]
    shared = _fill_merged(rows, cells.merged)
    width = max(map(len, rows), default=0)
    if not any(any(not _is_blank(cell) for cell in row) for row in rows):
        others = [name for name in cells.sheets if name != cells.sheet]
        hint = f"--sheet names another: {', '.join(others)}" if others else ""
        raise InputError(f"{label} is empty", hint)
    if header_row is None and is_header is not None:
        said = ([_shown(cell) for cell in row] for row in rows[:_HEADER_WITHIN])
        header_row = next(
            (cells.numbers[at] for at, row in enumerate(said) if is_header(row)), None
        )
    first, last = _header_rows(label, cells, rows, header_row)
    headers = _joined(rows[first : last + 1], width)
    below = [
        Row(number, tuple(row))
        for number, row in zip(cells.numbers[last + 1 :], rows[last + 1 :], strict=True)
        if any(not _is_blank(cell) for cell in row) and not _repeats(row, rows[last])
    ]
    if not below:
        raise InputError(f"{label} has no lines below the header", _names(headers))
    unseen = {cells.numbers[at] for at in cells.hidden[0] if at < len(cells.numbers)}
    return ForeignTable(
        label,
        cells.sheet,
        cells.sheets,
        headers,
        cells.numbers[last],
        tuple(below),
        hidden=tuple(row.number for row in below if row.number in unseen),
        hidden_columns=cells.hidden[1],
        shared=frozenset((cells.numbers[row], column) for row, column in shared if row > last),
    )


def _names(headers: Sequence[str]) -> str:
    return "its header is " + ", ".join(name for name in headers if name)


def _plain(cell: Any) -> Any:
    if isinstance(cell, ErrorValue) or not isinstance(cell, str):
        return cell
    return cell if tidy(cell) else None


def _is_blank(cell: Any) -> bool:
    return cell is None


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str) and not isinstance(cell, ErrorValue)


def _repeats(row: Sequence[Any], header: Sequence[Any]) -> bool:
    """Whether a row is the header once more, as on each page of a long table."""
    return list(row) == list(header)


def _header_rows(
    label: str, cells: Cells, rows: Sequence[Sequence[Any]], wanted: int | None
) -> tuple[int, int]:
    """The first and the last row of the header."""
    if wanted is not None:
        if wanted not in cells.numbers:
            raise InputError(f"{label} has no row {wanted}")
        last = cells.numbers.index(wanted)
        if not any(map(_is_text, rows[last])):
            raise InputError(f"{label}: row {wanted} is not a header: it holds no text")
        first = last
        while first and last - first + 1 < _MOST_HEADER_ROWS and _is_above(cells, rows, first - 1):
            first -= 1
        return first, last
    if cells.header:
        return 0, min(cells.header, _MOST_HEADER_ROWS) - 1
    first = _first_header(rows)
    last = first
    while last + 1 < len(rows) - 1 and last - first + 1 < _MOST_HEADER_ROWS:
        if not _is_above(cells, rows, last):
            break
        last += 1
    return first, last


def _first_header(rows: Sequence[Sequence[Any]]) -> int:
    """The first row that is filled as the rows below are, with texts only; else the first that is
    filled at all."""
    near = rows[:_HEADER_WITHIN]
    filled = [sum(not _is_blank(cell) for cell in row) for row in near]
    most = max(filled)
    for at, row in enumerate(near):
        told = [cell for cell in row if not _is_blank(cell)]
        if (
            filled[at] >= max(2, (most + 1) // 2)
            and all(map(_is_text, told))
            and not all(_DIGIT.search(cell) for cell in told)
        ):
            return at
    return next(at for at, count in enumerate(filled) if count)


def _is_above(cells: Cells, rows: Sequence[Sequence[Any]], at: int) -> bool:
    """Whether a row is the upper part of a header that goes on in the next: one of its cells is
    merged down or over others, or it is blank where the next has a word; and that holds no data."""
    if at < 0:
        return False
    row, under = rows[at], rows[at + 1]
    told = [cell for cell in under if not _is_blank(cell)]
    if not told or not all(_is_text(cell) and not _DIGIT.search(cell) for cell in told):
        return _is_merged_down(cells.merged, at) and all(map(_is_text, told))
    if _is_merged_down(cells.merged, at):
        return True
    if sum(not _is_blank(cell) for cell in row) < 2:
        return False
    blanks = [
        place
        for place, cell in enumerate(under)
        if not _is_blank(cell) and (place >= len(row) or _is_blank(row[place]))
    ]
    over = any(top == at == bottom and right > left for top, left, bottom, right in cells.merged)
    return bool(blanks) or over


def _is_merged_down(merged: Sequence[Area], at: int) -> bool:
    return any(top <= at < bottom for top, _left, bottom, _right in merged)


def _joined(header: Sequence[Sequence[Any]], width: int) -> tuple[str, ...]:
    """The names of the columns. A blank cell of an upper row is part of what is left of it."""
    names: list[list[str]] = [[] for _ in range(width)]
    for depth, row in enumerate(header):
        is_upper = depth + 1 < len(header)
        said = ""
        for at in range(width):
            cell = row[at] if at < len(row) else None
            own = "" if _is_blank(cell) else tidy(text_of(cell))
            if is_upper:
                below = any(
                    at < len(under) and not _is_blank(under[at]) for under in header[depth + 1 :]
                )
                said = own or (said if below else "")
                own = said
            if own and own not in names[at]:
                names[at].append(own)
    return tuple(" ".join(" ".join(parts).split()) for parts in names)


def _fill_merged(rows: list[list[Any]], merged: Sequence[Area]) -> set[tuple[int, int]]:
    """What stands in merged cells stands in each of their rows: a date beside its three
    sessions. Returned are (row, column) of the cells that share what they say, from 0."""
    shared: set[tuple[int, int]] = set()
    for top, left, bottom, _right in merged:
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for at, row in enumerate(rows[top + 1 : bottom + 1], start=top + 1):
            if not _is_blank(value) and left < len(row) and _is_blank(row[left]):
                row[left] = value
                shared |= {(top, left), (at, left)}
    return shared
