"""What of a sheet is not the ledger's: where the office's own cells stand, and which of our columns
formulas fill.

The ledger owns the columns under its own headers; every other cell is the office's. A store tells
with `Marks` what values alone do not show; `survey` says what follows from both for new rows and
new columns.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import Area, column_letters, column_number

Run = tuple[int, int]
"""First and last of neighbouring rows."""

DERIVED = frozenset({"game", "total", "date"})
"""Columns that offices fill by formula: such a formula stands, and makes no record of a row that
holds nothing else."""

_CURRENCY = when_needed(r"[\s:(]+(?:[A-Z]{3}|[$€£¥])\)?:?\s*$")
_RANGE = when_needed(r"\$?([A-Z]{1,3})\$?(\d+):\$?([A-Z]{1,3})\$?(\d+)")
_SUM = when_needed(
    r"(?:SUM(?:IFS?|PRODUCT)?|SUBTOTAL|AGGREGATE|COUNT(?:A|IFS?)?|AVERAGE(?:IFS?)?)\(",
    re.IGNORECASE,
)
_LABELS = frozenset(
    {
        "total",
        "totals",
        "grandtotal",
        "subtotal",
        "sum",
        "sums",
        "summe",
        "gesamt",
        "gesamtsumme",
        "somme",
        "totale",
        "totaal",
        "suma",
        "soma",
        "итого",
        "всего",
        "σ",
        "∑",
        "合计",
        "总计",
        "合計",
        "المجموع",
        "الإجمالي",
        "toplam",
        "razem",
        "celkem",
        "yhteensä",
        "totalgeneral",
    }
)


class Marks(Struct, frozen=True):
    """What the values of a sheet do not show. formulas: {(row, column): text}, tick-boxes left out;
    notes: (row, column) of cells with a note; tables: (area, rows of totals at its foot, columns
    with a calculated formula); filter: the range of the sheet's own filter. foot_moves: whether the
    store moves a row of totals down to make room. errors: whether there may be ErrorValues.
    protected: whether people can't type into it."""

    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    notes: Collection[tuple[int, int]] = ()
    merges: Sequence[Area] = ()
    tables: Sequence[tuple[Area, int, Mapping[int, str]]] = ()
    filter: Area | None = None
    foot_moves: bool = False
    errors: bool = False
    protected: bool = False

    @property
    def areas(self) -> list[Area]:
        """Merged cells and tables."""
        return [*self.merges, *(area for area, _totals, _formulas in self.tables)]


class Surroundings(Struct, frozen=True):
    """What stands around the records of a sheet.

    last_column: the last used column, whoever uses it. edge: the last that belongs to the records'
    rows, ours or the office's. taken: runs of rows below the header in which a new record would
    stand among cells of the office's. foot: rows of totals and remarks below the records. beside:
    the area right of our columns that is not ours. formulas: {derived column: runs of rows};
    calculated: derived columns that a table fills. filtered: the columns under the arrows of a
    filter, or (by_table) table, in the header row. protected: whether people can't type into it.
    """

    last_column: int = 0
    edge: int = 0
    taken: tuple[Run, ...] = ()
    foot: tuple[int, ...] = ()
    beside: str = ""
    formulas: Mapping[str, tuple[Run, ...]] = field(default_factory=dict)
    calculated: tuple[str, ...] = ()
    filtered: Run | None = None
    by_table: bool = False
    protected: bool = False

    def widened(self, first: int, count: int, own: Collection[int]) -> Surroundings:
        """The same with so many new columns of ours from `first` on."""
        last, filtered = first + count - 1, self.filtered
        if (
            filtered
            and filtered[1] < first
            and all(column in own for column in range(filtered[1] + 1, first))
        ):
            filtered = filtered[0], last
        return replace(self, last_column=last, edge=last, beside="", filtered=filtered)

    def has_formula(self, column: str, row: int) -> bool:
        return any(first <= row <= last for first, last in self.formulas.get(column, ()))

    def gap(self, after: int, rows: int) -> int:
        """The first row below `after` from which on `rows` rows are not taken."""
        start = after + 1
        for first, last in self.taken:
            if last >= start and first < start + rows:
                start = last + 1
        return start

    @property
    def last_taken(self) -> int:
        return self.taken[-1][1] if self.taken else 0


def runs_of(rows: Iterable[int]) -> tuple[Run, ...]:
    """Rows as runs of neighbours, in order."""
    found: list[list[int]] = []
    for row in sorted(set(rows)):
        if found and found[-1][1] + 1 == row:
            found[-1][1] = row
        else:
            found.append([row, row])
    return tuple((first, last) for first, last in found)


def is_label(value: Any) -> bool:
    """Whether a cell says that its row holds totals, perhaps those of one currency (`Total USD`)."""
    if not isinstance(value, str):
        return False
    text = _CURRENCY().sub("", value) or value
    return re.sub(r"[\s:.\-–]", "", text).casefold() in _LABELS


def sums_above(text: str, row: int, column: int) -> bool:
    """Whether a formula adds up its own column above it, or a column of a table."""
    if not _SUM().search(text):
        return False
    if "[" in text:
        return "this row" not in text.casefold() and "[@" not in text
    return any(
        column_number(found[1]) <= column <= column_number(found[3]) and int(found[4]) < row
        for found in _RANGE().finditer(text.upper())
    )


