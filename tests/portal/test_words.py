"""The catalogue of texts: every page finds its texts there, and none is there in vain."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

from tests.portal.visiting import Portals
from ticketops.portal import words
from ticketops.portal.words import LANGUAGES, TEMPLATES, preferred, words_of

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


OTHERS = [code for code in LANGUAGES if code != "en"]


def places(text: str) -> set[str | None]:
    return {name for _text, name, _form, _conversion in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", OTHERS)
def test_a_language_has_the_texts_of_english_with_the_same_places(code: str) -> None:
    english, other = words_of(), words_of(code)
    assert sorted(english.keys ^ other.keys) == []
    differing = [key for key in english.keys if places(english(key)) != places(other(key))]
    assert differing == []
    assert [key for key in other.keys if not other(key).strip()] == []


def test_no_template_says_anything_by_itself() -> None:
    """Words between tags, outside of Jinja's braces, would be English in every language."""
    bare = {}
    for path in sorted(TEMPLATES.glob("*.html")):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", path.read_text("utf-8"), flags=re.DOTALL)
        text = re.sub(r"<[^>]*>", " ", text)
        if words := re.findall(r"[A-Za-z]{2,}", text):
            bare[path.name] = words
    assert bare == {}


@pytest.mark.parametrize(
    ("chosen", "accepted", "expected"),
    [
        ("", "", "en"),
        ("", "es", "es"),
        ("", "ja,es-MX;q=0.8,en;q=0.9", "en"),
        ("", "ja,es-MX;q=0.9,en;q=0.8", "es"),
        ("", "es;q=0,en", "en"),
        ("", "es;q=x", "en"),
        ("en", "es", "en"),
        ("es", "en", "es"),
        ("../en", "es", "es"),
    ],
)
def test_the_language_is_the_chosen_one_or_what_the_browser_asks_for(
    chosen: str, accepted: str, expected: str
) -> None:
    assert preferred(chosen, accepted) == expected


def test_a_reader_changes_the_language_and_finds_the_same_tickets(portal: Portals) -> None:
    browser = portal.inside("client", "Acme Ltd")
    english = browser.get("/").text
    ids = re.compile(r'name="(r\d+\.[a-z_]+)"')
    assert '<html lang="en"' in english
    for code in OTHERS:
        answer = browser.get(f"/language/{code}")
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        page = browser.get("/").text
        assert f'<html lang="{code}"' in page
        assert ids.findall(page) == ids.findall(english) != []
    assert browser.get("/language/xx").status_code == 404
