"""What the short description of a session says besides its sides and its stage (§18b, §18c)."""

from __future__ import annotations

import re

from ticketops.model.patterns import when_needed

_GENDER = when_needed(
    r"\s*(?:(?P<word>men|women|mixed)(?:'s|s)?\b|(?P<letter>[mwx])(?=\s*(?:[-\u2013\u2014:/&+]|\s(?:group|team)\b)))"
    r"(?:\s*(?:/|&|\+|,|\band\b)\s*(?P<two>men|women|m|w)\b)?",
    re.IGNORECASE,
)
_OF = {"m": "M", "w": "W", "x": "MIXED", "mixed": "MIXED"}


def gender_of(text: str | None) -> str | None:
    """M, W or MIXED, as `M - AFC2 vs Spain`, `Women's Team - Final`, `Mixed - Relay` say it; None where
    a text says none, or two."""
    found = _GENDER().match(text or "")
    if not found:
        return None
    word = (found["word"] or found["letter"]).lower()
    if found["two"] and found["two"][0].lower() != word[0]:
        return None
    return _OF.get(word) or _OF[word[0]]
