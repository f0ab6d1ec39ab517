"""What a client sees and does (§7): its tickets through a view that its address names, guests filled in,
receipts, problems."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from msgspec import Struct
from starlette.responses import Response

from ticketops.domain.dispatch import views
from ticketops.domain.dispatch.clients import NEEDED, Filters, summary, through
from ticketops.domain.portal import form, outcomes, page
from ticketops.domain.portal.form import Typed
from ticketops.domain.portal.outcomes import CellSaid, PageSaid
from ticketops.errors import BusyError, RuleError, UsageError
from ticketops.model import book_kinds, states
from ticketops.portal.asking import Ask, Page
from ticketops.portal.security import NOT_KEPT
from ticketops.schema.book_layouts import CLIENT_LAYOUT, BookRow, shown
from ticketops.services import portal_pages

KIND = book_kinds.CLIENT
MOST_ROWS = 10_000
"""Tickets that are accepted at once."""
_LONG = ("client_notes", "comment")
_DONE = "done"
_FORM = 4 << 20
_MOST_LEFT = 50
"""Cells of a block that found no place, of which a page tells."""
_SIGNED = "client page"
_NO_TEXTS: Mapping[str, str] = {}


class Field(Struct, frozen=True):
    """An input cell of a row. text: what stands in it; was: what the workbook says; code: what became of
    what was typed there, if that is to be told; said: that; lacks: whether a guest lacks it."""

    name: str
    column: str
    label: str
    text: str
    was: str
    is_open: bool
    is_long: bool
    code: str = ""
    said: str = ""
    lacks: bool = False

    @property
    def is_conflict(self) -> bool:
        """Whether its reader may insist on what they typed."""
        return self.code == "CONFLICT"


class Line(Struct, frozen=True):
    """A row of a page. waits: whether its receipt can be confirmed; states: what its status may be set
    to, the one that it has first."""

    number: int
    row: BookRow
    fields: Sequence[Field]
    picked: bool
    waits: bool
    states: Sequence[str]


def home(ask: Ask) -> Response:
    """The tickets through the view of the address, and what came of what was said last."""
    said = ask.portal.told.take(ask.who.link, ask.query.get(_DONE, "")[:40])
    view, unclear = page.read_view(_pairs(ask.query.multi_items()))
    return _list(ask, view, unclear, said=said)


def _pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in pairs if name != _DONE]


def _list(
    ask: Ask,
    view: page.View,
    unclear: Sequence[page.Unclear] = (),
    *,
    said: PageSaid | None = None,
    typed: Typed | None = None,
    picked: Sequence[int] = (),
    told: str = "",
    left: Sequence[str] = (),
    base: form.Page | None = None,
    status: int = 200,
) -> Response:
    """The list. typed, picked: what is typed on `base`, and not saved; told, left: what is said of that."""
    book = ask.book()
    found = through(book.rows, view.filters)
    shown_rows = page.page_of(found, view.page, view.size)
    rows = shown_rows.rows
    if base is not None:  # a page that is typed into stays the page that it is
        rows = _same_rows(book.rows, base)
    signed, packed = _signed(ask, rows, base)
    lines = _lines(ask, rows, said, typed or {}, picked, signed)
    address = urlencode(view.pairs())
    return ask.page(
        "tickets.html",
        status,
        title=ask.words("client.home"),
        lines=lines,
        columns=_labels(ask, signed.columns),
        shown=shown_rows,
        base=packed,
        view=view,
        address=address,
        asked=_asked(view),
        unclear=unclear,
        figures=summary(book.rows),
        choices=page.choices(book.rows),
        receivable=len(page.receivable(found)),
        receivable_all=len(page.receivable(book.rows)),
        sizes=page.SIZES,
        heads=_heads(ask, view),
        links=_links(ask, shown_rows, view),
        kept=_kept(ask),
        said=said,
        problems=_problems(ask, said),
        told=told,
        left=left,
        unsaved=typed is not None and not said,
        can_undo=bool(ask.portal.told.last(ask.who.link)),
        companies=len({row.values["company"] for row in book.rows}) > 1,
        text=shown,
    )


def _same_rows(rows: Sequence[BookRow], base: form.Page) -> list[BookRow]:
    """The rows of a page that was shown, as they are now; one that is the client's no longer is blank."""
    known = outcomes.rows_by_key(rows)
    blank = dict.fromkeys((column.name for column in CLIENT_LAYOUT.columns), None)
    return [
        known.get(row.key) or BookRow(row.key, {**blank, "sales_id": row.key}) for row in base.rows
    ]


