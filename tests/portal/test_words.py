"""The catalogue of texts: every page finds its texts there, and none is there in vain."""

from __future__ import annotations

import re
from pathlib import Path

from ticketops.portal import words
from ticketops.portal.words import TEMPLATES, words_of

PORTAL = Path(words.__file__).parent
SAID = re.compile(r'\b(?:w|words)(\.counted)?\(\s*f?["\']([a-z]+\.[A-Za-z_]+)["\']')


def texts() -> str:
    files = [*TEMPLATES.glob("*.html"), *PORTAL.glob("*.py")]
    return "\n".join(path.read_text("utf-8") for path in sorted(files))


def test_every_text_that_a_page_names_is_in_the_catalogue() -> None:
    known = words_of()
    found = SAID.findall(texts())
    named = [(key, bool(counted)) for counted, key in found if not key.endswith("_")]
    assert len(named) > 100
    for key, counted in named:
        ends = ("_one", "_many") if counted else ("",)
        assert all(f"{key}{end}" in known for end in ends), key


def test_every_text_has_a_page() -> None:
    """Keys that are put together name their beginning: `"rows.by_" ~ name`."""
    source = texts()
    literals = set(re.findall(r'["\']([a-z]+\.[A-Za-z_]*)', source))
    unused = [
        key
        for key in words_of().keys
        if key not in literals
        and re.sub("_(one|many)$", "", key) not in literals
        and not any(key.startswith(one) for one in literals if one.endswith(("_", ".")))
    ]
    assert sorted(unused) == []
