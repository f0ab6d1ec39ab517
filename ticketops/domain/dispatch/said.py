"""Whose words the free texts of a ticket are (D27): what a party typed comes back to it to the letter,
so that what is redacted answers no questions."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from ticketops.domain.dispatch.groups import Clients
from ticketops.domain.ticket.records import GUEST, Record
from ticketops.domain.ticket.wording import Spans, carried, covers, read_back, whole, written
from ticketops.model import book_kinds

CLIENT_WORDS = ("client_notes", "comment")
"""Texts that a client types and reads."""
NOTES = "dispatch_notes"
"""The text that suppliers type and read."""
By = Mapping[str, Spans]
"""{who: which stretches of a text it wrote}. The client of the ticket is `client`, a supplier its
SupplierKey."""


class Said:
    """The free texts of all tickets. `_CLIENT_INPUTS` keeps, beside what a text was when all agreed
    last, which stretches of it are whose."""

    def __init__(self, client_inputs: Mapping[str, Record], clients: Clients) -> None:
        self._kept = client_inputs
        self._clients = clients
        self._known: dict[tuple[str, str], tuple[str | None, By]] = {}

    def own(self, ticket: Record, name: str, who: str) -> Spans:
        """Which stretches of a text of a ticket are somebody's own words: also where the office
        filled a cell of theirs down to other tickets."""
        text = ticket[name]
        if not text:
            return ()
        found = self._now(ticket, name).get(who, ())
        if covers(text, found):
            return whole(text)
        party = who
        if who == book_kinds.CLIENT:
            party = self._clients.key(ticket["company"]) if ticket["company"] else ""
        return whole(text) if text in self._whole_cells[party, name] else found

    def heard(self, ticket: Record, name: str, who: str, mine: Spans, before: str | None) -> None:
        """Somebody made of a text, which was `before`, what stands there now; these stretches of it
        are its own."""
        by = self._before(ticket, name, before)
        now = ticket[name]
        after = {party: carried(before, spans, now) for party, spans in by.items() if party != who}
        self._known[ticket.key, name] = now, {**after, who: mine}

    def copied(self, ticket: Record, name: str, own: Spans) -> None:
        """A text of a ticket was copied from another of its client, which wrote these stretches."""
        self._known[ticket.key, name] = ticket[name], {book_kinds.CLIENT: own}

    def kept(self, ticket: Record) -> dict[str, Any]:
        """What `_CLIENT_INPUTS` holds of this: the notes that suppliers wrote in, and whose they
        are."""
        by = {who: spans for who, spans in self._now(ticket, NOTES).items() if spans}
        return {NOTES: ticket[NOTES] if by else None, "said_by": _as_text(by) if by else None}

    def typed(self, ticket: Record, others: set[str]) -> str | None:
        """TypedByClient: the columns that the client typed, with the stretches where it is not all
        of the text. others: those of a guest's name and address."""
        listed = []
        for name in GUEST:
            if name not in CLIENT_WORDS:
                listed += [name] * (name in others)
                continue
            spans = self.own(ticket, name, book_kinds.CLIENT)
            if covers(ticket[name], spans):
                listed.append(name)
            elif spans:
                listed.append(f"{name}:{written(spans)}")
        return ",".join(listed) or None

    def _before(self, ticket: Record, name: str, before: str | None) -> By:
        text, by = self._known.get((ticket.key, name)) or self._load(ticket, name)
        return {who: carried(text, spans, before) for who, spans in by.items()}

    def _now(self, ticket: Record, name: str) -> By:
        key = ticket.key, name
        text, by = self._known.get(key) or self._load(ticket, name)
        now = ticket[name]
        if text != now:
            by = {who: carried(text, spans, now) for who, spans in by.items()}
        self._known[key] = now, by
        return by

    def _load(self, ticket: Record, name: str) -> tuple[str | None, By]:
        """The text that was agreed last, and whose it is."""
        kept = self._kept.get(ticket.key)
        if kept is None:
            return None, {}
        if name == NOTES:
            return kept[NOTES], _from_text(kept["said_by"], kept[NOTES])
        if not self._clients.is_of(ticket["company"], kept["client_group"] or ""):
            return None, {}
        return kept[name], {book_kinds.CLIENT: _typed(kept, name)}

    @cached_property
    def _whole_cells(self) -> Mapping[tuple[str, str], set[str]]:
        """{(party, column): texts that are all its own words}."""
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for kept in self._kept.values():
            for name in CLIENT_WORDS:
                if kept.before[name] and covers(kept.before[name], _typed_before(kept, name)):
                    found[kept.before["client_group"] or "", name].add(kept.before[name])
            text = kept.before[NOTES]
            for who, spans in _from_text(kept.before["said_by"], text).items():
                if covers(text, spans):
                    found[who, NOTES].add(text)
        return found


def typed_names(typed: str | None) -> set[str]:
    """The columns of which TypedByClient says that the client typed all of them."""
    return set((typed or "").split(","))


def _typed(kept: Record, name: str) -> Spans:
    return _stretches(kept["typed"], name, kept[name])


def _typed_before(kept: Record, name: str) -> Spans:
    return _stretches(kept.before["typed"], name, kept.before[name])


def _stretches(typed: str | None, name: str, text: str | None) -> Spans:
    for part in (typed or "").split(","):
        of, _, spans = part.partition(":")
        if of.strip() == name:
            return read_back(spans, text) if spans else whole(text)
    return ()


def _as_text(by: By) -> str:
    return json.dumps(
        {who: written(spans) for who, spans in sorted(by.items())},
        ensure_ascii=False,
        separators=(",", ":"),
    )


def _from_text(said_by: str | None, text: str | None) -> dict[str, Spans]:
    """Nothing where a person wrote something else into the cell."""
    if not said_by or not text:
        return {}
    try:
        found = json.loads(said_by)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {str(who): read_back(str(spans), text) for who, spans in found.items()}
