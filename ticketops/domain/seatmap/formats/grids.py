"""Seats as people draw them in a spreadsheet: each cell a seat, its row's name at the side, its block
above or on the tab (§1b.1).

A cell is a seat where it holds a number, a mark (x, o, ●) or a place such as A12 or 101/A/12. The
number of a mark is what stands above its column. Places are columns and rows of the sheet; sheets
stand beside one another.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from msgspec import Struct

from ticketops.domain.seatmap.spots import Spots
from ticketops.errors import InputError
from ticketops.model.patterns import when_needed
from ticketops.model.spelling import tidy
from ticketops.schema.columns import ErrorValue, text_of
from ticketops.schema.foreign import Cells

_MARKS = frozenset(
    [
        "x",
        "o",
        "●",
        "■",
        "□",
        "○",
        "◯",
        "▢",
        "⬜",
        "◻",
        "◼",
        "✓",
        "✔",
        "×",
        "☐",
        "☑",
        "◉",
        "♦",
        "*",
        "🪑",
    ]
)
_NUMBER = when_needed(r"\d{1,4}", re.ASCII)
_PLACE = when_needed(
    r"(?:(?P<block>[\w ]{1,12})/)?(?P<row>[\w ]{1,6})[/–-](?P<seat>\w{1,6})|(?P<letters>[A-Za-z]{1,2}) ?(?P<number>\d{1,4})|(?P<digits>\d{1,3})(?P<letter>[A-Za-z])"
)
_ROW_WORD = when_needed(r"(?:row|reihe|rang|fila|rangée|rangee|rij|r\.)[\s:.#]*", re.IGNORECASE)
_BLOCK_WORD = when_needed(
    r"(?:block|section|sect?\.|sector|sektor|secteur|bloc|bereich|stand|tribuna|tribune)[\s:.#]*(?P<name>\w[\w .-]{0,30})",
    re.IGNORECASE,
)
_NO_BLOCK = when_needed(
    r"(?:sheet|tabelle|feuil|feuille|hoja|foglio|planilha|blad|list|page|map|seats?|seat ?map|seating( plan)?|plan|layout|grid)\s*\d*",
    re.IGNORECASE,
)
_CODE = when_needed(r"[A-Za-z]{0,3}\d{1,4}[A-Za-z]?|[A-Za-z]{1,2}", re.ASCII)
_ALONE = when_needed(r"[A-Za-z]{0,3}\d{3,4}[A-Za-z]?|[A-Za-z]{1,3}\d{1,4}", re.ASCII)
_SHORT = 3
_APART = 3
"""So many columns are between the sheets."""


class _Seat(Struct, frozen=True):
    row: int
    column: int
    text: str


def spots_of(sheets: Sequence[Cells], label: str) -> Spots:
    """The seats of the sheets of a workbook; a sheet that holds more else than seats is no drawing.
    Raises InputError where there are none."""
    found = Spots()
    left = 0
    for cells in sheets:
        sheet = _Sheet(cells)
        own = Spots()
        others = sheet.read(own, left, several=len(sheets) > 1)
        found.notes += own.notes
        if len(own.seats) + len(own.wrong) > others:  # any table has a number somewhere
            found.seats += own.seats
            found.wrong += own.wrong
            left += sheet.width + _APART
        elif own.seats:
            found.notes.append(f"{cells.sheet or 'a sheet'} is no drawing of seats: left out")
    if not found.seats and not found.wrong:
        raise InputError(
            f"{label} has no seats",
            "each cell must be a seat, or the header must name Block, Row and Seat",
        )
    if any(not one.block for one in found.seats):
        found.notes.append("no block is named: write `Block 101` above the seats or on the tab")
    return found


class _Sheet:
    """The cells of a sheet as texts."""

    def __init__(self, cells: Cells) -> None:
        self.title, self._merged = tidy(cells.sheet), cells.merged
        self._numbers = cells.numbers
        self._cells = [[_text(cell) for cell in row] for row in cells.rows]
        self.width = max(map(len, self._cells), default=0)
        for row in self._cells:
            row.extend([""] * (self.width - len(row)))
        self._fill_down()
        self._other: dict[str, None] = {}
        self._lettered = False

    def read(self, found: Spots, left: int, *, several: bool) -> int:
        """Take its seats; how many texts are none. left: the column at which it is in the
        picture."""
        titles = self._titles()
        named = self._label_columns(titles)
        heads = self._heads(titles, named)
        blocks: dict[int, str] = dict.fromkeys(range(self.width), self._own_block(several))
        for at, row in enumerate(self._cells):
            if at in titles:
                self._begin(at, titles, blocks)
                continue
            if at in heads:
                continue
            seats = [
                column
                for column, text in enumerate(row)
                if self._is_seat(text) and not self._names_row(text, column, named)
            ]
            self._other |= dict.fromkeys(
                text
                for column, text in enumerate(row)
                if text and column not in seats and not self._is_label(at, column, named, seats)
            )
            for column in seats:
                named_row = self._row_of(at, column, named, seats)
                self._take(found, (at, column), left, named_row, blocks[column], heads, seats)
        if others := list(self._other):
            shown = ", ".join(others[:8]) + (" …" if others[8:] else "")
            found.notes.append(f"{self._shown()}cells that are not seats: {shown}")
        return len(self._other)

    def _take(
        self,
        found: Spots,
        at: tuple[int, int],
        left: int,
        row: str,
        block: str,
        heads: dict[int, dict[int, str]],
        seats: Sequence[int],
    ) -> None:
        line, column = at
        text = self._cells[line][column]
        seat = text
        place = _PLACE().fullmatch(text)
        if text.casefold() in _MARKS:
            seat = self._headed(line, column, heads) or str(seats.index(column) + 1)
        elif place and place["seat"]:
            block, row, seat = place["block"] or block, place["row"], place["seat"]
        elif place and place["letters"] and row.casefold() in ("", place["letters"].casefold()):
            row, seat = place["letters"], place["number"]
        elif place and place["digits"] and row.casefold() in ("", place["digits"]):
            row, seat = place["digits"], place["letter"]
        where = f"{self._shown()}cell {_name_of(column)}{self._numbers[line]}"
        found.add(where, (block, row, seat), (left + column, line))

    def _shown(self) -> str:
        return f"{self.title} " if self.title else ""

    # --- what is where

    def _is_seat(self, text: str) -> bool:
        return bool(text) and (
            text.casefold() in _MARKS
            or _NUMBER().fullmatch(text) is not None
            or _PLACE().fullmatch(text) is not None
        )

    def _titles(self) -> dict[int, dict[int, str]]:
        """{row: {column: block}} of the rows that name blocks, by a word, by a cell over several
        columns, or by a number alone above the seats."""
        wide = {(top, left) for top, left, _bottom, right in self._merged if right > left}
        found: dict[int, dict[int, str]] = {}
        for at, row in enumerate(self._cells):
            told = {column: text for column, text in enumerate(row) if text}
            named = {
                column: name
                for column, text in told.items()
                if (name := self._block_named(text, merged=(at, column) in wide))
            }
            if not named and len(told) == 1 and self._is_alone(at):
                named = {c: text for c, text in told.items() if _ALONE().fullmatch(text)}
            if told and len(named) == len(told):
                found[at] = named
        return found

    def _block_named(self, text: str, *, merged: bool) -> str:
        if word := _BLOCK_WORD().fullmatch(text):
            return str(word["name"]).strip()
        return text if merged and _CODE().fullmatch(text) else ""

    def _is_alone(self, at: int) -> bool:
        """Whether the next row with anything in it names itself and has seats."""
        below = next((row for row in self._cells[at + 1 :] if any(row)), [])
        return any(map(self._is_row_name, below)) and sum(map(self._is_seat, below)) > 1

    def _begin(self, at: int, titles: dict[int, dict[int, str]], blocks: dict[int, str]) -> None:
        """The blocks from here on: each reaches to the widest blank stretch before the next."""
        until = next((row for row in titles if row > at), len(self._cells))
        band = self._cells[at + 1 : until]
        blank = [not any(row[column] for row in band) for column in range(self.width)]
        columns = sorted(titles[at])
        starts = [0, *(self._border(one, other, blank) for one, other in pairwise(columns))]
        for column, first, last in zip(columns, starts, [*starts[1:], self.width], strict=True):
            blocks.update(dict.fromkeys(range(first, last), titles[at][column]))

    def _border(self, one: int, other: int, blank: Sequence[bool]) -> int:
        best, run = (0, other), 0
        for column in range(one + 1, other + 1):
            run = run + 1 if blank[column] else 0
            best = max(best, (run, column + 1 if run else other), key=lambda way: way[0])
        return best[1]

    def _own_block(self, several: bool) -> str:
        """What the tab says; of a book with a single sheet only where that is the name of a block."""
        if not self.title or _NO_BLOCK().fullmatch(self.title):
            return ""
        word = _BLOCK_WORD().fullmatch(self.title)
        if word:
            return word["name"].strip()
        return self.title if several or _CODE().fullmatch(self.title) else ""

    def _label_columns(self, titles: Any) -> frozenset[int]:
        """The columns that hold names of rows: mostly words or letters, or numbers that count from
        row to row and not along it."""
        rows = [row for at, row in enumerate(self._cells) if at not in titles]
        rows = [row for row in rows if sum(map(self._is_seat, row)) > 0]
        found: set[int] = set()
        for column in range(self.width):
            told = [row[column] for row in rows if row[column]]
            letters = [text for text in told if self._is_row_name(text)]
            marks = sum(text.casefold() in _MARKS for text in letters)
            if len(letters) * 2 >= len(told) and marks * 2 <= len(letters) and marks < len(letters):
                found.add(column)
        self._lettered = bool(found)
        if found:
            return frozenset(found)
        return frozenset(c for c in range(self.width) if self._counts_down(c, rows))

    def _is_row_name(self, text: str) -> bool:
        if _ROW_WORD().match(text) and _ROW_WORD().sub("", text, 1):
            return True
        return text.isalpha() and len(text) <= _SHORT

    def _counts_down(self, column: int, rows: Sequence[Sequence[str]]) -> bool:
        """Whether a column at the end of its rows holds numbers of rows: they count down or up, and
        as seats some of them would be there twice."""
        values: list[int] = []
        twice = False
        for row in rows:
            text = row[column]
            if not text or _ROW_WORD().match(f"{text} "):
                continue
            others = [c for c, other in enumerate(row) if other and c != column]
            if not _NUMBER().fullmatch(text) or (others and others[0] < column < others[-1]):
                return False
            values.append(int(text))
            twice |= any(row[c] == text or row[c].casefold() in _MARKS for c in others)
        steps = [after - before for before, after in pairwise(values)]
        rising = all(step > 0 for step in steps) or all(step < 0 for step in steps)
        return twice and bool(steps) and rising

    def _heads(self, titles: Any, named: frozenset[int]) -> dict[int, dict[int, str]]:
        """{row: {column: number}} of the rows that number the columns: beside them no row is named,
        and it is where others are, or marks stand below."""
        marked = {
            column
            for row in self._cells
            for column, text in enumerate(row)
            if column not in named and text.casefold() in _MARKS
        }
        found = {}
        for at, row in enumerate(self._cells):
            told = {column: text for column, text in enumerate(row) if text and column not in named}
            if at in titles or len(told) < 2 or any(t.casefold() in _MARKS for t in told.values()):
                continue
            if not all(_NUMBER().fullmatch(t) or len(t) <= _SHORT for t in told.values()):
                continue
            unnamed = not any(self._is_row_cell(row[column]) for column in named)
            unnamed = unnamed and not any(map(self._is_row_name, told.values()))
            over = sum(column in marked for column in told)
            if (marked and over * 2 >= len(told)) or (named and unnamed and not marked):
                found[at] = told
        return found

    def _is_row_cell(self, text: str) -> bool:
        return self._is_row_name(text) or _NUMBER().fullmatch(text) is not None

    def _headed(self, line: int, column: int, heads: dict[int, dict[int, str]]) -> str:
        """The number of a mark: above its column, else below; else empty."""
        above = [at for at in heads if at < line and column in heads[at]]
        below = [at for at in heads if at > line and column in heads[at]]
        if not above and not below:
            return ""
        return heads[max(above) if above else min(below)][column]

    def _row_of(self, line: int, column: int, named: frozenset[int], seats: Sequence[int]) -> str:
        """The name of a seat's row: the nearest to the left, else to the right."""
        row = self._cells[line]
        names = [c for c, text in enumerate(row) if self._is_label(line, c, named, seats)]
        before = [c for c in names if c < column]
        after = [c for c in names if c > column]
        if not before and not after:
            return ""
        text = row[max(before) if before else min(after)]
        return _ROW_WORD().sub("", text, 1) or text

    def _is_label(
        self, line: int, column: int, named: frozenset[int], seats: Sequence[int]
    ) -> bool:
        """Whether a cell names the row of the seats beside it."""
        text = self._cells[line][column]
        if not text or not seats or column in seats:
            return False
        return self._names_row(text, column, named)

    def _names_row(self, text: str, column: int, named: frozenset[int]) -> bool:
        """Whether a cell beside seats is the name of a row. A letter that is also a mark, and a
        number, are where their column holds such names."""
        if self._is_row_name(text):
            return column in named or text.casefold() not in _MARKS
        return column in named and not self._lettered and _NUMBER().fullmatch(text) is not None

    def _fill_down(self) -> None:
        """The name of a row that is merged down its rows stands in each of them."""
        for top, left, bottom, _right in self._merged:
            if top < len(self._cells) and left < self.width:
                text = self._cells[top][left]
                if self._is_row_name(text):
                    for row in self._cells[top + 1 : bottom + 1]:
                        row[left] = row[left] or text


def _text(cell: Any) -> str:
    if cell is None or isinstance(cell, ErrorValue):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return tidy(text_of(cell))


def _name_of(column: int) -> str:
    from ticketops.schema.addresses import column_letters

    return column_letters(column + 1)
