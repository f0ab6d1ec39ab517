"""The portal as one more party (`dispatch.py`): pages are opened, filled in, sent, sent again, and what was
said there is taken back, while books come and go and everybody else writes."""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from msgspec.structs import replace

from tests.machines.dispatch import Dispatch, begun
from tests.machines.shelf import CELLS, STAFF, WHICH, Copy, ShelfDesk
from ticketops.domain.dispatch.state import SHEETS, State
from ticketops.domain.portal import form
from ticketops.domain.portal.outcomes import CONFLICTS, QUIET, PageSaid
from ticketops.engine.job import Job
from ticketops.engine.transaction import Done
from ticketops.errors import RuleError
from ticketops.schema.layouts.event import BOOK_EDITS, PORTAL_LOG
from ticketops.services import portal, portal_pages
from ticketops.services.book_job import PartyBooks

BASE = "https://portal.example"
PARTIES = (
    ("client", "Acme Travel", "acme travel"),
    ("client", "Bolt Tours", "bolt tours"),
    ("supplier", "SALVI", "SALVI"),
    ("supplier", "POVAMI", "POVAMI"),
    ("staff", STAFF[0], STAFF[0]),
    ("staff", STAFF[1], STAFF[1]),
)


@functools.cache
def invited() -> tuple[ShelfDesk, dict[tuple[str, str], str]]:
    """The desk of `begun`, whose parties all have a link: {(kind, party): TokenID}."""
    desk = ShelfDesk(begun())
    links = {}
    for kind, name, party in PARTIES:
        made = desk.do(portal.invite(desk.settings, kind, name, 30, BASE)).result
        assert (made.token.kind, made.token.party) == (kind, party)
        links[kind, party] = made.token.token_id
    desk.close(keep=True)
    return desk, links


@dataclass
class Opened(Copy):
    """A page that somebody has in front of them, as a copy of a book."""

    token_id: str = ""

    def page(self) -> form.Page:
        return form.page_for(
            self.kind, self.book.party, self.token_id, self.book.book_id, self.book.rows
        )

    def fields(self) -> dict[int, dict[str, str]]:
        """What a browser sends: every cell that is open, as it stands there, and what a hand made
        request adds."""
        found: dict[int, dict[str, str]] = {}
        for number, row in enumerate(self.book.rows):
            for column in sorted(row.open):
                found.setdefault(number, {})[column] = self.text(number, column)
        for (number, column), text in self.typed.items():
            found.setdefault(number, {})[column] = text
        return found


class PortalDispatch(Dispatch):
    """Everybody writes, some of them in the portal."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[Opened] = []
        self.opened = itertools.count(1)
        self.links: dict[tuple[str, str], str] = {}

    @initialize()
    def start(self) -> None:
        """As `Dispatch` begins, on a desk that has links."""
        desk, self.links = invited()
        self.desk.close()
        self.desk = ShelfDesk(desk)
        self.copies = [self.desk.files.load(path) for path in self.desk.standing()]

    def saving(self, page: Opened) -> Job:
        return portal_pages.save(self.desk.settings, page.page(), page.fields())

    @rule(which=WHICH, first=WHICH, most=st.integers(1, 4))
    def open_page(self, which: int, first: int, most: int) -> None:
        """Somebody opens a page: some rows of their book as they are now."""
        kind, _name, party = PARTIES[which % len(PARTIES)]
        state = State.of(self.desk.store.read(*SHEETS))
        book = PartyBooks(state, None).of(kind, party, passwords=False)
        rows = [row for row in book.rows if row.key]
        if not rows:
            return
        start = first % len(rows)
        token_id = self.links[kind, party]
        name = f"{token_id}-{next(self.opened)}"
        shown = replace(book, rows=rows[start : start + most], book_id=name)
        self.pages.append(Opened(shown, token_id=token_id))

    @precondition(lambda self: self.pages)
    @rule(which=WHICH, cells=CELLS, again=st.booleans())
    def fill_in_and_save(self, which: int, cells: list[tuple[int, int, int]], again: bool) -> None:
        """A page is filled in and saved, be it an old one after the back button; and perhaps its button
        is pressed twice."""
        page = self.pages[which % len(self.pages)]
        for cell in cells:
            self.type_cell(page, *cell)
        self.send(page)
        if again:
            before = self.desk.cells()
            done = self.desk.done(self.saving(page))
            assert not done.written, "the same page says something new"
            assert self.desk.cells() == before

    @rule(which=WHICH, first=WHICH, cells=CELLS)
    def open_fill_in_and_save(
        self, which: int, first: int, cells: list[tuple[int, int, int]]
    ) -> None:
        known = len(self.pages)
        self.open_page(which, first, 3)
        if len(self.pages) > known:
            self.fill_in_and_save(len(self.pages) - 1, cells, again=False)

    def send(self, page: Opened) -> Done:
        done = self.dispatch(self.saving(page), [page], everything=False)
        self.answered(page, done)
        return done

    def answered(self, page: Opened, done: Done) -> None:
        """What the page is told is what the workbook holds, and no cell is left out."""
        said = done.plan.result
        assert isinstance(said, PageSaid)
        typed = form.changed(page.page(), page.fields())
        assert {(cell.row, cell.column): cell.said for cell in said.cells} == typed
        edits = self.desk.frame(BOOK_EDITS).to_dicts()
        heard = {edit["book_id"] for edit in edits}
        for cell in said.cells:
            if cell.code in ("TAKEN", "OVERTAKEN") and cell.column != "proof_url":
                assert cell.now == cell.said or cell.column in ("dispatch_notes", "staff_notes")
            if cell.code == "SAME":
                assert cell.now == cell.said
            if cell.code in (*CONFLICTS, "TAKEN", "OVERTAKEN", "JOINED"):
                assert page.book.book_id in heard
        counts = [cell.code for cell in said.cells]
        assert said.taken + said.conflicts + said.refused + sum(c in QUIET for c in counts) == len(
            counts
        )
        log = self.desk.frame(PORTAL_LOG).to_dicts()
        if done.written:
            assert log[-1]["token_id"] == page.token_id
            assert log[-1]["action"] == "SAVED"

    @precondition(lambda self: self.pages)
    @rule(which=WHICH, other=WHICH)
    def somebody_else_s_page(self, which: int, other: int) -> None:
        """A page that is sent with the link of another party is refused whole."""
        page = self.pages[which % len(self.pages)]
        kind, _name, party = PARTIES[other % len(PARTIES)]
        if (kind, party) == (page.kind, page.book.party):
            return
        forged = form.page_for(
            page.kind, page.book.party, self.links[kind, party], page.book.book_id, page.book.rows
        )
        job = portal_pages.save(self.desk.settings, forged, page.fields())
        self.desk.refused(job, RuleError)