def _signed(
    ask: Ask, rows: Sequence[BookRow], base: form.Page | None = None, columns: Sequence[str] = ()
) -> tuple[form.Page, str]:
    """(what a page holds, the same for its form)."""
    token = ask.who.token
    name = f"{token.token_id}-{secrets.token_urlsafe(9)}"
    made = base or form.page_for(KIND, token.party, token.token_id, name, rows, columns)
    return made, ask.portal.key.pack(_purpose(ask), made)


def _purpose(ask: Ask) -> str:
    token = ask.who.token
    return f"{_SIGNED} {token.token_id} {token.digest}"


def _base(ask: Ask) -> form.Page | None:
    """What the page of a form held when it was shown; None where that can't be believed."""
    found = ask.portal.key.unpack(_purpose(ask), ask.said("base"), form.Page)
    token = ask.who.token
    if found is None or (found.kind, found.party, found.token_id) != (
        KIND,
        token.party,
        token.token_id,
    ):
        return None
    return found


def _labels(ask: Ask, columns: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, ask.words(f"client.col_{name}")) for name in columns]


def _lines(
    ask: Ask,
    rows: Sequence[BookRow],
    said: PageSaid | None,
    typed: Typed,
    picked: Sequence[int],
    signed: form.Page,
) -> list[Line]:
    marks = {(cell.key, cell.column): cell for cell in said.cells} if said else {}
    labels = dict(_labels(ask, signed.columns))
    lines = []
    for number, row in enumerate(rows):
        now = typed.get(number, _NO_TEXTS)
        some = "first_name" in row.open and any(row.values[name] for name in NEEDED)
        fields = [
            _field(number, row, name, labels[name], marks.get((row.key, name)), now, some)
            for name in signed.columns
        ]
        delivery = row.values["delivery"] or states.NOT_SENT
        after = (states.ACCEPTED,) if delivery in (states.SENT, states.UPLOADED) else ()
        options = dict.fromkeys((delivery, *after, states.ISSUE))
        waits = bool(after) and "delivery" in row.open
        lines.append(Line(number, row, fields, number in picked, waits, tuple(options)))
    return lines


def _field(
    number: int,
    row: BookRow,
    name: str,
    label: str,
    mark: CellSaid | None,
    typed: Mapping[str, str],
    some: bool,
) -> Field:
    was = shown(row.values[name])
    text, code, said = typed.get(name, was), "", ""
    if mark is not None and mark.code not in outcomes.QUIET:
        code, said = mark.code, mark.said
        if code not in (*outcomes.TAKEN, *outcomes.CONFLICTS):
            text = said
    return Field(
        f"r{number}.{name}",
        name,
        label,
        text,
        was,
        name in row.open,
        name in _LONG or "\n" in text,
        code,
        said,
        some and name in NEEDED and not text,
    )


def _problems(ask: Ask, said: PageSaid | None) -> list[tuple[str, str, str]]:
    """(ticket, column, what became of it) of what was not taken as it was said."""
    if said is None:
        return []
    quiet = (*outcomes.QUIET, "TAKEN", "JOINED")
    return [
        (cell.key, ask.words(f"client.col_{cell.column}"), outcome_text(ask, cell))
        for cell in said.cells
        if cell.code not in quiet
    ]


def outcome_text(ask: Ask, cell: CellSaid) -> str:
    """What became of a cell, in the words of the catalogue."""
    key = f"outcome.{cell.code}"
    return ask.words(key if key in ask.words else "outcome.other", said=cell.said, now=cell.now)


def _asked(view: page.View) -> bool:
    return view.filters != Filters(sort=view.filters.sort)


class Head(Struct, frozen=True):
    """A column by which rows can be sorted. now: `ascending`, `descending` or nothing."""

    label: str
    address: str
    now: str


def _heads(ask: Ask, view: page.View) -> dict[str, Head]:
    found = {}
    for name in ("id", "match", "category", "block", "status", "first-name", "last-name", "email"):
        other = page.sorted_by(view, name)
        first = "".join(view.filters.sort[:1])
        now = {name: "ascending", f"-{name}": "descending"}.get(first, "")
        label = ask.words(f"client.sort_{name.replace('-', '_')}")
        found[name] = Head(label, ask.url(f"/?{urlencode(other.pairs())}"), now)
    return found


def _links(ask: Ask, shown_rows: page.Shown, view: page.View) -> dict[str, str]:
    """{where a link leads: its address}."""

    def at(number: int) -> str:
        return ask.url(f"/?{urlencode(view.pairs(page=number))}")

    found = {"accept": ask.url(f"/accept?{urlencode(view.pairs(page=1))}"), "all": ask.url("/")}
    number = shown_rows.number
    found |= {"previous": at(number - 1)} if number > 1 else {}
    return found | ({"next": at(number + 1)} if number < shown_rows.pages else {})


