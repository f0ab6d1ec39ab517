"""The website of the pages: every link leads somewhere, and nothing is loaded from elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

ROOT = Path(__file__).parents[1]
LOADED = {("link", "href"), ("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src")}


class Page(HTMLParser):
    """The places of a page, what it links to, and what a browser loads with it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.places, self.links, self.loaded = path, set(), [], []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        self.places |= {named[name] for name in ("id", "name") if name in named}
        self.links += [named["href"]] if tag == "a" and "href" in named else []
        self.loaded += [named[name] for kind, name in LOADED if kind == tag and name in named]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "website.py", folder],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return {path: Page(path) for path in folder.rglob("*.html")}


def test_every_page_of_docs_is_there(site: dict[Path, Page]) -> None:
    there = {path.stem for path in site if path.parent.name == "docs"}
    assert there == {path.stem for path in (ROOT / "docs").glob("*.md")}


def test_every_link_leads_to_a_page_and_a_place_on_it(site: dict[Path, Page]) -> None:
    broken = []
    for page in site.values():
        for link in page.links:
            to = urlsplit(link)
            if to.scheme:
                continue
            target = (page.path.parent / unquote(to.path)).resolve() if to.path else page.path
            known = site[target].places if target in site else None
            if not target.is_file() or (to.fragment and unquote(to.fragment) not in known):
                broken.append((page.path.name, link))
    assert broken == []
    assert sum(len(page.links) for page in site.values()) > 500


def test_nothing_is_loaded_from_elsewhere(site: dict[Path, Page]) -> None:
    loaded = [(page.path, name) for page in site.values() for name in page.loaded]
    assert [name for _, name in loaded if urlsplit(name).scheme or name.startswith("//")] == []
    assert [name for path, name in loaded if not (path.parent / unquote(name)).is_file()] == []
    styles = {sheet for page in site for sheet in page.parent.glob("*.css")}
    assert styles
    assert [s for s in styles if re.search(r"@import|url\(|https?:", s.read_text("utf-8"))] == []
    for page in site:
        assert "<script" not in page.read_text("utf-8"), page
