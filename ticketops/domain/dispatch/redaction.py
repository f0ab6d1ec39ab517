"""Names that a reader may not know are taken out of free text (§9c, D10)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

COMPANY_REDACTED = "MIRRA"
"""What a supplier reads instead of any company."""
VENDOR_REDACTED = "our supplier"
_NO_SPACES = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "THAI", "LAO", "KHMER", "MYANMAR")
"""Scripts whose words are not set apart by spaces."""


class Redactor:
    """Replaces names in texts, whatever their case, and whatever stands between their words."""

    def __init__(self, names: Iterable[str], instead: str) -> None:
        self._instead = instead
        found = {_pattern(name): _first_word(name) for name in names}
        ordered = sorted(found.items(), key=lambda item: (-len(item[0]), item[0]))
        self._names = [(first, re.compile(pattern, re.IGNORECASE)) for pattern, first in ordered]
        self._known: dict[str, str] = {}

    def text(self, value: str | None) -> str | None:
        """The text without the names."""
        if not value:
            return value
        if value not in self._known:
            self._known[value] = self._without(value)
        return self._known[value]

    def _without(self, value: str) -> str:
        plain = unicodedata.normalize("NFC", value)
        small = plain.lower()
        hits = [pattern.pattern for first, pattern in self._names if first in small and pattern.search(plain)]
        if not hits:
            return value
        return re.sub("|".join(hits), self._instead, plain, flags=re.IGNORECASE)  # the longest first


def _first_word(name: str) -> str:
    return next(iter(re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name))), name.strip()).lower()


def _pattern(name: str) -> str:
    """A name as a pattern: its words in order, with anything but letters and digits between them; whole words only."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", name))
    if not words:
        return re.escape(name.strip())
    if len("".join(words)) < 3:
        return rf"(?-i:(?<![^\W_]){re.escape(name.strip())}(?![^\W_]))"
    first, last = words[0][0], words[-1][-1]
    before = "" if _stands_alone(first) else r"(?<![^\W_])"
    after = "" if _stands_alone(last) else r"(?![^\W_])"
    return before + r"[\W_]*".join(map(re.escape, words)) + after


def _stands_alone(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith(_NO_SPACES)