def _kept(ask: Ask) -> list[tuple[str, str]]:
    """(name, address) of the views that the client keeps."""
    own = views.own_views(ask.reading().snapshot, ask.who.party)
    return [
        (name, ask.url(f"/?{urlencode(page.View(filters).pairs())}"))
        for _folded, (name, filters) in sorted(own.items())
    ]


# --- saying


def say(ask: Ask) -> Response:
    """A form of the list or of a ticket was sent. `do` says what it is for: to save what is typed, to
    accept what is ticked, or only to fill in cells, which saves nothing."""
    base = _base(ask)
    view, _unclear = page.read_view(parse_qsl(ask.said("view")[:4000]))
    if base is None:
        return ask.message("form", 409)
    fields = [(name, value) for name, value in ask.form.multi_items() if isinstance(value, str)]
    said = form.read_form(fields, base)
    do = ask.said("do")
    if do in ("copy", "paste"):
        return _filled(ask, do, base, said, view)
    typed = said.typed
    if do == "accept":
        if not said.picked:
            told = ask.words("client.pick_first")
            return _list(ask, view, typed=typed, told=told, base=base, status=422)
        for number, cells in form.accepted(base, said.picked).items():
            typed.setdefault(number, {}).update(cells)
    return _saved(ask, base, typed, view)


def _address(view: page.View, told: str = "") -> str:
    """The address of a view, and of what is told there once."""
    pairs = view.pairs() + ([(_DONE, told)] if told else [])
    return f"/?{urlencode(pairs)}" if pairs else "/"


def _saved(ask: Ask, base: form.Page, typed: Typed, view: page.View) -> Response:
    """Save, then show the same view and what came of it, once."""
    changed: dict[int, dict[str, str]] = {}
    for (number, column), text in form.changed(base, typed).items():
        changed.setdefault(number, {})[column] = text
    action = portal_pages.action_of(changed, KIND)
    like = ask.house.reading().state
    job = portal_pages.save(ask.house.settings, base, typed, action=action, like=like)
    try:
        said = ask.house.carry_out(job).plan.result
    except BusyError:
        answer = _list(ask, view, typed=typed, told=ask.words("client.busy"), base=base, status=503)
        answer.headers["Retry-After"] = "2"
        return answer
    name = ask.portal.told.keep(ask.who.link, said)
    back = ask.said("at")
    own = back and any(row.key == back for row in ask.book().rows)
    return ask.see(
        f"/ticket/{quote(back, safe='')}?{_DONE}={name}" if own else _address(view, name)
    )


def _filled(ask: Ask, do: str, base: form.Page, said: form.Form, view: page.View) -> Response:
    """Cells are filled in by a guest above or by a block from a spreadsheet; nothing is saved yet."""
    number = _number(ask.said(f"{do}_row"), len(base.rows))
    if number is None:
        told = ask.words("client.no_row", rows=len(base.rows))
        return _list(
            ask, view, typed=said.typed, picked=said.picked, told=told, base=base, status=422
        )
    if do == "copy":
        count = _number(ask.said("copy_count"), len(base.rows))
        done = form.copied_down(
            base,
            said.typed,
            number,
            None if count is None else count + 1,
            overwrite=bool(ask.said("copy_over")),
        )
    else:
        column = ask.said("paste_column")
        column = column if column in base.columns else base.columns[0]
        done = form.pasted(base, said.typed, ask.said("paste_text"), number, column)
    return _list(
        ask,
        view,
        typed=done.typed,
        picked=said.picked,
        told=ask.words("client.filled", n=f"{done.filled:,}"),
        left=[_left(ask, *one) for one in done.left[:_MOST_LEFT]],
        base=base,
    )


def _left(ask: Ask, row: int, column: str, text: str, why: str) -> str:
    name = ask.words(f"client.col_{column}") if column else ""
    return ask.words(f"client.left_{why}", row=row + 1, column=name, text=text[:60])


def _number(text: str, most: int) -> int | None:
    """A number of a row, as people count, from 0; None for any other text."""
    plain = text.strip()
    fits = plain.isascii() and plain.isdigit() and len(plain) < 7 and 1 <= int(plain) <= most
    return int(plain) - 1 if fits else None


def ticket(ask: Ask) -> Response:
    """One ticket whole: what is known of it, its guest, its receipt, a problem with it."""
    key = ask.path["key"]
    rows = [row for row in ask.book().rows if row.key == key]
    if not rows:
        return ask.message("not_found", 404)
    said = ask.portal.told.take(ask.who.link, ask.query.get(_DONE, "")[:40])
    signed, packed = _signed(ask, rows)
    return ask.page(
        "ticket.html",
        title=key,
        line=_lines(ask, rows, said, {}, (), signed)[0],
        base=packed,
        facts=_facts(rows[0]),
        said=said,
        problems=_problems(ask, said),
        wants=tuple(form.ASKED),
        can_undo=bool(ask.portal.told.last(ask.who.link)),
        text=shown,
    )


