"""What is said on a page of the portal, as a file that came back says it (§7 step 8): its fields, what
its cells held when it was shown, guests copied down, blocks pasted from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from ticketops.domain.dispatch.returned_files import KnownBook
from ticketops.domain.ticket.records import GUEST
from ticketops.model import book_kinds, states
from ticketops.model.patterns import when_needed
from ticketops.schema.book_layouts import (
    LAYOUTS,
    BaseRow,
    Book,
    BookRow,
    Layout,
    Returned,
    ReturnedRow,
    hash_of_base,
    is_text,
    kept_short,
    shown,
)

Typed = Mapping[int, Mapping[str, str]]
"""{row of the page, from 0: {column: what was typed}}."""
STATUS = {
    book_kinds.CLIENT: "delivery",
    book_kinds.SUPPLIER: "delivery",
    book_kinds.STAFF_BOOK: "dispatch_status",
}
ASKED = {"issue": "", "return": "Return requested", "swap": "Swap requested"}
"""{what a client asks for: what stands before its words}."""
_FIELD = when_needed(r"r(\d{1,6})\.([a-z_]{1,40})(\.mine)?", re.ASCII)
_QUOTED = when_needed(r'"((?:[^"]|"")*)"(?=[\t\n]|\Z)')
_END = when_needed(r"[\t\n]")
_PICK = "pick"


class Page(Struct, frozen=True, array_like=True):
    """What a page held when it was shown: the base that travels in its form, signed. page_id: its
    BookID; token_id: whose session it was; columns: those that it asks for."""

    page_id: str
    token_id: str
    kind: str
    party: str
    columns: tuple[str, ...]
    rows: tuple[BaseRow, ...]

    @property
    def layout(self) -> Layout:
        """The layout of its rows."""
        return LAYOUTS[self.kind]

    @property
    def book(self) -> KnownBook:
        """The page as `_BOOKS` would list it."""
        return KnownBook(self.kind, self.party, hash_of_base(self.rows))


def page_for(
    kind: str,
    party: str,
    token_id: str,
    page_id: str,
    rows: Sequence[BookRow],
    columns: Sequence[str] = (),
) -> Page:
    """What a page holds that shows these rows. columns: only these of the input columns."""
    layout = LAYOUTS[kind]
    wanted = tuple(name for name in layout.typed if not columns or name in columns)
    base = Book(layout, party, "", rows).base()
    kept = tuple(
        BaseRow(
            row.key,
            row.unit_id,
            {name: row.texts[name] for name in wanted},
            [name for name in row.open if name in wanted],
        )
        for row in base
    )
    return Page(page_id, token_id, kind, party, wanted, kept)


class Form(Struct, frozen=True):
    """What a form says. typed: the cells that it names, as they are in it; picked: the rows that are
    ticked; stray: fields of rows or columns that the page does not have."""

    typed: dict[int, dict[str, str]]
    picked: tuple[int, ...]
    stray: tuple[str, ...]


def read_form(pairs: Iterable[tuple[str, str]], page: Page) -> Form:
    """The fields `r3.first_name` of a form: row 3 of the page. `r3.first_name.mine` is what the
    reader insists on, in place of that."""
    typed: dict[int, dict[str, str]] = {}
    insisted: dict[tuple[int, str], str] = {}
    picked: dict[int, None] = {}
    stray = []
    for name, value in pairs:
        found = _FIELD().fullmatch(name)
        if found is None:
            continue
        row, column = int(found[1]), found[2]
        if row >= len(page.rows) or column not in (*page.columns, _PICK):
            stray.append(name[:60])
        elif column == _PICK:
            picked[row] = None
        elif found[3]:
            insisted[row, column] = value
        else:
            typed.setdefault(row, {})[column] = value
    for (row, column), value in insisted.items():
        typed.setdefault(row, {})[column] = value
    return Form(typed, tuple(sorted(picked)), tuple(stray))


def returned(page: Page, typed: Typed) -> Returned:
    """The page as a file that came back: what was not typed is what it held."""
    layout = page.layout
    rows = [
        ReturnedRow(
            number + 1,
            base.key,
            "",
            {**base.texts, **{k: v for k, v in typed.get(number, {}).items() if k in page.columns}},
        )
        for number, base in enumerate(page.rows)
    ]
    places = {name: layout.by_name[name].position - 1 for name in page.columns}
    name = f"portal {page.page_id}"
    return Returned(name, "", page.kind, page.page_id, rows, page.rows, (), places)


def changed(page: Page, typed: Typed) -> dict[tuple[int, str], str]:
    """{(row, column): what was typed} where that is not what the page held."""
    return {
        (number, name): shown(text)
        for number, cells in sorted(typed.items())
        for name, text in cells.items()
        if not is_text(page.rows[number].texts.get(name, ""), shown(text))
    }


def accepted(page: Page, rows: Iterable[int] | None = None) -> dict[int, dict[str, str]]:
    """That these tickets arrived; None: all of the page that are open for it."""
    wanted = range(len(page.rows)) if rows is None else rows
    name = STATUS[page.kind]
    return {n: {name: states.ACCEPTED} for n in wanted if name in page.rows[n].open}


def asked(page: Page, row: int, what: str, text: str, comment: str) -> dict[int, dict[str, str]]:
    """What a client asks for a ticket: Delivery becomes ISSUE, and Comments say what (D26).
    what: one of ASKED; comment: what Comments say now."""
    words = ": ".join(filter(None, (ASKED[what], shown(text))))
    both = "\n".join(filter(None, (shown(comment), words)))
    said = {"comment": both}
    if STATUS[page.kind] in page.rows[row].open:
        said[STATUS[page.kind]] = states.ISSUE
    return {row: said}


class CopiedCells(Struct, frozen=True):
    """Cells that were filled in on a page before it is saved. typed: all that is typed now; filled:
    the number of cells; left: (row, column, text, why) of what found no place: `beyond` the page,
    `closed` or `filled`."""

    typed: dict[int, dict[str, str]]
    filled: int
    left: tuple[tuple[int, str, str, str], ...] = ()


def copied_down(
    page: Page, typed: Typed, row: int, count: int | None, *, overwrite: bool = False
) -> CopiedCells:
    """The guest of a row, as it is typed, copied to the rows below it (§7 step 5), as they are on the
    page. count: to so many (None: all). A row that has another guest is left unless overwrite."""
    now = {number: dict(cells) for number, cells in typed.items()}
    names = [name for name in GUEST if name in typed.get(row, {})]
    guest = {name: _text(page, typed, row, name) for name in names}
    left: list[tuple[int, str, str, str]] = []
    filled = 0
    below = range(row + 1, len(page.rows))
    for number in below[: len(below) if count is None else max(count, 0)]:
        before = {name: _text(page, typed, number, name) for name in names}
        if not set(names) <= set(page.rows[number].open):
            left.append((number, "", "", "closed"))
        elif any(before.values()) and before != guest and not overwrite:
            left.append((number, "", "", "filled"))
        else:
            now.setdefault(number, {}).update(guest)
            filled += sum(before[name] != guest[name] for name in names)
    return CopiedCells(now, filled, tuple(left))


def pasted(page: Page, typed: Typed, text: str, row: int, column: str) -> CopiedCells:
    """A block of cells from a spreadsheet, put on the page from a cell on: in its columns, or in those
    that the first line of the block names. A status is never pasted."""
    block = cells_of(text)
    now = {number: dict(cells) for number, cells in typed.items()}
    names = [name for name in page.columns if name != STATUS[page.kind]]
    names = names[names.index(column) :] if column in names else names
    if block and (headed := _headed(page.layout, block[0])):
        names, block = headed, block[1:]
    left: list[tuple[int, str, str, str]] = []
    filled = 0
    for number, line in enumerate(block, start=row):
        for place, said in enumerate(line):
            name = names[place] if place < len(names) else ""
            if not name or number >= len(page.rows):
                left += [(number, name, said, "beyond")] if said.strip() else []
            elif not said.strip():
                continue  # emptiness is no instruction (D17)
            elif name not in page.rows[number].open:
                left.append((number, name, said, "closed"))
            else:
                filled += _text(page, typed, number, name) != shown(said)
                now.setdefault(number, {})[name] = said
    return CopiedCells(now, filled, tuple(left))


def _headed(layout: Layout, line: Sequence[str]) -> list[str]:
    """The columns that the cells of a line name, if all of them do, "" for one that is not filled in;
    else nothing."""
    known = {column.header.casefold(): column.name for column in layout.columns}
    names = [known.get(" ".join(cell.split()).casefold(), "") for cell in line]
    found = [name if name in layout.typed and name != STATUS[layout.kind] else "" for name in names]
    return found if all(names) and any(found) else []


def cells_of(text: str) -> list[list[str]]:
    """The cells of a block as spreadsheets put it on the clipboard: tabs between cells, quotes around
    those that hold tabs, quotes or line ends."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    plain = plain[:-1] if plain.endswith("\n") else plain
    if not plain:
        return []
    lines: list[list[str]] = [[]]
    place = 0
    while True:
        cell, place = _cell(plain, place)
        lines[-1].append(cell)
        if place >= len(plain):
            return lines
        if plain[place] == "\n":
            lines.append([])
        place += 1


