"""What became of what was typed on a page, cell by cell, as the party may read it (§7 step 8)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ticketops.domain.dispatch.book_reader import NotTaken
from ticketops.domain.dispatch.edit_log import Outcomes
from ticketops.domain.dispatch.field_edits import Outcome
from ticketops.domain.portal.form import STATUS, Change, Page, Typed, changed
from ticketops.model.patterns import when_needed
from ticketops.schema.addresses import column_letters
from ticketops.schema.book_layouts import BookRow, shown

GONE = "GONE"
"""Of a cell whose row is the party's no longer, or cancelled."""
TAKEN = (Outcome.TAKEN.code, Outcome.OVERTAKEN.code, Outcome.JOINED.code, Outcome.CLAIMED.code)
"""What was taken over, as it is or joined to what stood there."""
CONFLICTS = (Outcome.CONFLICT.code, Outcome.CHANGED_AFTER_SENT.code)
"""What the office decides, since somebody else said something else."""
QUIET = (Outcome.SAME.code, Outcome.BEHIND.code)
"""What needs no answer: the workbook says the same, or is further."""
_PLACE = when_needed(r"([A-Z]+)(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class CellSaid:
    """What became of a cell. row: of the page, from 0; code: an outcome or what is wrong with the text;
    said: what was typed; before, now: what the party reads there before and after."""

    row: int
    key: str
    column: str
    code: str
    said: str
    before: str
    now: str


@dataclass(frozen=True, slots=True)
class PageSaid:
    """What became of a page. taken, conflicts, refused: the number of its cells."""

    page_id: str
    kind: str
    party: str
    token_id: str
    cells: tuple[CellSaid, ...]
    taken: int
    conflicts: int
    refused: int

    def changes(self) -> list[Change]:
        """What can be taken back: texts that were taken over. A status can't."""
        return [
            Change(cell.key, cell.column, cell.before, cell.now)
            for cell in self.cells
            if cell.code in TAKEN and cell.column != STATUS[self.kind]
        ]


@dataclass(frozen=True, slots=True)
class ViewKept:
    """A view that a client kept under a name."""

    name: str
    party: str


def page_said(
    page: Page,
    typed: Typed,
    outcomes: Outcomes,
    not_taken: Iterable[NotTaken],
    before: Mapping[str, BookRow],
    after: Mapping[str, BookRow],
) -> PageSaid:
    """What became of a page. outcomes: of its edits; not_taken: cells that made none; before, after:
    {key: the row as its party reads it}. Nothing that others wrote is told but what these rows hold."""
    codes = {
        (one.row - 1, one.column): one.code for one in not_taken if one.book_id == page.page_id
    }
    letters = {column_letters(page.layout.by_name[name].position): name for name in page.columns}
    for edit, outcome, _message in outcomes:
        place = _PLACE().fullmatch(edit.where.rpartition("!")[2])
        if place is not None:
            codes[int(place[2]) - 1, letters[place[1]]] = outcome.code
    cells = []
    for (number, column), said in changed(page, typed).items():
        key = page.rows[number].key
        now = _text(after.get(key), column)
        code = codes.get((number, column), "")
        if not code:
            code = GONE if key not in after else _unheard(said, now)
        cells.append(CellSaid(number, key, column, code, said, _text(before.get(key), column), now))
    counts = [cell.code for cell in cells]
    taken = sum(code in TAKEN for code in counts)
    conflicts = sum(code in CONFLICTS for code in counts)
    refused = len(counts) - taken - conflicts - sum(code in QUIET for code in counts)
    return PageSaid(
        page.page_id, page.kind, page.party, page.token_id, tuple(cells), taken, conflicts, refused
    )


def _unheard(said: str, now: str) -> str:
    """Of a cell that made no edit: the workbook says the same, or the page had said it before."""
    return Outcome.SAME.code if said == now else "SAID_BEFORE"


def _text(row: BookRow | None, column: str) -> str:
    value: Any = row.values.get(column) if row is not None else None
    return shown(value)


def rows_by_key(rows: Sequence[BookRow]) -> dict[str, BookRow]:
    """{key: the row}."""
    return {row.key: row for row in rows}
