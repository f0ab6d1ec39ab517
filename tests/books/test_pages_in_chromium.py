"""Pages of reports and dashboards in a real browser: nothing is asked of any host, nothing scrolls sideways,
what is read aloud has names, and texts can be told from what they stand on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.conftest import ROOT, run_cli

CHROMIUM = Path("/usr/bin/chromium")
PAGES = {
    **{
        f"dashboard-{role}": ["dashboard", "build", "--role", role]
        for role in ("staff", "operator", "super_admin")
    },
    "summary": ["report", "summary"],
    "allocation": ["report", "allocation"],
    "pnl": ["report", "pnl"],
    "match": ["event", "page", "M104"],
}
WIDTHS = (390, 1024, 1600)

_CONTRAST = """() => {
  const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => { const f = v => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 };
    return .2126 * f(r) + .7152 * f(g) + .0722 * f(b) };
  const behind = e => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] > 0) return c } return parse(getComputedStyle(document.documentElement).backgroundColor) };
  const bad = [];
  for (const e of document.querySelectorAll('h1,h2,h3,p,b,span,td,th,code,li,figcaption')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())) continue;
    const a = light(parse(getComputedStyle(e).color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < 4.5) bad.push([e.textContent.slice(0, 40), ratio]) }
  return bad }"""
_NAMES = """() => ({
  unnamed: [...document.querySelectorAll('svg[role=img]')].filter(s => !s.getAttribute('aria-labelledby').split(' ')
    .every(id => document.getElementById(id)?.textContent.trim())).length,
  bare: [...document.querySelectorAll('svg:not([role=img]):not([aria-hidden=true])')].length,
  ids: [...document.querySelectorAll('[id]')].length - new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size,
  headers: [...document.querySelectorAll('table')].filter(t => !t.querySelector('thead th[scope=col]')).length,
  regions: [...document.querySelectorAll('[role=region]')].filter(r => !r.getAttribute('aria-label')).length,
  levels: [...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1]),
  lang: document.documentElement.lang, main: document.querySelectorAll('main').length, title: document.title })"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Debian's Chromium; a test is skipped where it is absent, unless CI has installed it."""
    if not CHROMIUM.exists():
        if os.environ.get("TICKETOPS_REQUIRE_CHROMIUM"):
            pytest.fail("Chromium was promised but is not there")
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        opened = play.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    book = str(ROOT / "sample_workbooks" / "small.xlsx")
    settings = {
        "TICKETOPS_ROLE": "super_admin",
        "XDG_STATE_HOME": str(folder),
        "TICKETOPS_CACHE": "0",
    }
    for name, words in PAGES.items():
        out = str(folder / f"{name}.html")
        done = run_cli(*words, "-o", out, "-w", book, env=settings, cwd=folder)
        assert done.code in (0, 1), done.err
    return folder


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_by_itself_and_can_be_read(browser: Any, pages: Path, name: str) -> None:
    path = pages / f"{name}.html"
    assert path.stat().st_size < 400_000
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme, java_script_enabled=True)
        page = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        page.on("console", lambda message: said.append(message.text))  # noqa: B023
        page.on("pageerror", lambda error: said.append(str(error)))  # noqa: B023
        page.on("request", lambda request: asked.append(request.url))  # noqa: B023
        page.goto(path.as_uri())
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert page.evaluate(_CONTRAST) == [], (name, scheme)
        found = page.evaluate(_NAMES)
        assert said == []
        assert [url for url in asked if url != path.as_uri() and not url.startswith("data:")] == []
        context.close()
    levels = found.pop("levels")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert found.pop("title")
    assert found == {
        **dict.fromkeys(("unnamed", "bare", "ids", "headers", "regions"), 0),
        "lang": "en",
        "main": 1,
    }


def test_a_name_without_a_space_does_not_make_a_page_scroll_sideways(
    browser: Any, tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(ROOT / "sample_workbooks" / "small.xlsx")
    sheet = book["Schedule WC2026"]
    columns = {cell.value: cell.column for cell in sheet[1]}
    (row,) = (cells[0].row for cells in sheet if cells[columns["M#"] - 1].value == "M104")
    sheet.cell(row, columns["Game"]).value = "Finale" * 60
    sheet.cell(row, columns["City+Stadiums"]).value = "Stadium" * 40
    path = tmp_path / "long.xlsx"
    book.save(path)
    env = {"TICKETOPS_ROLE": "super_admin", "XDG_STATE_HOME": str(tmp_path)}
    for number, words in enumerate((["event", "page", "M104"], ["report", "match", "M104"])):
        out = tmp_path / f"{number}.html"
        done = run_cli(*words, "-o", str(out), "-w", str(path), env=env, cwd=tmp_path)
        assert done.code in (0, 1), done.err
        page = browser.new_page(viewport={"width": 390, "height": 900})
        page.goto(out.as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, words
        page.close()