def _cell(text: str, start: int) -> tuple[str, int]:
    """(the cell that begins at a place, the place behind it)."""
    if text.startswith('"', start):
        quoted = _QUOTED().match(text, start)
        if quoted is not None:
            return quoted[1].replace('""', '"'), quoted.end()
    mark = _END().search(text, start)  # the nearer one: looking for each may read all to the end
    end = mark.start() if mark is not None else len(text)
    return text[start:end], end


def _text(page: Page, typed: Typed, row: int, name: str) -> str:
    said: Any = typed.get(row, {}).get(name)
    return page.rows[row].texts.get(name, "") if said is None else shown(said)


class Change(Struct, frozen=True):
    """A cell that was changed on a page, as its reader reads it: for taking it back."""

    key: str
    column: str
    before: str
    after: str


def taken_back(
    kind: str, party: str, token_id: str, page_id: str, changes: Sequence[Change]
) -> tuple[Page, dict[int, dict[str, str]]]:
    """(page, what is typed on it) of somebody who takes back changes: each cell that still holds what
    was said gets what it held before. A status is no text, and stays."""
    status = STATUS[kind]
    by_row: dict[str, list[Change]] = {}
    for one in changes:
        if one.column != status:
            by_row.setdefault(one.key, []).append(one)
    columns = tuple(
        name for name in LAYOUTS[kind].typed if any(one.column == name for one in changes)
    )
    rows, typed = [], {}
    for number, (key, cells) in enumerate(by_row.items()):
        names = [one.column for one in cells]
        rows.append(BaseRow(key, "", {one.column: kept_short(one.after) for one in cells}, names))
        typed[number] = {one.column: one.before for one in cells}
    wanted = tuple(name for name in columns if name != status)
    return Page(page_id, token_id, kind, party, wanted, tuple(rows)), typed
