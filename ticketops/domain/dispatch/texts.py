"""What a party makes of a text that it read, and which words of that are its own (D27)."""

from __future__ import annotations

from msgspec import Struct

from ticketops.domain.dispatch import clients, suppliers
from ticketops.domain.dispatch.field_edits import FieldEdit
from ticketops.domain.dispatch.said import CLIENT_WORDS, NOTES
from ticketops.domain.dispatch.state import State
from ticketops.domain.ticket.notes import merged_notes
from ticketops.domain.ticket.records import GUEST, Record
from ticketops.domain.ticket.wording import BETWEEN, Spans, changed, restored
from ticketops.model import book_kinds
from ticketops.schema.book_layouts import shown

LONGEST_CELL = 32_767


class Seen(Struct, frozen=True):
    """A text of a ticket, and what a party reads there. own: stretches of ours that are its own
    words; own_read: those of what it reads."""

    ours: str | None
    read: str | None
    own: Spans = ()
    own_read: Spans = ()

    @property
    def is_whole(self) -> bool:
        """Whether it reads all that stands there."""
        return shown(self.read) == shown(self.ours)

    def replaced(self, theirs: str | None, *, join: bool) -> tuple[str | None, Spans]:
        """(what the text becomes where the party wrote this over what it read, its own words).
        Remarks in which it read no names stay whole. join: where that can't be, what is new in
        theirs is added; else theirs stands there."""
        mine = changed(self.read, self.own_read, theirs)
        if self.is_whole:
            return theirs, mine
        kept = restored(self.ours, self.own, self.read, theirs, mine)
        if kept is not None and len(kept[0]) <= LONGEST_CELL:
            return kept
        return self.added(theirs, shown(self.read)) if join else (theirs, mine)

    def added(self, theirs: str | None, known: str) -> tuple[str, Spans]:
        """(the text with what theirs adds to it, its own words). known: what it read before. What
        is repeated is told by what it read: a remark that is left out says nothing of the rest."""
        joined = merged_notes(self.ours, theirs, known, None if self.is_whole else shown(self.read))
        start = len(self.ours) + len(BETWEEN) if self.ours else 0
        new = ((start, len(joined)),) if start < len(joined) else ()
        return joined, (*self.own, *new)


def seen_by(state: State, record: Record, name: str, source: str, party: str) -> Seen:
    """A text of the workbook as a party reads it in its book."""
    ours = record[name]
    if source == book_kinds.SUPPLIER and name == NOTES:
        read = suppliers.read_notes(state, party, record)
        return Seen(ours, read[0], state.said.own(record, NOTES, party), read[1])
    if source == book_kinds.CLIENT and name in GUEST:
        read = clients.read_by_client(state, record, name)
        own = state.said.own(record, name, source) if name in CLIENT_WORDS else ()
        return Seen(ours, read[0], own, read[1])
    return Seen(ours, ours)


def keep_words(
    state: State, record: Record, edit: FieldEdit, mine: Spans, before: str | None
) -> None:
    """Whose words a text, which was `before`, is made of after an edit."""
    name = edit.field
    if edit.source == book_kinds.SUPPLIER and name == NOTES:
        state.said.heard(record, name, edit.party, mine, before)
    elif edit.source == book_kinds.CLIENT and name in CLIENT_WORDS:
        state.said.heard(record, name, book_kinds.CLIENT, mine, before)
    elif edit.own and name in CLIENT_WORDS:
        state.said.copied(record, name, edit.own)
