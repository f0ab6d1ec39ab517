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


class Told:
    """What came of pages, each told once to the link that said them."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most, self._lock = most, Lock()
        self._said: OrderedDict[tuple[str, str], PageSaid] = OrderedDict()
        self._last: OrderedDict[str, tuple[Change, ...]] = OrderedDict()

    def keep(self, said: PageSaid, *, undo: bool = False) -> str:
        """The name under which an outcome is told. undo: whether it took back what was last said."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._said[said.token_id, name] = said
            changes = tuple(said.changes())
            if undo:
                self._last.pop(said.token_id, None)
            elif changes:
                self._last.pop(said.token_id, None)
                self._last[said.token_id] = changes
            for kept in (self._said, self._last):
                while len(kept) > self._most:
                    kept.popitem(last=False)
        return name

    def take(self, token_id: str, name: str) -> PageSaid | None:
        """An outcome, the first time that it is asked for."""
        with self._lock:
            return self._said.pop((token_id, name), None)

    def last(self, token_id: str) -> Sequence[Change]:
        """The last change of a link that can still be taken back."""
        return self._last.get(token_id, ())
