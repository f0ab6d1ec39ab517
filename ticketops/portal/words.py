"""The texts of the portal: one file a language, `templates/portal/LANGUAGE.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

TEMPLATES = Path(__file__).parent.parent / "templates" / "portal"
ENGLISH = "en"
LANGUAGES = {
    code: name
    for code, name in (
        ("en", "English"),
        ("es", "Español"),
        ("fr", "Français"),
        ("de", "Deutsch"),
        ("pt", "Português"),
    )
    if (TEMPLATES / f"{code}.toml").is_file()
}
"""{code: its own name} of the languages that pages can be read in."""
_MOST_ASKED = 20


class Words:
    """The texts of one language."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language, self._texts = language, texts

    def __call__(self, key: str, **values: Any) -> str:
        """The text `section.name`, with values in place of `{name}`. Raises KeyError for one that the
        catalogue lacks: a test asks for all of them."""
        return self._texts[key].format_map(values) if values else self._texts[key]

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    @property
    def keys(self) -> frozenset[str]:
        """What there is a text for."""
        return frozenset(self._texts)

    def counted(self, key: str, number: int) -> str:
        """`1 ticket`, `12 tickets`: the text `key_one` or `key_many`, with `{n}`."""
        return self(f"{key}_one" if number == 1 else f"{key}_many", n=f"{number:,}")


def preferred(chosen: str, accepted: str) -> str:
    """The language of a page. chosen: what the reader chose, "" for nothing. accepted: the header
    Accept-Language; of what it asks for, the best that there is. Otherwise English."""
    if chosen in LANGUAGES:
        return chosen
    asked = []
    for place, part in enumerate(accepted.split(",")[:_MOST_ASKED]):
        tag, _, weight = part.partition(";")
        code = tag.strip().lower().partition("-")[0]
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if code in LANGUAGES and 0 < quality <= 1:
            asked.append((-quality, place, code))
    return min(asked)[2] if asked else ENGLISH


@cache
def words_of(language: str = ENGLISH) -> Words:
    """The catalogue of a language."""
    content = tomllib.loads((TEMPLATES / f"{language}.toml").read_text("utf-8"))
    return Words(
        language,
        {
            f"{section}.{name}": text
            for section, texts in content.items()
            for name, text in texts.items()
        },
    )
