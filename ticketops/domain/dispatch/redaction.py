"""Names that a reader may not know are taken out of free text (§9c, D10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

COMPANY_REDACTED = "MIRRA"
"""What a supplier reads instead of any company."""
VENDOR_REDACTED = "our supplier"
CLIENT_REDACTED = "another client"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts whose words are not set apart by spaces, and Hangul, whose particles stick to names."""
_BEFORE, _AFTER = rf"(?<![^\W_{_UNSPACED}])", rf"(?![^\W_{_UNSPACED}])"
_SHORT = 3
"""Names of fewer letters and digits are taken as they are written: AB is a client, ab is nobody."""
_UNSPACED_LETTER = re.compile(f"[{_UNSPACED}]")


class Redactor:
    """Replaces names in texts, whatever their case, accents, width of letters, and whatever stands between their words."""

    def __init__(self, names: Iterable[str], instead: str) -> None:
        self._instead = instead
        found: dict[str, str] = {}
        short = set()
        for name in names:
            plain = _folded(name.strip())[0]
            words = re.findall(r"[^\W_]+", plain)
            if not words or (len("".join(words)) < _SHORT and not _UNSPACED_LETTER.search(plain)):
                short.add(name.strip())
            else:
                found[_pattern(words)] = words[0]
        self._names = sorted(((first, pattern) for pattern, first in found.items()), key=lambda item: (-len(item[1]), item[1]))
        letter = r"[^\W_]"
        parts = [rf"(?<!{letter}){re.escape(name)}(?!{letter})" for name in sorted(short - {""}, key=lambda name: (-len(name), name))]
        self._short = re.compile("|".join(parts)) if parts else None
        self._known: dict[str, str] = {}

    def text(self, value: str | None) -> str | None:
        """The text without the names."""
        if not value:
            return value
        if value not in self._known:
            without = self._without(value)
            self._known[value] = self._short.sub(lambda _: self._instead, without) if self._short else without
        return self._known[value]

    def _without(self, value: str) -> str:
        plain, places = _folded(value)
        hits = [pattern for first, pattern in self._names if first in plain]
        if not hits:
            return value
        pieces, end = [], 0
        for hit in re.finditer("|".join(hits), plain):  # the longest first
            start = places[hit.start()]
            if start >= end:
                pieces += [value[end:start], self._instead]
                end = places[hit.end() - 1] + 1
                while end < len(value) and unicodedata.combining(value[end]):
                    end += 1
        return "".join([*pieces, value[end:]])


def is_telling(name: str) -> bool:
    """Whether a name is long enough to be looked for in seats and rows: three letters or digits, or any of a script whose words
    are short."""
    return sum(c.isalnum() for c in name) >= _SHORT or bool(_UNSPACED_LETTER.search(name))


def _folded(text: str) -> tuple[str, list[int]]:
    """A text without case, accents and invisible characters, and where each letter of it stood."""
    letters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if character.isascii():
            letters.append(character.lower())
            places.append(place)
        elif unicodedata.category(character) != "Cf":
            plain = [
                c
                for c in unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).casefold())
                if not "\u0300" <= c <= "\u036f"
            ]
            letters += plain
            places += [place] * len(plain)
    return "".join(letters), places


def _pattern(words: list[str]) -> str:
    """A name as a pattern: its words in order, with anything but letters and digits between them; whole words only."""
    before = "" if _UNSPACED_LETTER.match(words[0]) else _BEFORE
    after = "" if _UNSPACED_LETTER.match(words[-1][-1]) else _AFTER
    return before + r"[\W_]*".join(map(re.escape, words)) + after