def survey(
    header_row: int,
    header: Sequence[Any],
    rows: Sequence[Sequence[Any]],
    positions: Mapping[str, tuple[int, ...]],
    marks: Marks,
    foot: Collection[int],
) -> Surroundings:
    """What stands around the records. header: the cells of the header row; rows: all cells below
    it; foot: rows that are no records."""
    own = {place for places in positions.values() for place in places}
    used = _used_beside(header_row, (header, *rows), own, marks)
    ends = [
        *(column for _row, column in (*marks.formulas, *marks.notes)),
        *(area[1][0] for area in marks.areas),
    ]
    right = max(len(header), max(map(len, rows), default=0), max(ends, default=0))
    attached = _attached(own, used, right)
    taken = _taken(header_row, own, used, attached, marks)
    names = {places[0]: name for name, places in positions.items() if name in DERIVED}
    formulas: dict[str, list[int]] = {}
    for row, column in marks.formulas:
        if row > header_row and row not in foot and column in names:
            formulas.setdefault(names[column], []).append(row)
    filling = {
        column
        for area, _totals, filled in marks.tables
        if area[0][1] == header_row
        for column in filled
    }
    frame, by_table = _filtered(header_row, own, marks)
    return Surroundings(
        last_column=right,
        edge=max(attached, default=0),
        taken=runs_of(taken - set(foot) if marks.foot_moves else taken | set(foot)),
        foot=tuple(sorted(foot)),
        beside=_area_of(
            {column: held for column, held in used.items() if column > max(own, default=0)}
        ),
        formulas={name: runs_of(held) for name, held in sorted(formulas.items())},
        calculated=tuple(sorted(names[column] for column in filling & names.keys())),
        filtered=frame,
        by_table=by_table,
        protected=marks.protected,
    )


def _used_beside(
    header_row: int, rows: Sequence[Sequence[Any]], own: Collection[int], marks: Marks
) -> dict[int, set[int]]:
    """{column that is not ours: rows in which something stands}. rows: from the header on."""
    used: dict[int, set[int]] = {}
    for column in range(1, max(map(len, rows), default=0) + 1):
        if column not in own:
            cells = enumerate(
                (row[column - 1] if column <= len(row) else None for row in rows), start=header_row
            )
            held = {row for row, cell in cells if cell not in (None, "", False)}
            if held:
                used[column] = held
    for row, column in (*marks.formulas, *marks.notes):
        if column not in own:
            used.setdefault(column, set()).add(row)
    for (left, top), (edge, bottom) in marks.areas:
        for column in range(left, edge + 1):
            if column not in own:
                used.setdefault(column, set()).update((top, bottom))
    return used


_TALL = 10_000
"""A merge over more rows than this says nothing about single ones."""


def _taken(
    header_row: int,
    own: Collection[int],
    used: Mapping[int, set[int]],
    attached: Collection[int],
    marks: Marks,
) -> set[int]:
    """The rows in which a new record would stand among cells of the office's: in columns that
    follow ours, or alone further right; a block of its own further right is not tied to any row.
    What a formula shows is no remark."""
    taken = {row for row, column in marks.notes if column in attached}
    for (left, top), (edge, bottom) in marks.merges:
        if (
            bottom > header_row
            and bottom - top < _TALL
            and any(column in attached for column in range(left, edge + 1))
        ):
            taken.update(range(top, bottom + 1))
    foreign = [
        area
        for area, _totals, _formulas in marks.tables
        if not any(area[0][0] <= column <= area[1][0] for column in own)
    ]
    aside: set[int] = set()
    for column, held in used.items():
        if column in attached:
            near = [area for area in foreign if area[0][0] <= column <= area[1][0]]
            taken |= {
                row
                for row in held
                if (row, column) not in marks.formulas and not _in_any(row, near)
            }
        else:
            aside |= held
    taken |= {row for row in aside if not {row - 1, row + 1} & aside and not _in_any(row, foreign)}
    return {row for row in taken if row > header_row}


def _attached(own: Collection[int], used: Collection[int], right: int) -> set[int]:
    """Our columns and those of the office that follow them without an empty column between: what
    stands there belongs to its row."""
    attached = set()
    joined = True
    for column in range(1, right + 1):
        joined = column in own or (joined and column in used)
        if joined:
            attached.add(column)
    return attached


def _in_any(row: int, areas: Sequence[Area]) -> bool:
    return any(top <= row <= bottom for (_left, top), (_right, bottom) in areas)


def _area_of(used: Mapping[int, Collection[int]]) -> str:
    """The range that holds all those cells; empty where there are none."""
    if not used:
        return ""
    rows = [row for held in used.values() for row in held]
    first, last = (
        f"{column_letters(min(used))}{min(rows)}",
        f"{column_letters(max(used))}{max(rows)}",
    )
    return first if first == last else f"{first}:{last}"


def _filtered(header_row: int, own: Collection[int], marks: Marks) -> tuple[Run | None, bool]:
    """The columns under the arrows of a table or filter whose header row is that of the sheet, and
    whether it is a table."""
    for area, by_table in [
        *((area, True) for area, _totals, _formulas in marks.tables),
        *([(marks.filter, False)] if marks.filter else []),
    ]:
        (left, top), (right, _bottom) = area
        if top == header_row and any(left <= column <= right for column in own):
            return (left, right), by_table
    return None, False


NOWHERE = Surroundings()
NO_MARKS = Marks()
FOOT_MOVES = Marks(foot_moves=True, errors=True)
"""Of a store that sees values only, and makes room above totals."""
