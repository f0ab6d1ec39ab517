"""Forms of rows, as suppliers and staff fill them in: what a page holds when it is shown, what was typed
on it, and what became of that, cell by cell (§8, §9d)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct
from starlette.responses import Response

from ticketops.domain.portal import form
from ticketops.domain.portal.form import Page as Base
from ticketops.domain.portal.outcomes import CONFLICTS, QUIET, TAKEN, CellSaid, PageSaid
from ticketops.errors import BusyError
from ticketops.portal.asking import Ask
from ticketops.portal.client_pages import outcome_text
from ticketops.schema.book_layouts import LAYOUTS, BookRow, shown
from ticketops.services import portal_pages

Typed = dict[int, dict[str, str]]
Kept = Mapping[str, Mapping[str, str]]
"""{key of a row: {column: what was typed}}."""
DONE = "done"
"""In an address: the name under which an outcome is told, once."""
_MOST_LINES = 20
_NOTHING: Kept = {}


class Field(Struct, frozen=True):
    """An input of a row. name: in the form; told: what became of what was typed there last; mine: what
    was typed and not taken since somebody else said something else."""

    name: str
    label: str
    value: str
    choices: tuple[str, ...] = ()
    told: str = ""
    mine: str = ""


class Line(Struct, frozen=True):
    """A row of a page. number: in its form; None where none of its inputs is open."""

    row: BookRow
    number: int | None
    fields: Mapping[str, Field]


class Sheet(Struct, frozen=True):
    """Rows as a page shows them. packed: what its form carries, so that it is known again."""

    packed: str
    lines: tuple[Line, ...]


class News(Struct, frozen=True):
    """What a page says above its rows of what was saved. good: whether all of it was taken."""

    headline: str
    lines: tuple[str, ...] = ()
    good: bool = True


def _purpose(ask: Ask) -> str:
    token = ask.who.token
    return f"sheet {token.token_id} {token.digest}"


def new_page_id(ask: Ask) -> str:
    """A BookID for a page that is shown now."""
    return f"{ask.who.token.token_id}-{secrets.token_urlsafe(9)}"


def sheet_of(
    ask: Ask,
    rows: Sequence[BookRow],
    columns: Sequence[str],
    said: PageSaid | None = None,
    typed: Kept = _NOTHING,
) -> Sheet:
    """Rows with inputs in these columns, wherever those are open. said: what became of what was typed
    last; typed: what is typed and was not heard yet."""
    who = ask.who
    wanted = frozenset(columns)
    with_inputs = [row for row in rows if row.key and row.open & wanted]
    base = form.page_for(
        who.kind, who.party, who.token.token_id, new_page_id(ask), with_inputs, columns
    )
    numbers = {row.key: number for number, row in enumerate(with_inputs)}
    cells = {(cell.key, cell.column): cell for cell in said.cells} if said else {}
    lines = []
    for row in rows:
        number = numbers.get(row.key) if row.key else None
        fields = {}
        if number is not None:
            now = typed.get(row.key, {})
            fields = {
                name: _field(ask, base, row, number, name, cells.get((row.key, name)), now)
                for name in base.columns
                if name in row.open
            }
        lines.append(Line(row, number, fields))
    return Sheet(ask.portal.key.pack(_purpose(ask), base), tuple(lines))


def _field(
    ask: Ask,
    base: Base,
    row: BookRow,
    number: int,
    name: str,
    cell: CellSaid | None,
    typed: Mapping[str, str],
) -> Field:
    column = base.layout.by_name[name]
    text = typed.get(name, shown(row.values.get(name)))
    told = mine = ""
    if cell is not None and cell.code not in (*TAKEN, *QUIET):
        told = outcome_text(ask, cell)
        if cell.code in CONFLICTS:
            mine = cell.said
        else:
            text = cell.said
    return Field(f"r{number}.{name}", column.header, text, column.choices, told, mine)


def submitted(ask: Ask) -> Base | None:
    """The page that a form was sent from; None for one that is not ours, or was somebody else's."""
    base = ask.portal.key.unpack(_purpose(ask), ask.said("base"), Base)
    who = ask.who
    if base is None or (base.kind, base.party) != (who.kind, who.party):
        return None
    return base


def typed_in(ask: Ask, base: Base) -> tuple[Typed, tuple[int, ...]]:
    """(what was typed, by the number of its row; the rows that are ticked)."""
    pairs = [(name, value) for name, value in ask.form.multi_items() if isinstance(value, str)]
    said = form.read_form(pairs, base)
    return said.typed, said.picked