def _facts(row: BookRow) -> list[tuple[str, Any]]:
    return [
        (column.header, row.values[column.name])
        for column in CLIENT_LAYOUT.columns
        if not column.hidden and not column.typed and row.values.get(column.name) is not None
    ]


def raise_issue(ask: Ask) -> Response:
    """A client says what is wrong with a ticket, or asks to return or swap it."""
    base, what = _base(ask), ask.said("what")
    if base is None or len(base.rows) != 1:
        return ask.message("form", 409)
    if what not in form.ASKED or (what == "issue" and not ask.said("text").strip()):
        raise_again = ask.words("client.say_what")
        return ask.page("say_what.html", 422, title=raise_again, key=base.rows[0].key)
    rows = outcomes.rows_by_key(ask.book().rows)
    row = rows.get(base.rows[0].key)
    comment = shown(row.values["comment"]) if row is not None else ""
    typed = form.asked(base, 0, what, ask.said("text"), comment)
    return _saved(ask, base, typed, page.View())


def accept_all(ask: Ask) -> Response:
    """What would be accepted: all tickets of the view that were sent. Nothing is changed yet."""
    view, unclear = page.read_view(_pairs(ask.query.multi_items()))
    found = page.receivable(through(ask.book().rows, view.filters))
    some = found[:MOST_ROWS]
    _made, packed = _signed(ask, some, columns=("delivery",))
    return ask.page(
        "accept.html",
        title=ask.words("client.accept_title"),
        total=len(found),
        count=len(some),
        base=packed,
        address=urlencode(view.pairs()),
        unclear=unclear,
        matches=page.choices(some).match,
        asked=_asked(view),
        back=ask.url(f"/?{urlencode(view.pairs())}"),
    )


def accept(ask: Ask) -> Response:
    """All tickets that the page counted are accepted."""
    base = _base(ask)
    view, _unclear = page.read_view(parse_qsl(ask.said("view")[:4000]))
    if base is None or base.columns != ("delivery",):
        return ask.message("form", 409)
    return _saved(ask, base, form.accepted(base), view)


def undo(ask: Ask) -> Response:
    """The last change of this link is taken back."""
    token = ask.who.token
    changes = ask.portal.told.last(ask.who.link)
    view, _unclear = page.read_view(parse_qsl(ask.said("view")[:4000]))
    if not changes:
        return ask.see(_address(view))
    name = f"{token.token_id}-{secrets.token_urlsafe(9)}"
    like = ask.house.reading().state
    job = portal_pages.undo(
        ask.house.settings, token.token_id, KIND, token.party, name, changes, like=like
    )
    said = ask.house.carry_out(job).plan.result
    kept = ask.portal.told.keep(ask.who.link, said, undo=True)
    return ask.see(_address(view, kept))


def keep_view(ask: Ask) -> Response:
    """The view is kept under a name."""
    view, _unclear = page.read_view(parse_qsl(ask.said("view")[:4000]))
    try:
        job = portal_pages.keep_view(ask.who.token.token_id, ask.said("name"), view.filters)
        ask.house.carry_out(job)
    except (UsageError, RuleError):
        return _list(ask, view, told=ask.words("client.not_kept"), status=422)
    return ask.see(_address(view))


def download(ask: Ask) -> Response:
    """The same view as a book: filled in and sent back, it is read like any other (§7 step 8)."""
    view, _unclear = page.read_view(parse_qsl(ask.said("view")[:4000]))
    job = portal_pages.download(ask.house.settings, ask.who.token.token_id, view.filters)
    book = ask.house.carry_out(job).plan.result
    return Response(
        portal_pages.as_file(book),
        media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={**NOT_KEPT, "Content-Disposition": 'attachment; filename="tickets.xlsx"'},
    )


_ONLY = (KIND,)
PAGES = (
    Page("/", home, _ONLY),
    Page("/save", say, _ONLY, "POST", saves=True, most=_FORM),
    Page("/ticket/{key}", ticket, _ONLY),
    Page("/issue", raise_issue, _ONLY, "POST", saves=True),
    Page("/accept", accept_all, _ONLY),
    Page("/accept", accept, _ONLY, "POST", saves=True),
    Page("/undo", undo, _ONLY, "POST", saves=True),
    Page("/views", keep_view, _ONLY, "POST", saves=True),
    Page("/download", download, _ONLY, "POST", saves=True),
)
