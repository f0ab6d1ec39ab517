"""What is told once after a page was saved, and what of it its reader can still take back: in memory, of so
many links only."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

from ticketops.domain.portal.form import Change
from ticketops.domain.portal.outcomes import PageSaid

MOST_KEPT = 2_000
"""Outcomes, and links whose last change can be taken back; the oldest go first."""
MOST_CHARACTERS = 1 << 25
"""Of all texts that are kept: a form may hold millions, and nobody need ask what became of it."""


class Told:
    """What came of pages, each told once to the link that said them (`Visit.link`)."""

    def __init__(self, most: int = MOST_KEPT, most_characters: int = MOST_CHARACTERS) -> None:
        self._most, self._most_characters, self._lock = most, most_characters, Lock()
        self._characters = 0
        self._said: OrderedDict[tuple[str, str], PageSaid] = OrderedDict()
        self._last: OrderedDict[str, tuple[Change, ...]] = OrderedDict()

    def keep(self, link: str, said: PageSaid, *, undo: bool = False) -> str:
        """The name under which an outcome is told. undo: whether it took back what was last said."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._said[link, name] = said
            self._characters += _characters(said)
            changes = tuple(said.changes())
            if undo:
                self._last.pop(link, None)
            elif changes:
                self._last.pop(link, None)
                self._last[link] = changes
            while len(self._last) > self._most:
                self._last.popitem(last=False)
            while len(self._said) > self._most or (
                self._characters > self._most_characters and len(self._said) > 1
            ):
                self._characters -= _characters(self._said.popitem(last=False)[1])
        return name

    def take(self, link: str, name: str) -> PageSaid | None:
        """An outcome, the first time that it is asked for."""
        with self._lock:
            said = self._said.pop((link, name), None)
            self._characters -= _characters(said) if said is not None else 0
            return said

    def last(self, link: str) -> Sequence[Change]:
        """The last change of a link that can still be taken back."""
        return self._last.get(link, ())


def _characters(said: PageSaid) -> int:
    return sum(len(cell.said) + len(cell.before) + len(cell.now) for cell in said.cells)