def save(
    ask: Ask,
    base: Base,
    typed: Typed,
    back: Callable[[str], str],
    again: Callable[[Kept], Response],
    *,
    action: str = "",
) -> tuple[Response, PageSaid | None]:
    """Take over what was typed, and answer with the page at `back`, which tells once what became of it.
    back: its address, from the name under which that is told; again: the page with what is typed, where
    the workbook is busy. Raises RuleError where the link is over or the event closed."""
    changed: dict[int, dict[str, str]] = {}
    for (number, column), text in form.changed(base, typed).items():
        changed.setdefault(number, {})[column] = text
    action = action or portal_pages.action_of(changed, base.kind)
    like = ask.house.reading().state
    job = portal_pages.save(ask.house.settings, base, typed, action=action, like=like)
    try:
        said: PageSaid = ask.house.carry_out(job).plan.result
    except BusyError:
        answer = again({base.rows[number].key: cells for number, cells in typed.items()})
        answer.status_code = 503
        answer.headers["Retry-After"] = "2"
        return answer, None
    return ask.see(back(ask.portal.told.keep(ask.who.link, said))), said


def said_last(ask: Ask) -> PageSaid | None:
    """What became of the page that was saved last, the first time that it is asked for."""
    return ask.portal.told.take(ask.who.link, ask.query.get(DONE, "")[:40])


def news(
    ask: Ask, said: PageSaid | None, rows: Iterable[BookRow], *, busy: bool = False
) -> News | None:
    """What is to be said of what was saved last; None for nothing. rows: of the book, for names."""
    w = ask.words
    if busy:
        return News(w("rows.busy"), good=False)
    if said is None:
        return None
    if not said.cells:
        return News(w("rows.unchanged"))
    left = said.conflicts + said.refused
    head = [w.counted("rows.taken", said.taken)]
    head += [w.counted("rows.left", left)] if left else []
    names = {row.key: row.values.get("sales_id") or row.key for row in rows if row.key}
    told = [cell for cell in said.cells if cell.code not in ("TAKEN", "SAME")]
    lines = [
        w(
            "rows.line",
            row=names.get(cell.key, w("rows.a_row")),
            column=LAYOUTS[said.kind].by_name[cell.column].header,
            text=outcome_text(ask, cell),
        )
        for cell in told[:_MOST_LINES]
    ]
    if told[_MOST_LINES:]:
        lines.append(w.counted("rows.more", len(told) - _MOST_LINES))
    return News(" ".join(head), tuple(lines), good=not left)


def troubled(said: PageSaid | None) -> frozenset[str]:
    """The keys of rows with a cell that was not taken."""
    cells = said.cells if said else ()
    return frozenset(cell.key for cell in cells if cell.code not in (*TAKEN, *QUIET))


def can_undo(ask: Ask) -> bool:
    """Whether this link said texts last that can be taken back."""
    return bool(ask.portal.told.last(ask.who.link))


def undo(ask: Ask, back: Callable[[str], str]) -> Response:
    """Take back the texts that this link said last, as far as they stand; a status can't be. back: as
    `save` has it."""
    changes = ask.portal.told.last(ask.who.link)
    if not changes:
        return ask.see("/")
    who = ask.who
    job = portal_pages.undo(
        ask.house.settings,
        who.token.token_id,
        who.kind,
        who.party,
        new_page_id(ask),
        changes,
        like=ask.house.reading().state,
    )
    said: PageSaid = ask.house.carry_out(job).plan.result
    return ask.see(back(ask.portal.told.keep(ask.who.link, said, undo=True)))


def merged(base: Base, more: Sequence[BookRow]) -> Base:
    """A page with rows added that it did not show: as they are now."""
    known = {row.key for row in base.rows}
    fresh = form.page_for(
        base.kind,
        base.party,
        base.token_id,
        base.page_id,
        [row for row in more if row.key and row.key not in known],
        base.columns,
    )
    rows = (*base.rows, *fresh.rows)
    return Base(base.page_id, base.token_id, base.kind, base.party, base.columns, rows)


def with_status(base: Base, typed: Typed, picked: Iterable[int], status: str, notes: str) -> Typed:
    """What is typed, and for the rows that are picked a status, and notes, in cells that are open; ""
    leaves them as they are typed."""
    column = form.STATUS[base.kind]
    note = next((name for name in base.columns if name.endswith("notes")), "")
    now = {number: dict(cells) for number, cells in typed.items()}
    for number in picked:
        cells = now.setdefault(number, {})
        if status and column in base.rows[number].open:
            cells[column] = status
        if notes and note in base.rows[number].open:
            cells[note] = notes
    return now
